"""Imports that change servers on their way."""

from __future__ import annotations

import threading

import grpc
import pytest
from concurrency import at_once
from messages import bookings, new_id
from operations import OperationsApi, chunks_of
from rows import count

from exam_sessions_client.v1 import session_service_pb2
from processes import ServerProcess, calling, was_cut_off
from serving import ApiClient, read_refusal, serving

both_databases = pytest.mark.both_databases("servers share a database")

WORKSPACE = "w"
ROSTERS = [bookings(300, f"chunk{n}-") for n in range(10)]


@pytest.fixture
def two(database):
    """Clients at two servers of one database, in one workspace."""
    with serving(database) as one, serving(database) as other:
        desks = [ApiClient(server.target, WORKSPACE) for server in (one, other)]
        yield desks
        for api in desks:
            api.close()


def booked(api):
    return api.call("ListSessions", page_size=1, show_total_size=True).total_size


@both_databases
def test_an_import_goes_on_at_another_server(two):
    one, other = two
    release, import_id = one.release(), new_id()
    part = OperationsApi(one).imported(chunks_of(one, release, *ROSTERS[:6], import_id=import_id))
    whole = OperationsApi(other).imported(chunks_of(other, release, *ROSTERS, import_id=import_id))
    assert whole[:6] == part
    assert whole[-1].booked_count == booked(one) == booked(other) == 3_000


@both_databases
def test_an_import_sent_to_two_servers_at_once_is_booked_once(two):
    release, import_id = two[0].release(), new_id()
    first, second = at_once(
        *[
            lambda d=api: OperationsApi(d).imported(chunks_of(d, release, *ROSTERS, import_id=import_id))
            for api in two
        ]
    )
    assert first == second
    assert first[-1].booked_count == booked(two[0]) == 3_000


def one_by_one(api, release, import_id, may_come):
    """The messages of the import, which come as often as they may."""
    for message in chunks_of(api, release, *ROSTERS, import_id=import_id):
        may_come.acquire()
        yield message


def test_a_server_that_stops_ends_an_import_behind_a_whole_chunk(database):
    import_id, kept = new_id(), []
    with ServerProcess(database) as leaving, calling(leaving, WORKSPACE) as api:
        release, may_come = api.release(), threading.Semaphore(2)
        call = OperationsApi(api).importing(one_by_one(api, release, import_id, may_come))
        kept.append(next(call))
        leaving.terminate()
        with pytest.raises(grpc.RpcError) as ended:
            kept.extend(call)
        may_come.release(len(ROSTERS))
        assert read_refusal(ended.value).reason == "SHUTTING_DOWN"
        assert leaving.wait() == 0
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        assert booked(api) == 300 * len(kept) < 3_000
        assert (
            OperationsApi(api).imported(chunks_of(api, release, *ROSTERS, import_id=import_id))[-1].booked_count
            == 3_000
        )


def test_a_server_that_does_not_wait_for_the_end_of_an_import_keeps_whole_chunks(database):
    import_id, may_come = new_id(), threading.Semaphore(4)
    with ServerProcess(database, **{"drain-s": 0.1}) as doomed, calling(doomed, WORKSPACE) as api:
        release = api.release()
        call = OperationsApi(api).importing(one_by_one(api, release, import_id, may_come))
        kept = [next(call) for _ in range(3)]
        doomed.terminate()
        with pytest.raises(grpc.RpcError) as cut:
            kept.extend(call)
        assert was_cut_off(cut.value)
        may_come.release(len(ROSTERS))
        assert doomed.wait() == 0
    with serving(database) as server:
        api = ApiClient(server.target, WORKSPACE)
        assert 300 * len(kept) <= booked(api) < 3_000
        assert count(server, "sessions", WORKSPACE) == booked(api)
        assert booked(api) % 300 == 0
        whole = OperationsApi(api).imported(chunks_of(api, release, *ROSTERS, import_id=import_id))
        assert whole[: len(kept)] == kept
        assert booked(api) == 3_000
        api.close()


def test_an_idle_import_does_not_hold_up_a_server_that_stops(database):
    with serving(database, drain_s=3_600) as server:
        api = ApiClient(server.target)
        release, gate = api.release(), threading.Event()

        def chunks():
            yield session_service_pb2.ImportSessionsRequest(
                workspace_id=api.workspace, release_id=release.id, import_id=new_id(), bookings=bookings(3)
            )
            gate.wait()

        answers = OperationsApi(api).importing(chunks())
        assert next(answers).booked_count == 3
    with pytest.raises(grpc.RpcError) as ended:
        next(answers)
    assert read_refusal(ended.value).reason == "SHUTTING_DOWN"
    gate.set()
    api.close()
