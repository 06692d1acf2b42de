"""Clearing, reopening and retaking an attempt; and reset, which is none of them."""

import pytest
from sample_forms import MACHINE, MIXED, an_attempt, answers, marking_context
from sample_sessions import (
    CLOSES,
    DAY,
    DEADLINE,
    ENDED,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    STARTED,
    a_release,
    a_session,
    became,
    decided,
)

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.states import Action, State

A = Action
DONE = an_attempt({"1": 0, "3": "words"}, {"3": 25_000}, points=35_000, points_max=80_000, score=437_500)
WITH_A_RESULT = {
    "form_revision": 1,
    "responses_revision": 4,
    "marking_progress": 100,
    "points": 35_000,
    "points_max": 80_000,
    "score": 437_500,
}
MARKED = a_session(State.MARKED, **WITH_A_RESULT)
FINISHED = a_session(State.FINISHED)
SUBMITTED = (9, 15, 11, 16, 12)


def again(action, session=MARKED, release=None, now=NOW, attempts=(DONE,), **said):
    return decided(
        session, release or a_release(max_attempts=0), action, now, marking_context(MIXED, *attempts), **said
    )


# Clearing.


def test_clearing_removes_what_was_answered_and_earned_and_begins_the_attempt_anew():
    decision = again(A.CLEAR_RESPONSES)
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.attempt, after.start_time, after.end_time, after.finish_reason) == (4, 1, 0, 0, 0)
    assert (after.points, after.points_max, after.score, after.marking_progress) == (None, None, None, 0)
    assert (record.responses, record.marks, record.points, record.score) == ({}, {}, None, None)


def test_clearing_tells_in_full_what_it_removed():
    (event,) = again(A.CLEAR_RESPONSES, message="power cut").events
    assert event.message == "power cut"
    assert event.changes["responses"] == ({"1": 0, "3": "words"}, {})
    assert event.changes["marks"] == ({"3": "2.5"}, {})
    assert event.changes["score"] == (437_500, None)
    assert event.changes["start_time"] == (STARTED, 0)


def test_the_count_of_writes_goes_on_so_that_a_write_from_before_is_still_late():
    cleared = again(A.CLEAR_RESPONSES).session
    assert cleared.responses_revision == 5
    running = became(cleared, a_release(), A.ENTER_KEYCODE)
    with pytest.raises(errors.StaleResponses):
        again(A.SET_RESPONSES, running, attempts=(), responses=answers(q1="A"), revision=5)


def test_a_cleared_attempt_starts_again_when_the_candidate_comes_back():
    restarted = became(again(A.CLEAR_RESPONSES).session, a_release(), A.ENTER_KEYCODE, NOW + HOUR)
    assert (restarted.start_time, restarted.due_time, restarted.attempt) == (NOW + HOUR, NOW + 2 * HOUR, 1)


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.PAUSED])
def test_a_running_attempt_is_cleared_with_its_clock(state):
    after = again(A.CLEAR_RESPONSES, a_session(state, paused_time=MINUTE, own_deadline=CLOSES)).session
    clock_columns = (after.start_time, after.pause_start_time, after.paused_time, after.own_deadline, after.due_time)
    assert (after.state, clock_columns) == (4, (0, 0, 0, 0, None))


def test_a_cleared_paper_waits_to_be_entered_again():
    decision = again(A.CLEAR_RESPONSES, release=a_release(delivery=2))
    assert (decision.session.state, decision.attempts[0].marks) == (19, {})


def test_clearing_leaves_earlier_attempts_and_what_they_count():
    second = DONE._replace(attempt=2)
    decision = again(A.CLEAR_RESPONSES, MARKED._replace(attempt=2), attempts=(DONE, second))
    assert [record.attempt for record in decision.attempts] == [2]
    assert (decision.session.attempt, decision.session.score) == (2, 437_500)


def test_an_attempt_without_answers_is_cleared_too():
    decision = again(A.CLEAR_RESPONSES, FINISHED, attempts=())
    assert (decision.session.state, decision.attempts) == (4, ())


def test_a_cleared_attempt_that_gets_another_form_is_an_attempt_of_that_form():
    cleared = again(A.CLEAR_RESPONSES)
    of_another = marking_context(MACHINE, *cleared.attempts)._replace(latest_revision=3)
    release = a_release()
    booked = became(cleared.session, release, A.RESET, NOW, of_another, updated_form="form-b")
    running = booked._replace(state=6, start_time=NOW)
    (record,) = decided(running, release, A.SET_RESPONSES, NOW, of_another, responses=answers(q1="C")).attempts
    assert (record.test_form, record.form_revision, record.responses) == ("form-b", 3, {"1": 2})


# Reopening.


@pytest.mark.parametrize("state", SUBMITTED)
def test_a_reopened_attempt_keeps_its_responses_and_loses_its_score(state):
    decision = again(A.REOPEN, a_session(state, **WITH_A_RESULT))
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.attempt, after.score, after.points, after.marking_progress) == (6, 1, None, None, 0)
    assert (record.responses, record.marks, record.score) == ({"1": 0, "3": "words"}, {}, None)
    assert (after.start_time, after.end_time, after.finish_reason) == (STARTED, 0, 0)


