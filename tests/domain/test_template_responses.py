"""Responses to the thirteen question types: what is kept and what is refused, typed by hand from the vendor's page.

Learnosity, Template Submission. A question's options are named `0`, `1` and so on where its author names none.
"""

from __future__ import annotations

from typing import Any

import pytest
from sample_forms import a_draft, a_form

from exam_sessions import errors
from exam_sessions.domain.forms import Form, Option
from exam_sessions.domain.known_answers import KNOWN_AT_MOST, known_answers_of
from exam_sessions.domain.question_types import FORMULAS, MATRIX, ORDER, SHAPE, STRINGS, TEXT, QuestionType
from exam_sessions.domain.responses import values_of
from exam_sessions.domain.submitted_responses import TemplateResponse

T = QuestionType
ARRAYS = (T.ASSOCIATION, T.CHOICEMATRIX, T.CLOZEFORMULA, T.CLOZEINLINETEXT, T.CLOZETEXT, T.MCQ, T.ORDERLIST)
"""Types whose responses are of the data type `array`."""

TEXTS = (T.FORMULAV2, T.GRIDDED, T.LONGTEXT, T.LONGTEXTV2, T.PLAINTEXT, T.SHORTTEXT)
"""Types whose responses are of the data type `string`."""

CITIES = ("London", "Dublin", "Paris", "Sydney")


def unnamed(count: int) -> tuple[Option, ...]:
    """Options whose ids are their places."""
    return tuple(Option("", "", f"option {n}") for n in range(count))


def named(*ids: str) -> tuple[Option, ...]:
    """Options with ids of their own."""
    return tuple(Option(name, "", "") for name in ids)


OPTIONS = {
    T.ASSOCIATION: named(*CITIES),
    T.CLOZETEXT: named(*CITIES),
    T.CLOZEINLINETEXT: named(*CITIES),
    T.MCQ: unnamed(4),
    T.CHOICEMATRIX: unnamed(2),
    T.ORDERLIST: named("a", "b", "c", "d"),
}

VALUES: dict[QuestionType, tuple[Any, dict[str, Any]]] = {
    T.ASSOCIATION: (["Paris"], {}),
    T.CLOZETEXT: (["Paris"], {}),
    T.CLOZEINLINETEXT: (["Paris"], {}),
    T.MCQ: (["0", "1"], {}),
    T.CHOICEMATRIX: ([[0, 1], [0], [1], [0]], {}),
    T.ORDERLIST: ([3, 1, 0, 2], {}),
    T.CLOZEFORMULA: ([["y=2x+1"]], {"boxes": [["2", "1"]]}),
    T.FORMULAV2: ("y+%3D+2x", {}),
    T.GRIDDED: ("1234.56", {}),
    T.LONGTEXT: ("upsy+daisy", {"word_count": 2}),
    T.LONGTEXTV2: ("upsy+daisy", {"word_count": 2}),
    T.PLAINTEXT: ("upsy+daisy", {"word_count": 2}),
    T.SHORTTEXT: ("makka+pakka", {"character_count": 11}),
}
"""A sound response of each type, and what it needs beside its value."""


def asked(question_type: QuestionType, parts: tuple[str, ...] = ()) -> Form:
    """A form at its third revision, whose question `1` is of a type; its id is `q`."""
    form = a_form(a_draft(id="q", type=int(question_type), options=OPTIONS.get(question_type, ()), parts=parts))
    form.revision = 3
    return form


def kept(form: Form, *given: TemplateResponse, ignore_revisions: bool = False) -> dict[str, Any]:
    """What is kept of responses."""
    return values_of(form, given, ignore_revisions=ignore_revisions)


def response(question_type: QuestionType, value: Any, **beside: Any) -> TemplateResponse:
    """A response to the question, in the shape of its type."""
    return TemplateResponse("q", SHAPE[question_type], value, **beside)


def sound(question_type: QuestionType, **beside: Any) -> TemplateResponse:
    """A response that is accepted."""
    value, needed = VALUES[question_type]
    return response(question_type, value, **(needed | beside))


