"""Finalizing a release: what is under way is submitted, the rest is locked, and the statistics are computed."""

from __future__ import annotations

import pytest
from concurrency import at_once, reasons, won
from forms import PAPER, answer, enter_marks, mixed, results, sitting, three_choices
from grpc import StatusCode
from messages import at, bookings, lasting, micros, new_id, send
from rows import count, read, unchanged, write
from state_paths import FETCHED, STARTED, bring_to, name_of, walk

import sampling
from exam_sessions_client.v1 import catalog_pb2, session_pb2
from processes import ServerProcess, calling
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("all sessions of a release are moved in one transaction")

SECOND = 1_000_000


def finalize(api, release, **fields):
    return api.call("FinalizeRelease", release_id=release.id, **fields).release


def unfinalize(api, release, **fields):
    return api.call("UnfinalizeRelease", release_id=release.id, **fields).release


def release_of(api, session):
    return api.call("GetRelease", release_id=session.release_id).release


def states_of(statistics):
    return {session_pb2.State.Name(row.state).removeprefix("STATE_"): row.count for row in statistics.states}


def start_all(server, api, release, rows):
    """Books so many sessions, and starts them all past the server."""
    for first in range(0, rows, 5000):
        some = bookings(min(rows - first, 5000), f"c{first}-")
        api.call("BatchCreateSessions", release_id=release.id, bookings=some)
    started = "UPDATE sessions SET state = 6, start_time = ? WHERE release_id = ?"
    assert write(server, started, micros(release.create_time), release.id) == rows


@both_databases
@pytest.mark.parametrize("state", ["IN_PROGRESS", "PAUSED"])
def test_what_is_under_way_is_submitted_by_the_service(api, state):
    session = bring_to(api, state)
    release = finalize(api, release_of(api, session))
    ended = api.get(session)
    assert (name_of(ended), ended.closed_by_release) == ("FINISHED", True)
    assert ended.attempt.finish_reason == session_pb2.FINISH_REASON_RELEASE_FINALIZED
    event = api.history(session)[-1]
    assert (event.action, event.actor, event.reason) == (session_pb2.ACTION_FINISH, "system", "RELEASE_FINALIZED")
    assert (ended.attempt.end_time, release.finalized) == (event.time, True)


def test_what_is_submitted_is_scored_and_sent_on(api):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")])
    release = finalize(api, release_of(api, session))
    ended = api.get(session)
    assert (name_of(ended), ended.points.actual) == ("MARKED", "1")
    assert [event.actor for event in api.history(session)[-2:]] == ["system", "system"]
    statistics = release.statistics
    assert (statistics.session_count, states_of(statistics)) == (1, {"MARKED": 1})
    assert (statistics.scored_count, statistics.min_score, statistics.average_score, statistics.max_score) == (
        1,
        "33.3333",
        "33.3333",
        "33.3333",
    )


def test_an_essay_of_a_finalized_release_still_waits_for_marks(api, server):
    mixed(api)
    session = sitting(api)
    finalize(api, release_of(api, session))
    assert name_of(api.get(session)) == "AWAITING_MARKING"
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("ScoreResponse", session, question_number="3", mark="1")
    assert refused.value.reason == "RELEASE_FINALIZED"
    unfinalize(api, release_of(api, session))
    api.move("ScoreResponse", session, question_number="3", mark="1")


UNSTARTED = {
    "SCHEDULED_BUT_NOT_CREATED": "CreatePackage",
    "SCHEDULED_BUT_NOT_DOWNLOADED": "DownloadSession",
    "READY": "EnterKeycode",
    "LOCKED_FOR_INVIGILATOR": "UnlockSession",
    "LOCKED_BY_PIN": "EnterPin",
    "REQUIRES_CHECK_IN": "CheckInSession",
}


@pytest.mark.parametrize("state", UNSTARTED)
def test_what_has_not_started_stays_and_cannot_be_started(api, server, state):
    session = bring_to(api, state)
    before = len(api.history(session))
    release = finalize(api, release_of(api, session))
    rpc = UNSTARTED[state]
    extra = {"pin": "QWERTY"} if rpc == "EnterPin" else {}
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move(rpc, session, **extra)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")
    assert (name_of(api.get(session)), len(api.history(session))) == (state, before)
    unfinalize(api, release)
    assert api.move(rpc, session, **extra)