def test_the_marks_a_reopened_attempt_loses_are_told():
    assert again(A.REOPEN).events[0].changes["marks"] == ({"3": "2.5"}, {})


@pytest.mark.parametrize("away", [0, 1, 2 * MINUTE, 2 * HOUR])
def test_the_time_since_the_end_does_not_count(away):
    release = a_release(window_end=0)
    after = again(A.REOPEN, FINISHED, release, ENDED + away, ()).session
    assert (after.paused_time, after.due_time) == (away, DEADLINE + away)


def test_a_pause_before_the_end_is_not_counted_twice():
    paused = a_session(State.PAUSED)
    release = a_release(window_end=0)
    finished = became(paused, release, A.FINISH, NOW)
    reopened = became(finished, release, A.REOPEN, NOW + HOUR)
    worked = paused.pause_start_time - STARTED
    assert clock.deadline(reopened, release) == NOW + HOUR + (HOUR - worked)


def test_the_window_still_cuts_a_reopened_attempt():
    assert again(A.REOPEN, FINISHED, now=CLOSES - MINUTE, attempts=()).session.due_time == CLOSES


def test_an_attempt_without_time_left_is_not_reopened():
    spent = became(a_session(State.IN_PROGRESS), a_release(), A.FINISH, DEADLINE + MINUTE)
    with pytest.raises(errors.AttemptTimeExpired):
        again(A.REOPEN, spent, now=DEADLINE + HOUR, attempts=())
    assert again(A.REOPEN, spent._replace(extra_time=SECOND), now=DEADLINE + HOUR, attempts=()).session.state == 6


def test_an_attempt_is_not_reopened_while_the_window_is_closed():
    with pytest.raises(errors.WindowClosed):
        again(A.REOPEN, now=CLOSES)


@pytest.mark.parametrize("deferred", [False, True])
def test_a_deadline_of_its_own_takes_the_place_of_window_and_working_time(deferred):
    late = CLOSES + 2 * HOUR
    spent = became(a_session(State.IN_PROGRESS), a_release(), A.FINISH, DEADLINE)
    after = again(A.REOPEN, spent, now=CLOSES + HOUR, attempts=(), deadline=late, deferred_clock=deferred).session
    assert (after.state, after.own_deadline) == (7 if deferred else 6, late)
    assert after.due_time == (None if deferred else late)


@pytest.mark.parametrize("deferred", [False, True])
def test_an_end_may_be_given_as_time_from_when_it_is_reopened(deferred):
    later = CLOSES + HOUR
    after = again(
        A.REOPEN, FINISHED, now=later, attempts=(), time_from_now=20 * MINUTE, deferred_clock=deferred
    ).session
    assert after.own_deadline == later + 20 * MINUTE
    if deferred:
        after = became(after, a_release(), A.RESUME, later + DAY)
    assert clock.deadline(after, a_release()) == later + 20 * MINUTE + DAY * deferred


@pytest.mark.parametrize("deferred", [False, True])
def test_an_attempt_reopened_without_limit_ends_when_somebody_ends_it(deferred):
    release, later = a_release(), CLOSES + DAY
    after = again(A.REOPEN, FINISHED, release, later, (), no_limit=True, deferred_clock=deferred).session
    if not deferred:
        after = became(after, release, A.PAUSE, later)
    after = became(
        became(after, release, A.RESUME, later + DAY), release, A.SET_EXTRA_TIME, later + DAY, extra_time=1
    )
    assert (after.state, after.due_time, after.own_deadline) == (6, None, -1)
    assert clock.cut_by_window(after, release, later + DAY) == 0
    ended = became(after, release, A.FINISH, later + 9 * DAY)
    assert (ended.end_time, ended.finish_reason) == (later + 9 * DAY, 1)
    again_timed = again(A.REOPEN, ended, release, later + 9 * DAY, (), time_from_now=HOUR).session
    assert again_timed.due_time == later + 9 * DAY + HOUR


@pytest.mark.parametrize("late", [0, 1, HOUR])
def test_a_deadline_lies_in_the_future(late):
    with pytest.raises(errors.InvalidField) as refusal:
        again(A.REOPEN, deadline=NOW - late)
    assert refusal.value.violations()[0].field == "deadline"


def test_an_attempt_ends_at_its_own_deadline():
    reopened = again(A.REOPEN, FINISHED, attempts=(), deadline=NOW + 7 * MINUTE).session
    finished = became(reopened, a_release(), A.FINISH, NOW + HOUR)
    assert (finished.end_time, finished.finish_reason) == (NOW + 7 * MINUTE, 3)


def test_reopened_once_more_without_a_deadline_the_usual_rule_holds_again():
    once = again(A.REOPEN, FINISHED, attempts=(), deadline=CLOSES + HOUR).session
    finished = became(once, a_release(), A.FINISH, NOW + MINUTE)
    twice = again(A.REOPEN, finished, now=NOW + 2 * MINUTE, attempts=()).session
    assert (twice.own_deadline, clock.deadline(twice, a_release())) == (0, DEADLINE + 3 * MINUTE)


