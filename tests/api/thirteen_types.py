"""A form of thirteen questions, one of each type, and what is right for each, as each way in takes it."""

from __future__ import annotations

from operations import ARRAY, STRING, gridded, picked, written

from exam_sessions_client.v1 import result_pb2, template_pb2, test_form_pb2

T = test_form_pb2
Response = result_pb2.Response


def ordered(question_id, *places, **fields):
    """A response of places."""
    return template_pb2.TemplateResponse(
        question_id=question_id, order=template_pb2.IntegerList(values=places), **fields
    )


def texts(*rows):
    return template_pb2.StringMatrix(rows=[template_pb2.StringList(values=row) for row in rows])


def places(*rows):
    return template_pb2.IntegerMatrix(rows=[template_pb2.IntegerList(values=row) for row in rows])


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
    "association": picked("association", "Paris", "London", type=ARRAY),
    "choicematrix": gridded("choicematrix", [0, 1], [0], [1], [0], type=ARRAY),
    "clozeformula": formulas("clozeformula", ["y=2x"], boxes=[["2x"]], type=ARRAY),
    "clozeinlinetext": picked("clozeinlinetext", "dog", type=ARRAY),
    "clozetext": picked("clozetext", "cat", "dog", type=ARRAY),
    "formulaV2": written("formulaV2", "y%3D2x", type=STRING),
    "gridded": written("gridded", "1234.56", type=STRING),
    "longtext": written("longtext", "upsy+daisy", type=STRING, word_count=2),
    "longtextV2": written("longtextV2", "upsy+daisy", type=STRING, word_count=2),
    "mcq": picked("mcq", "0", "1", type=ARRAY),
    "orderlist": ordered("orderlist", 3, 1, 0, 2, type=ARRAY),
    "plaintext": written("plaintext", "upsy+daisy", type=STRING, word_count=2),
    "shorttext": written("shorttext", "makka+pakka", type=STRING, character_count=11),
}
"""The right response to each question."""

ONLINE = {
    "association": Response(strings=template_pb2.StringList(values=["Paris", "London"])),
    "choicematrix": Response(matrix=places([0, 1], [0], [1], [0])),
    "clozeformula": Response(formulas=texts(["y=2x"]), boxes=texts(["2x"])),
    "clozeinlinetext": Response(strings=template_pb2.StringList(values=["dog"])),
    "clozetext": Response(strings=template_pb2.StringList(values=["cat", "dog"])),
    "formulaV2": Response(text="y=2x"),
    "gridded": Response(text="1234.56"),
    "longtext": Response(text="upsy daisy"),
    "longtextV2": Response(text="upsy daisy"),
    "mcq": Response(options=[result_pb2.Choice(index=0), result_pb2.Choice(index=1)]),
    "orderlist": Response(order=template_pb2.IntegerList(values=[3, 1, 0, 2])),
    "plaintext": Response(text="upsy daisy"),
    "shorttext": Response(text="makka pakka"),
}
"""The same as they are sent online, and as results show them."""

HALF = {
    "association": Response(strings=template_pb2.StringList(values=["", "London"])),
    "choicematrix": Response(matrix=places([0, 1], [], [1], [])),
    "clozeformula": Response(formulas=texts([]), boxes=texts(["2", ""])),
    "clozeinlinetext": Response(strings=template_pb2.StringList(values=[""])),
    "clozetext": Response(strings=template_pb2.StringList(values=["cat", ""])),
    "formulaV2": Response(text="y="),
    "gridded": Response(text="-"),
    "longtext": Response(text="upsy"),
    "longtextV2": Response(text="upsy"),
    "mcq": Response(options=[result_pb2.Choice(index=0)]),
    "orderlist": Response(order=template_pb2.IntegerList(values=[3, 1])),
    "plaintext": Response(text="upsy"),
    "shorttext": Response(text="makka"),
}
"""Half an answer to each question, as a candidate who is still at it saves it."""


def thirteen(api):
    """The form in the catalogue, all its questions in one item."""
    questions = [
        test_form_pb2.Question(id=name, item_id="item-1", type=number, options=options(*offered), keys=keys)
        for name, (number, offered, keys) in QUESTIONS.items()
    ]
    form = test_form_pb2.TestForm(reference="form-1", questions=questions)
    return api.call("CreateTestForm", test_form=form).test_form


def answered(responses):
    """An item with a response to each question named."""
    return result_pb2.ItemResponse(
        questions=[result_pb2.QuestionResponse(id=name, response=response) for name, response in responses.items()]
    )