def refusal_of(form: Form, *given: TemplateResponse) -> errors.BatchRefused:
    """What responses are refused with."""
    with pytest.raises(errors.BatchRefused) as refused:
        kept(form, *given)
    assert refused.value.path == "responses"
    return refused.value


def said(refusal: errors.BatchRefused) -> tuple[str, str]:
    """The reason, and the field at fault as a caller reads it."""
    (violation,) = refusal.violations()
    return refusal.first.reason, violation.field


ACCEPTED = [
    (T.ASSOCIATION, ["London", "Dublin", "Paris", "Sydney"], {}, ["London", "Dublin", "Paris", "Sydney"]),
    (T.ASSOCIATION, ["Paris", "Paris"], {}, ["Paris", "Paris"]),
    (T.CLOZETEXT, ["Sydney"], {}, ["Sydney"]),
    (T.CLOZEINLINETEXT, ["Dublin", "London"], {}, ["Dublin", "London"]),
    (T.MCQ, ["0", "1"], {}, [0, 1]),
    (T.MCQ, ["3", "0"], {}, [0, 3]),
    (T.MCQ, ["2"], {}, 2),
    (T.MCQ, ["2", "2"], {}, 2),
    (T.CHOICEMATRIX, [[0, 1], [0], [1], [0]], {}, [[0, 1], [0], [1], [0]]),
    (T.CHOICEMATRIX, [[1, 0]], {}, [[0, 1]]),
    (T.ORDERLIST, [3, 1, 0, 2], {}, [3, 1, 0, 2]),
    (T.ORDERLIST, [0, 1, 2, 3], {}, [0, 1, 2, 3]),
    (
        T.CLOZEFORMULA,
        [["y=2x+1", "y=1+2x"], ["x=3"]],
        {"boxes": [["2", "1"], ["3"]]},
        {"values": [["y=2x+1", "y=1+2x"], ["x=3"]], "boxes": [["2", "1"], ["3"]]},
    ),
    (T.CLOZEFORMULA, [["x"]], {"boxes": [[""]]}, {"values": [["x"]], "boxes": [[""]]}),
    (T.FORMULAV2, "y+%3D+2x%5E2", {}, "y = 2x^2"),
    (T.FORMULAV2, "1%2B1", {}, "1+1"),
    (T.FORMULAV2, "%5Cfrac%7B1%7D%7B2%7D", {}, r"\frac{1}{2}"),
    (T.GRIDDED, "1234.56", {}, "1234.56"),
    (T.GRIDDED, "0", {}, "0"),
    (T.GRIDDED, "-7", {}, "-7"),
    (T.GRIDDED, ".5", {}, ".5"),
    (T.LONGTEXT, "upsy+daisy", {"word_count": 2}, "upsy daisy"),
    (T.LONGTEXT, "", {"word_count": 0}, ""),
    (T.LONGTEXTV2, "%3Cp%3Eupsy%3C%2Fp%3E", {"word_count": 1}, "<p>upsy</p>"),
    (T.PLAINTEXT, "upsy+daisy", {"word_count": 2}, "upsy daisy"),
    (T.PLAINTEXT, "caf%C3%A9", {"word_count": 1}, "café"),
    (T.PLAINTEXT, "caf%c3%a9", {"word_count": 1}, "café"),
    (T.PLAINTEXT, "first%0Asecond", {"word_count": 2}, "first\nsecond"),
    (T.SHORTTEXT, "makka+pakka", {"character_count": 11}, "makka pakka"),
    (T.SHORTTEXT, "caf%C3%A9", {"character_count": 4}, "café"),
    (T.SHORTTEXT, "caf%C3%A9", {"character_count": 9}, "café"),
    (T.SHORTTEXT, "100%25", {"character_count": 4}, "100%"),
]


@pytest.mark.parametrize(("question_type", "value", "beside", "expected"), ACCEPTED)
def test_a_response_in_the_shape_of_its_type_is_kept(question_type, value, beside, expected):
    assert kept(asked(question_type), response(question_type, value, **beside)) == {"1": expected}