def test_with_a_deferred_clock_time_stands_still_until_the_candidate_is_there():
    release = a_release(window_end=0)
    waiting = again(A.REOPEN, FINISHED, release, ENDED + HOUR, (), deferred_clock=True).session
    assert (waiting.state, waiting.pause_start_time, waiting.due_time) == (7, ENDED + HOUR, None)
    there = became(waiting, release, A.RESUME, ENDED + 5 * HOUR)
    assert there.due_time == ENDED + 5 * HOUR + (HOUR - (ENDED - STARTED))


def test_resumed_after_a_deferred_reopening_its_own_deadline_is_as_far_away_as_it_was():
    waiting = again(A.REOPEN, FINISHED, attempts=(), deferred_clock=True, deadline=NOW + 20 * MINUTE).session
    there = became(waiting, a_release(), A.RESUME, CLOSES + HOUR)
    assert (there.own_deadline, there.due_time) == (CLOSES + HOUR + 20 * MINUTE, CLOSES + HOUR + 20 * MINUTE)


def test_pauses_after_a_reopening_move_its_own_deadline_too():
    running = again(A.REOPEN, FINISHED, attempts=(), deadline=NOW + 20 * MINUTE).session
    paused = became(running, a_release(), A.PAUSE, NOW + 5 * MINUTE)
    assert clock.deadline(became(paused, a_release(), A.RESUME, NOW + 9 * MINUTE), a_release()) == NOW + 24 * MINUTE


def test_a_reopened_paper_keeps_the_marks_that_were_entered():
    decision = again(A.REOPEN, a_session(11, **WITH_A_RESULT, start_time=0), a_release(delivery=2), CLOSES + HOUR)
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.score, after.end_time, after.due_time) == (19, None, 0, None)
    assert (record.marks, record.responses, record.score) == (DONE.marks, DONE.responses, None)


# Retaking.


@pytest.mark.parametrize(("attempt", "most"), [(1, 0), (7, 0), (1, 2), (2, 3)])
def test_a_retake_begins_the_next_attempt(attempt, most):
    record = DONE._replace(attempt=attempt)
    after = again(
        A.RETAKE, MARKED._replace(attempt=attempt), a_release(max_attempts=most), attempts=(record,)
    ).session
    assert (after.state, after.attempt) == (4, attempt + 1)
    assert (after.start_time, after.end_time, after.paused_time, after.finish_reason) == (0, 0, 0, 0)


@pytest.mark.parametrize(("attempt", "most"), [(1, 1), (2, 2), (5, 3)])
def test_a_release_that_allows_no_more_attempts_refuses_a_retake(attempt, most):
    with pytest.raises(errors.AttemptsExhausted) as refusal:
        again(A.RETAKE, MARKED._replace(attempt=attempt), a_release(max_attempts=most))
    assert refusal.value.metadata() == {"attempt": str(attempt), "max_attempts": str(most)}


def test_the_attempt_that_was_finished_is_kept_with_its_clock():
    (kept,) = again(A.RETAKE, MARKED._replace(paused_time=MINUTE)).attempts
    assert kept == DONE._replace(start_time=STARTED, end_time=ENDED, finish_reason=1, paused_time=MINUTE)


def test_an_attempt_without_answers_is_kept_too():
    (kept,) = again(A.RETAKE, FINISHED, attempts=()).attempts
    assert (kept.attempt, kept.responses, kept.score, kept.end_time) == (1, {}, None, ENDED)


def test_what_counts_stays_until_the_new_attempt_is_marked():
    after = again(A.RETAKE).session
    assert (after.points, after.points_max, after.score, after.marking_progress) == (35_000, 80_000, 437_500, 0)


def test_the_new_attempt_is_written_beside_the_old_one():
    retaken = again(A.RETAKE)
    running = became(retaken.session, a_release(), A.ENTER_KEYCODE, NOW + MINUTE)
    decision = again(
        A.SET_RESPONSES, running, attempts=retaken.attempts, responses=answers(q2="BC"), now=NOW + MINUTE
    )
    (written,) = decision.attempts
    assert (written.attempt, written.responses, written.marks, written.start_time) == (2, {"2": [1, 2]}, {}, 0)
    assert running.start_time == NOW + MINUTE


def test_a_retake_on_paper_waits_for_the_next_paper():
    after = again(A.RETAKE, a_session(11, **WITH_A_RESULT), a_release(delivery=2, max_attempts=0)).session
    assert (after.state, after.attempt) == (19, 2)


def test_a_retake_leaves_the_candidates_adjustment():
    assert again(A.RETAKE, MARKED._replace(extra_time=15 * MINUTE)).session.extra_time == 15 * MINUTE


@pytest.mark.parametrize("state", [6, 7, 9, 15, 11, 16, 12])
def test_reset_is_for_bookings_and_never_clears_an_attempt(state):
    with pytest.raises(errors.SessionNotResettable):
        again(A.RESET, a_session(state))
