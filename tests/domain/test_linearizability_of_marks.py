"""The checker of orders, on calls that write attempts and on calls of several hops."""

from __future__ import annotations

import pytest
from sample_forms import MACHINE, MIXED, answers, marking_context
from sample_sessions import DEADLINE, NOW, SECOND, a_release, a_session

from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide, due_command
from exam_sessions.domain.states import Action
from linearizability import CLOCK, NEVER, ModelState, No, Op, Seen, Unexplained, events_told, linearize

OPEN = a_release(window_start=0, window_end=0, duration=0)
SESSION = a_session(6, form_revision=1)
"""At v7, in progress."""


def call(action, span, answer=None, client="ann", **said):
    start, end = (NOW + second * SECOND for second in span)
    return Op(client, Command(Action(action), **said), start, end if answer else NEVER, answer)


def at(state, version):
    return Seen((state, f"v{version}"))


def history_of(*ops, form=MIXED):
    """The history of calls that took effect one after the other, each in the middle of its time."""
    model, told = ModelState(SESSION), []
    for op in ops:
        now = (op.invoked + min(op.responded, op.invoked + 2 * SECOND)) // 2
        decision = decide(model.session, OPEN, op.command, now, marking_context(form, *model.attempts))
        told += events_told(decision, op.client, op.request_id, now)
        model = model.after(decision)
    return told


def explained(*ops, history=None, form=MIXED):
    try:
        return bool(linearize(ops, SESSION, OPEN, history=history, forms={"form-a": form}))
    except Unexplained:
        return False


FIRST = call("set_responses", (0, 1), at(6, 8), responses=answers(q1="A"))
LAST = call("set_responses", (2, 3), at(15, 11), responses=answers(q1="B"), submit=True)


def test_a_submission_is_explained_by_all_its_hops_together():
    told = history_of(FIRST, LAST)
    assert [(row.event.action, row.actor) for row in told] == [
        ("set_responses", "ann"),
        ("set_responses", "ann"),
        ("finish", "ann"),
        ("route", "system"),
    ]
    assert explained(FIRST, LAST, history=told)


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_history_without_one_of_the_hops_is_found(missing):
    told = history_of(FIRST, LAST)
    assert not explained(FIRST, LAST, history=told[:missing] + told[missing + 1 :])


def test_a_history_that_tells_other_responses_than_were_there_is_found():
    told = history_of(FIRST, LAST)
    forgotten = told[1].event._replace(changes=told[1].event.changes | {"responses": ("{}", '{"1":1}')})
    assert told[1].event.changes["responses"] == ('{"1":0}', '{"1":1}')
    assert not explained(FIRST, LAST, history=[told[0], told[1]._replace(event=forgotten), *told[2:]])


def test_a_submission_that_was_answered_as_if_it_had_not_gone_on_is_found():
    assert not explained(FIRST, LAST._replace(answer=at(9, 10)))
    assert explained(FIRST, LAST)


def test_a_mark_that_vanished_is_found():
    marked = call("score_response", (4, 5), at(15, 12), marks=(("3", "2.5"),))
    submitted = call("submit_marked", (6, 7), at(11, 13))
    seen = (FIRST, LAST, marked, submitted)
    assert explained(*seen, history=history_of(*seen))
    lost = history_of(FIRST, LAST, submitted)
    assert not explained(*seen, history=lost)


def test_bad_rows_are_refused_with_the_reason_of_the_first():
    assert explained(call("set_responses", (0, 1), No("UNKNOWN_OPTION"), responses=answers(q1="Z", q9="A")))
    assert not explained(call("set_responses", (0, 1), No("UNKNOWN_QUESTION"), responses=answers(q1="Z", q9="A")))


def test_an_attempt_the_clock_ends_and_the_service_sends_on_is_explained():
    timed = a_release()
    decision = decide(SESSION, timed, due_command(SESSION, timed, DEADLINE), DEADLINE, marking_context(MACHINE))
    told = list(events_told(decision, CLOCK, "", DEADLINE))
    seen = Op("ann", None, DEADLINE + SECOND, DEADLINE + 2 * SECOND, at(11, 9))
    assert [row.event.action for row in told] == ["finish", "route"]
    assert linearize([seen], SESSION, timed, history=told, forms={"form-a": MACHINE})
    with pytest.raises(Unexplained):
        linearize([seen], SESSION, timed, history=told[:1], forms={"form-a": MACHINE})


def test_places_that_differ_in_their_attempts_only_are_two_places():
    one, other = (
        decide(SESSION, OPEN, Command(Action.SET_RESPONSES, responses=answers(q1=label)), NOW, marking_context())
        for label in "AB"
    )
    assert one.session == other.session
    assert (
        len({ModelState(SESSION).after(one), ModelState(SESSION).after(other), ModelState(SESSION).after(one)}) == 2
    )
