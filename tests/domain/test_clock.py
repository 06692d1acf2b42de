"""Windows, deadlines and working time, as arithmetic."""

import pytest
from sample_sessions import (
    CLOSES,
    DAY,
    DEADLINE,
    ENDED,
    HOUR,
    MINUTE,
    OPENS,
    PAUSED_AT,
    SECOND,
    STARTED,
    a_release,
    a_session,
    became,
)

from exam_sessions.domain import clock
from exam_sessions.domain.states import Action, State

RUNNING, PAUSED, FINISHED = State.IN_PROGRESS, State.PAUSED, State.FINISHED


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, ""),
        (1, "1970-01-01T00:00:00.000Z"),
        (OPENS, "2026-03-02T09:00:00.000Z"),
        (OPENS + 1_999, "2026-03-02T09:00:00.001Z"),
        (OPENS + DAY - 1, "2026-03-03T08:59:59.999Z"),
        (253_402_300_799 * SECOND, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_a_moment_is_read_as_rfc_3339_to_the_millisecond(moment, text):
    assert clock.rfc3339(moment) == text


@pytest.mark.parametrize(
    ("moment", "day"), [(0, 0), (DAY - 1, 0), (DAY, 1), (OPENS, 20_514), (OPENS + 15 * HOUR, 20_515)]
)
def test_a_day_ends_at_midnight_utc(moment, day):
    assert clock.day_of(moment) == day


def test_a_session_without_a_window_of_its_own_has_the_releases():
    assert clock.window(a_session(RUNNING), a_release()) == (OPENS, CLOSES)


def test_a_session_may_have_either_end_of_its_window_to_itself():
    assert clock.window(a_session(RUNNING, window_start=STARTED), a_release()) == (STARTED, CLOSES)
    assert clock.window(a_session(RUNNING, window_end=DEADLINE), a_release()) == (OPENS, DEADLINE)


@pytest.mark.parametrize(
    ("start", "end", "now", "is_open"),
    [
        (OPENS, CLOSES, OPENS - 1, False),
        (OPENS, CLOSES, OPENS, True),
        (OPENS, CLOSES, CLOSES - 1, True),
        (OPENS, CLOSES, CLOSES, False),
        (OPENS, CLOSES, CLOSES + 1, False),
        (0, CLOSES, 1, True),
        (0, CLOSES, CLOSES, False),
        (OPENS, 0, OPENS - 1, False),
        (OPENS, 0, CLOSES + 99 * DAY, True),
        (0, 0, OPENS, True),
    ],
)
def test_a_window_holds_its_first_moment_and_not_its_last(start, end, now, is_open):
    assert clock.window_is_open(a_session(1), a_release(window_start=start, window_end=end), now) is is_open


@pytest.mark.parametrize(
    ("extra", "paused", "minutes"), [(0, 0, 60), (15, 0, 75), (0, 5, 65), (15, 5, 80), (15, 170, 245)]
)
def test_the_deadline_is_the_start_and_the_duration_and_extra_and_paused_time(extra, paused, minutes):
    session = a_session(RUNNING, extra_time=extra * MINUTE, paused_time=paused * MINUTE)
    assert clock.deadline(session, a_release(window_end=0)) == STARTED + minutes * MINUTE


@pytest.mark.parametrize(
    ("window_end", "deadline"),
    [(DEADLINE - MINUTE, DEADLINE - MINUTE), (DEADLINE, DEADLINE), (DEADLINE + MINUTE, DEADLINE), (0, DEADLINE)],
)
def test_the_window_cuts_the_deadline_and_never_stretches_it(window_end, deadline):
    assert clock.deadline(a_session(RUNNING), a_release(window_end=window_end)) == deadline


def test_the_window_cuts_even_extra_time():
    session = a_session(RUNNING, extra_time=5 * HOUR, paused_time=HOUR)
    assert clock.deadline(session, a_release()) == CLOSES


def test_the_sessions_own_window_cuts_its_deadline():
    session = a_session(RUNNING, window_end=STARTED + 10 * MINUTE)
    assert clock.deadline(session, a_release()) == STARTED + 10 * MINUTE


def test_without_a_duration_the_window_is_the_only_limit():
    assert clock.deadline(a_session(RUNNING, extra_time=HOUR, paused_time=HOUR), a_release(duration=0)) == CLOSES


def test_without_a_duration_and_a_window_there_is_no_limit():
    assert clock.deadline(a_session(RUNNING), a_release(duration=0, window_end=0)) == 0


@pytest.mark.parametrize(
    "session", [a_session(State.READY), a_session(PAUSED), a_session(FINISHED)], ids=["not begun", "paused", "ended"]
)
def test_only_a_running_attempt_has_a_deadline(session):
    assert clock.deadline(session, a_release()) == 0


@pytest.mark.parametrize(("extra", "paused", "left"), [(0, 0, 45), (15, 0, 60), (0, 10, 55), (15, 10, 70)], ids=str)
def test_a_paused_attempt_has_the_time_left_that_it_has_not_worked(extra, paused, left):
    session = a_session(PAUSED, extra_time=extra * MINUTE, paused_time=paused * MINUTE)
    assert clock.time_left_while_paused(session, a_release()) == left * MINUTE


def test_a_paused_attempt_without_a_duration_has_no_end_of_time_left():
    assert clock.time_left_while_paused(a_session(PAUSED), a_release(duration=0)) is None


def test_the_time_elapsed_leaves_pauses_out():
    assert clock.time_elapsed(a_session(FINISHED)) == 18 * MINUTE
    assert clock.time_elapsed(a_session(FINISHED, paused_time=5 * MINUTE)) == 13 * MINUTE


@pytest.mark.parametrize(
    "session",
    [a_session(State.READY), a_session(RUNNING), a_session(PAUSED), a_session(FINISHED, start_time=0)],
    ids=["not begun", "running", "paused", "never begun"],
)
def test_no_time_has_elapsed_before_an_attempt_has_ended(session):
    assert clock.time_elapsed(session) == 0


@pytest.mark.parametrize("moved_to", [STARTED - MINUTE, STARTED + 20 * MINUTE], ids=["its start", "its pause"])
def test_a_window_whose_end_is_moved_behind_an_attempt_leaves_no_negative_time(moved_to):
    paused_for_half_an_hour = a_session(RUNNING, paused_time=30 * MINUTE)
    finished = became(paused_for_half_an_hour, a_release(window_end=moved_to), Action.FINISH, DEADLINE)
    assert clock.time_elapsed(finished) >= 0


@pytest.mark.parametrize("state", [RUNNING, State.OFFLINE])
def test_a_running_attempt_is_due_at_its_deadline(state):
    assert clock.due_time(a_session(state), a_release(), PAUSED_AT) == DEADLINE


@pytest.mark.parametrize("state", [RUNNING, State.OFFLINE])
def test_a_running_attempt_without_a_limit_is_never_due(state):
    assert clock.due_time(a_session(state), a_release(duration=0, window_end=0), PAUSED_AT) is None


@pytest.mark.parametrize("state", [state for state in State if state not in {3, 6, 8}], ids=lambda state: state.name)
def test_a_session_that_neither_runs_nor_waits_for_its_window_is_never_due(state):
    assert clock.due_time(a_session(state), a_release(), ENDED) is None


def test_a_locked_session_is_due_when_its_window_opens():
    locked = a_session(State.SCHEDULED_BUT_LOCKED)
    assert clock.due_time(locked, a_release(), OPENS - HOUR) == OPENS
    assert clock.due_time(locked._replace(window_start=STARTED), a_release(), OPENS - HOUR) == STARTED
    assert clock.due_time(locked, a_release(window_end=0), OPENS - HOUR) == OPENS


@pytest.mark.parametrize("now", [CLOSES, CLOSES + DAY])
def test_a_locked_session_whose_window_is_over_is_never_due(now):
    assert clock.due_time(a_session(State.SCHEDULED_BUT_LOCKED), a_release(), now) is None


@pytest.mark.parametrize("window_end", [OPENS, OPENS - HOUR])
def test_a_locked_session_whose_window_cannot_open_is_never_due(window_end):
    locked = a_session(State.SCHEDULED_BUT_LOCKED, window_end=window_end)
    assert clock.due_time(locked, a_release(), OPENS - 2 * HOUR) is None
