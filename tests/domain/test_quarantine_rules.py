import pytest
from sample_sessions import NOW, STARTED, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide
from exam_sessions.domain.quarantine import quarantine
from exam_sessions.domain.states import Action, State

FAULT = ValueError("a secret of the row")


@pytest.mark.parametrize("state", [*State, 77], ids=str)
def test_a_session_is_set_aside_from_every_state_for_an_operator_to_recover(state):
    session = a_session(State.IN_PROGRESS)._replace(state=int(state))
    decision = quarantine(session, FAULT, NOW)
    (event,) = decision.events
    assert (event.action, event.from_state, event.to_state, event.reason) == ("fail", int(state), 99, "CLOCK_FAULT")
    assert (decision.session.due_time, decision.session.open_candidate) == (None, None)
    assert decision.session.version == session.version + 1
    recovered = decide(decision.session, a_release(), Command(Action.RECOVER), NOW)
    assert recovered.session.state == State.PAUSED


def test_the_history_of_a_session_set_aside_names_the_kind_of_fault_and_not_what_it_says():
    decision = quarantine(a_session(State.IN_PROGRESS), FAULT, NOW)
    assert decision.session.exception_message == "the clock could not move it: ValueError"
    assert decision.events[0].message == decision.session.exception_message


def test_the_history_of_a_session_set_aside_says_what_is_damaged():
    damage = errors.SessionDamaged("session-1", "responses")
    assert str(damage) in quarantine(a_session(State.IN_PROGRESS), damage, NOW).session.exception_message


def test_the_clock_of_a_running_attempt_is_stopped_where_it_is_set_aside():
    running, paused, ended = (
        quarantine(a_session(state), FAULT, NOW) for state in (State.IN_PROGRESS, State.PAUSED, State.FINISHED)
    )
    assert running.session.pause_start_time == NOW
    assert running.events[0].changes["pause_start_time"] == (0, NOW)
    assert paused.session.pause_start_time == a_session(State.PAUSED).pause_start_time
    assert ended.session.pause_start_time == 0


def test_every_column_that_differs_is_named_as_written():
    session = a_session(State.IN_PROGRESS, start_time=STARTED)
    decision = quarantine(session, FAULT, NOW)
    pairs = zip(session._fields, session, decision.session, strict=True)
    differ = {name for name, before, after in pairs if before != after}
    assert differ - {"due_time", "open_candidate"} <= decision.changed