REFUSED = [
    (T.ASSOCIATION, ["Paris", "Atlantis"], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.ASSOCIATION, ["paris"], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.ASSOCIATION, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.CLOZETEXT, [""], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.CLOZETEXT, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.CLOZEINLINETEXT, ["Rome"], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.CLOZEINLINETEXT, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.MCQ, ["4"], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.MCQ, ["0", "A"], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.MCQ, [""], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.MCQ, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.CHOICEMATRIX, [[0], [2]], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.CHOICEMATRIX, [[-1]], {}, "UNKNOWN_OPTION", "responses[0]"),
    (T.CHOICEMATRIX, [[0], []], {}, "INVALID_FIELD", "responses[0].value[1]"),
    (T.CHOICEMATRIX, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.ORDERLIST, [3, 1, 0], {}, "INVALID_FIELD", "responses[0].value"),
    (T.ORDERLIST, [3, 1, 0, 0], {}, "INVALID_FIELD", "responses[0].value"),
    (T.ORDERLIST, [4, 3, 2, 1], {}, "INVALID_FIELD", "responses[0].value"),
    (T.ORDERLIST, [3, 1, 0, 2, 4], {}, "INVALID_FIELD", "responses[0].value"),
    (T.ORDERLIST, [], {}, "INVALID_FIELD", "responses[0].value"),
    (T.CLOZEFORMULA, [["x"]], {}, "INVALID_FIELD", "responses[0].responses"),
    (T.CLOZEFORMULA, [["x"]], {"boxes": []}, "INVALID_FIELD", "responses[0].responses"),
    (T.CLOZEFORMULA, [["x"], []], {"boxes": [["1"]]}, "INVALID_FIELD", "responses[0].value[1]"),
    (T.CLOZEFORMULA, [["x", ""]], {"boxes": [["1"]]}, "INVALID_FIELD", "responses[0].value[0]"),
    (T.CLOZEFORMULA, [], {"boxes": [["1"]]}, "INVALID_FIELD", "responses[0].value"),
    (T.FORMULAV2, "y = 2x", {}, "INVALID_FIELD", "responses[0].value"),
    (T.FORMULAV2, "50%", {}, "INVALID_FIELD", "responses[0].value"),
    (T.FORMULAV2, "%4", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "1,234.56", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "1234,56", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "twelve", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "1e3", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, ".", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "-", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "", {}, "INVALID_FIELD", "responses[0].value"),
    (T.GRIDDED, "1\n", {}, "INVALID_FIELD", "responses[0].value"),
    (T.LONGTEXT, "upsy+daisy", {}, "INVALID_FIELD", "responses[0].word_count"),
    (T.LONGTEXT, "upsy+daisy", {"word_count": -1}, "INVALID_FIELD", "responses[0].word_count"),
    (T.LONGTEXT, "upsy daisy", {"word_count": 2}, "INVALID_FIELD", "responses[0].value"),
    (T.LONGTEXTV2, "upsy+daisy", {}, "INVALID_FIELD", "responses[0].word_count"),
    (T.LONGTEXTV2, "<p>upsy</p>", {"word_count": 1}, "INVALID_FIELD", "responses[0].value"),
    (T.PLAINTEXT, "upsy+daisy", {"character_count": 10}, "INVALID_FIELD", "responses[0].word_count"),
    (T.PLAINTEXT, "café", {"word_count": 1}, "INVALID_FIELD", "responses[0].value"),
    (T.PLAINTEXT, "%00", {"word_count": 1}, "INVALID_FIELD", "responses[0].value"),
    (T.SHORTTEXT, "makka+pakka", {}, "INVALID_FIELD", "responses[0].character_count"),
    (T.SHORTTEXT, "makka+pakka", {"word_count": 2}, "INVALID_FIELD", "responses[0].character_count"),
    (T.SHORTTEXT, "makka+pakka", {"character_count": 10}, "INVALID_FIELD", "responses[0].character_count"),
    (T.SHORTTEXT, "makka pakka", {"character_count": 11}, "INVALID_FIELD", "responses[0].value"),
    (T.SHORTTEXT, "makka%zzpakka", {"character_count": 13}, "INVALID_FIELD", "responses[0].value"),
    (T.SHORTTEXT, "x" * 100_001, {"character_count": 100_001}, "INVALID_FIELD", "responses[0].value"),
]


