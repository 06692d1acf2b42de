"""Marks of people: given, taken back, submitted; and scores that are dropped when a session does not count."""

import pytest
from sample_forms import MIXED, a_form, an_attempt, choice, essay, marking_context
from sample_sessions import NOW, a_release, a_session, decided

from exam_sessions import errors
from exam_sessions.domain.states import Action, State, VoidReason

A = Action
ESSAYS = a_form(choice("1", "A"), essay("2"), essay("3"), mark_decimals=1)
SUBMITTED = an_attempt({"1": 0, "2": "words", "3": "more words"})


def asked(action, state, *attempts, form=ESSAYS, release=None, session=None, **said):
    session = a_session(state, form_revision=1, **(session or {}))
    return decided(session, release or a_release(), action, NOW, marking_context(form, *attempts), **said)


def scored(number, mark, state=State.AWAITING_MARKING, record=SUBMITTED, **more):
    return asked(A.SCORE_RESPONSE, state, record, marks=((number, mark),), **more)


def test_a_mark_is_written_with_the_progress_it_makes():
    decision = scored("2", "3.5")
    assert (decision.session.state, decision.session.marking_progress, decision.session.score) == (15, 50, None)
    assert decision.attempts[0].marks == {"2": 35_000}
    assert decision.events[0].changes == {"marks": ({}, {"2": "3.5"}), "marking_progress": (0, 50)}


def test_a_mark_given_again_replaces_the_first():
    decision = scored("2", "4", record=SUBMITTED._replace(marks={"2": 35_000}))
    assert decision.attempts[0].marks == {"2": 40_000}
    assert decision.events[0].changes["marks"] == ({"2": "3.5"}, {"2": "4"})


def test_people_may_mark_what_the_machine_marks():
    decision = scored("1", "0")
    assert (decision.attempts[0].marks, decision.session.marking_progress) == ({"1": 0}, 0)


@pytest.mark.parametrize(
    ("number", "mark", "refusal"),
    [("9", "1", errors.UnknownQuestion), ("2", "5.5", errors.MarkAboveAvailable), ("2", "1.25", errors.MarkTooFine)],
)
def test_a_mark_that_does_not_fit_the_form_is_refused(number, mark, refusal):
    with pytest.raises(refusal):
        scored(number, mark)


@pytest.mark.parametrize("state", [State.MARKED, State.AWAITING_VERIFICATION])
def test_a_mark_corrected_after_the_marking_is_scored_at_once(state):
    done = SUBMITTED._replace(marks={"2": 0, "3": 50_000}, points=60_000, points_max=110_000, score=545_455)
    so_far = {"points": 60_000, "points_max": 110_000, "score": 545_455, "marking_progress": 100}
    decision = scored("2", "5", state, done, session=so_far)
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.points, after.points_max, after.score) == (int(state), 110_000, 110_000, 1_000_000)
    assert (record.points, record.points_max, record.score) == (110_000, 110_000, 1_000_000)


def test_a_mark_taken_back_is_missing_again():
    before = SUBMITTED._replace(marks={"2": 35_000, "3": 10_000})
    decision = asked(A.UNSCORE_RESPONSE, 15, before, marks=(("2", None),), session={"marking_progress": 100})
    assert (decision.attempts[0].marks, decision.session.marking_progress) == ({"3": 10_000}, 50)
    assert decision.events[0].changes == {"marks": ({"2": "3.5"}, {}), "marking_progress": (100, 50)}


def test_a_mark_nobody_gave_is_taken_back_without_a_trace():
    decision = asked(A.UNSCORE_RESPONSE, 15, SUBMITTED, marks=(("2", None),))
    assert (decision.attempts, decision.events[0].changes) == ((), {})


def test_a_mark_of_an_unknown_question_is_not_taken_back():
    with pytest.raises(errors.UnknownQuestion):
        asked(A.UNSCORE_RESPONSE, 15, SUBMITTED, marks=(("9", None),))


def test_the_machines_mark_counts_again_when_the_mark_of_people_is_taken_back():
    overruled = SUBMITTED._replace(marks={"1": 0, "2": 0, "3": 0})
    back = asked(A.UNSCORE_RESPONSE, 15, overruled, marks=(("1", None),)).attempts[0]
    assert asked(A.SUBMIT_MARKED, 15, overruled).session.points == 0
    assert asked(A.SUBMIT_MARKED, 15, back).session.points == 10_000


