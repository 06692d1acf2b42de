"""The clock of an attempt as the moves drive it: start, pause, resume, finish, offline, fail and recover."""

import pytest
from sample_sessions import (
    CLOSES,
    DEADLINE,
    ENDED,
    HOUR,
    MINUTE,
    NOW,
    OPENS,
    PAUSED_AT,
    PIN,
    STARTED,
    a_release,
    a_session,
    became,
    decided,
)

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.states import Action, FinishReason, State

A, S = Action, State


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (A.ENTER_KEYCODE, S.READY),
        (A.CHECK_IN, S.REQUIRES_CHECK_IN),
        (A.ENTER_PIN, S.LOCKED_BY_PIN),
        (A.UNLOCK, S.LOCKED_FOR_INVIGILATOR),
    ],
)
def test_the_attempt_starts_when_the_candidate_is_let_in(action, state):
    after = became(a_session(state), a_release(), action, pin=PIN)
    assert (after.state, after.start_time, after.due_time) == (6, NOW, NOW + HOUR)


@pytest.mark.parametrize(("action", "state"), [(A.ENTER_KEYCODE, S.READY), (A.CHECK_IN, S.REQUIRES_CHECK_IN)])
def test_the_attempt_does_not_start_while_the_candidate_waits_at_the_door(action, state):
    after = became(a_session(state), a_release(invigilated=1), action)
    assert (after.state, after.start_time, after.due_time) == (5, 0, None)


@pytest.mark.parametrize("away_and_back", [(A.PAUSE, A.RESUME), (A.GO_OFFLINE, A.RECONNECT), (A.FAIL, A.RECOVER)])
def test_the_start_time_is_written_once(away_and_back):
    session = a_session(S.IN_PROGRESS)
    for action in away_and_back:
        session = became(session, a_release(), action)
    assert session.start_time == STARTED


def test_a_candidate_let_in_with_a_clock_that_runs_already_keeps_it():
    behind_the_door = a_session(S.LOCKED_FOR_INVIGILATOR, start_time=STARTED)
    assert became(behind_the_door, a_release(), A.UNLOCK).start_time == STARTED


def test_a_pause_stops_the_clock():
    after = became(a_session(S.IN_PROGRESS), a_release(), A.PAUSE)
    assert (after.state, after.pause_start_time, after.due_time) == (7, NOW, None)
    assert clock.deadline(after, a_release()) == 0


def test_a_resumed_attempt_gets_its_pause_back():
    after = became(a_session(S.PAUSED), a_release(), A.RESUME)
    assert (after.pause_start_time, after.paused_time) == (0, 5 * MINUTE)
    assert after.due_time == DEADLINE + 5 * MINUTE


def test_every_pause_is_added_to_the_ones_before():
    after = became(a_session(S.PAUSED, paused_time=3 * MINUTE), a_release(), A.RESUME)
    assert after.paused_time == 8 * MINUTE


def test_a_clock_that_was_set_back_never_takes_time_away():
    after = became(a_session(S.PAUSED), a_release(), A.RESUME, PAUSED_AT - MINUTE)
    assert after.paused_time == 0


@pytest.mark.parametrize("now", [CLOSES, CLOSES + HOUR])
def test_a_paused_session_is_not_resumed_after_the_windows_end(now):
    with pytest.raises(errors.WindowClosed):
        decided(a_session(S.PAUSED), a_release(), A.RESUME, now)


def test_a_paused_session_is_resumed_after_the_windows_end_once_the_release_is_extended():
    extended = a_release(window_end=CLOSES + 2 * HOUR)
    assert became(a_session(S.PAUSED), extended, A.RESUME, CLOSES + HOUR).state == 6


def test_a_paused_session_is_finished_after_the_windows_end():
    after = became(a_session(S.PAUSED), a_release(), A.FINISH, CLOSES + HOUR, finish_reason=FinishReason.INVIGILATOR)
    assert (after.state, after.end_time, after.finish_reason) == (9, CLOSES + HOUR, 2)
    assert clock.time_elapsed(after) == PAUSED_AT - STARTED


