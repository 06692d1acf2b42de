"""The clock of an attempt that was reopened: what is left of it, from when, and until when."""

from __future__ import annotations

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from forms import LONG_AGO
from messages import at, lasting, micros
from operations import OperationsApi
from rows import unchanged
from state_paths import FINISHED, name_of, walk
from timed import SECOND, time_left

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused


def sat(api, clock, worked, **release):
    """A session that was handed in after so many seconds of work."""
    session = walk(api, api.book(api.release(**release)), *FINISHED[:-1])
    clock.advance(worked)
    return api.move("FinishSession", session)


def test_the_time_since_the_end_does_not_count(server, api, clock):
    session = sat(api, clock, 100, duration=lasting(600))
    clock.advance(5000)
    session = api.move("ReopenSession", session)
    assert time_left(session, clock) == 500 * SECOND
    clock.advance(499)
    assert server.sweep() == 0
    clock.advance(2)
    assert server.sweep() == 1
    ended = api.get(session)
    assert (name_of(ended), ended.attempt.finish_reason) == ("FINISHED", session_pb2.FINISH_REASON_TIME_EXPIRED)
    assert micros(ended.attempt.time_elapsed) == 600 * SECOND


def test_a_deferred_clock_runs_from_the_candidate_s_next_contact(server, api, clock):
    session = sat(api, clock, 100, duration=lasting(600))
    clock.advance(1000)
    session = api.move("ReopenSession", session, deferred_clock=True)
    assert (name_of(session), session.attempt.HasField("deadline")) == ("PAUSED", False)
    clock.advance(86_400)
    assert server.sweep() == 0
    session = api.move("ResumeSession", session)
    assert time_left(session, clock) == 500 * SECOND
    clock.advance(500)
    assert server.sweep() == 1
    assert micros(api.get(session).attempt.time_elapsed) == 600 * SECOND


def test_an_attempt_without_time_left_is_reopened_with_a_deadline_only(server, api, clock):
    session = sat(api, clock, 700, duration=lasting(600))
    assert session.attempt.finish_reason == session_pb2.FINISH_REASON_TIME_EXPIRED
    for deferred in (False, True):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move("ReopenSession", session, deferred_clock=deferred)
        assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"
    until = at(clock() + 300 * SECOND)
    session = api.move("ReopenSession", session, deadline=until)
    assert (name_of(session), session.attempt.deadline) == ("IN_PROGRESS", until)
    clock.advance(301)
    assert server.sweep() == 1
    assert api.get(session).attempt.end_time == until


def test_a_deadline_may_lie_beyond_the_window(server, api, clock):
    session = sat(api, clock, 10, window_end=at(clock() + 3600 * SECOND))
    clock.advance(7200)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("ReopenSession", session)
    assert refused.value.reason == "WINDOW_CLOSED"
    until = at(clock() + 600 * SECOND)
    session = api.move("ReopenSession", session, deadline=until)
    assert session.attempt.deadline == until
    assert server.sweep() == 0
    paused = api.move("PauseSession", session)
    clock.advance(100)
    session = api.move("ResumeSession", paused)
    assert micros(session.attempt.deadline) - micros(until) == 100 * SECOND
    clock.advance(700)
    assert server.sweep() == 1
    assert api.get(session).attempt.end_time == session.attempt.deadline


def test_a_deferred_clock_keeps_the_time_to_its_deadline(server, api, clock):
    session = sat(api, clock, 10, window_end=at(clock() + 60 * SECOND))
    clock.advance(100)
    session = api.move("ReopenSession", session, deadline=at(clock() + 600 * SECOND), deferred_clock=True)
    assert name_of(session) == "PAUSED"
    clock.advance(5000)
    assert server.sweep() == 0
    assert time_left(api.move("ResumeSession", session), clock) == 600 * SECOND


