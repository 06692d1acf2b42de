"""Keys of every question type: how authors write them, what is right by them, and which are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sample_forms import a_draft, a_form, an_attempt
from test_template_responses import OPTIONS, asked, kept, named, response, unnamed

from exam_sessions import errors
from exam_sessions.domain.answer_keys import is_correct, keys_of
from exam_sessions.domain.forms import Marking
from exam_sessions.domain.marks import text_of
from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.scoring import question_result, total_of, waits_for_marks
from exam_sessions.domain.stored_forms import form_content, from_json

if TYPE_CHECKING:
    from exam_sessions.domain.question_draft import QuestionDraft

T = QuestionType


def keyed(question_type: QuestionType, *keys: str, **fields: Any) -> QuestionDraft:
    """A question of a type with keys, worth two marks."""
    fields = {"id": "q", "available_mark": "2", "options": OPTIONS.get(question_type, ())} | fields
    return a_draft(type=int(question_type), keys=keys, **fields)


def boxes(*rows: list[str]) -> dict[str, Any]:
    """What stood in the boxes of a clozeformula, which is never scored."""
    return {"boxes": list(rows)}


JUDGED = [
    (T.MCQ, ("0", "1"), ["1", "0"], {}, True),
    (T.MCQ, ("0", "1"), ["0"], {}, False),
    (T.MCQ, ("0", "1"), ["0", "1", "2"], {}, False),
    (T.MCQ, ("2",), ["2"], {}, True),
    (T.ASSOCIATION, ("Paris", "London"), ["Paris", "London"], {}, True),
    (T.ASSOCIATION, ("Paris", "London"), ["London", "Paris"], {}, False),
    (T.ASSOCIATION, ("Paris", "London"), ["Paris"], {}, False),
    (T.CLOZETEXT, ("Dublin",), ["Dublin"], {}, True),
    (T.CLOZETEXT, ("Dublin",), ["Sydney"], {}, False),
    (T.CLOZEINLINETEXT, ("Dublin", "Dublin"), ["Dublin", "Dublin"], {}, True),
    (T.CLOZEINLINETEXT, ("Dublin", "Dublin"), ["Dublin", "Dublin", "Dublin"], {}, False),
    (T.ORDERLIST, ("d", "b", "a", "c"), [3, 1, 0, 2], {}, True),
    (T.ORDERLIST, ("d", "b", "a", "c"), [2, 1, 3, 0], {}, False),
    (T.CHOICEMATRIX, ("0,1", "0", "1", "0"), [[1, 0], [0], [1], [0]], {}, True),
    (T.CHOICEMATRIX, ("1, 0", "0", "1", "0"), [[0, 1], [0], [1], [0]], {}, True),
    (T.CHOICEMATRIX, ("0,0", "1"), [[0], [1]], {}, True),
    (T.CHOICEMATRIX, ("0,1", "0", "1", "0"), [[0], [0], [1], [0]], {}, False),
    (T.CHOICEMATRIX, ("0,1", "0", "1", "0"), [[0, 1], [0], [1]], {}, False),
    (T.CLOZEFORMULA, ("y=2x", "x=3"), [["y=2x"], ["x=3"]], boxes(["2x"], ["3"]), True),
    (T.CLOZEFORMULA, ("y=2x", "x=3"), [["y=2x"], ["x=3"]], boxes(["anything"]), True),
    (T.CLOZEFORMULA, ("y=2x", "x=3"), [["y=2x"], ["x=4"]], boxes(["2x"], ["4"]), False),
    (T.CLOZEFORMULA, ("y=2x", "x=3"), [["y=2x"]], boxes(["2x"]), False),
    (T.FORMULAV2, ("y=2x", "2x=y"), "2x%3Dy", {}, True),
    (T.FORMULAV2, ("y=2x", "2x=y"), "y%3D3x", {}, False),
    (T.GRIDDED, ("1234.56",), "1234.56", {}, True),
    (T.GRIDDED, ("1234.56",), "1234.57", {}, False),
    (T.LONGTEXT, ("upsy daisy",), "+Upsy+daisy+", {"word_count": 2}, True),
    (T.LONGTEXTV2, ("upsy daisy",), "upsy+daisy", {"word_count": 2}, True),
    (T.LONGTEXTV2, ("upsy daisy",), "upsydaisy", {"word_count": 1}, False),
    (T.PLAINTEXT, ("Straße",), "STRASSE", {"word_count": 1}, True),
    (T.PLAINTEXT, ("upsy daisy",), "", {"word_count": 0}, False),
    (T.SHORTTEXT, ("Makka Pakka", "Makka"), "makka+pakka", {"character_count": 11}, True),
    (T.SHORTTEXT, ("Makka Pakka", "Makka"), "makka", {"character_count": 5}, True),
    (T.SHORTTEXT, ("Makka Pakka", "Makka"), "pakka", {"character_count": 5}, False),
]


@pytest.mark.parametrize(("question_type", "keys", "value", "beside", "right"), JUDGED)
def test_a_response_earns_the_mark_for_exactly_its_keys(question_type, keys, value, beside, right):
    form = a_form(keyed(question_type, *keys))
    (question,) = form.questions
    assert question.marking == Marking.MACHINE
    responses = kept(form, response(question_type, value, **beside))
    assert is_correct(question, responses["1"]) is right
    record = an_attempt(responses)
    assert text_of(total_of(form, record).points) == ("2" if right else "0")
    assert text_of(question_result(question, record).score.actual) == ("2" if right else "0")
    assert not waits_for_marks(form, record)


@pytest.mark.parametrize("question_type", T)
def test_a_question_not_attempted_is_not_right_and_waits_for_nobody(question_type):
    keys = next(row[1] for row in JUDGED if row[0] == question_type)
    form = a_form(keyed(question_type, *keys))
    assert not is_correct(form.questions[0], None)
    assert total_of(form, an_attempt({"1": None})).points == 0
    assert not waits_for_marks(form, an_attempt())


@pytest.mark.parametrize("question_type", T)
def test_without_keys_people_mark(question_type):
    form = asked(question_type)
    assert form.questions[0].marking == Marking.HUMAN
    assert waits_for_marks(form, an_attempt())


@pytest.mark.parametrize("question_type", T)
def test_people_may_mark_a_question_with_keys(question_type):
    keys = next(row[1] for row in JUDGED if row[0] == question_type)
    form = a_form(keyed(question_type, *keys, marking=int(Marking.HUMAN)))
    assert form.marked_by_people == ("1",)
    assert keys_of(form.questions[0])


def as_stored(form):
    """A form as it comes back from where it is kept."""
    return from_json(
        form.reference, form.revision, form.name, form.mark_decimals, json.loads(json.dumps(form_content(form)))
    )


READ_BACK = [
    (T.MCQ, ("2", "0"), ("0", "2")),
    (T.ASSOCIATION, ("Paris", "London"), ("Paris", "London")),
    (T.CLOZETEXT, ("Dublin", "Dublin"), ("Dublin", "Dublin")),
    (T.CLOZEINLINETEXT, ("Sydney",), ("Sydney",)),
    (T.ORDERLIST, ("d", "b", "a", "c"), ("d", "b", "a", "c")),
    (T.CHOICEMATRIX, ("1, 0", "0"), ("0,1", "0")),
    (T.CLOZEFORMULA, ("y=2X", "x=3"), ("y=2X", "x=3")),
    (T.FORMULAV2, ("y=2X",), ("y=2X",)),
    (T.GRIDDED, ("1234.56", "1234.560"), ("1234.56", "1234.560")),
    (T.LONGTEXT, ("Upsy Daisy",), ("Upsy Daisy",)),
    (T.LONGTEXTV2, ("Upsy Daisy",), ("Upsy Daisy",)),
    (T.PLAINTEXT, ("Upsy Daisy",), ("Upsy Daisy",)),
    (T.SHORTTEXT, ("Makka Pakka", "Makka"), ("Makka Pakka", "Makka")),
]


@pytest.mark.parametrize(("question_type", "written", "read"), READ_BACK)
def test_keys_are_read_as_they_were_written(question_type, written, read):
    form = a_form(keyed(question_type, *written))
    assert keys_of(form.questions[0]) == read
    assert keys_of(as_stored(form).questions[0]) == read
    again = a_form(keyed(question_type, *read))
    assert form_content(again) == form_content(form)


@pytest.mark.parametrize(("question_type", "keys", "value", "beside", "right"), JUDGED)
def test_a_form_judges_as_before_once_it_was_stored(question_type, keys, value, beside, right):
    form = as_stored(a_form(keyed(question_type, *keys)))
    assert is_correct(form.questions[0], kept(form, response(question_type, value, **beside))["1"]) is right


REFUSED = [
    (T.MCQ, ("4",), {}, "questions[0].keys[0]"),
    (T.MCQ, ("0",), {"options": ()}, "questions[0].keys[0]"),
    (T.MCQ, (), {"options": ()}, "questions[0].options"),
    (T.ASSOCIATION, ("Paris", "Rome"), {}, "questions[0].keys[1]"),
    (T.CLOZETEXT, ("paris",), {}, "questions[0].keys[0]"),
    (T.CLOZEINLINETEXT, ("Paris",), {"options": named("London")}, "questions[0].keys[0]"),
    (T.ORDERLIST, ("d", "b", "a"), {}, "questions[0].keys"),
    (T.ORDERLIST, ("d", "b", "a", "a"), {}, "questions[0].keys"),
    (T.ORDERLIST, ("d", "b", "a", "x"), {}, "questions[0].keys[3]"),
    (T.CHOICEMATRIX, ("0", "2"), {}, "questions[0].keys[1]"),
    (T.CHOICEMATRIX, ("0,",), {}, "questions[0].keys[0]"),
    (T.CHOICEMATRIX, ("0", "1"), {"parts": ("one", "two", "three")}, "questions[0].keys"),
    (T.SHORTTEXT, (), {"marking": int(Marking.MACHINE)}, "questions[0].keys"),
    (T.ORDERLIST, (), {"marking": int(Marking.MACHINE)}, "questions[0].keys"),
    (T.GRIDDED, ("twelve",), {}, "questions[0].keys[0]"),
    (T.GRIDDED, ("1234.56", "1,234.56"), {}, "questions[0].keys[1]"),
]


@pytest.mark.parametrize(("question_type", "keys", "fields", "field"), REFUSED)
def test_keys_that_nobody_could_hit_are_refused(question_type, keys, fields, field):
    with pytest.raises(errors.InvalidField) as refused:
        a_form(keyed(question_type, *keys, **fields))
    assert [violation.field for violation in refused.value.violations()] == [field]


OFFERING = (T.ASSOCIATION, T.CHOICEMATRIX, T.CLOZEINLINETEXT, T.CLOZETEXT, T.MCQ, T.ORDERLIST)


@pytest.mark.parametrize("question_type", OFFERING)
def test_a_type_that_offers_something_needs_options(question_type):
    with pytest.raises(errors.InvalidField) as refused:
        a_form(a_draft(type=int(question_type)))
    assert [violation.field for violation in refused.value.violations()] == ["questions[0].options"]
    assert a_form(a_draft(type=int(question_type), options=unnamed(2))).questions[0].type == question_type


def test_a_number_is_right_however_it_is_written():
    form = a_form(keyed(T.GRIDDED, "1234.50"))
    for text in ("1234.50", "1234.5", "01234.5", "1234.500"):
        assert is_correct(form.questions[0], kept(form, response(T.GRIDDED, text))["1"])
