"""How the native transport stops: its package drops replies that are under way, and we must not."""

from __future__ import annotations

import threading
from pathlib import Path

import grpc
import psutil
import pytest
from grpc import StatusCode
from messages import send
from state_paths import bring_to
from test_native_transport import transport_of
from watchers import Watch

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, RunningServer, read_refusal, serving, until

pytestmark = pytest.mark.native_transport

PAUSED = session_pb2.STATE_PAUSED


def stopping(server):
    """Begins to stop a server, on a thread; returns once it refuses calls."""
    thread = threading.Thread(target=server.stop)
    thread.start()
    until(lambda: transport_of(server)._stopping)
    return thread


def test_calls_are_refused_while_the_last_ones_are_finished(database):
    server = RunningServer(database, transport="native")
    api = ApiClient(server.target)
    session, other = bring_to(api, "IN_PROGRESS"), api.book()
    with Watch(api) as watch:
        watch.complete()
        with database.locked_for_writing():
            call = send(api, "PauseSession", session_id=session.id)
            until(lambda: transport_of(server)._under_way == 2)
            stop = stopping(server)
            for late in (lambda: api.get(other), lambda: api.move("CreatePackage", other), api.release):
                with pytest.raises(Refused) as refused:
                    late()
                assert (refused.value.code, refused.value.reason) == (StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
            assert watch.refused().reason == "SHUTTING_DOWN"
        assert call.result().session.state == PAUSED
    stop.join(10)
    assert not stop.is_alive()
    assert database.read("SELECT state FROM sessions ORDER BY state") == [(1,), (PAUSED,)]
    api.close()


def test_a_stop_waits_no_longer_than_it_may(database):
    server = RunningServer(database, transport="native", drain_s=0.3)
    api = ApiClient(server.target)
    session = bring_to(api, "IN_PROGRESS")
    with database.locked_for_writing():
        call = send(api, "PauseSession", session_id=session.id)
        until(lambda: transport_of(server)._under_way)
        stop = stopping(server)
        with pytest.raises(grpc.RpcError) as cut_off:
            call.result()
        assert read_refusal(cut_off.value).reason == "SHUTTING_DOWN"
    stop.join()
    api.close()


def named(thread):
    """The name of a thread, as the system knows it."""
    try:
        return Path(f"/proc/self/task/{thread}/comm").read_text().strip()
    except OSError:
        return ""


def test_nothing_is_left_of_a_server_that_stopped(database):
    def start_and_stop():
        with serving(database, transport="native") as server:
            api = ApiClient(server.target)
            api.book()
            directory = Path(transport_of(server)._directory.name)
            api.close()
        return directory

    def threads():
        process = psutil.Process()
        return [name for t in process.threads() if (name := named(t.id)).startswith(("grpc-native", "rpc"))]

    before = len(threads())
    directories = [start_and_stop() for _ in range(3)]
    assert len(threads()) == before
    assert not any(directory.exists() for directory in directories)
