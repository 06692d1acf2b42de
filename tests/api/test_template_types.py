"""Every question type over the wire: a form of thirteen questions, one of each type, answered in one session."""

from __future__ import annotations

import pytest
from forms import PAPER, question_of, results
from operations import ARRAY, STRING, Work, fields_of, gridded, handed, null, picked, told, written

from exam_sessions.v1 import template_pb2, test_form_pb2

T = test_form_pb2


def ordered(question_id, *places, **fields):
    """A response of places."""
    return template_pb2.TemplateResponse(
        question_id=question_id, order=template_pb2.IntegerList(values=places), **fields
    )


def texts(*rows):
    return template_pb2.StringMatrix(rows=[template_pb2.StringList(values=row) for row in rows])


def formulas(question_id, *rows, boxes=(), **fields):
    """A response of formulas, and what stood in the boxes."""
    said = {"responses": texts(*boxes)} if boxes else {}
    return template_pb2.TemplateResponse(question_id=question_id, formulas=texts(*rows), **said, **fields)


def options(*ids):
    return [test_form_pb2.Option(id=name) for name in ids]


QUESTIONS = {
    "association": (T.QUESTION_TYPE_ASSOCIATION, ("London", "Paris"), ["Paris", "London"]),
    "choicematrix": (T.QUESTION_TYPE_CHOICEMATRIX, ("0", "1"), ["0,1", "0", "1", "0"]),
    "clozeformula": (T.QUESTION_TYPE_CLOZEFORMULA, (), ["y=2x"]),
    "clozeinlinetext": (T.QUESTION_TYPE_CLOZEINLINETEXT, ("cat", "dog"), ["dog"]),
    "clozetext": (T.QUESTION_TYPE_CLOZETEXT, ("cat", "dog"), ["cat", "dog"]),
    "formulaV2": (T.QUESTION_TYPE_FORMULAV2, (), ["y=2x"]),
    "gridded": (T.QUESTION_TYPE_GRIDDED, (), ["1234.56"]),
    "longtext": (T.QUESTION_TYPE_LONGTEXT, (), ["upsy daisy"]),
    "longtextV2": (T.QUESTION_TYPE_LONGTEXTV2, (), ["upsy daisy"]),
    "mcq": (T.QUESTION_TYPE_MCQ, ("0", "1", "2"), ["0", "1"]),
    "orderlist": (T.QUESTION_TYPE_ORDERLIST, ("a", "b", "c", "d"), ["d", "b", "a", "c"]),
    "plaintext": (T.QUESTION_TYPE_PLAINTEXT, (), ["upsy daisy"]),
    "shorttext": (T.QUESTION_TYPE_SHORTTEXT, (), ["makka pakka"]),
}
"""Type, options and keys of each question, by its id."""

RIGHT = {
    "association": (picked("association", "Paris", "London", type=ARRAY), '["Paris", "London"]'),
    "choicematrix": (gridded("choicematrix", [0, 1], [0], [1], [0], type=ARRAY), "[[0, 1], [0], [1], [0]]"),
    "clozeformula": (
        formulas("clozeformula", ["y=2x"], boxes=[["2x"]], type=ARRAY),
        '{"values": [["y=2x"]], "boxes": [["2x"]]}',
    ),
    "clozeinlinetext": (picked("clozeinlinetext", "dog", type=ARRAY), '["dog"]'),
    "clozetext": (picked("clozetext", "cat", "dog", type=ARRAY), '["cat", "dog"]'),
    "formulaV2": (written("formulaV2", "y%3D2x", type=STRING), "y=2x"),
    "gridded": (written("gridded", "1234.56", type=STRING), "1234.56"),
    "longtext": (written("longtext", "upsy+daisy", type=STRING, word_count=2), "upsy daisy"),
    "longtextV2": (written("longtextV2", "upsy+daisy", type=STRING, word_count=2), "upsy daisy"),
    "mcq": (picked("mcq", "0", "1", type=ARRAY), ""),
    "orderlist": (ordered("orderlist", 3, 1, 0, 2, type=ARRAY), "[3, 1, 0, 2]"),
    "plaintext": (written("plaintext", "upsy+daisy", type=STRING, word_count=2), "upsy daisy"),
    "shorttext": (written("shorttext", "makka+pakka", type=STRING, character_count=11), "makka pakka"),
}
"""The right response to each question, and how results show it."""

