"""Partial credit over the wire: a form keeps its rules, a session earns by them, a template does not tell them."""

from __future__ import annotations

import pytest
from forms import answer, form, hand_in, mcq, question_of, results, sitting
from operations import OperationsApi
from state_paths import walk

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2
from exam_sessions_client.v1 import test_form_pb2 as pb
from serving import Refused

DECIDING = marking_service_pb2.ATTEMPT_SELECTION_DECIDING


def credit(*marks, **fields):
    return pb.PartialCredit(marks=[pb.KeyMark(key=key, mark=mark) for key, mark in marks], **fields)


def choices(**fields):
    marks = credit(("1-A", "1"), ("1-B", "1"), ("1-C", "-0.5"), **fields)
    return mcq("1", "AB", available_mark="2", partial_credit=marks)


def test_a_form_keeps_its_rules(api):
    words = pb.Question(
        number="2",
        type=pb.QUESTION_TYPE_SHORTTEXT,
        keys=["0,6"],
        case_sensitive=True,
        numeric=True,
        decimal_comma=True,
    )
    made = form(api, choices(lower_bound="-0.5"), words, mark_decimals=1, negative_marks=True)
    read = api.call("GetTestForm", reference="form-1").test_form
    assert read == made
    kept = read.questions[0].partial_credit
    assert [(mark.key, mark.mark) for mark in kept.marks] == [("1-A", "1"), ("1-B", "1"), ("1-C", "-0.5")]
    assert (kept.lower_bound, kept.upper_bound, read.negative_marks) == ("-0.5", "2", True)
    assert (read.questions[1].numeric, read.questions[1].decimal_comma) == (True, True)


@pytest.mark.parametrize(
    ("labels", "earned", "percent"), [("AB", "2", "100"), ("A", "1", "50"), ("AC", "0.5", "25"), ("C", "-0.5", "-25")]
)
def test_a_session_earns_by_its_parts(api, labels, earned, percent):
    form(api, choices(lower_bound="-1"), mark_decimals=1, negative_marks=True)
    session = hand_in(api, sitting(api), answer("1", *labels))
    assert (session.points.actual, session.score.actual) == (earned, percent)
    assert (session.points.min, session.score.min) == ("-1", "-50")
    score = question_of(results(api, session), "1").score
    assert (score.actual, score.min, score.max) == (earned, "-1", "2")


def test_the_least_that_could_be_earned_is_that_of_all_questions_together(api):
    measured = choices(lower_bound="-0.5")
    measured.objective_ids.append("o-1")
    second = mcq("2", "A", available_mark="2", objective_ids=["o-1"])
    form(api, measured, second, mark_decimals=1, negative_marks=True, objectives=[pb.Objective(id="o-1")])
    found = results(api, hand_in(api, sitting(api), answer("1", "C")))
    (objective,) = found.objectives
    least = [found.points, found.items[0].score, objective.score, *objective.scores, found.percent]
    assert [(score.actual, score.min, score.max) for score in least] == [
        ("-0.5", "-0.5", "4"),
        ("-0.5", "-0.5", "2"),
        ("-0.5", "-0.5", "4"),
        ("-0.5", "-0.5", "2"),
        ("0", "0", "2"),
        ("-12.5", "-12.5", "100"),
    ]


def test_the_least_follows_the_attempt_that_counts_and_goes_with_the_score(api):
    form(api, choices(lower_bound="-1"), mark_decimals=1, negative_marks=True)
    session = hand_in(api, sitting(api, attempt_strategy=catalog_pb2.ATTEMPT_STRATEGY_AVERAGE), answer("1", "C"))
    kinder = pb.TestForm(
        reference="form-1", questions=[choices(lower_bound="-0.5")], mark_decimals=1, negative_marks=True
    )
    api.call("UpdateTestForm", test_form=kinder)
    session = walk(api, session, "RetakeSession", "ResetSession", "CreatePackage", "DownloadSession", "EnterKeycode")
    assert (session.points.actual, session.points.min, session.score.min) == ("-0.5", "-1", "-50")
    session = hand_in(api, session, answer("1", "A"))
    assert (session.points.actual, session.points.min, session.score.min) == ("0.25", "-0.75", "-37.5")
    found = api.call("GetSessionResults", session_id=session.id, selection=DECIDING).results
    assert (found.points.min, found.percent.min) == ("-0.75", "-37.5")
    told = {change.field: (change.old_value, change.new_value) for change in api.history(session)[-1].changes}
    assert (told["points_min"], told["score_min"]) == (("-1", "-0.75"), ("-50", "-37.5"))
    session = api.move("ClearResponses", session)
    assert (session.points.min, session.score.min) == ("-1", "-50")
    session = api.move("VoidSession", session)
    assert not session.HasField("points")


def test_a_regrade_by_another_lower_bound_moves_the_least(api):
    form(api, choices(lower_bound="-1"), mark_decimals=1, negative_marks=True)
    session = hand_in(api, sitting(api), answer("1", "A"))
    fairer = pb.TestForm(reference="form-1", questions=[choices()], mark_decimals=1)
    api.call("UpdateTestForm", test_form=fairer)
    session = api.move("RegradeSession", session, message="a harsh bound")
    assert (session.points.actual, session.points.min, session.score.min) == ("1", "0", "0")


def test_a_form_without_negative_marks_refuses_a_bound_below_nothing(api):
    with pytest.raises(Refused) as refused:
        form(api, choices(lower_bound="-1"), mark_decimals=1)
    assert list(refused.value.fields) == ["test_form.questions[0].partial_credit.lower_bound"]


def test_a_template_tells_no_marks(api):
    form(api, choices(), mark_decimals=1)
    template = OperationsApi(api).template(api.release(test_form="form-1", delivery=catalog_pb2.DELIVERY_PAPER))
    assert not template.questions[0].HasField("partial_credit")
    assert not template.questions[0].keys
