"""What the scheduler has to do, and the columns it finds its work by."""

import pytest
from sample_forms import marking_context
from sample_sessions import CLOSES, DEADLINE, HOUR, MINUTE, NOW, OPENS, STARTED, a_release, a_session, became

from exam_sessions.domain.decide import due_command, with_derived_columns
from exam_sessions.domain.states import Action, State

LOCKED = a_session(State.SCHEDULED_BUT_LOCKED)
OPEN_STATES = (22, 5, 14, 6, 7, 8, 18)


@pytest.mark.parametrize("now", [OPENS, NOW, CLOSES - 1])
def test_the_clockwork_opens_the_window_of_a_locked_session(now):
    assert due_command(LOCKED, a_release(), now).action is Action.OPEN_WINDOW


@pytest.mark.parametrize("now", [OPENS - 1, CLOSES, CLOSES + HOUR], ids=["too early", "at its end", "too late"])
def test_the_clockwork_leaves_a_locked_session_alone_outside_its_window(now):
    assert due_command(LOCKED, a_release(), now) is None


def test_the_clockwork_opens_nothing_in_a_finalized_release():
    assert due_command(LOCKED, a_release(finalized=1), NOW) is None


def test_a_locked_session_of_a_finalized_release_is_not_found_by_the_clockwork_again_and_again():
    assert with_derived_columns(LOCKED, a_release(finalized=1), NOW).due_time is None


@pytest.mark.parametrize(
    ("state", "action"), [(State.IN_PROGRESS, Action.FINISH), (State.OFFLINE, Action.FINISH_OFFLINE)]
)
@pytest.mark.parametrize("late", [0, 1, HOUR])
def test_the_clockwork_ends_an_attempt_whose_time_is_over(state, action, late):
    command = due_command(a_session(state), a_release(), DEADLINE + late)
    assert (command.action, command.finish_reason.name) == (action, "TIME_EXPIRED")


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.OFFLINE])
def test_the_clockwork_leaves_an_attempt_alone_that_has_time(state):
    assert due_command(a_session(state), a_release(), DEADLINE - 1) is None


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.OFFLINE])
def test_the_clockwork_leaves_an_attempt_alone_that_has_no_limit(state):
    assert due_command(a_session(state), a_release(duration=0, window_end=0), DEADLINE + 999 * HOUR) is None


def test_the_clockwork_ends_attempts_even_in_a_finalized_release():
    assert due_command(a_session(State.IN_PROGRESS), a_release(finalized=1), DEADLINE).action is Action.FINISH


@pytest.mark.parametrize("state", [state for state in State if state not in {3, 6, 8}], ids=lambda state: state.name)
@pytest.mark.parametrize("now", [OPENS - HOUR, NOW, DEADLINE, CLOSES + HOUR])
def test_the_clockwork_has_nothing_to_do_in_any_other_state(state, now):
    assert due_command(a_session(state), a_release(), now) is None


def test_the_clockwork_came_too_early_when_the_candidate_was_given_extra_time_meanwhile():
    extended = a_session(State.IN_PROGRESS, extra_time=10 * MINUTE)
    assert due_command(extended, a_release(), DEADLINE) is None
    assert due_command(extended, a_release(), DEADLINE + 10 * MINUTE).action is Action.FINISH


def test_the_due_time_follows_the_window_of_the_release():
    derived = with_derived_columns(a_session(State.IN_PROGRESS), a_release(window_end=STARTED + 5 * MINUTE), NOW)
    assert derived.due_time == STARTED + 5 * MINUTE
    assert with_derived_columns(derived, a_release(window_end=0), NOW).due_time == DEADLINE


def test_a_pause_leaves_the_plans_of_the_clockwork_as_they_are():
    running = with_derived_columns(a_session(State.IN_PROGRESS), a_release(), NOW)
    paused = became(running, a_release(), Action.PAUSE, NOW + MINUTE)
    resumed = became(paused, a_release(), Action.RESUME, NOW + 3 * MINUTE)
    assert [session.due_time for session in (running, paused, resumed)] == [DEADLINE] * 3


def test_who_looks_at_a_paused_session_in_vain_does_not_look_again():
    paused = a_session(State.PAUSED, pause_start_time=NOW, due_time=DEADLINE)
    assert due_command(paused, a_release(), DEADLINE) is None
    assert with_derived_columns(paused, a_release(), DEADLINE).due_time is None


