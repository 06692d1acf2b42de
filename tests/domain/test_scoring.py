"""Scoring, against cases worked by hand."""

from typing import NamedTuple

import pytest
from sample_forms import MACHINE, MIXED, a_draft, a_form, an_attempt, choice, essay, options

from exam_sessions.domain.forms import Marking, Objective
from exam_sessions.domain.marks import mark_of, text_of
from exam_sessions.domain.scoring import (
    Score,
    deciding,
    deciding_attempt,
    is_complete,
    marking_progress,
    results_of,
    total_of,
    waits_for_marks,
)
from exam_sessions.domain.states import AttemptStrategy

HIGHEST, LATEST, FIRST, AVERAGE = AttemptStrategy
A, B, C, D = 0, 1, 2, 3
"""The places of the options."""

TWO_KEYS = a_form(choice("1", "AC", available_mark="3"))
HALVES = a_form(choice("1", "A", available_mark="0.5"), choice("2", "B", available_mark="0.25"), mark_decimals=2)
SEVENTHS = a_form(choice("1", "A", available_mark="2"), choice("2", "B", available_mark="5"))
WORTHLESS = a_form(choice("1", "A", available_mark="0"))
PRACTICE = a_form(choice("1", "A", available_mark="0"), choice("2", "B", available_mark="2"))
WATCHED = a_form(choice("1", "A", marking=Marking.HUMAN, available_mark="2"))


class Case(NamedTuple):
    """What was answered and marked, and what it comes to."""

    form: object
    responses: dict
    marks: dict
    points: str
    most: str
    percent: str | None


CASES = {
    "the vendor's example: three of three": Case(MACHINE, {"1": C, "2": B, "3": D}, {}, "3", "3", "100"),
    "one of three": Case(MACHINE, {"1": C, "2": A, "3": A}, {}, "1", "3", "33.3333"),
    "two of three": Case(MACHINE, {"1": C, "2": B}, {}, "2", "3", "66.6667"),
    "nothing answered": Case(MACHINE, {}, {}, "0", "3", "0"),
    "everything wrong": Case(MACHINE, {"1": A, "2": A, "3": A}, {}, "0", "3", "0"),
    "both keys": Case(TWO_KEYS, {"1": [A, C]}, {}, "3", "3", "100"),
    "one key of two earns nothing": Case(TWO_KEYS, {"1": A}, {}, "0", "3", "0"),
    "both keys and one more earn nothing": Case(TWO_KEYS, {"1": [A, B, C]}, {}, "0", "3", "0"),
    "two options, one of them wrong": Case(TWO_KEYS, {"1": [A, B]}, {}, "0", "3", "0"),
    "everything ticked where one is right": Case(MACHINE, {"1": [A, B, C, D]}, {}, "0", "3", "0"),
    "fractions of marks": Case(HALVES, {"1": A}, {}, "0.5", "0.75", "66.6667"),
    "fractions that make a whole": Case(HALVES, {"1": A, "2": B}, {}, "0.75", "0.75", "100"),
    "two sevenths": Case(SEVENTHS, {"1": A}, {}, "2", "7", "28.5714"),
    "five sevenths": Case(SEVENTHS, {"2": B}, {}, "5", "7", "71.4286"),
    "an essay nobody has marked": Case(MIXED, {"1": A, "2": [B, C], "3": "words"}, {}, "3", "8", "37.5"),
    "an essay with a mark": Case(MIXED, {"1": A, "3": "words"}, {"3": "3.5"}, "4.5", "8", "56.25"),
    "an essay with full marks": Case(MIXED, {"1": A, "2": [B, C], "3": "words"}, {"3": "5"}, "8", "8", "100"),
    "an essay worth nothing": Case(MIXED, {"1": A, "3": "words"}, {"3": "0"}, "1", "8", "12.5"),
    "an essay not attempted": Case(MIXED, {"1": A}, {"3": None}, "1", "8", "12.5"),
    "a mark of people takes the machine's away": Case(MIXED, {"1": A}, {"1": "0"}, "0", "8", "0"),
    "a mark of people in place of the machine's": Case(MIXED, {"1": B}, {"1": "0.5"}, "0.5", "8", "6.25"),
    "a mark of people where nothing was answered": Case(MIXED, {}, {"2": "2"}, "2", "8", "25"),
    "a right answer said not to be attempted": Case(MACHINE, {"1": C, "2": B}, {"1": None}, "1", "3", "33.3333"),
    "marks without any response, as on paper": Case(MACHINE, {}, {"1": "1", "2": "0", "3": "1"}, "2", "3", "66.6667"),
    "keys of a question people mark count for nothing": Case(WATCHED, {"1": A}, {}, "0", "2", "0"),
    "a question worth nothing": Case(PRACTICE, {"1": A, "2": B}, {}, "2", "2", "100"),
    "a form worth nothing has no percentage": Case(WORTHLESS, {"1": A}, {}, "0", "0", None),
}


