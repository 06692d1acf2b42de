from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from messages import booking, bookings, new_id, outcome_of, send
from rows import count, read
from state_paths import FETCHED, walk

import sampling
from exam_sessions_client.v1 import session_pb2, session_service_pb2
from processes import ServerProcess, calling, was_cut_off
from serving import ApiClient, Refused, transport, until

both_databases = pytest.mark.both_databases("what a killed server has left is in the database")

ROWS = sampling.fewer(10_000, 2_000)
WORKSPACE = "w"


def rows_written(server):
    """Rows of sessions on disk, whether anybody may see them yet or not."""
    return read(server, "SELECT count(*) FROM sessions")[0][0]


def visible(api):
    return api.call("ListSessions", page_size=1, show_total_size=True).total_size


MOMENTS = {
    "at once": 0,
    "at the first row": 1,
    "at a tenth": ROWS // 10,
    "at a quarter": ROWS // 4,
    "at a half": ROWS // 2,
    "at three quarters": ROWS * 3 // 4,
    "at nine tenths": ROWS * 9 // 10,
    "at the last row": ROWS,
}
MARKS = dict.fromkeys(MOMENTS, pytest.mark.slow) | {
    "at once": pytest.mark.alike,
    "at a half": (),
    "at the last row": (),
}


def kill_at(server, moment, call):
    """Kills a server at a moment of a call: once so many rows are on disk."""
    until(lambda: rows_written(server) >= moment or call.done())
    server.kill()
    server.wait()


@both_databases
@pytest.mark.parametrize("moment", [pytest.param(moment, marks=MARKS[moment]) for moment in MOMENTS])
def test_a_process_killed_in_a_batch_leaves_all_or_nothing_and_the_repetition_completes_it(database, moment):
    request_id = new_id()
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        release = api.release(auto_create_pin=True)
        content = {"release_id": release.id, "bookings": bookings(ROWS), "request_id": request_id}
        call = send(api, "BatchCreateSessions", **content)
        kill_at(server, MOMENTS[moment], call)
        error = call.exception()
        assert error is None or was_cut_off(error)
        first = None if error else call.result()
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        assert visible(api) in ({ROWS} if first else {0, ROWS})
        assert visible(api) == rows_written(server) == count(server, "events", WORKSPACE)
        replies = [api.call("BatchCreateSessions", **content) for _ in range(2)]
        assert replies[0] == replies[1] == (first or replies[0])
        assert [row.candidate_id for row in replies[0].sessions] == [f"c{n}" for n in range(ROWS)]
        assert visible(api) == rows_written(server) == count(server, "events", WORKSPACE) == ROWS


def test_what_a_killed_process_left_is_completed_by_a_server_that_lives_on(database):
    request_id = new_id()
    with ServerProcess(database) as doomed, ServerProcess(database) as other:
        with calling(doomed, WORKSPACE) as api:
            release = api.release()
            content = {"release_id": release.id, "bookings": bookings(ROWS), "request_id": request_id}
            call = send(api, "BatchCreateSessions", **content)
            kill_at(doomed, ROWS // 2, call)
        with calling(other, WORKSPACE) as api:
            assert visible(api) in {0, ROWS}

            def repeated():
                outcome = outcome_of(send(api, "BatchCreateSessions", **content))
                if not isinstance(outcome, Refused):
                    return outcome
                # A caller may be asked to come again, but not be told that it is its own rival.
                assert outcome.code is grpc.StatusCode.UNAVAILABLE, outcome
                return None

            assert len(until(repeated).sessions) == ROWS
            assert visible(api) == count(other, "events", WORKSPACE) == ROWS


@both_databases
def test_what_a_killed_process_left_is_completed_although_several_servers_live_on(database):
    request_id = new_id()
    with ServerProcess(database) as doomed, ServerProcess(database) as second, ServerProcess(database) as third:
        with calling(doomed, WORKSPACE) as api:
            release = api.release()
            content = {"release_id": release.id, "bookings": bookings(ROWS), "request_id": request_id}
            call = send(api, "BatchCreateSessions", **content)
            kill_at(doomed, ROWS // 2, call)
        with calling(second, WORKSPACE) as api, calling(third, WORKSPACE) as witness:

            def repeated():
                with suppress(Refused):
                    return api.call("BatchCreateSessions", **content)

            assert len(until(repeated).sessions) == ROWS
            assert visible(witness) == ROWS


@both_databases
@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_what_was_acknowledged_survives_a_kill(database, rounds):
    for n in range(rounds):
        acknowledged = {}
        with ServerProcess(database) as server, calling(server, f"w{n}") as api:
            release = api.release()
            sessions = [walk(api, api.book(release), *FETCHED, "EnterKeycode") for _ in range(4)]

            def work(session, api=api, acknowledged=acknowledged):
                told = acknowledged[session.id] = []
                for rpc in itertools.cycle(["PauseSession", "ResumeSession"]):
                    request_id = new_id()
                    outcome = send(api, rpc, session_id=session.id, request_id=request_id)
                    if outcome.exception():
                        assert was_cut_off(outcome.exception())
                        return
                    told.append(request_id)

            with ThreadPoolExecutor(4) as pool:
                works = [pool.submit(work, session) for session in sessions]
                until(lambda a=acknowledged: sum(map(len, a.values())) > 100)
                server.kill()
                for done in works:
                    done.result()
        with ServerProcess(database) as server, calling(server, f"w{n}") as api:
            for session in sessions:
                events = api.history(session)
                stored = [event.request_id for event in events if event.request_id]
                told = acknowledged[session.id]
                # One call may have been durable and not yet answered.
                assert stored[: len(told)] == told
                assert len(stored) <= len(told) + 1
                assert api.get(session).state == events[-1].to_state


def test_a_server_that_is_told_to_stop_answers_the_calls_under_way(database):
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        release = api.release()
        with database.locked_for_writing():
            calls = [send(api, "CreateSession", release_id=release.id, booking=booking(f"c{n}")) for n in range(5)]
            roster = send(api, "BatchCreateSessions", release_id=release.id, bookings=bookings(600, "b"))
            with pytest.raises(Refused):
                # Calls of one connection arrive in the order sent, so the others are under way now.
                api.call("GetSession", session_id=new_id())
            server.terminate()
            until(lambda: is_leaving(server))
        answers = [outcome_of(call) for call in calls]
        assert [answer.session.candidate.candidate_id for answer in answers] == [f"c{n}" for n in range(5)]
        assert len(outcome_of(roster).sessions) == 600
        assert server.wait() == 0
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        assert visible(api) == 605


def is_leaving(server):
    """Whether a server turns new connections away; native takes them to the end, and tells that it does not serve."""
    api = ApiClient(server.target)
    stub = health_pb2_grpc.HealthStub(api.channel)
    try:
        status = stub.Check(health_pb2.HealthCheckRequest(), timeout=60).status
    except grpc.RpcError:
        return True
    finally:
        api.close()
    return transport() == "native" and status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_second_start_finds_everything_as_it_was(database):
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        session = walk(api, api.book(pin="secret"), *FETCHED, "EnterKeycode", "PauseSession")
        history = api.history(session)
        server.terminate()
        assert server.wait() == 0
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api:
        assert api.get(session) == session
        assert api.history(session) == history
        assert session.state == session_pb2.STATE_PAUSED
        wanted = session_service_pb2.SessionFilter(states=[session.state])
        assert [s.id for s in api.call("ListSessions", filter=wanted).sessions] == [session.id]
