"""Extra time: as such or in percent, and what the end of the window leaves of it."""

import pytest
from sample_sessions import (
    CLOSES,
    DEADLINE,
    HOUR,
    MINUTE,
    NOW,
    OPENS,
    PAUSED_AT,
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
RUNNING = a_session(State.IN_PROGRESS)


def given(session=RUNNING, release=None, now=NOW, **said):
    return became(session, release or a_release(), A.SET_EXTRA_TIME, now, **said)


def test_extra_time_moves_the_deadline_of_a_running_attempt():
    after = given(extra_time=15 * MINUTE)
    assert (after.state, after.extra_time, after.due_time) == (6, 15 * MINUTE, DEADLINE + 15 * MINUTE)


@pytest.mark.parametrize(("percent", "added"), [(25, 15 * MINUTE), (50, 30 * MINUTE), (100, HOUR), (1, 36_000_000)])
def test_percent_are_of_the_working_time(percent, added):
    after = given(extra_percent=percent)
    assert (after.extra_percent, after.extra_time, after.due_time) == (percent, 0, DEADLINE + added)


def test_percent_follow_the_working_time_of_the_release():
    adjusted = given(a_session(State.READY), extra_percent=25)
    started = became(adjusted, a_release(duration=2 * HOUR), A.ENTER_KEYCODE)
    assert started.due_time == NOW + 2 * HOUR + 30 * MINUTE


def test_what_is_given_takes_the_place_of_what_was_given_before():
    first = given(extra_time=15 * MINUTE, message="a reader")
    second = given(first, extra_percent=50, message="")
    assert (second.extra_time, second.extra_percent, second.extra_reason) == (0, 50, "")
    third = given(second, extra_time=5 * MINUTE)
    assert (third.extra_time, third.extra_percent, third.due_time) == (5 * MINUTE, 0, DEADLINE + 5 * MINUTE)
    assert given(third).due_time == DEADLINE


def test_the_reason_is_kept_and_told():
    (event,) = decided(RUNNING, a_release(), A.SET_EXTRA_TIME, extra_time=MINUTE, message="a reader").events
    assert event.message == "a reader"
    assert event.changes == {"extra_time": (0, MINUTE), "extra_reason": ("", "a reader")}


def test_an_attempt_whose_time_is_over_gets_none():
    with pytest.raises(errors.AttemptTimeExpired):
        decided(RUNNING, a_release(), A.SET_EXTRA_TIME, DEADLINE, extra_time=HOUR)


def test_a_paused_attempt_gets_it_when_it_goes_on():
    paused = given(a_session(State.PAUSED), extra_time=15 * MINUTE)
    assert paused.due_time is None
    resumed = became(paused, a_release(), A.RESUME, NOW)
    assert resumed.due_time == DEADLINE + (NOW - PAUSED_AT) + 15 * MINUTE


def test_an_attempt_with_a_deadline_of_its_own_has_it_moved():
    own = a_session(State.IN_PROGRESS, own_deadline=NOW + HOUR)
    more = given(own, extra_time=15 * MINUTE)
    assert (more.own_deadline, more.due_time) == (NOW + HOUR + 15 * MINUTE, NOW + HOUR + 15 * MINUTE)
    assert given(more, extra_percent=50).own_deadline == NOW + HOUR + 30 * MINUTE
    assert given(more).own_deadline == NOW + HOUR


def test_percent_of_no_limit_are_refused():
    with pytest.raises(errors.NoWorkingTime):
        given(release=a_release(duration=0), extra_percent=50)


def test_percent_of_a_limit_that_was_taken_away_are_none():
    adjusted = given(extra_percent=50)
    assert clock.deadline(adjusted, a_release(duration=0)) == CLOSES


@pytest.mark.parametrize(
    ("closes", "cut"),
    [
        (0, 0),
        (DEADLINE + 15 * MINUTE, 0),
        (DEADLINE + 14 * MINUTE, MINUTE),
        (DEADLINE, 15 * MINUTE),
        (DEADLINE - MINUTE, 16 * MINUTE),
    ],
    ids=["no end", "just enough", "a minute short", "all of the extra time", "more than the extra time"],
)
def test_the_window_cuts_what_goes_beyond_it(closes, cut):
    release = a_release(window_end=closes)
    after = given(release=release, extra_time=15 * MINUTE)
    assert clock.cut_by_window(after, release, NOW) == cut
    assert clock.deadline(after, release) == (closes if cut else DEADLINE + 15 * MINUTE)


def test_before_the_start_the_cut_is_reckoned_from_now_or_from_when_the_window_opens():
    ready, release = a_session(State.READY, extra_time=HOUR), a_release()
    assert clock.cut_by_window(ready, release, OPENS - HOUR) == 0
    assert clock.cut_by_window(ready, release, CLOSES - 2 * HOUR) == 0
    assert clock.cut_by_window(ready, release, CLOSES - HOUR) == HOUR
    assert clock.cut_by_window(ready, a_release(window_end=OPENS + HOUR), OPENS - HOUR) == HOUR


def test_a_running_pause_counts_towards_the_cut():
    paused, release = a_session(State.PAUSED), a_release(window_end=DEADLINE)
    assert clock.cut_by_window(paused, release, PAUSED_AT) == 0
    assert clock.cut_by_window(paused, release, PAUSED_AT + 7 * MINUTE) == 7 * MINUTE


def test_a_deadline_of_its_own_is_not_cut():
    own = a_session(State.IN_PROGRESS, own_deadline=CLOSES + HOUR, extra_time=9 * HOUR)
    assert clock.cut_by_window(own, a_release(), NOW) == 0


def test_without_a_working_time_there_is_nothing_to_cut():
    assert clock.cut_by_window(RUNNING, a_release(duration=0), NOW) == 0


@pytest.mark.parametrize("state", [1, 2, 3, 4, 22, 5, 14])
def test_a_session_that_has_not_started_gets_it_when_it_starts(state):
    after = given(a_session(state), extra_time=15 * MINUTE)
    assert (after.state, after.extra_time, after.start_time) == (state, 15 * MINUTE, 0)
    begun = after._replace(state=6, start_time=STARTED)
    assert clock.deadline(begun, a_release()) == DEADLINE + 15 * MINUTE