def test_a_window_does_not_open_while_the_release_is_finalized(clocked_server, clocked_desk, clock):
    api = clocked_desk
    session = walk(api, api.book(api.release(window_start=at(clock() + 60 * SECOND))), *FETCHED)
    release = finalize(api, release_of(api, session))
    clock.advance(61)
    assert (clocked_server.sweep(), name_of(api.get(session))) == (0, "SCHEDULED_BUT_LOCKED")
    unfinalize(api, release)
    assert (clocked_server.sweep(), name_of(api.get(session))) == (1, "READY")


def test_what_is_sat_offline_waits_for_its_upload(api):
    three_choices(api)
    session = walk(api, sitting(api), "GoOffline")
    release = finalize(api, release_of(api, session))
    held = api.get(session)
    assert (name_of(held), held.attempt.finish_reason) == (
        "AWAITING_UPLOAD",
        session_pb2.FINISH_REASON_RELEASE_FINALIZED,
    )
    assert states_of(release.statistics) == {"AWAITING_UPLOAD": 1}
    uploaded = api.move("UploadSession", session, responses=[answer("1", "C"), answer("2", "B")])
    assert (name_of(uploaded), uploaded.points.actual) == ("MARKED", "2")


def test_papers_stay_where_they_are(api, server):
    mixed(api)
    release = api.release(test_form="form-1", **PAPER)
    session = enter_marks(api, api.book(release), {"1": "1"})
    assert states_of(finalize(api, release).statistics) == {"PAPER_RESPONSE_UPLOAD": 1}
    with unchanged(server, api), pytest.raises(Refused) as refused:
        enter_marks(api, session, {"2": "1"})
    assert refused.value.reason == "RELEASE_FINALIZED"


def test_a_release_is_finalized_once_and_opened_once(api, server):
    release = api.release()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        unfinalize(api, release)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_NOT_FINALIZED")
    closed = finalize(api, release, etag=release.etag)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        finalize(api, release)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        unfinalize(api, release, etag=release.etag)
    assert (refused.value.reason, refused.value.metadata["etag"]) == ("STALE_RELEASE", closed.etag)
    opened = unfinalize(api, release, etag=closed.etag)
    assert (opened.finalized, opened.HasField("statistics")) == (False, False)
    with pytest.raises(Refused) as refused:
        finalize(api, release, etag=closed.etag)
    assert refused.value.reason == "STALE_RELEASE"


def test_a_release_nobody_created_is_neither_finalized_nor_opened(api):
    missing = catalog_pb2.Release(id=new_id())
    for call in (finalize, unfinalize):
        with pytest.raises(Refused) as refused:
            call(api, missing)
        assert refused.value.reason == "RELEASE_NOT_FOUND"


def test_opening_again_keeps_what_was_submitted_and_the_next_statistics_are_new(api):
    three_choices(api)
    session = sitting(api)
    release = finalize(api, release_of(api, session))
    unfinalize(api, release)
    assert (name_of(api.get(session)), api.get(session).closed_by_release) == ("MARKED", False)
    walk(api, api.book(release), *STARTED)
    assert states_of(finalize(api, release).statistics) == {"MARKED": 2}


def test_statistics_count_every_session_in_the_state_it_is_left_in(api):
    release = api.release()
    for _ in range(3):
        api.book(release)
    walk(api, api.book(release), *STARTED)
    voided = walk(api, api.book(release), *STARTED, "VoidSession")
    statistics = finalize(api, release).statistics
    assert states_of(statistics) == {"SCHEDULED_BUT_NOT_CREATED": 3, "FINISHED": 1, "VOIDED": 1}
    assert (statistics.session_count, statistics.scored_count, statistics.average_score) == (5, 0, "")
    assert api.call("GetRelease", release_id=release.id).release.statistics == statistics
    assert api.call("AggregateSessions", release_ids=[release.id]).total == statistics
    assert name_of(api.get(voided)) == "VOIDED"


def test_time_that_ran_out_before_is_told_as_such(clocked_desk, clock):
    api = clocked_desk
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    clock.advance(100)
    finalize(api, release_of(api, session))
    ended = api.get(session)
    assert ended.attempt.finish_reason == session_pb2.FINISH_REASON_TIME_EXPIRED
    assert ended.attempt.end_time == session.attempt.deadline


def test_a_pause_that_never_ended_is_not_counted_as_work(clocked_desk, clock):
    api = clocked_desk
    session = bring_to(api, "IN_PROGRESS", duration=lasting(600))
    clock.advance(100)
    api.move("PauseSession", session)
    clock.advance(5000)
    finalize(api, release_of(api, session))
    assert micros(api.get(session).attempt.time_elapsed) == 100 * SECOND


