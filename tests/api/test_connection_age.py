"""Connections that a server ends after a while: what is called fails not, and what is watched goes on."""

from __future__ import annotations

import threading
from contextlib import suppress

import grpc
import pytest
from watchers import open_stream

from exam_sessions.cli.shared.resuming_watch import ResumingWatch
from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from serving import ApiClient, serving, until

pytestmark = pytest.mark.usefixtures("grpcio")


@pytest.fixture
def grpcio(monkeypatch):
    """The native transport cannot do it, and refuses to start (test_where_it_listens.py)."""
    monkeypatch.setenv("EXAM_SESSIONS_TRANSPORT", "grpcio")


def test_calls_go_on_over_one_connection_after_the_other(database):
    with serving(database, max_connection_age_s=0.1) as server:
        api, ended = ApiClient(server.target), []
        api.channel.subscribe(lambda state: ended.append(state) if state is grpc.ChannelConnectivity.IDLE else None)
        release = api.release()
        booked = [api.book(release)]
        while len(ended) < 4:  # The first is what the channel is before it is used.
            booked.append(api.book(release))
        assert {api.get(session).id for session in booked} == {session.id for session in booked}
        api.close()


def test_a_stream_on_an_old_connection_ends_as_unavailable(database):
    with serving(database, max_connection_age_s=0.1, max_connection_age_grace_s=0.1) as server:
        api = ApiClient(server.target)
        with pytest.raises(grpc.RpcError) as ended:
            list(open_stream(api, now=True))
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        api.close()


def test_a_watch_is_resumed_over_one_connection_after_the_other_without_gap_or_repetition(database, monkeypatch):
    monkeypatch.setattr("exam_sessions.cli.shared.resuming_watch.pause_after", lambda *_: 0.01)
    with serving(database, max_connection_age_s=0.2, max_connection_age_grace_s=0.2) as server:
        api, sequences, resumed, over = ApiClient(server.target), [], [], threading.Event()

        def follow(client):
            watch = ResumingWatch(client, {"start_sequence": 1})
            while not over.is_set():
                with suppress(NoServer):  # where the connection was too old before anything came
                    for piece in watch.pieces(resumed.append):
                        sequences.extend(event.sequence for event in piece.events)
                        if over.is_set():
                            break

        with Client(server.target, api.workspace, "test") as client:
            release = api.release()
            api.book(release)
            thread = threading.Thread(target=follow, args=(client,), daemon=True)
            thread.start()
            while sum(text.startswith("connected again") for text in resumed) < 3:
                api.book(release)
            last = api.history(api.book(release))[-1].sequence
            until(lambda: sequences[-1:] == [last])
            over.set()
            api.book(release)  # the watch ends with the next piece
            thread.join()
        assert sequences == list(range(1, len(sequences) + 1))
        api.close()
