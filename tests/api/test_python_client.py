"""The distribution exam-sessions-client, both its clients: with a server, one that restarts, and a silent one."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from contextlib import contextmanager

import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from messages import METHOD, bookings

from certificates import authority
from exam_sessions_client import AsyncClient, CallFailed, Client, NoAnswer, PlainToken, Reason, Refused, refusal_in
from exam_sessions_client.requests import filled, new_id, timeout_of
from exam_sessions_client.v1 import lifecycle_service_pb2 as lifecycle
from exam_sessions_client.v1 import session_service_pb2 as pb
from exam_sessions_client.v1.catalog_pb2 import Release
from exam_sessions_client.v1.catalog_service_pb2 import CreateReleaseRequest
from exam_sessions_client.v1.session_pb2 import Action
from processes import ServerProcess
from serving import serving
from silence import SilentProxy

pytestmark = pytest.mark.sqlite("a client sees nothing of the database")

QUICK_TO_NOTICE = (("grpc.keepalive_time_ms", 1_000), ("grpc.http2.ping_timeout_ms", 2_000))
"""Options with which a client finds out within three seconds that a connection is dead."""


class Blocking:
    """The blocking client."""

    make = Client

    def __init__(self, *arguments, **options):
        self.client = self.make(*arguments, **options)

    def do(self, function):
        """What a call gives."""
        return function(self.client)

    def each(self, function):
        """What comes, one by one."""
        yield from function(self.client)

    def close(self):
        self.client.close()


class OnLoop:
    """The asyncio client, on a loop that runs while something is waited for."""

    def __init__(self, *arguments, **options):
        self._loop = asyncio.new_event_loop()

        async def made():
            return AsyncClient(*arguments, **options)

        try:
            self.client = self._loop.run_until_complete(made())
        except ValueError:
            self._loop.close()
            raise

    def do(self, function):
        async def done():
            found = function(self.client)
            return await found if inspect.isawaitable(found) else found

        return self._loop.run_until_complete(done())

    def each(self, function):
        found = self.do(lambda client: aiter(function(client)))
        try:
            while True:
                try:
                    yield self._loop.run_until_complete(anext(found))
                except StopAsyncIteration:
                    return
        finally:
            if hasattr(found, "aclose"):
                self._loop.run_until_complete(found.aclose())

    def close(self):
        self._loop.run_until_complete(self.client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


@pytest.fixture(params=[Blocking, OnLoop], ids=["blocking", "asyncio"])
def connect(request):
    """Makes clients, of one kind, with a workspace of their own."""
    made = []

    def connected(target, **options):
        made.append(request.param(target, **({"workspace": "w-" + new_id()} | options)))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.fixture
def client(connect, server):
    return connect(server.target, actor="Zoë")


@pytest.fixture
def proxy():
    """A wire that can be led to another server, and fall silent."""
    wire = SilentProxy(0)
    yield wire
    wire.close()


@contextmanager
def led_to(proxy, database, **settings):
    """A server behind the proxy."""
    with serving(database, **settings) as server:
        proxy.lead_to(int(server.target.rpartition(":")[2]))
        yield server


def release_of(client):
    request = CreateReleaseRequest(release=Release(name=new_id()))
    return client.do(lambda c: c.catalog.CreateRelease(request)).release.id


def book(client, release, count=1, prefix="c"):
    request = pb.BatchCreateSessionsRequest(release_id=release, bookings=bookings(count, prefix))
    return client.do(lambda c: c.sessions.BatchCreateSessions(request)).sessions


def sessions_of(client, release):
    request = pb.ListSessionsRequest(filter=pb.SessionFilter(release_ids=[release]), page_size=2)
    return list(client.each(lambda c: c.list_sessions(request)))


def refused(client, function):
    with pytest.raises(Refused) as caught:
        client.do(function)
    return caught.value


def test_a_refusal_is_typed_and_has_its_facts(client):
    (session,) = book(client, release_of(client))
    request = lifecycle.PauseSessionRequest(session_id=session.id)
    found = refused(client, lambda c: c.lifecycle.PauseSession(request))
    assert (found.code, found.reason) == ("FAILED_PRECONDITION", Reason.INVALID_TRANSITION)
    assert found.facts["action"] == "pause"
    assert not found.is_retryable
    assert str(found) == found.message != ""


def test_a_bad_field_is_named(client):
    found = refused(client, lambda c: c.sessions.GetSession(pb.GetSessionRequest(session_id="no")))
    assert found.reason == Reason.INVALID_FIELD
    assert [violation.field for violation in found.violations] == ["session_id"]


def test_a_page_after_the_other_is_read(client):
    release = release_of(client)
    book(client, release, 5)
    assert len(sessions_of(client, release)) == 5


def test_a_change_gets_a_request_id_and_the_request_stays_as_it_was(client):
    release = release_of(client)
    request = pb.CreateSessionRequest(release_id=release, booking=bookings(1)[0])
    session = client.do(lambda c: c.sessions.CreateSession(request)).session
    assert request.request_id == request.workspace_id == ""
    request.booking.candidate.candidate_id = "another"
    assert client.do(lambda c: c.sessions.CreateSession(request)).session.id != session.id
    history = pb.ListSessionEventsRequest(session_id=session.id)
    (event,) = client.do(lambda c: c.sessions.ListSessionEvents(history)).events
    assert (len(event.request_id), event.actor) == (36, "Zoë")


def test_a_request_id_of_the_caller_s_is_kept(client):
    request = pb.CreateSessionRequest(release_id=release_of(client), booking=bookings(1)[0], request_id=new_id())
    first, second = (client.do(lambda c: c.sessions.CreateSession(request)).session for _ in range(2))
    assert first.id == second.id


def test_every_change_has_a_field_that_the_client_fills():
    changing = [rpc for rpc in METHOD.values() if "request_id" in rpc.input_type.fields_by_name]
    assert len(changing) > 50
    for rpc in changing:
        kind = rpc.input_type._concrete_class
        assert filled(kind(), "w").request_id
    assert filled(pb.CreateSessionRequest(), "w").workspace_id == "w"
    assert filled(pb.CreateSessionRequest(workspace_id="mine"), "w").workspace_id == "mine"


def test_every_call_has_a_deadline_and_streams_without_an_end_have_none():
    endless = {f"{rpc.containing_service.full_name}/{name}" for name, rpc in METHOD.items() if rpc.server_streaming}
    for name, rpc in METHOD.items():
        path = f"{rpc.containing_service.full_name}/{name}"
        assert timeout_of("/" + path) == (None if path in endless else 30.0)
    assert timeout_of("/google.longrunning.Operations/WaitOperation") == 90.0


def test_a_server_that_never_answers_ends_a_call_at_its_deadline(connect, proxy, server):
    proxy.lead_to(int(server.target.rpartition(":")[2]))
    client = connect(f"127.0.0.1:{proxy.port}")
    proxy.fall_silent()
    with pytest.raises(NoAnswer) as failed:
        client.do(lambda c: c.health.Check(HealthCheckRequest(), timeout=0.2))
    assert failed.value.code == "DEADLINE_EXCEEDED"
    assert failed.value.is_retryable
    proxy.speak()


def test_a_client_that_does_not_wait_says_at_once_that_nothing_answers(connect, proxy):
    client = connect(f"127.0.0.1:{proxy.port}", wait=False)
    with pytest.raises(NoAnswer) as failed:
        client.do(lambda c: c.health.Check(HealthCheckRequest()))
    assert failed.value.code == "UNAVAILABLE"


def test_a_call_is_made_when_the_server_is_there_again(connect, proxy, database):
    client = connect(f"127.0.0.1:{proxy.port}")
    with led_to(proxy, database):
        release = release_of(client)
    # Nothing listens there now; the call waits, is tried again, and books once.
    with led_to(proxy, database):
        book(client, release)
        assert len(sessions_of(client, release)) == 1


def events_in(pieces, count):
    """The next so many events of a watch, by their sequence."""
    found = []
    while len(found) < count:
        found += [(event.sequence, event.session_id) for event in next(pieces).events]
    return found


def test_a_watch_goes_on_behind_its_last_event_when_the_server_is_another(connect, proxy, database):
    client, pieces = connect(f"127.0.0.1:{proxy.port}"), None
    with led_to(proxy, database):
        release = release_of(client)
        pieces = client.each(lambda c: c.watch(pb.WatchSessionsRequest(start_sequence=1)))
        first = book(client, release, 3)
        seen = events_in(pieces, 3)
    with led_to(proxy, database):
        then = book(client, release, 2, "d")
        seen += events_in(pieces, 2)
    pieces.close()
    assert [sequence for sequence, _ in seen] == sorted({sequence for sequence, _ in seen})
    assert [session for _, session in seen] == [session.id for session in (*first, *then)]


def test_a_watch_that_is_too_late_begins_with_a_snapshot(connect, database):
    with serving(database, watch_reach=3) as server:
        client = connect(server.target)
        book(client, release_of(client), 9)
        pieces = client.each(lambda c: c.watch(pb.WatchSessionsRequest(start_sequence=1)))
        sessions = []
        while not (piece := next(pieces)).snapshot_complete:
            sessions += piece.sessions
        pieces.close()
        assert len([*sessions, *piece.sessions]) == 9


def test_a_watch_that_is_refused_for_good_ends(client):
    with pytest.raises(Refused) as failed:
        next(client.each(lambda c: c.watch(pb.WatchSessionsRequest(start_sequence=10**9))))
    assert failed.value.reason == Reason.SEQUENCE_AHEAD


def test_a_watch_of_a_silent_server_is_begun_again(connect, proxy, database):
    client = connect(f"127.0.0.1:{proxy.port}", silence=2.0, options=QUICK_TO_NOTICE)
    with led_to(proxy, database, drain_s=0) as server:
        other = connect(server.target, workspace=client.client.workspace)
        release = release_of(other)
        pieces = client.each(lambda c: c.watch(pb.WatchSessionsRequest(start_sequence=1)))
        book(other, release)
        seen = events_in(pieces, 1)
        proxy.fall_silent()
        proxy.forget_connections()
        proxy.speak()
        book(other, release, 1, "d")
        seen += events_in(pieces, 1)
        pieces.close()
    assert len({sequence for sequence, _ in seen}) == 2


def test_an_import_sends_again_what_was_not_answered(connect, proxy, database):
    client = connect(f"127.0.0.1:{proxy.port}")
    chunks = [bookings(20, f"p{n}-") for n in range(12)]
    with led_to(proxy, database):
        release = release_of(client)
        answers = client.each(lambda c: c.import_sessions(release, chunks))
        found = [next(answers) for _ in range(3)]
    with led_to(proxy, database):
        found += answers
        assert [answer.chunk for answer in found] == list(range(12))
        assert len({session.id for answer in found for session in answer.sessions}) == 240
        assert len(sessions_of(client, release)) == 240


@pytest.mark.slow
def test_watch_and_import_go_on_when_the_server_is_killed(connect, proxy, database):
    client = connect(f"127.0.0.1:{proxy.port}")
    chunks = [bookings(20, f"p{n}-") for n in range(12)]
    with ServerProcess(database) as server:
        proxy.lead_to(int(server.target.rpartition(":")[2]))
        release = release_of(client)
        pieces = client.each(lambda c: c.watch(pb.WatchSessionsRequest(start_sequence=1)))
        answers = client.each(lambda c: c.import_sessions(release, chunks))
        found = [next(answers) for _ in range(3)]
        seen = events_in(pieces, 20)
        server.kill()
    with ServerProcess(database) as server:
        proxy.lead_to(int(server.target.rpartition(":")[2]))
        found += answers
        while len(seen) < 240:
            seen += [(event.sequence, event.session_id) for event in next(pieces).events]
        pieces.close()
    assert [answer.chunk for answer in found] == list(range(12))
    assert [session for _, session in seen] == [s.id for answer in found for s in answer.sessions]


def test_a_chunk_that_is_refused_has_its_refusal_and_the_import_goes_on(client):
    release = release_of(client)
    twice = [bookings(1, "same"), bookings(1, "same"), bookings(1, "other")]
    answers = list(client.each(lambda c: c.import_sessions(release, twice)))
    assert [answer.HasField("refusal") for answer in answers] == [False, True, False]
    assert refusal_in(answers[1].refusal).reason == Reason.DUPLICATE_CANDIDATE


def test_an_operation_is_waited_for(client):
    release = release_of(client)
    book(client, release, 3)
    request = lifecycle.BatchTransitionSessionsRequest(
        action=Action.ACTION_CREATE_PACKAGE, filter=pb.SessionFilter(release_ids=[release])
    )
    operation = client.do(lambda c: c.lifecycle.BatchTransitionSessions(request)).operation
    ended = client.do(lambda c: c.wait(operation))
    assert ended.done
    assert not ended.HasField("error")
    operation.done = False
    with pytest.raises(TimeoutError):
        client.do(lambda c: c.wait(operation, timeout=0))


def test_a_stream_that_is_cancelled_ends_as_cancelled(client):
    replies = client.do(lambda c: c.sessions.WatchSessions(pb.WatchSessionsRequest(now=True)))
    replies.cancel()
    with pytest.raises(CallFailed) as failed:
        list(client.each(lambda _: replies))
    assert failed.value.code == "CANCELLED"


def test_tls_is_used_where_a_ca_is_given_and_a_token_goes_over_it(connect, database, tmp_path):
    cert, key = authority().issue().write(tmp_path, "server")
    with serving(database, tls_cert=str(cert), tls_key=str(key)) as server:
        client = connect(server.target, ca=authority().cert, token=lambda: "es_1_x")
        reply = client.do(lambda c: c.health.Check(HealthCheckRequest()))
        assert reply.status == HealthCheckResponse.SERVING


def test_a_token_is_not_sent_to_another_machine_without_tls(connect):
    with pytest.raises(PlainToken):
        connect("exams.example.org:50051", token="es_1_x")


NOT_OF_THE_CLIENT = [
    *("sqlalchemy", "alembic", "psycopg", "transitions", "typer", "rich", "orjson", "cryptography", "uuid_utils"),
    *("protovalidate", "buf", "prometheus_client", "exam_sessions", "fcntl", "uvloop", "termios", "resource", "pwd"),
]
"""What the client installs without, and what Windows has not."""


def test_the_client_needs_nothing_of_the_server_nor_of_unix():
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({NOT_OF_THE_CLIENT!r}))\n"
        "import exam_sessions_client as c; print(c.Client, c.AsyncClient, c.Refused, c.Reason, c.new_id, c.Security)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_the_rules_are_in_the_generated_code_and_their_module_is_not():
    for rpc in METHOD.values():
        assert "buf/validate/validate.proto" not in [file.name for file in rpc.containing_service.file.dependencies]
    assert b"^[a-z0-9_-]*$" in pb.DESCRIPTOR.serialized_pb
