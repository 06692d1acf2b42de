"""What each type earns, worked by hand: all or nothing, by a mark for each part, with bounds, and as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_forms import a_draft, a_form, an_attempt, options

from exam_sessions import errors
from exam_sessions.domain.answer_keys import RULES
from exam_sessions.domain.authoring import form_of
from exam_sessions.domain.forms import ANY_PART, Form, GapOrder, Option, Rule
from exam_sessions.domain.marks import mark_of, text_of
from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.scoring import total_of
from exam_sessions.domain.stored_forms import form_content, from_json

T = QuestionType
OFFERED = {T.ASSOCIATION, T.CHOICEMATRIX, T.CLOZEINLINETEXT, T.CLOZETEXT, T.MCQ, T.ORDERLIST}


def asked(kind: QuestionType, keys: tuple[str, ...] = (), negative: bool = False, **fields: Any) -> Form:
    """A form of one question worth 2 marks, stored and read again; marks have two decimals."""
    offered = options("ABCD") if kind in OFFERED else ()
    fields = {"available_mark": "2"} | fields
    draft = a_draft(type=int(kind), options=offered, keys=keys, **fields)

    form = form_of("form-a", "", 2, [draft], [], negative_marks=negative)
    return from_json("form-a", 1, "", 2, form_content(form))


def points(form: Form, value: Any) -> str:
    return text_of(total_of(form, an_attempt({"1": value})).points)


def each(*marks: tuple[str, int, str]) -> dict[str, Any]:
    return {"marks": marks}


ANY = ANY_PART
PAIRS, LOOSE = Rule(gap_order=GapOrder.UNORDERED_PAIRS), Rule(gap_order=GapOrder.ANY)
WRONG_COSTS = each(("a", ANY, "1"), ("b", ANY, "1"), ("c", ANY, "-0.5"), ("d", ANY, "-1.5"))
FORMULAS = {"values": [["x"], ["y"]], "boxes": []}

TABLE: list[tuple[QuestionType, tuple[str, ...], dict[str, Any], Any, str]] = [
    # All or nothing.
    (T.MCQ, ("a", "b"), {}, [0, 1], "2"),
    (T.MCQ, ("a", "b"), {}, 0, "0"),
    (T.CLOZETEXT, ("a", "b"), {}, ["a", "b"], "2"),
    (T.CLOZETEXT, ("a", "b"), {}, ["b", "a"], "0"),
    (T.CLOZETEXT, ("a", "b"), {"rule": LOOSE}, ["b", "a"], "2"),
    (T.CLOZETEXT, ("a", "b"), {"rule": LOOSE}, ["b", "b"], "0"),
    (T.ASSOCIATION, ("a", "b", "c", "d"), {"rule": PAIRS}, ["d", "c", "b", "a"], "2"),
    (T.ASSOCIATION, ("a", "b", "c", "d"), {"rule": PAIRS}, ["a", "c", "b", "d"], "0"),
    (T.ORDERLIST, ("d", "b", "a", "c"), {}, [3, 1, 0, 2], "2"),
    (T.ORDERLIST, ("d", "b", "a", "c"), {}, [3, 1, 2, 0], "0"),
    (T.CHOICEMATRIX, ("a", "a,b"), {}, [[0], [0, 1]], "2"),
    (T.CHOICEMATRIX, ("a", "a,b"), {}, [[0], [0]], "0"),
    (T.CLOZEFORMULA, ("x", "y"), {}, FORMULAS, "2"),
    (T.CLOZEFORMULA, ("x", "Y"), {}, FORMULAS, "0"),
    # An open part is not answered.
    (T.CLOZETEXT, ("a", "b"), {}, ["a", ""], "0"),
    (T.CLOZETEXT, ("a",), {"rule": LOOSE}, ["", "a"], "0"),
    (T.ASSOCIATION, ("a", "b", "c", "d"), {"rule": PAIRS}, ["", "", "b", "a"], "0"),
    (T.ORDERLIST, ("d", "b", "a", "c"), {}, [3, 1, 0], "0"),
    (T.CHOICEMATRIX, ("a", "a,b"), {}, [[0], []], "0"),
    (T.CLOZEFORMULA, ("x", "y"), {}, {"values": [["x"], []], "boxes": []}, "0"),
    (T.CLOZEFORMULA, ("x", "y"), {}, {"values": [["x"], [""]], "boxes": []}, "0"),
    (T.GRIDDED, ("0",), {}, "-", "0"),
    (T.GRIDDED, ("1",), {}, "1.", "2"),
    (T.CLOZETEXT, ("a", "b"), each(("a", 0, "1"), ("b", 1, "1")), ["", "b"], "1"),
    (T.ORDERLIST, ("d", "b", "a", "c"), each(("d", 0, "1"), ("c", 3, "1")), [3], "1"),
    (T.CHOICEMATRIX, ("a", "a,b"), each(("a", 0, "1"), ("b", 1, "1")), [[], [1]], "1"),
    (T.CLOZEFORMULA, ("x", "y"), each(("x", 0, "1"), ("y", 1, "1")), {"values": [[], ["y"]], "boxes": []}, "1"),
    (T.ASSOCIATION, ("a", "b", "c", "d"), {"rule": PAIRS} | each(("a,b", ANY, "1")), ["c", "", "b", "a"], "1"),
    (T.SHORTTEXT, ("Co",), {}, "CO", "2"),
    (T.SHORTTEXT, ("Co",), {"rule": Rule(case_sensitive=True)}, "CO", "0"),
    (T.SHORTTEXT, ("Co",), {"rule": Rule(case_sensitive=True)}, " Co ", "2"),
    (T.PLAINTEXT, ("Co",), {"rule": Rule(case_sensitive=True)}, "co", "0"),
    (T.LONGTEXT, ("Co",), {}, "co", "2"),
    (T.LONGTEXTV2, ("Co",), {}, "co", "2"),
    (T.FORMULAV2, ("M=2m",), {}, "m=2M", "0"),
    (T.FORMULAV2, ("M=2m",), {}, "M=2m", "2"),
    # Which keyboard wrote it, and where blanks stand, does not matter.
    (T.SHORTTEXT, ("caf\u00e9",), {}, "Cafe\u0301", "2"),
    (T.SHORTTEXT, ("cafe\u0301",), {"rule": Rule(case_sensitive=True)}, "caf\u00e9", "2"),
    (T.SHORTTEXT, ("caf\u00e9",), {}, "cafe", "0"),
    (T.SHORTTEXT, ("Stra\u00dfe",), {}, "STRASSE", "2"),
    (T.PLAINTEXT, ("New York",), {}, "\u00a0new  york\n", "2"),
    (T.PLAINTEXT, ("New York",), {}, "newyork", "0"),
    (T.LONGTEXT, ("one two",), {}, "one\r\ntwo", "2"),
    (T.LONGTEXTV2, ("one two",), {"rule": Rule(case_sensitive=True)}, "one\u00a0two", "2"),
    (T.FORMULAV2, ("\u00e5=1",), {}, " a\u030a=1 ", "2"),
    (T.FORMULAV2, ("a = 1",), {}, "a=1", "0"),
    (T.CLOZEFORMULA, ("x", "y"), {}, {"values": [[" x"], ["y "]], "boxes": []}, "2"),
    # Numbers.
    *[(T.GRIDDED, ("0.6",), {}, text, "2") for text in (".6", "0.60", "+0.60", "00.6", "6e-1", "0.6000000000000")],
    *[(T.GRIDDED, ("0.6",), {}, text, "0") for text in ("-.6", "0.60000000000000001", "0,6", "6", "0.6.0", "")],
    (T.GRIDDED, ("0,6",), {"rule": Rule(decimal_comma=True)}, "0.60", "2"),
    (T.GRIDDED, ("0.6",), {"rule": Rule(decimal_comma=True)}, ",6", "2"),
    (T.GRIDDED, ("0",), {}, "-0", "2"),
    (T.SHORTTEXT, ("0.6",), {}, ".6", "0"),
    (T.SHORTTEXT, ("0.6",), {"rule": Rule(numeric=True)}, ".6", "2"),
    (T.SHORTTEXT, ("0.6",), {"rule": Rule(numeric=True)}, "six", "0"),
    (T.SHORTTEXT, ("-5",), {"rule": Rule(numeric=True)}, "\u22125.0", "2"),
    (T.SHORTTEXT, ("1e10",), {"rule": Rule(numeric=True)}, "10000000000", "2"),
    (T.SHORTTEXT, ("1000",), {"rule": Rule(numeric=True)}, "1,000", "0"),
    (T.SHORTTEXT, ("1000",), {"rule": Rule(numeric=True, decimal_comma=True)}, "1000,00", "2"),
    # A mark for each part.
    (T.MCQ, ("a", "b"), WRONG_COSTS, [0, 1], "2"),
    (T.MCQ, ("a", "b"), WRONG_COSTS, 0, "1"),
    (T.MCQ, ("a", "b"), WRONG_COSTS, [0, 2], "0.5"),
    (T.MCQ, ("a", "b"), WRONG_COSTS, [2, 3], "0"),
    (T.MCQ, ("a", "b"), {**WRONG_COSTS, "upper_bound": "1.5"}, [0, 1], "1.5"),
    (T.MCQ, (), WRONG_COSTS, None, "0"),
    (T.CLOZETEXT, ("a", "b"), each(("a", 0, "0.5"), ("b", 1, "1.5")), ["a", "c"], "0.5"),
    (T.CLOZETEXT, ("a", "b"), each(("a", 0, "0.5"), ("b", 1, "1.5")), ["b", "a"], "0"),
    (T.CLOZEINLINETEXT, ("a", "b"), {**each(("a", ANY, "1"), ("b", ANY, "1")), "rule": LOOSE}, ["b", "b"], "1"),
    (T.ASSOCIATION, (), {**each(("a,b", ANY, "1"), ("c,d", ANY, "1")), "rule": PAIRS}, ["d", "c", "a", "c"], "1"),
    (T.ASSOCIATION, (), {**each(("b,a", ANY, "1"), ("c,d", ANY, "1")), "rule": PAIRS}, ["c", "d", "a", "b"], "2"),
    (T.ORDERLIST, ("d", "b", "a", "c"), each(("d", 0, "1"), ("b", 1, "1")), [3, 0, 1, 2], "1"),
    (T.CHOICEMATRIX, ("a", "a,b"), each(("a", 0, "1"), ("a", 1, "0.5"), ("b", 1, "0.5")), [[0], [1]], "1.5"),
    (T.CLOZEFORMULA, ("x", "z"), each(("x", 0, "0.75"), ("z", 1, "1.25")), FORMULAS, "0.75"),
    (T.SHORTTEXT, (), each(("Paris", ANY, "2"), ("Pariss", ANY, "1")), "pariss", "1"),
    (T.GRIDDED, (), each(("0.6", ANY, "2"), ("0.61", ANY, "1.25")), "+0.610", "1.25"),
    (T.FORMULAV2, (), each(("M=2m", ANY, "2"), ("m=2M", ANY, "0.5")), "m=2M", "0.5"),
    (T.GRIDDED, (), {**each(("0,6", ANY, "2"), ("0,7", ANY, "0.5")), "rule": Rule(decimal_comma=True)}, ".70", "0.5"),
    (T.LONGTEXT, (), each(("one two", ANY, "1.5")), "One  two", "1.5"),
    (T.LONGTEXTV2, (), each(("one", ANY, "0.25"), ("ONE", ANY, "1")), "one", "1"),
    (T.PLAINTEXT, (), {**each(("Co", ANY, "2"), ("co", ANY, "0.5")), "rule": Rule(case_sensitive=True)}, "co", "0.5"),
    (T.CLOZEINLINETEXT, (), each(("a", 0, "0.5"), ("b", 0, "0.25"), ("a", 1, "1")), ["b", "a"], "1.25"),
    (T.CLOZEINLINETEXT, (), {**each(("a", ANY, "1"), ("b", ANY, "1")), "rule": LOOSE}, ["b", "a", "c"], "2"),
    (T.ASSOCIATION, (), each(("a", 0, "0.5"), ("b", 1, "1.5")), ["a", "b"], "2"),
    (T.CLOZEFORMULA, (), each(("x", 0, "0.75"), ("y", 1, "1.25")), {"values": [[" x "], ["y"]], "boxes": []}, "2"),
    (
        T.ORDERLIST,
        (),
        {**each(("d", 0, "1"), ("b", 1, "1"), ("a", 2, "1")), "upper_bound": "1.5"},
        [3, 1, 0, 2],
        "1.5",
    ),
]


@pytest.mark.parametrize(("kind", "keys", "fields", "value", "expected"), TABLE)
def test_a_response_earns_what_was_worked_by_hand(kind, keys, fields, value, expected):
    assert points(asked(kind, keys, **fields), value) == expected


def test_every_type_is_in_the_table_and_has_a_rule():
    assert {row[0] for row in TABLE} == set(T) == set(RULES)


def test_less_than_nothing_is_earned_where_the_form_allows_it():
    fields = {**WRONG_COSTS, "lower_bound": "-1"}
    form = asked(T.MCQ, ("a", "b"), negative=True, **fields)
    assert [points(form, value) for value in ([2, 3], 2, 3, 0)] == ["-1", "-0.5", "-1", "1"]
    assert total_of(form, an_attempt({"1": [2, 3]})).score == -500_000
    with pytest.raises(errors.InvalidField) as refused:
        asked(T.MCQ, ("a", "b"), **fields)
    assert refused.value.violations()[0].field == "questions[0].partial_credit.lower_bound"


@pytest.mark.parametrize(
    ("kind", "marks", "value", "expected"),
    [
        (T.ASSOCIATION, (("a", 0, "1"), ("b", 0, "-0.5"), ("c", 1, "-1")), ["b", "c"], "-1"),
        (T.CHOICEMATRIX, (("a", 0, "1"), ("b", 0, "-0.25"), ("b", 1, "-0.5")), [[0, 1], [1]], "0.25"),
        (T.CLOZEFORMULA, (("x", 0, "1"), ("z", 1, "-0.25")), {"values": [["y"], ["z"]], "boxes": []}, "-0.25"),
        (T.CLOZEINLINETEXT, (("a", 0, "1"), ("b", ANY, "-0.75")), ["b", "b"], "-0.75"),
        (T.CLOZETEXT, (("a", 0, "1"), ("c", 1, "-0.5")), ["a", "c"], "0.5"),
        (T.FORMULAV2, (("x", ANY, "2"), ("y", ANY, "-0.5")), "y", "-0.5"),
        (T.GRIDDED, (("1", ANY, "2"), ("-1", ANY, "-0.5")), "-1.0", "-0.5"),
        (T.LONGTEXT, (("yes", ANY, "2"), ("no", ANY, "-1")), "No", "-1"),
        (T.LONGTEXTV2, (("yes", ANY, "2"), ("no", ANY, "-1")), "no", "-1"),
        (T.MCQ, (("a", ANY, "1"), ("b", ANY, "-0.5"), ("c", ANY, "-2")), [1, 2], "-1"),
        (T.ORDERLIST, (("a", 0, "1"), ("b", 0, "-0.5"), ("c", 3, "-0.25")), [1, 0, 3, 2], "-0.75"),
        (T.PLAINTEXT, (("yes", ANY, "2"), ("no", ANY, "-1")), "no", "-1"),
        (T.SHORTTEXT, (("yes", ANY, "2"), ("no", ANY, "-1")), "NO", "-1"),
    ],
)
def test_each_type_with_marks_below_nothing_earns_what_was_worked_by_hand(kind, marks, value, expected):
    form = asked(kind, marks=marks, lower_bound="-1", negative=True)
    assert points(form, value) == expected
    assert points(form, None) == "0"
    assert points(asked(kind, marks=marks), value) == text_of(max(0, mark_of(expected)))


def test_ids_with_commas_are_no_pairs_of_others():
    offered = tuple(Option(name, "", "") for name in ("a,b", "c", "a", "b,c"))
    drafts = [a_draft(type=int(T.ASSOCIATION), options=offered, keys=("a,b", "c"), rule=PAIRS)]
    form = a_form(*drafts)
    assert [points(form, value) for value in (["c", "a,b"], ["a", "b,c"])] == ["1", "0"]


@pytest.mark.parametrize(
    ("kind", "keys", "fields", "path"),
    [
        *[(kind, ("x", " \u00a0\n"), {}, "keys[1]") for kind in sorted(set(T) - OFFERED - {T.GRIDDED})],
        (T.SHORTTEXT, (), each(("\u2003", ANY, "1")), "partial_credit.marks[0].key"),
        (T.ASSOCIATION, ("a", "b", "c"), {"rule": PAIRS}, "keys"),
    ],
)
def test_keys_that_nobody_could_mean_are_refused(kind, keys, fields, path):
    with pytest.raises(errors.InvalidField) as refused:
        asked(kind, keys, **fields)
    assert refused.value.violations()[0].field == f"questions[0].{path}"


def test_tenths_add_up():
    drafts = [a_draft(options=options("AB"), available_mark="0.4", marks=(("a", ANY, "0.1"),)) for _ in range(3)]
    form = a_form(*drafts, mark_decimals=1)
    total = total_of(form, an_attempt({"1": 0, "2": 0, "3": 0}))
    assert (text_of(total.points), text_of(total.points_max), text_of(total.score or 0)) == ("0.3", "1.2", "25")


@pytest.mark.parametrize(
    ("kind", "fields", "path"),
    [
        (T.MCQ, each(("e", ANY, "1")), "marks[0].key"),
        (T.ASSOCIATION, {**each(("a", ANY, "1")), "rule": PAIRS}, "marks[0].key"),
        (T.GRIDDED, each(("six", ANY, "1")), "marks[0].key"),
        (T.MCQ, each(("a", ANY, "0.125")), "marks[0].mark"),
        (T.MCQ, {**each(("a", ANY, "1")), "upper_bound": "3"}, ""),
        (T.MCQ, {**each(("a", ANY, "1")), "lower_bound": "1"}, ""),
    ],
)
def test_marks_that_do_not_fit_the_question_are_refused(kind, fields, path):
    with pytest.raises(errors.InvalidField) as refused:
        asked(kind, **fields)
    assert refused.value.violations()[0].field == f"questions[0].partial_credit.{path}".removesuffix(".")


def test_the_page_says_what_the_table_decides():
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "marks-and-results.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")][1:]
    assert {name: (right, mark) for name, right, mark in rows} == {
        kind.name.lower(): rule for kind, rule in RULES.items()
    }