def marked(responses, marks, **fields):
    return an_attempt(responses, {n: mark if mark is None else mark_of(mark) for n, mark in marks.items()}, **fields)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_attempt_earns_what_was_worked_out_by_hand(case):
    total = total_of(case.form, marked(case.responses, case.marks))
    percent = None if total.score is None else text_of(total.score)
    assert (text_of(total.points), text_of(total.points_max), percent) == (case.points, case.most, case.percent)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_results_come_to_the_same_total(case):
    results = results_of(case.form, marked(case.responses, case.marks), provisional=False)
    percent = None if results.percent is None else text_of(results.percent)
    assert (text_of(results.points.actual), text_of(results.points.most)) == (case.points, case.most)
    assert percent == case.percent
    assert sum(item.score.actual for item in results.items) == results.points.actual


TOGETHER = a_form(
    choice("1", "A", item_id="shop", item_name="In the shop", objective_ids=("save",)),
    choice("2", "B", item_id="shop", available_mark="2", objective_ids=("save", "spend")),
    choice("3", "C", item_id="bank", objective_ids=("spend",)),
    essay("4", item_id="bank", objective_ids=("explain",)),
    mark_decimals=1,
    objectives=[
        Objective("save", "Saving", "1.A"),
        Objective("spend", "Spending", "1.B"),
        Objective("explain", "Explaining", "2.A"),
        Objective("lend", "Lending", "3.A"),
    ],
)
"""Items and objectives with several questions; one objective that nothing measures."""


def test_an_item_earns_what_its_questions_earn():
    results = results_of(TOGETHER, marked({"1": A, "2": A, "3": C}, {"4": "2.5"}), provisional=False)
    shop, bank = results.items
    assert (shop.id, shop.name, shop.score) == ("shop", "In the shop", Score(10_000, is_scorable=True, most=30_000))
    assert (bank.id, bank.name, bank.score) == ("bank", "", Score(35_000, is_scorable=True, most=60_000))
    assert [len(item.questions) for item in results.items] == [2, 2]
    assert shop.objective_ids == ("save", "spend")


def test_an_objective_earns_what_the_questions_that_measure_it_earn():
    results = results_of(TOGETHER, marked({"1": A, "2": A, "3": C}, {"4": "2.5"}), provisional=False)
    assert {objective.id: objective.score for objective in results.objectives} == {
        "save": Score(10_000, is_scorable=True, most=30_000),
        "spend": Score(10_000, is_scorable=True, most=30_000),
        "explain": Score(25_000, is_scorable=True, most=50_000),
        "lend": Score(0, is_scorable=False, most=0),
    }
    spend = results.objectives[1]
    assert [*spend.scores] == [Score(0, is_scorable=True, most=20_000), Score(10_000, is_scorable=True, most=10_000)]
    assert (spend.text, spend.abbreviation) == ("Spending", "1.B")


def test_what_waits_for_a_mark_cannot_be_scored_yet_nor_what_it_is_part_of():
    results = results_of(TOGETHER, marked({"1": A}, {}), provisional=False)
    assert [item.score.is_scorable for item in results.items] == [True, False]
    assert [objective.score.is_scorable for objective in results.objectives] == [True, True, False, False]
    assert (results.points.is_scorable, results.provisional, results.marking_progress) == (False, True, 0)


def test_results_stay_provisional_as_long_as_marks_may_come():
    complete = marked({"1": C, "2": B, "3": D}, {})
    assert results_of(MACHINE, complete, provisional=True).provisional
    assert not results_of(MACHINE, complete, provisional=False).provisional


@pytest.mark.parametrize(
    ("responses", "marks", "told"),
    [
        ({"3": "words"}, {}, ("words", False, False, 0, False)),
        ({"3": "words"}, {"3": "0"}, ("words", False, True, 0, True)),
        ({}, {"3": None}, (None, True, False, 0, True)),
        ({}, {"3": "2"}, (None, False, True, 20_000, True)),
        ({}, {}, (None, False, False, 0, False)),
    ],
    ids=["not marked yet", "marked with zero", "not attempted", "marked without a response", "nothing known"],
)
def test_zero_and_not_attempted_and_not_marked_are_told_apart(responses, marks, told):
    result = results_of(MIXED, marked(responses, marks), provisional=False).items[2].questions[0]
    score = result.score
    assert (result.response, result.not_attempted, result.marked_by_people, score.actual, score.is_scorable) == told


