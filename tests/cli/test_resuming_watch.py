"""Going on with a watch that broke off: after which failures, where, and how soon."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from exam_sessions.cli.shared import resuming_watch
from exam_sessions.client import channel
from exam_sessions.client.client import Client
from exam_sessions.client.events import Piece
from exam_sessions.client.failures import NoServer, Refused, read_failure
from exam_sessions_client import NoAnswer, blocking
from serving import until


def test_a_server_that_is_silent_for_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(channel, "SILENCE", 0.3)

    def tell_once(_, context):
        yield Piece(sequence=7)
        until(lambda: not context.is_active())

    server = grpc.server(ThreadPoolExecutor(1))
    tell = grpc.unary_stream_rpc_method_handler(tell_once, response_serializer=Piece.SerializeToString)
    service = "exam_sessions.v1.SessionService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"WatchSessions": tell})])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with Client(target, "w", "test") as client:
        pieces = client.watch(now=True)
        assert next(pieces).sequence == 7
        with pytest.raises(NoServer):
            next(pieces)
    server.stop(None).wait()


class Replies:
    """The pieces of a watch, and how it ends."""

    def __init__(self, *pieces, end):
        self._pieces, self._end = iter(pieces), end

    def __iter__(self):
        return self

    def __next__(self):
        for piece in self._pieces:
            return piece
        raise self._end

    def cancel(self):
        self._pieces = iter(())


class Recorder(Client):
    """A client whose watches give what they are told to, and which remembers where they began."""

    def __init__(self, *watches):
        super().__init__("127.0.0.1:1", "w", "test")
        self._watches, self.started = iter(watches), []
        self._rpc.sessions.WatchSessions = self._begin

    def _begin(self, request):
        start = request.WhichOneof("start")
        self.started.append({start: getattr(request, start)} if start else {})
        *pieces, end = next(self._watches)
        return Replies(*pieces, end=end)


def follow(client, start, **more):
    """What is followed until it breaks off for good: notices, and pieces by their sequence."""
    told = []
    try:
        for piece in resuming_watch.ResumingWatch(client, start, **more).pieces(told.append):
            told.append(piece.sequence)  # noqa: PERF401 - it ends
    except Refused as refused:
        return told, refused.reason


FOR_GOOD = Refused("INTERNAL", "INTERNAL", "a fault")
AWAY = NoAnswer("UNAVAILABLE", "failed to connect to all addresses")


@pytest.fixture
def slept(monkeypatch):
    """How long it was slept, pause by pause, which takes no time here."""
    pauses = []
    monkeypatch.setattr(blocking, "sleep", pauses.append)
    return pauses


@pytest.mark.parametrize(
    "failure",
    [
        AWAY,
        Refused("UNAVAILABLE", "SHUTTING_DOWN", "going"),
        Refused("UNAVAILABLE", "DATABASE_UNAVAILABLE", "away"),
        Refused("RESOURCE_EXHAUSTED", "WATCHER_TOO_SLOW", "behind"),
        Refused("RESOURCE_EXHAUSTED", "TOO_MANY_WATCHERS", "full"),
        NoAnswer("UNKNOWN", "torn"),
        NoAnswer("CANCELLED", "torn"),
    ],
    ids=str,
)
def test_whatever_passes_is_waited_for_and_the_watch_goes_on_behind_the_last_event(slept, failure):
    client = Recorder([Piece(sequence=5), failure], *[[failure]] * 6, [Piece(sequence=6), FOR_GOOD])
    told, reason = follow(client, {"now": True})
    why = read_failure(failure, client.target)
    assert told == [5, f"{why}; trying again, going on with event 6", "connected again; going on with event 6", 6]
    assert reason == "INTERNAL"
    assert client.started == [{"now": True}, *[{"start_sequence": 6}] * 7]
    assert len(slept) == 7
    assert 0 < slept[0] < 1 < slept[-1] < 5


def test_a_watch_of_a_workspace_in_which_nothing_has_happened_goes_on_with_the_first_event(slept):
    client = Recorder([Piece(snapshot_complete=True), AWAY], [FOR_GOOD])
    follow(client, {})
    assert client.started == [{}, {"start_sequence": 1}]


def test_a_snapshot_that_breaks_off_is_begun_again(slept):
    client = Recorder([Piece(sessions=[{"id": "1"}]), AWAY], [FOR_GOOD])
    told, _ = follow(client, {})
    assert client.started == [{}, {}]
    assert told[1] == "no server answers at 127.0.0.1:1; trying again, beginning again with a snapshot"


@pytest.mark.parametrize("failure", [FOR_GOOD, Refused("OUT_OF_RANGE", "SEQUENCE_TOO_OLD", "gone")], ids=str)
def test_what_does_not_pass_ends_the_watch(failure):
    told, reason = follow(Recorder([Piece(sequence=5), failure]), {"now": True})
    assert (told, reason) == ([5], failure.reason)


def test_a_first_watch_that_cannot_begin_is_not_tried_again():
    client = Recorder([Refused("UNAVAILABLE", "SHUTTING_DOWN", "going")])
    assert follow(client, {}) == ([], "SHUTTING_DOWN")
    assert client.started == [{}]