WRONG = {
    "association": (picked("association", "Rome"), "UNKNOWN_OPTION", ""),
    "choicematrix": (gridded("choicematrix", [0], []), "INVALID_FIELD", "value[1]"),
    "clozeformula": (formulas("clozeformula", ["y=2x"]), "INVALID_FIELD", "responses"),
    "clozeinlinetext": (written("clozeinlinetext", "dog"), "RESPONSE_MISMATCH", ""),
    "clozetext": (picked("clozetext", type=ARRAY), "INVALID_FIELD", "value"),
    "formulaV2": (written("formulaV2", "y = 2x"), "INVALID_FIELD", "value"),
    "gridded": (written("gridded", "1,5"), "INVALID_FIELD", "value"),
    "longtext": (written("longtext", "upsy"), "INVALID_FIELD", "word_count"),
    "longtextV2": (written("longtextV2", "upsy"), "INVALID_FIELD", "word_count"),
    "mcq": (ordered("mcq", 0, 1), "RESPONSE_MISMATCH", ""),
    "orderlist": (ordered("orderlist", 3, 1, 0), "INVALID_FIELD", "value"),
    "plaintext": (written("plaintext", "upsy", type=ARRAY, word_count=1), "RESPONSE_MISMATCH", ""),
    "shorttext": (written("shorttext", "makka+pakka", character_count=12), "INVALID_FIELD", "character_count"),
}
"""A response to each question that is refused: the reason, and the field at fault."""


@pytest.fixture
def work(desk):
    return Work(desk)


@pytest.fixture
def template(desk, work):
    """The template of a release with the thirteen questions."""
    questions = [
        test_form_pb2.Question(id=name, type=number, options=options(*offered), keys=keys)
        for name, (number, offered, keys) in QUESTIONS.items()
    ]
    desk.call("CreateTestForm", test_form=test_form_pb2.TestForm(reference="form-1", questions=questions))
    return work.template(desk.release(test_form="form-1", **PAPER))


def shown(desk, row):
    """The questions of a session's results, by their ids."""
    session = desk.call("GetSession", session_id=row.session_id).session
    found = results(desk, session)
    return {name: question_of(found, str(place)) for place, name in enumerate(QUESTIONS, 1)}


def test_a_template_names_the_thirteen_types(template):
    assert [(question.id, question.type) for question in template.questions] == [
        (name, number) for name, (number, _, _) in QUESTIONS.items()
    ]


def test_a_response_of_each_type_is_kept_and_scored(desk, work, template):
    (row,) = work.submitted(template, handed("u1", *[response for response, _ in RIGHT.values()]))
    assert told(row) == "MARKED"
    found = shown(desk, row)
    assert {name: question.response.text for name, question in found.items()} == {
        name: text for name, (_, text) in RIGHT.items()
    }
    assert [option.index for option in found["mcq"].response.options] == [0, 1]
    assert {question.score.actual for question in found.values()} == {"1"}


def test_a_null_of_each_type_was_not_attempted(desk, work, template):
    (row,) = work.submitted(template, handed("u1", *[null(name) for name in QUESTIONS]))
    assert told(row) == "MARKED"
    assert all(question.not_attempted for question in shown(desk, row).values())


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_response_of_each_type_that_does_not_fit_is_refused(work, template, name):
    response, reason, field = WRONG[name]
    (row,) = work.submitted(template, handed("u1", response))
    assert told(row)[1] == reason
    assert fields_of(row.status) == [f"responses[0].{field}".removesuffix(".")]
