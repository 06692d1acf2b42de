"""The moves that follow in the same moment: the way of an attempt from its last answer to the state it rests in."""

import pytest
from sample_forms import (
    CHOSEN_FOR_PEOPLE,
    MACHINE,
    MIXED,
    a_form,
    an_attempt,
    answer,
    answers,
    choice,
    marking_context,
)
from sample_sessions import DEADLINE, NOW, a_release, a_session, decided

from exam_sessions import errors
from exam_sessions.domain.states import Action

A = Action
WATCHED = a_form(choice("1", "A"), choice("2", "B", marking=2))
EVERYTHING_MARKED = {"marks": (("1", "1"), ("2", "0"), ("3", "1"))}
EVERYTHING_ANSWERED = {"paper_responses": (answer("1", "C"), answer("2", "B"), answer("3", "D"))}
NOTHING_ATTEMPTED = {"marks": (("1", None), ("2", None), ("3", None))}
PICKED = {"paper_responses": (answer("1", "A"), answer("2", "B"))}
SUBMITTED = {"responses": answers(q1="A"), "submit": True}

# The action, the state it is asked in, the form, the release, what is said; then the states the session goes through.
WAYS = [
    (A.FINISH, 6, None, {}, {}, [9]),
    (A.FINISH, 6, MACHINE, {}, {}, [9, 11]),
    (A.FINISH, 7, MACHINE, {}, {}, [9, 11]),
    (A.FINISH, 6, MIXED, {}, {}, [9, 15]),
    (A.FINISH, 7, MIXED, {}, {}, [9, 15]),
    (A.FINISH, 6, WATCHED, {}, {}, [9, 15]),
    (A.FINISH, 6, MACHINE, {"moderated": 1}, {}, [9, 11]),
    (A.FINISH, 6, MACHINE, {"finalized": 1}, {}, [9, 11]),
    (A.UPLOAD, 18, None, {}, {}, [9]),
    (A.UPLOAD, 18, MACHINE, {}, {}, [9, 11]),
    (A.UPLOAD, 18, MIXED, {}, {}, [9, 15]),
    (A.FINISH_OFFLINE, 8, MACHINE, {}, {}, [18]),
    (A.SET_RESPONSES, 6, MACHINE, {}, {"responses": answers(q1="A")}, [6]),
    (A.SET_RESPONSES, 6, MACHINE, {}, SUBMITTED, [6, 9, 11]),
    (A.SET_RESPONSES, 6, MIXED, {}, SUBMITTED, [6, 9, 15]),
    (A.ASSIGN_ITEM_MARKS, 19, MACHINE, {}, {"marks": (("1", "1"), ("2", "0"))}, [19]),
    (A.ASSIGN_ITEM_MARKS, 19, MACHINE, {}, EVERYTHING_MARKED, [19, 11]),
    (A.ASSIGN_ITEM_MARKS, 19, MACHINE, {"moderated": 1}, EVERYTHING_MARKED, [19, 16]),
    (A.ASSIGN_ITEM_MARKS, 19, MACHINE, {}, NOTHING_ATTEMPTED, [19, 11]),
    (A.ASSIGN_ITEM_MARKS, 19, MIXED, {}, NOTHING_ATTEMPTED, [19, 11]),
    (A.ASSIGN_ITEM_MARKS, 19, CHOSEN_FOR_PEOPLE, {}, {"marks": (("1", "1"), ("2", "2"))}, [19, 11]),
    (A.ASSIGN_ITEM_RESPONSES, 19, MACHINE, {}, {"paper_responses": (answer("1", "A"),)}, [19]),
    (A.ASSIGN_ITEM_RESPONSES, 19, MACHINE, {}, EVERYTHING_ANSWERED, [19, 11]),
    (A.ASSIGN_ITEM_RESPONSES, 19, MACHINE, {"moderated": 1}, EVERYTHING_ANSWERED, [19, 16]),
    (A.ASSIGN_ITEM_RESPONSES, 19, CHOSEN_FOR_PEOPLE, {}, PICKED, [19, 15]),
    (A.ASSIGN_ITEM_RESPONSES, 19, CHOSEN_FOR_PEOPLE, {"moderated": 1}, PICKED, [19, 15]),
    (A.SUBMIT_MARKED, 15, MIXED, {"moderated": 1}, {}, [11]),
]


def asked(action, state, form, of_release, said, now=NOW, *attempts):
    release = a_release(delivery=2 if state == 19 else 1, **of_release)
    session = a_session(state, form_revision=1 if form else 0, version=7)
    return decided(session, release, action, now, marking_context(form, *attempts), **said)


def name_of(row):
    action, state, form, of_release, _, way = row
    names = {id(None): "no form", id(MACHINE): "machine", id(MIXED): "essay", id(WATCHED): "watched"}
    return f"{action} {names.get(id(form), 'picked')} {' '.join(of_release)} {[state, *way]}"


@pytest.mark.parametrize("row", WAYS, ids=name_of)
def test_an_attempt_comes_to_rest_where_the_contract_says(row):
    *asking, way = row
    decision = asked(*asking)
    assert [event.to_state for event in decision.events] == way
    assert decision.session.state == way[-1]


@pytest.mark.parametrize("row", WAYS, ids=name_of)
def test_each_hop_is_a_row_of_history_and_a_version_of_its_own(row):
    action, state, *rest, way = row
    decision = asked(action, state, *rest)
    assert decision.events[0].action == str(action)
    assert [event.from_state for event in decision.events] == [state, *way[:-1]]
    assert decision.session.version == 7 + len(way)


def test_a_submission_is_told_as_responses_a_finish_and_a_hop_of_the_service():
    told = asked(A.SET_RESPONSES, 6, MIXED, {}, SUBMITTED).events
    assert [(event.action, event.actor, event.reason) for event in told] == [
        ("set_responses", "", ""),
        ("finish", "", "CANDIDATE"),
        ("route", "system", ""),
    ]


def test_an_attempt_the_clock_ends_is_sent_on_too():
    decision = asked(A.FINISH, 6, MACHINE, {}, {}, DEADLINE, an_attempt({"1": 2}))
    assert [(event.action, event.reason) for event in decision.events] == [("finish", "TIME_EXPIRED"), ("route", "")]
    assert (decision.session.state, decision.session.score) == (11, 333_333)


def test_marks_given_before_are_not_missing_when_the_attempt_is_handed_in_again():
    decision = asked(A.FINISH, 6, MIXED, {}, {}, NOW, an_attempt({"1": 0}, {"3": 40_000}))
    assert (decision.session.state, decision.session.points) == (11, 50_000)


def test_a_submission_that_comes_too_late_writes_nothing_at_all():
    with pytest.raises(errors.AttemptTimeExpired):
        asked(A.SET_RESPONSES, 6, MIXED, {}, SUBMITTED, DEADLINE)


def test_one_attempt_is_written_however_many_hops_there_are():
    (record,) = asked(A.SET_RESPONSES, 6, MACHINE, {}, SUBMITTED).attempts
    assert (record.responses, record.points, record.score) == ({"1": 0}, 0, 0)


def test_every_column_that_any_hop_changed_is_written():
    decision = asked(A.SET_RESPONSES, 6, MACHINE, {}, SUBMITTED)
    before = a_session(6, form_revision=1, version=7)
    differ = {name for name in before._fields if getattr(before, name) != getattr(decision.session, name)}
    assert differ - {"due_time", "open_candidate"} <= decision.changed
    assert {"end_time", "finish_reason", "responses_revision", "points", "score", "state"} <= decision.changed