def test_a_paused_session_without_time_left_is_not_resumed():
    spent = a_session(S.PAUSED, pause_start_time=DEADLINE)
    with pytest.raises(errors.AttemptTimeExpired) as refusal:
        decided(spent, a_release(), A.RESUME, DEADLINE + MINUTE)
    assert refusal.value.metadata() == {"deadline": "2026-03-02T10:10:00.000Z"}


def test_a_paused_session_with_a_moment_left_is_resumed_for_that_moment():
    after = became(a_session(S.PAUSED, pause_start_time=DEADLINE - 1), a_release(), A.RESUME, DEADLINE + HOUR)
    assert after.due_time == DEADLINE + HOUR + 1


def test_extra_time_lets_a_spent_attempt_go_on():
    spent = a_session(S.PAUSED, pause_start_time=DEADLINE, extra_time=15 * MINUTE)
    assert became(spent, a_release(), A.RESUME, DEADLINE + MINUTE).due_time == DEADLINE + 16 * MINUTE


@pytest.mark.parametrize(
    ("action", "state"), [(A.PAUSE, S.IN_PROGRESS), (A.GO_OFFLINE, S.IN_PROGRESS), (A.RECONNECT, S.OFFLINE)]
)
@pytest.mark.parametrize("late", [0, 1, HOUR])
def test_an_attempt_past_its_deadline_can_only_be_finished(action, state, late):
    with pytest.raises(errors.AttemptTimeExpired) as refusal:
        decided(a_session(state), a_release(), action, DEADLINE + late)
    assert refusal.value.metadata() == {"deadline": "2026-03-02T10:10:00.000Z"}


@pytest.mark.parametrize(
    ("action", "state", "expected"),
    [(A.PAUSE, S.IN_PROGRESS, 7), (A.GO_OFFLINE, S.IN_PROGRESS, 8), (A.RECONNECT, S.OFFLINE, 6)],
)
def test_an_attempt_is_free_until_the_moment_before_its_deadline(action, state, expected):
    assert became(a_session(state), a_release(), action, DEADLINE - 1).state == expected


@pytest.mark.parametrize("reason", [FinishReason.CANDIDATE, FinishReason.INVIGILATOR, FinishReason.RELEASE_FINALIZED])
def test_an_attempt_finished_in_time_ends_now_for_the_reason_given(reason):
    after = became(a_session(S.IN_PROGRESS), a_release(), A.FINISH, DEADLINE - 1, finish_reason=reason)
    assert (after.end_time, after.finish_reason, after.due_time) == (DEADLINE - 1, int(reason), None)


@pytest.mark.parametrize(("action", "state", "to"), [(A.FINISH, S.IN_PROGRESS, 9), (A.FINISH_OFFLINE, S.OFFLINE, 18)])
@pytest.mark.parametrize("late", [0, 1, HOUR])
@pytest.mark.parametrize("reason", [FinishReason.CANDIDATE, FinishReason.INVIGILATOR, FinishReason.TIME_EXPIRED])
def test_an_attempt_finished_late_is_stamped_with_its_deadline(action, state, to, late, reason):
    after = became(a_session(state), a_release(), action, DEADLINE + late, finish_reason=reason)
    assert (after.state, after.end_time, after.finish_reason) == (to, DEADLINE, 3)
    assert clock.time_elapsed(after) == HOUR


def test_an_attempt_cut_by_the_window_is_stamped_with_the_windows_end():
    late = a_session(S.IN_PROGRESS, start_time=CLOSES - 20 * MINUTE)
    after = became(late, a_release(), A.FINISH, CLOSES + 5 * MINUTE)
    assert (after.end_time, after.finish_reason, clock.time_elapsed(after)) == (CLOSES, 3, 20 * MINUTE)


def test_an_attempt_without_any_limit_ends_whenever_it_is_finished():
    release = a_release(duration=0, window_end=0)
    after = became(a_session(S.IN_PROGRESS), release, A.FINISH, STARTED + 50 * HOUR)
    assert (after.end_time, after.finish_reason) == (STARTED + 50 * HOUR, 1)


def test_finishing_a_paused_attempt_books_the_pause():
    after = became(a_session(S.PAUSED, paused_time=MINUTE), a_release(), A.FINISH)
    assert (after.pause_start_time, after.paused_time, after.end_time) == (0, 6 * MINUTE, NOW)
    assert clock.time_elapsed(after) == 14 * MINUTE


