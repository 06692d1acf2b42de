"""Papers as they are entered: uploads that add up, what is not attempted, and what does not fit the form."""

import pytest
from sample_forms import CHOSEN_FOR_PEOPLE, MACHINE, MIXED, an_attempt, answer, marking_context
from sample_sessions import ENDED, NOW, a_release, a_session, decided

from exam_sessions import errors
from exam_sessions.domain import guards
from exam_sessions.domain.states import Action, State
from exam_sessions.domain.transition_table import TABLE, sources_of

A = Action
ON_PAPER = a_release(delivery=2)
WAITING = a_session(State.PAPER_RESPONSE_UPLOAD, form_revision=1)


def marks_in(*rows, form=MIXED, record=None, release=ON_PAPER, **more):
    attempts = [record] if record else []
    return decided(WAITING, release, A.ASSIGN_ITEM_MARKS, NOW, marking_context(form, *attempts), marks=rows, **more)


def responses_in(*rows, form=MIXED, record=None, release=ON_PAPER, **more):
    said, attempts = tuple(answer(*row) for row in rows), [record] if record else []
    return decided(
        WAITING, release, A.ASSIGN_ITEM_RESPONSES, NOW, marking_context(form, *attempts), paper_responses=said, **more
    )


def kept(decision, before=None):
    """The responses and the marks after an upload."""
    record = decision.attempts[0] if decision.attempts else before
    return record.responses, record.marks


def test_marks_are_kept_exactly_and_null_is_not_zero():
    assert kept(marks_in(("1", "0"), ("2", None), ("3", "2.5")))[1] == {"1": 0, "2": None, "3": 25_000}


def test_uploads_add_up():
    first = marks_in(("1", "1"))
    assert first.session.state == 19
    second = marks_in(("3", "4.5"), record=first.attempts[0])
    assert (second.session.state, kept(second)[1]) == (19, {"1": 10_000, "3": 45_000})
    third = responses_in(("2", "BC"), record=second.attempts[0])
    assert (third.session.state, third.session.points, third.session.score) == (11, 75_000, 937_500)


def test_a_later_mark_replaces_an_earlier_one():
    before = an_attempt(marks={"1": 10_000, "3": None})
    decision = marks_in(("1", None), ("3", "0"), record=before)
    assert kept(decision)[1] == {"1": None, "3": 0}
    assert decision.events[0].changes["marks"] == ({"1": "1", "3": None}, {"1": None, "3": "0"})


def test_the_same_marks_again_change_nothing():
    before = an_attempt(marks={"1": 10_000})
    decision = marks_in(("1", "1.0"), record=before)
    assert (decision.attempts, decision.events[0].changes) == ((), {})


def test_a_question_not_attempted_and_a_question_worth_zero_complete_a_paper_alike():
    for mark in ("0", None):
        decision = marks_in(("1", "1"), ("2", "1"), ("3", mark))
        assert (decision.session.state, decision.session.points) == (11, 20_000)
        assert kept(decision)[1]["3"] == (None if mark is None else 0)


def test_responses_of_a_paper_are_scored_by_their_keys():
    decision = responses_in(("1", "C"), ("2", "A"), ("3", "D"), form=MACHINE)
    assert kept(decision) == ({"1": 2, "2": 0, "3": 3}, {})
    assert (decision.session.state, decision.session.points, decision.session.score) == (11, 20_000, 666_667)


def test_no_option_is_not_attempted():
    decision = responses_in(("1", ""), ("2", "BC"))
    assert kept(decision) == ({"2": [1, 2]}, {"1": None})


def test_a_response_takes_the_place_of_not_attempted_and_the_other_way_round():
    attempted = responses_in(("1", "A"), record=an_attempt(marks={"1": None}))
    assert kept(attempted) == ({"1": 0}, {})
    withdrawn = responses_in(("1", ""), record=an_attempt({"1": 0}))
    assert kept(withdrawn) == ({}, {"1": None})


def test_a_mark_of_people_stays_whatever_response_is_entered():
    for words in ("A", ""):
        assert kept(responses_in(("1", words), record=an_attempt({"1": 1}, {"1": 10_000})))[1] == {"1": 10_000}


def test_a_mark_that_says_not_attempted_counts_although_a_response_is_there():
    decision = marks_in(("1", None), ("2", "0"), ("3", "0"), record=an_attempt({"1": 0}))
    assert (kept(decision)[0], decision.session.points) == ({"1": 0}, 0)


def test_every_upload_of_responses_counts_as_a_write():
    assert responses_in(("1", "A")).session.responses_revision == 1
    assert responses_in(("1", "A"), record=an_attempt({"1": 0})).session.responses_revision == 1
    assert marks_in(("1", "1")).session.responses_revision == 0