def test_a_deadline_of_its_own_is_not_moved_by_the_release(server, api, clock):
    session = sat(api, clock, 10, window_end=at(clock() + 3600 * SECOND))
    until = at(clock() + 600 * SECOND)
    session = api.move("ReopenSession", session, deadline=until)
    edit = catalog_pb2.Release(id=session.release_id, window_end=at(clock() + SECOND))
    api.call("UpdateRelease", release=edit, update_mask={"paths": ["window_end"]})
    clock.advance(300)
    assert server.sweep() == 0
    assert api.get(session).attempt.deadline == until


def test_a_deadline_that_has_passed_is_refused(server, api, clock):
    session = sat(api, clock, 10)
    for moment in (LONG_AGO, at(clock() - SECOND)):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move("ReopenSession", session, deadline=moment)
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["deadline"])


def test_an_end_is_given_as_a_deadline_as_time_from_now_or_as_no_limit(server, api, clock):
    timed, endless = (sat(api, clock, 700, duration=lasting(600)) for _ in range(2))
    timed = api.move("ReopenSession", timed, time_from_now=lasting(300))
    assert time_left(timed, clock) == 300 * SECOND
    endless = api.move("ReopenSession", endless, no_limit=True)
    assert (name_of(endless), endless.attempt.HasField("deadline")) == ("IN_PROGRESS", False)
    (told,) = (change for change in api.history(endless)[-1].changes if change.field == "own_deadline")
    assert (told.HasField("old_value"), told.new_value) == (False, "no_limit")
    clock.advance(86_400)
    assert server.sweep() == 1
    assert [name_of(api.get(session)) for session in (timed, endless)] == ["FINISHED", "IN_PROGRESS"]
    assert name_of(api.move("FinishSession", endless)) == "FINISHED"


@pytest.mark.parametrize(
    "given", [{"no_limit": False}, {"time_from_now": lasting(0)}, {"time_from_now": lasting(-1)}]
)
def test_an_end_that_says_nothing_is_refused(server, api, clock, given):
    session = sat(api, clock, 10)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("ReopenSession", session, **given)
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", list(given))


def test_many_are_reopened_with_an_end(server, api, clock):
    work = OperationsApi(api)
    sessions = [sat(api, clock, 700, duration=lasting(600)) for _ in range(3)]
    assert work.transition("REOPEN", sessions[:2], time_from_now=lasting(300)).session_count == 2
    work.wait(
        work.transition(
            "REOPEN", filter=session_service_pb2.SessionFilter(release_ids=[sessions[2].release_id]), no_limit=True
        ).operation
    )
    reopened = [api.get(session) for session in sessions]
    assert [name_of(session) for session in reopened] == ["IN_PROGRESS"] * 3
    assert [time_left(session, clock) for session in reopened[:2]] == [300 * SECOND] * 2
    assert not reopened[2].attempt.HasField("deadline")


def test_a_deadline_holds_for_the_reopened_attempt_only(server, api, clock):
    session = sat(api, clock, 100, duration=lasting(600))
    session = api.move("ReopenSession", session, deadline=at(clock() + 30 * SECOND))
    session = walk(api, session, "FinishSession", "ReopenSession")
    assert time_left(session, clock) == 500 * SECOND
    session = walk(api, session, "FinishSession")
    api.move("ReopenSession", session, deadline=at(clock() + 30 * SECOND))
    session = walk(api, session, "FinishSession", "RetakeSession", "EnterKeycode")
    assert time_left(session, clock) == 600 * SECOND


def test_nothing_is_left_of_a_pause_when_an_attempt_is_cleared(server, api, clock):
    session = sat(api, clock, 100, duration=lasting(600))
    session = walk(api, session, "ReopenSession", "PauseSession")
    clock.advance(5000)
    session = walk(api, session, "ClearResponses", "EnterKeycode")
    assert time_left(session, clock) == 600 * SECOND
    assert micros(session.attempt.paused_time) == 0
