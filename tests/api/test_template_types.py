"""Every question type over the wire: a form of thirteen questions, one of each type, answered in one session."""

from __future__ import annotations

import pytest
from forms import PAPER, question_of, results, sitting
from operations import ARRAY, OperationsApi, fields_of, gridded, handed, null, picked, told, written
from rows import unchanged
from state_paths import name_of, walk
from thirteen_types import (
    ONLINE,
    QUESTIONS,
    RIGHT,
    Response,
    answered,
    formulas,
    ordered,
    places,
    texts,
    thirteen,
)

from exam_sessions_client.v1 import result_pb2, template_pb2
from serving import Refused

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
def work(api):
    return OperationsApi(api)


@pytest.fixture
def template(api, work):
    """The template of a release with the thirteen questions."""
    thirteen(api)
    return work.template(api.release(test_form="form-1", **PAPER))


def shown(api, row):
    """The questions of a session's results, by their ids."""
    session = api.call("GetSession", session_id=row.session_id).session
    found = results(api, session)
    return {name: question_of(found, str(place)) for place, name in enumerate(QUESTIONS, 1)}


def test_a_template_names_the_thirteen_types(template):
    assert [(question.id, question.type) for question in template.questions] == [
        (name, number) for name, (number, _, _) in QUESTIONS.items()
    ]


def test_a_response_of_each_type_is_kept_and_scored(api, work, template):
    (row,) = work.submitted(template, handed("u1", *RIGHT.values()))
    assert told(row) == "MARKED"
    found = shown(api, row)
    assert {name: question.response for name, question in found.items()} == ONLINE
    assert {question.score.actual for question in found.values()} == {"1"}


def test_a_null_of_each_type_was_not_attempted(api, work, template):
    (row,) = work.submitted(template, handed("u1", *[null(name) for name in QUESTIONS]))
    assert told(row) == "MARKED"
    assert all(question.not_attempted for question in shown(api, row).values())


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_response_of_each_type_that_does_not_fit_is_refused(work, template, name):
    response, reason, field = WRONG[name]
    (row,) = work.submitted(template, handed("u1", response))
    assert told(row)[1] == reason
    assert fields_of(row.status) == [f"responses[0].{field}".removesuffix(".")]


@pytest.fixture
def online(api):
    """A session in progress of the thirteen questions."""
    thirteen(api)
    return sitting(api)


def shown_online(api, session):
    found = results(api, session)
    return {name: question_of(found, str(place)) for place, name in enumerate(QUESTIONS, 1)}


def test_a_response_of_each_type_is_answered_and_scored_online(api, online):
    session = api.move("SetResponses", online, responses=[answered(ONLINE)], submit_for_scoring=True)
    assert (name_of(session), session.points.actual, session.points.max) == ("MARKED", "13", "13")
    found = shown_online(api, session)
    assert {name: question.response for name, question in found.items()} == ONLINE
    assert {question.score.actual for question in found.values()} == {"1"}


def test_a_response_of_each_type_comes_with_an_upload(api, online):
    session = walk(api, online, "GoOffline", "FinishOffline")
    session = api.move("UploadSession", session, responses=[answered(ONLINE)])
    assert (name_of(session), session.points.actual) == ("MARKED", "13")


@pytest.mark.parametrize("kind", ["SetResponses", "UploadSession"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_value_of_another_shape_is_a_mismatch_and_nothing_is_stored(api, server, online, name, kind):
    session = walk(api, online, "GoOffline", "FinishOffline") if kind == "UploadSession" else online
    shape = ONLINE[name].ListFields()[0][0].name
    others = {response.ListFields()[0][0].name: response for response in ONLINE.values()}
    for other in others.keys() - {shape}:
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move(kind, session, responses=[answered({name: others[other]})])
        (violation,) = refused.value.fields.items()
        assert violation[0] == "responses[0].questions[0]"
        assert refused.value.reason == "RESPONSE_MISMATCH"
        said = {key: refused.value.metadata[key] for key in ("question", "item", "type", "takes")}
        number = str([*QUESTIONS].index(name) + 1)
        assert said == {"question": number, "item": "item-1", "type": name.upper(), "takes": shape}


WRONG_ONLINE = {
    "association": (Response(strings=template_pb2.StringList(values=["Rome"])), "UNKNOWN_OPTION", ""),
    "choicematrix": (Response(matrix=places()), "INVALID_FIELD", "response.matrix"),
    "clozeformula": (Response(formulas=texts()), "INVALID_FIELD", "response.formulas"),
    "clozetext": (Response(strings=template_pb2.StringList()), "INVALID_FIELD", "response.strings"),
    "gridded": (Response(text="one"), "INVALID_FIELD", "response.text"),
    "orderlist": (
        Response(order=template_pb2.IntegerList(values=[3, 1, 3])),
        "INVALID_FIELD",
        "response.order",
    ),
    "mcq": (Response(options=[result_pb2.Choice(index=7)]), "UNKNOWN_OPTION", ""),
}
"""A response that has the shape of its type, and breaks a rule of it."""


@pytest.mark.parametrize("name", WRONG_ONLINE)
def test_a_response_that_breaks_a_rule_of_its_type_is_named(api, server, online, name):
    response, reason, field = WRONG_ONLINE[name]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", online, responses=[answered({name: response})])
    path = f"responses[0].questions[0].{field}".removesuffix(".")
    assert {path: reason} == {path: said for path, (said, _) in refused.value.fields.items()}


MANY = ["x"] * 501
TOO_MUCH = {
    "strings": Response(strings=template_pb2.StringList(values=MANY)),
    "order": Response(order=template_pb2.IntegerList(values=[1] * 501)),
    "matrix": Response(matrix=places(*[[0]] * 501)),
    "matrix.rows": Response(matrix=places([0] * 501)),
    "formulas": Response(formulas=texts(*[["x"]] * 501)),
    "boxes": Response(formulas=texts(["x"]), boxes=texts(MANY)),
    "long": Response(strings=template_pb2.StringList(values=["x" * 4001])),
    "NUL": Response(strings=template_pb2.StringList(values=["\0"])),
    "two": Response(text="x", order=template_pb2.IntegerList(values=[1])),
    "boxes alone": Response(boxes=texts(["x"])),
}


@pytest.mark.parametrize("flaw", TOO_MUCH)
def test_a_value_beyond_its_maxima_is_refused(api, server, online, flaw):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", online, responses=[answered({"clozetext": TOO_MUCH[flaw]})])
    assert refused.value.reason == "INVALID_FIELD"