def test_submitted_marks_are_scored():
    decision = asked(A.SUBMIT_MARKED, 15, SUBMITTED._replace(marks={"2": 35_000, "3": 0}))
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.points, after.points_max, after.score) == (11, 45_000, 110_000, 409_091)
    assert (record.points, record.points_max, record.score) == (45_000, 110_000, 409_091)
    assert after.marking_progress == 100


def test_marks_may_be_submitted_before_all_are_there_and_the_missing_count_nothing():
    after = asked(A.SUBMIT_MARKED, 15, SUBMITTED._replace(marks={"2": 35_000})).session
    assert (after.state, after.points, after.marking_progress) == (11, 45_000, 50)


def test_marks_of_a_session_without_a_form_are_submitted_without_a_score():
    after = asked(A.SUBMIT_MARKED, 15, form=None).session
    assert (after.state, after.points, after.score) == (11, None, None)


def test_marks_are_submitted_from_awaiting_marking_only():
    for state in State:
        if state is not State.AWAITING_MARKING:
            with pytest.raises(errors.InvalidTransition):
                asked(A.SUBMIT_MARKED, state, SUBMITTED)


EARLIER = an_attempt({"1": 0}, {"2": 50_000, "3": 50_000}, points=110_000, points_max=110_000, score=1_000_000)
SECOND = an_attempt({"1": 1}, {"2": 0, "3": 0}, attempt=2)


@pytest.mark.parametrize(
    ("strategy", "points", "score"),
    [(1, 110_000, 1_000_000), (2, 0, 0), (3, 110_000, 1_000_000), (4, 55_000, 500_000)],
    ids=["highest", "latest", "first", "average"],
)
def test_what_counts_is_worked_out_from_all_attempts(strategy, points, score):
    release = a_release(attempt_strategy=strategy)
    decision = asked(A.SUBMIT_MARKED, 15, EARLIER, SECOND, release=release, session={"attempt": 2})
    assert (decision.session.points, decision.session.score) == (points, score)
    (written,) = decision.attempts
    assert (written.attempt, written.points, written.score) == (2, 0, 0)


WITH_A_SCORE = {"points": 60_000, "points_max": 110_000, "score": 545_455}


@pytest.mark.parametrize("state", [State.AWAITING_MARKING, State.MARKED, State.SCRIPT_VERIFIED])
def test_a_voided_session_has_no_score(state):
    decision = asked(A.VOID, state, session=WITH_A_SCORE, void_reason=VoidReason.WITHDRAWN)
    after = decision.session
    assert (after.state, after.points, after.points_max, after.score) == (10, None, None, None)
    assert decision.events[0].changes["score"] == (545_455, None)


def test_a_recovered_session_has_no_score_until_it_is_handed_in_again():
    done = SUBMITTED._replace(marks={"2": 0, "3": 50_000}, points=60_000, points_max=110_000, score=545_455)
    decision = asked(A.RECOVER, 99, done, session=WITH_A_SCORE | {"start_time": NOW - 1, "end_time": NOW})
    after, record = decision.session, decision.attempts[0]
    assert (after.state, after.points, after.points_max, after.score) == (7, None, None, None)
    assert (record.points, record.points_max, record.score) == (None, None, None)
    assert record.responses == SUBMITTED.responses


def test_a_recovered_session_keeps_what_its_earlier_attempt_counts():
    second = SECOND._replace(points=0, points_max=110_000, score=0)
    so_far = {"points": 110_000, "points_max": 110_000, "score": 1_000_000, "attempt": 2, "start_time": NOW - 1}
    after = asked(A.RECOVER, 99, EARLIER, second, session=so_far | {"end_time": NOW}).session
    assert (after.points, after.score) == (110_000, 1_000_000)


def test_a_session_that_fails_keeps_its_score_so_that_the_history_can_tell_it():
    assert asked(A.FAIL, 11, session=WITH_A_SCORE, message="lost").session.score == 545_455


def test_marks_of_the_sample_form_may_have_one_decimal():
    assert scored("3", "2.5", record=an_attempt(), form=MIXED).attempts[0].marks == {"3": 25_000}