def test_an_offline_attempt_waits_for_its_answers_and_is_never_finished_without_them():
    sat = became(a_session(S.OFFLINE), a_release(), A.FINISH_OFFLINE)
    assert (sat.state, sat.held_offline, sat.end_time) == (18, 1, NOW)
    back = became(sat, a_release(), A.UPLOAD, NOW + HOUR)
    assert (back.state, back.held_offline, back.end_time) == (9, 0, NOW)


def test_the_deadline_stays_while_the_candidate_is_offline():
    away = became(a_session(S.IN_PROGRESS), a_release(), A.GO_OFFLINE)
    assert (away.held_offline, away.due_time) == (1, DEADLINE)
    back = became(away, a_release(), A.RECONNECT, NOW + MINUTE)
    assert (back.held_offline, back.due_time) == (0, DEADLINE)


@pytest.mark.parametrize("late", [0, 1, 10 * MINUTE])
def test_answers_are_uploaded_until_the_grace_period_is_over(late):
    sat = a_session(S.AWAITING_UPLOAD)
    assert became(sat, a_release(grace_period=10 * MINUTE), A.UPLOAD, ENDED + late).state == 9


@pytest.mark.parametrize("late", [10 * MINUTE + 1, HOUR])
def test_answers_are_not_taken_after_the_grace_period(late):
    with pytest.raises(errors.GracePeriodOver) as refusal:
        decided(a_session(S.AWAITING_UPLOAD), a_release(grace_period=10 * MINUTE), A.UPLOAD, ENDED + late)
    assert refusal.value.metadata() == {
        "end_time": "2026-03-02T09:28:00.000Z",
        "accepted_until": "2026-03-02T09:38:00.000Z",
    }


def test_without_a_grace_period_answers_are_taken_whenever_they_come():
    assert became(a_session(S.AWAITING_UPLOAD), a_release(grace_period=0), A.UPLOAD, ENDED + 999 * HOUR).state == 9


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.OFFLINE])
def test_the_clock_stands_from_the_failure_until_the_resumption(state):
    release = a_release()
    failed = became(a_session(state), release, A.FAIL, NOW)
    recovered = became(failed, release, A.RECOVER, NOW + 20 * MINUTE)
    resumed = became(recovered, release, A.RESUME, NOW + 30 * MINUTE)
    assert (failed.pause_start_time, recovered.pause_start_time) == (NOW, NOW)
    assert (resumed.paused_time, resumed.due_time, resumed.held_offline) == (30 * MINUTE, DEADLINE + 30 * MINUTE, 0)


def test_a_pause_that_ran_when_the_session_failed_goes_on_as_the_same_pause():
    release = a_release()
    failed = became(a_session(S.PAUSED), release, A.FAIL, NOW)
    recovered = became(failed, release, A.RECOVER, NOW + MINUTE)
    assert (failed.pause_start_time, recovered.pause_start_time) == (PAUSED_AT, PAUSED_AT)


def test_an_ended_attempt_that_failed_comes_back_paused_since_its_end():
    release = a_release()
    recovered = became(became(a_session(S.FINISHED), release, A.FAIL), release, A.RECOVER, NOW + HOUR)
    assert (recovered.state, recovered.pause_start_time) == (7, ENDED)
    assert (recovered.end_time, recovered.finish_reason, recovered.due_time) == (0, 0, None)


def test_a_session_that_failed_before_its_start_has_no_clock_to_stop():
    assert became(a_session(S.READY), a_release(), A.FAIL).pause_start_time == 0


def test_a_failed_session_counts_no_time_beyond_the_deadline_that_had_passed():
    release = a_release()
    failed = became(a_session(S.IN_PROGRESS), release, A.FAIL, DEADLINE + 30 * MINUTE)
    recovered = became(failed, release, A.RECOVER, DEADLINE + HOUR)
    finished = became(recovered, release, A.FINISH, DEADLINE + 2 * HOUR)
    assert clock.time_elapsed(finished) == HOUR


def test_no_attempt_goes_on_before_the_window_that_opened_it():
    with pytest.raises(errors.WindowClosed):
        decided(a_session(S.PAUSED, window_start=NOW + HOUR), a_release(), A.RESUME, OPENS)