@pytest.mark.parametrize(("question_type", "value", "beside", "reason", "field"), REFUSED, ids=lambda v: str(v)[:30])
def test_a_response_that_breaks_a_rule_of_its_type_is_refused(question_type, value, beside, reason, field):
    assert said(refusal_of(asked(question_type), response(question_type, value, **beside))) == (reason, field)


@pytest.mark.parametrize(("question_type", "place"), [(T.CHOICEMATRIX, 4), (T.CHOICEMATRIX, 3)])
def test_a_matrix_needs_a_list_for_each_sub_question_that_is_written_down(question_type, place):
    form = asked(question_type, parts=tuple(f"part {n}" for n in range(place)))
    given = response(question_type, [[0, 1], [0], [1], [0]])
    if place == 4:
        assert kept(form, given) == {"1": [[0, 1], [0], [1], [0]]}
    else:
        assert said(refusal_of(form, given)) == ("INVALID_FIELD", "responses[0].value")


@pytest.mark.parametrize("question_type", T)
def test_a_null_is_a_question_not_attempted(question_type):
    assert kept(asked(question_type), TemplateResponse("q", "", None)) == {"1": None}


@pytest.mark.parametrize("question_type", T)
def test_a_question_nobody_names_was_not_attempted(question_type):
    assert kept(asked(question_type)) == {"1": None}


@pytest.mark.parametrize(
    ("question_type", "word"),
    [(question_type, "array") for question_type in ARRAYS] + [(question_type, "string") for question_type in TEXTS],
)
def test_the_data_type_may_be_said_and_must_fit_then(question_type, word):
    other = {"array": "string", "string": "array"}[word]
    form = asked(question_type)
    assert kept(form, sound(question_type, type=word)) == kept(form, sound(question_type))
    assert said(refusal_of(form, sound(question_type, type=other))) == ("RESPONSE_MISMATCH", "responses[0]")
    assert said(refusal_of(form, TemplateResponse("q", "", None, type=other))) == (
        "RESPONSE_MISMATCH",
        "responses[0]",
    )


SAMPLES = {STRINGS: ["0"], MATRIX: [[0]], ORDER: [0, 1, 2, 3], FORMULAS: [["x"]], TEXT: "1"}
"""A value of each shape."""


@pytest.mark.parametrize("question_type", T)
def test_a_value_of_another_shape_is_refused_whatever_it_holds(question_type):
    form = asked(question_type)
    for shape in SAMPLES.keys() - {SHAPE[question_type]}:
        given = TemplateResponse("q", shape, SAMPLES[shape], boxes=[["1"]], character_count=1, word_count=1)
        assert said(refusal_of(form, given)) == ("RESPONSE_MISMATCH", "responses[0]")


def test_there_are_thirteen_types_and_each_is_an_array_or_a_string():
    assert sorted(T) == sorted(ARRAYS + TEXTS)
    assert len(T) == 13
    assert {question_type for question_type in T if SHAPE[question_type] == TEXT} == set(TEXTS)


def test_bytes_that_are_no_text_are_kept_as_such():
    assert kept(asked(T.PLAINTEXT), response(T.PLAINTEXT, "a%FFb", word_count=1)) == {
        "1": "a\N{REPLACEMENT CHARACTER}b"
    }


@pytest.mark.parametrize("question_type", T)
def test_a_response_recorded_with_another_revision_is_stale_unless_that_is_ignored(question_type):
    form = asked(question_type)
    assert kept(form, sound(question_type, revision=3)) == kept(form, sound(question_type))
    assert said(refusal_of(form, sound(question_type, revision=2))) == ("STALE_RESPONSES", "responses[0]")
    assert kept(form, sound(question_type, revision=2), ignore_revisions=True) == kept(form, sound(question_type))