def test_what_is_recovered_after_the_end_is_submitted_too(clocked_server, clocked_desk):
    api = clocked_desk
    session = bring_to(api, "EXCEPTION")
    assert states_of(finalize(api, release_of(api, session)).statistics) == {"EXCEPTION": 1}
    assert name_of(api.move("RecoverSession", session)) == "PAUSED"
    assert (clocked_server.sweep(), name_of(api.get(session))) == (1, "FINISHED")


@both_databases
@pytest.mark.parametrize("rows", [450, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_crowd_is_submitted_in_steps_and_each_session_once(server, api, rows):
    release = api.release()
    start_all(server, api, release, rows)
    statistics = finalize(api, release).statistics
    assert (statistics.session_count, states_of(statistics)) == (rows, {"FINISHED": rows})
    assert count(server, "events", api.workspace) == 2 * rows
    finished = "SELECT DISTINCT finish_reason, state FROM sessions WHERE release_id = ?"
    assert read(server, finished, release.id) == [(4, 9)]


@both_databases
def test_others_are_served_while_a_crowd_is_submitted(server, api):
    release, session = api.release(), api.book()
    start_all(server, api, release, 5000)
    call, moves = send(api, "FinalizeRelease", release_id=release.id), 0
    while not call.done():
        session = api.move(("SetPin", "RemovePin")[moves % 2], session)
        moves += 1
    assert states_of(call.result().release.statistics) == {"FINISHED": 5000}
    assert moves > 5


def test_a_server_killed_in_between_is_missed_by_nobody(database):
    rows = sampling.fewer(10_000, 4_000)
    with ServerProcess(database, **{"tick-ms": 3_600_000}) as doomed, calling(doomed, "w") as api:
        release = api.release()
        api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(rows))
        started = "UPDATE sessions SET state = 6, start_time = ? WHERE release_id = ?"
        database.write(started, micros(release.create_time), release.id)
        call = send(api, "FinalizeRelease", release_id=release.id)
        done = "SELECT count(*) FROM sessions WHERE state = 9"
        until(lambda: database.read(done)[0][0] > 0)
        doomed.kill()
        doomed.wait()
        assert call.exception()
    assert 0 < database.read(done)[0][0] < rows
    with serving(database, tick_ms=20) as other:
        api = ApiClient(other.target, "w")
        assert api.call("GetRelease", release_id=release.id).release.finalized
        closed = until(
            lambda: (r := api.call("GetRelease", release_id=release.id).release).HasField("statistics") and r
        )
        assert states_of(closed.statistics) == {"FINISHED": rows}
        assert count(other, "events", "w") == 2 * rows
        api.close()


def test_a_repeated_request_of_a_lost_answer_waits_for_the_end(server, api):
    release, request_id = api.release(), new_id()
    start_all(server, api, release, 2000)
    lost = send(api, "FinalizeRelease", release_id=release.id, request_id=request_id)
    until(lambda: api.call("GetRelease", release_id=release.id).release.finalized)
    lost.cancel()
    again = finalize(api, release, request_id=request_id)
    assert states_of(again.statistics) == {"FINISHED": 2000}
    with unchanged(server, api):
        assert finalize(api, release, request_id=request_id) == again


@both_databases
def test_one_of_many_who_finalize_at_once_wins_on_whatever_server(database):
    with serving(database, tick_ms=50) as one, serving(database, tick_ms=50) as other:
        desks = [ApiClient(server.target, "shared") for server in (one, other) for _ in range(3)]
        release = desks[0].release()
        start_all(one, desks[0], release, 600)
        outcomes = at_once(*[lambda d=d: finalize(d, release) for d in desks])
        assert [states_of(winner.statistics) for winner in won(outcomes)] == [{"FINISHED": 600}]
        assert reasons(outcomes) == ["RELEASE_FINALIZED"] * 5
        assert count(one, "events", "shared") == 1200
        for api in desks:
            api.close()


def test_an_attempt_nobody_can_read_is_set_aside_and_stops_nothing(api, server):
    three_choices(api)
    release = api.release(test_form="form-1")
    sessions = [walk(api, api.book(release), *STARTED) for _ in range(3)]
    for session in sessions:
        api.move("SetResponses", session, responses=[answer("1", "C")])
    assert write(server, "UPDATE scripts SET responses = '{' WHERE session_id = ?", sessions[1].id) == 1
    statistics = finalize(api, release, timeout=20).statistics
    assert states_of(statistics) == {"MARKED": 2, "EXCEPTION": 1}
    assert api.history(sessions[1])[-1].reason == "CLOCK_FAULT"
    assert results(api, sessions[2]).points.actual == "1"