def test_who_looks_too_early_after_a_pause_looks_again_at_the_deadline():
    resumed = a_session(State.IN_PROGRESS, paused_time=2 * MINUTE, due_time=DEADLINE)
    assert due_command(resumed, a_release(), DEADLINE) is None
    assert with_derived_columns(resumed, a_release(), DEADLINE).due_time == DEADLINE + 2 * MINUTE


def test_a_deadline_that_comes_nearer_is_planned_at_once():
    planned = a_session(State.IN_PROGRESS, due_time=DEADLINE)
    assert with_derived_columns(planned, a_release(window_end=NOW + MINUTE), NOW).due_time == NOW + MINUTE


def test_an_attempt_that_is_over_is_planned_for_no_more():
    running = with_derived_columns(a_session(State.IN_PROGRESS), a_release(), NOW)
    assert became(running, a_release(), Action.FINISH, NOW + MINUTE).due_time is None


def test_a_session_downloaded_too_early_is_due_when_its_window_opens():
    locked = became(a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED), a_release(), Action.DOWNLOAD, OPENS - HOUR)
    assert (locked.state, locked.due_time) == (3, OPENS)
    opened = became(locked, a_release(), Action.OPEN_WINDOW, OPENS)
    assert (opened.state, opened.due_time) == (4, None)


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_a_candidate_is_marked_while_the_session_is_open(state):
    derived = with_derived_columns(a_session(state), a_release(), NOW)
    assert derived.open_candidate == ("candidate-1" if state in OPEN_STATES else None)


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_a_candidate_is_never_marked_where_several_sessions_may_be_open(state):
    marked = a_session(state, open_candidate="candidate-1")
    assert with_derived_columns(marked, a_release(allow_multiple_open_sessions=1), NOW).open_candidate is None


def test_the_mark_comes_with_the_keycode_and_goes_with_the_last_answer():
    release = a_release()
    session, marks = a_session(State.READY), []
    for action in (Action.ENTER_KEYCODE, Action.GO_OFFLINE, Action.FINISH_OFFLINE, Action.UPLOAD):
        session = became(session, release, action)
        marks.append(session.open_candidate)
    assert marks == ["candidate-1", "candidate-1", "candidate-1", None]


@pytest.mark.parametrize(("action", "state"), [(Action.VOID, 10), (Action.FAIL, 99), (Action.FINISH, 9)])
def test_the_mark_goes_when_the_session_is_not_open_any_more(action, state):
    running = with_derived_columns(a_session(State.IN_PROGRESS), a_release(), NOW)
    after = became(running, a_release(), action)
    assert (running.open_candidate, after.state, after.open_candidate) == ("candidate-1", state, None)


def test_the_mark_comes_back_when_a_started_session_is_recovered():
    failed = a_session(State.EXCEPTION, start_time=STARTED, pause_start_time=NOW)
    assert became(failed, a_release(), Action.RECOVER).open_candidate == "candidate-1"


@pytest.mark.parametrize(
    ("state", "action", "rests"),
    [
        (State.IN_PROGRESS, Action.FINISH, 15),
        (State.PAUSED, Action.FINISH, 15),
        (State.OFFLINE, Action.FINISH_OFFLINE, 18),
    ],
)
def test_what_is_in_progress_is_due_at_once_when_the_release_is_finalized(state, action, rests):
    release = a_release(finalized=1)
    session = with_derived_columns(a_session(state, form_revision=1), release, NOW)
    command = due_command(session, release, NOW)
    assert (session.due_time, command.action, command.finish_reason.name) == (NOW, action, "RELEASE_FINALIZED")
    after = became(session, release, command.action, NOW, marking_context(), finish_reason=command.finish_reason)
    assert (after.state, after.end_time, after.finish_reason, after.due_time) == (rests, NOW, 4, None)


def test_an_attempt_that_was_over_before_its_release_was_finalized_ended_with_its_time():
    release = a_release(finalized=1)
    command = due_command(a_session(State.IN_PROGRESS), release, DEADLINE + HOUR)
    after = became(
        a_session(State.IN_PROGRESS), release, command.action, DEADLINE + HOUR, finish_reason=command.finish_reason
    )
    assert (after.end_time, after.finish_reason) == (DEADLINE, 3)


@pytest.mark.parametrize("state", [s for s in State if s not in {3, 6, 7, 8}], ids=lambda state: state.name)
def test_a_finalized_release_submits_nothing_else(state):
    release = a_release(finalized=1)
    assert due_command(a_session(state), release, NOW) is None
    assert with_derived_columns(a_session(state), release, NOW).due_time is None