def two_questions() -> Form:
    """A form at its third revision with the questions `a` and `b`."""
    form = a_form(*(a_draft(id=name, type=int(T.MCQ), options=unnamed(4)) for name in "ab"))
    form.revision = 3
    return form


def chosen(name: str, option: str, **beside: Any) -> TemplateResponse:
    """One option of a question, as a request's reader gives it."""
    return TemplateResponse(name, STRINGS, [option], answer=(name, (option,), ""), **beside)


def test_responses_that_were_given_before_are_kept_as_at_first_in_the_order_of_the_form():
    form, a, b = two_questions(), chosen("a", "1"), chosen("b", "2", revision=3)
    assert [list(kept(form, *given).items()) for given in ((a, b), (a, b), (b, a))] == [[("1", 1), ("2", 2)]] * 3
    assert list(kept(form, b).items()) == [("1", None), ("2", 2)]


def test_a_response_that_was_given_before_is_refused_when_it_comes_twice():
    form, a, b = two_questions(), chosen("a", "1"), chosen("b", "2")
    kept(form, a, b)
    assert said(refusal_of(form, a, b, a)) == ("QUESTION_REPEATED", "responses[2]")
    assert said(refusal_of(form, a, chosen("a", "2"))) == ("QUESTION_REPEATED", "responses[1]")


def test_a_stale_response_is_refused_also_after_its_revision_was_ignored():
    form, stale = two_questions(), chosen("a", "1", revision=2)
    assert kept(form, stale, ignore_revisions=True) == {"1": 1, "2": None}
    assert said(refusal_of(form, stale)) == ("STALE_RESPONSES", "responses[0]")


def test_a_response_that_was_given_to_one_form_is_looked_at_anew_for_another():
    a = chosen("a", "3")
    assert kept(two_questions(), a)["1"] == 3
    other = a_form(a_draft(id="a", type=int(T.MCQ), options=unnamed(2)))
    assert said(refusal_of(other, a)) == ("UNKNOWN_OPTION", "responses[0]")


def test_no_more_responses_are_remembered_than_there_is_room_for():
    form = two_questions()
    given = [chosen("a", "1") for _ in range(KNOWN_AT_MOST + 1)]
    for one in given:
        assert kept(form, one) == {"1": 1, "2": None}
    assert known_answers_of(form).by_response.keys() == {id(given[-1])}


def test_a_question_the_template_does_not_have_is_refused():
    refusal = refusal_of(asked(T.MCQ), TemplateResponse("1", STRINGS, ["0"]))
    assert said(refusal) == ("UNKNOWN_QUESTION", "responses[0]")
    assert refusal.metadata()["question"] == "1"


def test_a_question_named_twice_is_refused_even_when_it_was_not_attempted():
    refusal = refusal_of(asked(T.MCQ), TemplateResponse("q", "", None), sound(T.MCQ))
    assert said(refusal) == ("QUESTION_REPEATED", "responses[1]")


def test_every_response_at_fault_is_named():
    form = a_form(
        a_draft(id="q", type=int(T.MCQ), options=unnamed(2)),
        a_draft(id="s", type=int(T.SHORTTEXT)),
        a_draft(id="g", type=int(T.GRIDDED)),
    )
    refusal = refusal_of(
        form,
        TemplateResponse("q", STRINGS, ["9"]),
        TemplateResponse("s", TEXT, "ok", character_count=2),
        TemplateResponse("g", TEXT, "ten"),
    )
    assert [(violation.field, violation.reason) for violation in refusal.violations()] == [
        ("responses[0]", "UNKNOWN_OPTION"),
        ("responses[2].value", "INVALID_FIELD"),
    ]
    assert (refusal.first.reason, refusal.size) == ("UNKNOWN_OPTION", 3)