def test_a_question_worth_nothing_cannot_be_scored_and_spoils_nothing():
    results = results_of(PRACTICE, marked({"1": A, "2": B}, {}), provisional=False)
    assert [item.score for item in results.items] == [
        Score(0, is_scorable=False, most=0),
        Score(20_000, is_scorable=True, most=20_000),
    ]
    assert results.points == Score(20_000, is_scorable=True, most=20_000)


def attempts(*scores):
    """Marked attempts by their percentage, of a form of ten marks; None is one that is not marked."""
    found = []
    for number, score in enumerate(scores, 1):
        points = None if score is None else mark_of(score) // 10
        most = None if score is None else mark_of("10")
        fields = {"points": points, "points_max": most, "score": None if score is None else mark_of(score)}
        found.append(an_attempt(attempt=number, **fields))
    return found


STRATEGIES = [
    (HIGHEST, ("40", "90", "70"), "9", "90"),
    (LATEST, ("40", "90", "70"), "7", "70"),
    (FIRST, ("40", "90", "70"), "4", "40"),
    (AVERAGE, ("40", "90", "70"), "6.6667", "66.6667"),
    (AVERAGE, ("40", "50"), "4.5", "45"),
    (AVERAGE, ("0.0001", "0.0002"), "0", "0.0002"),
    (HIGHEST, ("0",), "0", "0"),
    (HIGHEST, (None, "30", None), "3", "30"),
    (LATEST, ("80", "30", None), "3", "30"),
    (FIRST, (None, "30", "80"), "3", "30"),
    (AVERAGE, ("80", None, "30"), "5.5", "55"),
]


@pytest.mark.parametrize(("strategy", "scores", "points", "percent"), STRATEGIES)
def test_the_release_says_which_attempt_counts(strategy, scores, points, percent):
    total = deciding(strategy, attempts(*scores))
    assert (text_of(total.points), text_of(total.points_max), text_of(total.score)) == (points, "10", percent)


@pytest.mark.parametrize("strategy", AttemptStrategy)
@pytest.mark.parametrize("scores", [(), (None,), (None, None)])
def test_nothing_counts_before_an_attempt_is_marked(strategy, scores):
    assert deciding(strategy, attempts(*scores)) is None


@pytest.mark.parametrize(("strategy", "attempt"), [(HIGHEST, 2), (LATEST, 4), (FIRST, 1), (AVERAGE, 4)], ids=str)
def test_of_equal_attempts_the_earliest_is_the_highest(strategy, attempt):
    assert deciding_attempt(strategy, attempts("40", "90", "90", "70")).attempt == attempt


@pytest.mark.parametrize(
    ("marks", "progress", "waits"),
    [
        ({}, 0, True),
        ({"3": "2"}, 33, True),
        ({"3": "2", "4": None}, 66, True),
        ({"3": "0", "4": "0", "5": "1"}, 100, False),
    ],
)
def test_progress_is_the_share_of_what_people_mark_that_is_marked_rounded_down(marks, progress, waits):
    form = a_form(choice("1", "A"), choice("2", "A"), essay("3"), essay("4"), essay("5"))
    record = marked({"1": A}, marks | {"2": "1"})
    assert (marking_progress(form, record), waits_for_marks(form, record)) == (progress, waits)


def test_nothing_waits_where_the_machine_marks_everything():
    assert (marking_progress(MACHINE, an_attempt()), waits_for_marks(MACHINE, an_attempt())) == (100, False)


PICKED = a_form(choice("1", "A"), a_draft(number="2", options=options("AB")), essay("3"))


@pytest.mark.parametrize(
    ("responses", "marks", "complete"),
    [
        ({}, {}, False),
        ({"1": A, "2": B}, {}, False),
        ({"1": A, "2": B}, {"3": "0"}, True),
        ({"1": A, "2": B}, {"3": None}, True),
        ({}, {"1": None, "2": None, "3": None}, True),
        ({}, {"1": "1", "3": "1"}, False),
        ({"2": A}, {"1": "1", "3": "1"}, True),
    ],
)
def test_a_paper_is_complete_when_something_is_known_of_every_question(responses, marks, complete):
    assert is_complete(PICKED, marked(responses, marks)) is complete
