"""What holds of the clock however often an attempt is interrupted."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_sessions import CLOSES, DAY, HOUR, MINUTE, STARTED, a_release, a_session, became

from exam_sessions.domain import clock
from exam_sessions.domain.decide import due_command
from exam_sessions.domain.states import Action, State
from sampling import examples

A = Action
QUICK = settings(max_examples=examples(150), deadline=None)

WAYS_TO_STAND_STILL = {
    "pause": (A.PAUSE, A.RESUME),
    "fail": (A.FAIL, A.RECOVER, A.RESUME),
    "fail while paused": (A.PAUSE, A.FAIL, A.RECOVER, A.RESUME),
    "fail while offline": (A.GO_OFFLINE, A.FAIL, A.RECOVER, A.RESUME),
    "fail after the end": (A.FINISH, A.FAIL, A.RECOVER, A.RESUME),
    "fail after a paused end": (A.PAUSE, A.FINISH, A.FAIL, A.RECOVER, A.RESUME),
}
"""Each stops the clock with its first action (going offline does not, so no time passes then) until its last."""

gaps = st.integers(0, 3 * HOUR)
works = st.integers(0, 30 * MINUTE)
pauses = st.lists(st.tuples(works, gaps), max_size=8)
interruptions = st.lists(st.tuples(works, st.sampled_from(sorted(WAYS_TO_STAND_STILL)), gaps, gaps), max_size=6)
durations = st.integers(1, 2 * HOUR)
extras = st.integers(0, HOUR)


def running(extra=0):
    return a_session(State.IN_PROGRESS, extra_time=extra)


@QUICK
@given(pauses, durations, extras)
def test_pauses_neither_give_nor_take_working_time(spells, duration, extra):
    release, session, now, worked = a_release(duration=duration, window_end=0), running(extra), STARTED, 0
    for work, pause in spells:
        if worked + work >= duration + extra:
            break
        worked, now = worked + work, now + work
        session = became(session, release, A.PAUSE, now)
        now += pause
        session = became(session, release, A.RESUME, now)
        assert session.paused_time == now - STARTED - worked
    assert clock.due_time(session, release, now) == now + duration + extra - worked
    assert clock.deadline(session, release) - now == duration + extra - worked


@QUICK
@given(pauses, durations, extras, st.integers(STARTED + 1, CLOSES + DAY))
def test_only_the_window_cuts_working_time(spells, duration, extra, window_end):
    release, session, now, worked = a_release(duration=duration, window_end=window_end), running(extra), STARTED, 0
    for work, pause in spells:
        if worked + work >= duration + extra or now + work + pause >= window_end:
            break
        worked += work
        session = became(session, release, A.PAUSE, now + work)
        now += work + pause
        session = became(session, release, A.RESUME, now)
    assert clock.deadline(session, release) == min(window_end, now + duration + extra - worked)


@QUICK
@given(interruptions, durations, extras)
def test_failures_stop_the_clock_as_pauses_do(spells, duration, extra):
    release, session, now, worked = a_release(duration=duration, window_end=0), running(extra), STARTED, 0
    for work, how, first_gap, last_gap in spells:
        if worked + work >= duration + extra:
            break
        actions = WAYS_TO_STAND_STILL[how]
        worked, now = worked + work, now + work
        session = became(session, release, actions[0], now)
        for action in actions[1:-1]:
            now += 0 if how == "fail while offline" and action is A.FAIL else first_gap
            session = became(session, release, action, now)
            assert clock.due_time(session, release, now) is None
        now += last_gap
        session = became(session, release, actions[-1], now)
    assert session.state == State.IN_PROGRESS
    assert session.start_time == STARTED
    assert clock.deadline(session, release) - now == duration + extra - worked


@QUICK
@given(pauses, durations, extras, gaps)
def test_an_attempt_the_clock_ends_has_worked_exactly_what_it_was_granted(spells, duration, extra, late):
    release, session, now, worked = a_release(duration=duration, window_end=0), running(extra), STARTED, 0
    for work, pause in spells:
        if worked + work >= duration + extra:
            break
        worked += work
        session = became(session, release, A.PAUSE, now + work)
        now += work + pause
        session = became(session, release, A.RESUME, now)
    deadline = now + duration + extra - worked
    assert due_command(session, release, deadline - 1) is None
    command = due_command(session, release, deadline + late)
    finished = became(session, release, command.action, deadline + late, finish_reason=command.finish_reason)
    assert (finished.state, finished.end_time, finished.finish_reason) == (9, deadline, 3)
    assert clock.time_elapsed(finished) == duration + extra


@QUICK
@given(durations, st.integers(0, 2 * HOUR), st.integers(0, 30 * DAY))
def test_a_paused_session_is_never_due(duration, work, wait):
    release = a_release(duration=duration)
    paused = a_session(State.PAUSED, pause_start_time=STARTED + work)
    assert clock.due_time(paused, release, STARTED + work + wait) is None
    assert due_command(paused, release, STARTED + work + wait) is None


@QUICK
@given(durations, extras, st.integers(0, 3 * HOUR), st.booleans())
def test_no_attempt_ends_after_its_deadline_or_before_its_start(duration, extra, wait, offline):
    release = a_release(duration=duration)
    state, action = (State.OFFLINE, A.FINISH_OFFLINE) if offline else (State.IN_PROGRESS, A.FINISH)
    ended = became(a_session(state, extra_time=extra), release, action, STARTED + wait)
    assert ended.end_time == min(STARTED + wait, STARTED + duration + extra, CLOSES)
    assert (ended.finish_reason == 3) is (STARTED + wait >= min(STARTED + duration + extra, CLOSES))