def test_a_complete_paper_waits_where_people_still_mark_what_was_chosen():
    decision = responses_in(("1", "A"), ("2", "B"), form=CHOSEN_FOR_PEOPLE)
    assert (decision.session.state, decision.session.score, decision.session.marking_progress) == (15, None, 0)


@pytest.mark.parametrize(("moderated", "state"), [(0, 11), (1, 16)])
def test_a_complete_paper_is_marked_and_where_somebody_moderates_it_waits_for_that(moderated, state):
    decision = marks_in(("1", "1"), ("2", "2"), ("3", "5"), release=a_release(delivery=2, moderated=moderated))
    assert (decision.session.state, decision.session.score, decision.session.marking_progress) == (
        state,
        1_000_000,
        100,
    )
    assert [(event.action, event.actor) for event in decision.events] == [
        ("assign_item_marks", ""),
        ("route", "system"),
    ]


def test_a_complete_paper_that_was_reopened_moves_on_with_the_next_upload():
    complete = an_attempt({"1": 0}, {"2": 20_000, "3": 50_000})
    decision = marks_in(("3", "1"), record=complete)
    assert (decision.session.state, decision.session.points) == (11, 40_000)
    assert marks_in(record=complete).session.state == 11


@pytest.mark.parametrize(("moment", "end_time"), [(0, 0), (ENDED, ENDED), (NOW, NOW)])
def test_a_paper_was_completed_when_it_is_said(moment, end_time):
    assert marks_in(("1", "1"), completion_time=moment).session.end_time == end_time
    assert responses_in(("1", "A"), completion_time=moment).session.end_time == end_time


def test_no_paper_was_completed_in_the_future():
    for upload in (marks_in, responses_in):
        with pytest.raises(errors.InvalidField) as refusal:
            upload(completion_time=NOW + 1)
        assert refusal.value.violations()[0].field == "completion_time"


def test_the_last_completion_time_said_is_the_one_that_stands():
    said = decided(
        WAITING._replace(end_time=ENDED),
        ON_PAPER,
        A.ASSIGN_ITEM_MARKS,
        NOW,
        marking_context(),
        marks=(),
        completion_time=0,
    )
    assert said.session.end_time == ENDED


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("9", "1"), "UNKNOWN_QUESTION"),
        (("1", "1.5"), "MARK_ABOVE_AVAILABLE"),
        (("3", "-1"), "MARK_ABOVE_AVAILABLE"),
        (("3", "2.25"), "MARK_TOO_FINE"),
        (("2", "1"), "QUESTION_REPEATED"),
    ],
)
def test_a_mark_that_does_not_fit_the_form_is_named_and_nothing_is_stored(row, reason):
    with pytest.raises(errors.BatchRefused) as refusal:
        marks_in(("2", "1"), row, ("3", "5"))
    (violation,) = refusal.value.violations()
    assert (violation.field, violation.reason) == ("marks[1]", reason)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("9", "A"), "UNKNOWN_QUESTION"),
        (("1", "E"), "UNKNOWN_OPTION"),
        (("3", "A"), "RESPONSE_MISMATCH"),
        (("2", "B"), "QUESTION_REPEATED"),
    ],
)
def test_a_response_of_a_paper_that_does_not_fit_the_form_is_named(row, reason):
    with pytest.raises(errors.BatchRefused) as refusal:
        responses_in(("2", "B"), row)
    (violation,) = refusal.value.violations()
    assert (violation.field, violation.reason) == ("responses[1]", reason)


def test_every_bad_row_is_named():
    with pytest.raises(errors.BatchRefused) as refusal:
        marks_in(("9", "1"), ("1", "1"), ("3", "2.25"), ("1", "0"))
    assert [violation.field for violation in refusal.value.violations()] == ["marks[0]", "marks[2]", "marks[3]"]


def test_a_paper_whose_form_nobody_knows_takes_nothing():
    for upload in (marks_in, responses_in):
        with pytest.raises(errors.TestFormUnknown):
            upload(form=None)


def test_no_action_leads_from_paper_to_where_a_code_is_entered():
    reached, to_follow = set(), [State.PAPER_RESPONSE_UPLOAD]
    while to_follow:
        state = to_follow.pop()
        if state not in reached:
            reached.add(state)
            to_follow += [target for action in TABLE for target in targets_on_paper(action, state)]
    assert State.ARCHIVED in reached
    assert reached.isdisjoint(sources_of(A.ENTER_KEYCODE))


def targets_on_paper(action, state):
    """Where an action may lead a session on paper that is in a state."""
    rows = [row for row in action.transitions if state in row.sources and guards.online not in row.conditions]
    if of_paper := [row for row in rows if guards.on_paper in row.conditions]:
        rows = of_paper
    return [row.target for row in rows if isinstance(row.target, State)]
