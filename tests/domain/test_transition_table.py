"""The table of actions, the machine built from it, and the library's own machine built from the same rows."""

from __future__ import annotations

import inspect

import pytest
from sample_forms import an_attempt, answers, marking_context
from sample_sessions import HOUR, MINUTE, NOW, PIN, a_release, a_session
from transitions import Machine

from exam_sessions import errors
from exam_sessions.domain import guards
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide
from exam_sessions.domain.states import Action, State
from exam_sessions.domain.transition import ActionEvent, SessionMachine, TransitionContext
from exam_sessions.domain.transition_table import ACTIONS, ALLOWED, TABLE, machine, refusal_in_state, sources_of

RELEASES = [
    a_release(),
    a_release(invigilated=1, requires_check_in=1),
    a_release(invigilated=1),
    a_release(moderated=1),
    a_release(delivery=2),
    a_release(finalized=1),
    a_release(max_attempts=2),
]
WITH_ROWS = [row.action for row in TABLE if row.transitions]
SAID = {
    "fail": {"message": "the screen went dark"},
    "set_pin": {"pin": PIN},
    "set_extra_time": {"extra_time": MINUTE},
    "set_accommodation": {"fields": (("time_limit", 2 * HOUR),)},
    "upload": {"responses": answers(q1="A")},
    "set_responses": {"responses": answers(q1="A"), "submit": True},
    "update": {"fields": (("test_form", "form-a"),)},
}
"""What is said with a command, so that it reads all that it can read."""


def machine_of_the_library():
    """The library's own machine, with its own events and callbacks, built from the same table."""
    plain = Machine(model=None, states=State, initial=None, auto_transitions=False)
    for action_row in TABLE:
        for row in action_row.transitions:
            plain.add_transition(
                action_row.action.value, [*row.sources], row.target, [*row.conditions], prepare=[*row.guards]
            )
    return plain


PLAIN = machine_of_the_library()


def outcome(move, context):
    try:
        move()
    except errors.Refusal as refusal:
        return refusal.reason
    return context.state


@pytest.mark.parametrize("action", WITH_ROWS)
def test_an_action_moves_a_session_as_the_librarys_own_machine_moves_it(action):
    event = PLAIN.events[action.value]
    for state in sources_of(action):
        for release in RELEASES:
            session = a_session(state, pin="QWERTY")
            ours, theirs = (
                TransitionContext(session, release, Command(action), NOW, marking_context()) for _ in range(2)
            )
            found = outcome(lambda context=ours: machine.fire(context), ours)
            assert found == outcome(lambda context=theirs: event.trigger(context, context), theirs)


def test_the_table_has_one_row_for_each_action_in_the_order_of_the_contract():
    assert [row.action for row in TABLE] == list(Action) == list(ACTIONS)
    assert [row.action for row in TABLE if not row.transitions] == [Action.SCHEDULE, Action.ERASE]


def test_every_action_is_an_event_of_the_machine():
    assert list(machine.events) == list(Action)
    assert {type(event) for event in machine.events.values()} == {ActionEvent}


def test_an_action_is_refused_in_every_state_that_is_not_in_its_row():
    for action in Action:
        for state in set(State) - sources_of(action):
            context = TransitionContext(a_session(state), a_release(), Command(action), NOW, marking_context())
            with pytest.raises(ACTIONS[action].refusal) as refusal:
                machine.fire(context)
            assert refusal.value.metadata() == {
                "state": state.name,
                "action": action.value,
                "allowed_actions": ",".join(ALLOWED[state]),
            }
            assert context.state is state


def test_a_transition_of_the_machine_takes_no_callbacks():
    machine = SessionMachine(refusal_in_state)
    with pytest.raises(TypeError, match="no callbacks"):
        machine.add_transition("pause", "IN_PROGRESS", "PAUSED", [], before=["somebody_else"])


def test_the_table_uses_every_guard_and_condition_there_is():
    used = {f for row in TABLE for rows in row.transitions for f in (*rows.guards, *rows.conditions)}
    functions = [f for name, f in inspect.getmembers(guards, inspect.isfunction) if not name.startswith("_")]
    defined = {f for f in functions if f.__module__ == guards.__name__}
    assert defined - used == set()


def decided(action, state, of_papers):
    command = Command(action, **SAID.get(action.value, {}))
    try:
        return decide(a_session(state, form_revision=1), a_release(), command, NOW, of_papers)
    except errors.Refusal as refusal:
        return refusal.reason


def test_an_action_that_needs_no_form_ends_the_same_with_and_without():
    known = marking_context(marking_context().form, an_attempt({"1": "A"}, {"3": 20_000}))
    for row in TABLE:
        if row.needs_form or row.action is Action.ROUTE:
            continue
        for state in State:
            assert decided(row.action, state, known) == decided(row.action, state, marking_context(None)), (
                row.action,
                state,
            )


def test_an_action_that_takes_no_newest_revision_ends_the_same_whatever_that_is():
    for row in TABLE:
        if row.needs_latest_revision:
            continue
        for state in State:
            older, newer = (marking_context()._replace(latest_revision=revision) for revision in (0, 7))
            assert decided(row.action, state, older) == decided(row.action, state, newer), (row.action, state)


def test_an_action_that_other_actions_follow_needs_the_form():
    assert {row.action for row in TABLE if row.followed_by and not row.needs_form} == set()


def test_the_actions_that_many_sessions_take_at_once_and_those_that_nobody_calls_are_the_contracts():
    not_for_many = {row.action.value for row in TABLE if not row.for_many and row.has_rpc}
    assert not_for_many == {
        *("enter_keycode", "enter_pin", "set_pin", "get_pin", "update", "regrade"),
        *("set_responses", "assign_item_marks", "assign_item_responses", "score_response", "unscore_response"),
    }
    assert {row.action.value for row in TABLE if not row.has_rpc} == {"schedule", "route", "take_over", "erase"}
    assert {row.action.value for row in TABLE if row.reports_deadline} == {"set_extra_time", "set_accommodation"}
