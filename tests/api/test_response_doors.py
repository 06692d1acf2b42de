"""Every way in for responses takes values of all thirteen types, and refuses the same ones for the same reason."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from forms import PAPER, enter_responses, essay, form, mcq, paper, question_of, results, sitting
from operations import OperationsApi, fields_of, handed, info_of
from rows import unchanged
from state_paths import name_of, walk
from thirteen_types import HALF, ONLINE, QUESTIONS, RIGHT, Response, answered, places, texts, thirteen

from exam_sessions_client.v1 import marking_service_pb2, result_pb2, template_pb2, test_form_pb2
from serving import Refused

NUMBER = {name: str(place) for place, name in enumerate(QUESTIONS, 1)}
"""The number of each question, by its id."""


class Told(NamedTuple):
    """A refusal: its reason, the field at fault, and what the question's type takes."""

    reason: str
    field: str
    takes: str = ""


class Online:
    """SetResponses, and with it a hand-in."""

    path, prefix = "responses[0].questions[0]", ""

    def __init__(self, api):
        self.api, self.session = api, sitting(api)

    def send(self, responses):
        return self.api.move("SetResponses", self.session, responses=[answered(responses)], submit_for_scoring=True)

    def refusal(self, name, response):
        with pytest.raises(Refused) as refused:
            self.send({name: response})
        (field,) = refused.value.fields
        return Told(refused.value.reason, field, refused.value.metadata.get("takes", ""))


class Upload(Online):
    """UploadSession."""

    def __init__(self, api):
        super().__init__(api)
        walk(api, self.session, "GoOffline", "FinishOffline")

    def send(self, responses):
        return self.api.move("UploadSession", self.session, responses=[answered(responses)])


class Paper(Online):
    """AssignItemResponses."""

    path, prefix = "responses[0]", "response."

    def __init__(self, api):
        self.api, self.session = api, paper(api)

    def send(self, responses):
        rows = [
            marking_service_pb2.PaperResponse(question_number=NUMBER[name], response=response)
            for name, response in responses.items()
        ]
        return self.api.move("AssignItemResponses", self.session, responses=rows)


class Template:
    """SubmitFromTemplate, whose fields of a value are named otherwise."""

    path, prefix = "responses[0]", ""

    def __init__(self, api):
        self.api, self.work = api, OperationsApi(api)
        self.template = self.work.template(api.release(test_form="form-1", **PAPER))

    def send(self, responses):
        rows = [as_template(name, response) for name, response in responses.items()]
        (row,) = self.work.submitted(self.template, handed("u1", *rows))
        return self.api.call("GetSession", session_id=row.session_id).session

    def refusal(self, name, response):
        try:
            (row,) = self.work.submitted(self.template, handed("u2", as_template(name, response)))
        except Refused as refused:  # what no text may hold is refused before the operation is accepted
            return Told(refused.reason, *refused.fields)
        info, (field,) = info_of(row.status), fields_of(row.status)
        return Told(info.reason, field, info.metadata.get("takes", ""))


def as_template(name, response):
    """A response as a template has it, with all that the vendor asks for."""
    if response == ONLINE[name]:
        return RIGHT[name]
    made = template_pb2.TemplateResponse(question_id=name)
    if response.options:
        made.strings.values.extend(option.id or str(option.index) for option in response.options)
    for shape in ("strings", "matrix", "order", "formulas"):
        if response.HasField(shape):
            getattr(made, shape).CopyFrom(getattr(response, shape))
    if response.HasField("boxes"):
        made.responses.CopyFrom(response.boxes)
    if response.text:
        made.text, made.character_count, made.word_count = response.text, len(response.text), 1
    return made


DOORS = {
    "SetResponses": Online,
    "UploadSession": Upload,
    "AssignItemResponses": Paper,
    "SubmitFromTemplate": Template,
}


@pytest.fixture(params=DOORS)
def door(request, api):
    thirteen(api)
    return DOORS[request.param](api)


def test_every_door_takes_all_thirteen_types_and_scores_them_alike(api, door):
    session = door.send(ONLINE)
    assert (name_of(session), session.points.actual, session.points.max) == ("MARKED", "13", "13")
    found = results(api, session)
    assert {name: question_of(found, number).response for name, number in NUMBER.items()} == ONLINE


def test_every_door_refuses_each_type_in_every_other_shape(door):
    shape_of = {name: response.ListFields()[0][0].name for name, response in ONLINE.items()}
    one_of_each = {shape: name for name, shape in shape_of.items()}
    for name, shape in shape_of.items():
        for other in one_of_each.keys() - {shape}:
            if isinstance(door, Template) and {shape, other} == {"options", "strings"}:
                continue  # one field there
            told = door.refusal(name, ONLINE[one_of_each[other]])
            takes = shape if shape == "options" else door.prefix + shape
            if isinstance(door, Template):
                takes = "strings" if shape == "options" else shape
            assert told == Told("RESPONSE_MISMATCH", door.path, takes), (name, other)


def strings(*values):
    return Response(strings=template_pb2.StringList(values=values))


def order(*values):
    return Response(order=template_pb2.IntegerList(values=values))


BROKEN = [
    ("association", strings("Rome"), "UNKNOWN_OPTION", ""),
    ("association", strings(), "INVALID_FIELD", "strings"),
    ("choicematrix", Response(matrix=places([0], [2])), "UNKNOWN_OPTION", ""),
    ("choicematrix", Response(matrix=places([0], [-1])), "UNKNOWN_OPTION", ""),
    ("choicematrix", Response(matrix=places()), "INVALID_FIELD", "matrix"),
    ("clozeformula", Response(formulas=texts(["x" * 4001]), boxes=texts(["x"])), "INVALID_FIELD", "formulas[0][0]"),
    ("clozeformula", Response(formulas=texts(["x"]), boxes=texts(["x" * 4001])), "INVALID_FIELD", "boxes[0][0]"),
    ("clozeformula", Response(formulas=texts(["a\0"]), boxes=texts(["x"])), "INVALID_FIELD", "formulas[0][0]"),
    ("clozeinlinetext", strings("dog", "Dog"), "UNKNOWN_OPTION", ""),
    ("clozetext", strings("cat", " "), "UNKNOWN_OPTION", ""),
    ("gridded", Response(text="1e3"), "INVALID_FIELD", "text"),
    ("gridded", Response(text="12,5"), "INVALID_FIELD", "text"),
    ("gridded", Response(text="1-"), "INVALID_FIELD", "text"),
    ("gridded", Response(text="1" * 100_001), "INVALID_FIELD", "text"),
    ("longtext", Response(text="x" * 100_001), "INVALID_FIELD", "text"),
    ("mcq", Response(options=[result_pb2.Choice(id="7")]), "UNKNOWN_OPTION", ""),
    ("orderlist", order(3, 1, 3), "INVALID_FIELD", "order"),
    ("orderlist", order(3, -1), "INVALID_FIELD", "order"),
    ("orderlist", order(3, 1, 0, 0), "INVALID_FIELD", "order"),
    ("orderlist", order(4, 1, 0, 2), "INVALID_FIELD", "order"),
]


def test_every_door_refuses_what_breaks_a_rule_of_its_type(door):
    for name, response, reason, field in BROKEN:
        told = door.refusal(name, response)
        assert told.reason == reason, (name, response, told)
        if not isinstance(door, Template):
            # The rules of the protos name a place as the protos spell it.
            at = re.sub(r"[.](rows|values)(?=\[)", "", told.field)
            assert at == (f"{door.path}.response.{field}" if field else door.path), (name, told)


def test_half_an_answer_can_be_saved_of_every_type_and_is_shown_as_it_was(api):
    assert HALF.keys() == QUESTIONS.keys()
    thirteen(api)
    session = sitting(api)
    api.move("SetResponses", session, responses=[answered(HALF)])
    (item,) = api.call("GetSession", session_id=session.id, show_responses=True).session.responses
    assert {row.id: row.response for row in item.questions} == HALF
    api.move("SetResponses", session, responses=[answered(ONLINE)])
    session = api.move("SetResponses", session, responses=[answered(HALF)], submit_for_scoring=True)
    found = results(api, session)
    assert (name_of(session), session.points.actual) == ("MARKED", "0")
    assert {name: question_of(found, number).response for name, number in NUMBER.items()} == HALF


@pytest.mark.parametrize("door", ["UploadSession", "AssignItemResponses"])
def test_half_an_answer_comes_with_an_upload_and_from_a_paper(api, door):
    thirteen(api)
    session = DOORS[door](api).send(HALF)
    found = results(api, session)
    assert (name_of(session), session.points.actual) == ("MARKED", "0")
    assert {name: question_of(found, number).response for name, number in NUMBER.items()} == HALF


def test_an_open_part_takes_nothing_from_the_others(api):
    """Two gaps with a mark each: one is right, the other open."""
    gaps = test_form_pb2.Question(
        number="1",
        type=test_form_pb2.QUESTION_TYPE_CLOZETEXT,
        options=[test_form_pb2.Option(id=name) for name in ("cat", "dog")],
        keys=["cat", "dog"],
        available_mark="2",
        partial_credit=test_form_pb2.PartialCredit(
            marks=[
                test_form_pb2.KeyMark(key="cat", part=0, mark="1"),
                test_form_pb2.KeyMark(key="dog", part=1, mark="1"),
                test_form_pb2.KeyMark(key="cat", part=1, mark="-1"),
            ],
            lower_bound="-1",
        ),
    )
    form(api, gaps, negative_marks=True)
    for values, points in ((["cat", ""], "1"), (["", "dog"], "1"), (["", "cat"], "-1"), (["", ""], "0")):
        session = sitting(api)
        item = result_pb2.ItemResponse(questions=[result_pb2.QuestionResponse(id="1", response=strings(*values))])
        session = api.move("SetResponses", session, responses=[item], submit_for_scoring=True)
        assert (name_of(session), session.points.actual) == ("MARKED", points), values


def test_a_template_asks_for_every_part_as_its_vendor_says(api):
    """Learnosity: each string one of the options, one or more integers or formulas, and a number."""
    thirteen(api)
    door = Template(api)
    refused = {
        "association": Told("UNKNOWN_OPTION", "responses[0]"),
        "choicematrix": Told("INVALID_FIELD", "responses[0].value[1]"),
        "clozeformula": Told("INVALID_FIELD", "responses[0].value[0]"),
        "clozeinlinetext": Told("UNKNOWN_OPTION", "responses[0]"),
        "clozetext": Told("UNKNOWN_OPTION", "responses[0]"),
        "gridded": Told("INVALID_FIELD", "responses[0].value"),
        "orderlist": Told("INVALID_FIELD", "responses[0].value"),
    }
    for name, told in refused.items():
        assert door.refusal(name, HALF[name]) == told, name


def test_a_paper_takes_the_vendor_s_options_and_typed_values_in_one_request(api):
    thirteen(api)
    rows = [
        marking_service_pb2.PaperResponse(
            question_number=NUMBER["mcq"], options=[result_pb2.Choice(label="a"), result_pb2.Choice(label="B")]
        ),
        marking_service_pb2.PaperResponse(question_number=NUMBER["gridded"], response=Response(text="1234.56")),
        marking_service_pb2.PaperResponse(question_number=NUMBER["plaintext"]),
        marking_service_pb2.PaperResponse(question_number=NUMBER["shorttext"], response=Response()),
    ]
    session = api.move("AssignItemResponses", paper(api), responses=rows)
    found = results(api, session)
    assert {n: question_of(found, NUMBER[n]).score.actual for n in ("mcq", "gridded")} == {"mcq": "1", "gridded": "1"}
    assert all(question_of(found, NUMBER[n]).not_attempted for n in ("plaintext", "shorttext"))


def test_a_row_of_a_paper_with_options_and_a_value_is_refused_and_nothing_stored(api, server):
    form(api, mcq("1"))
    session = paper(api)
    row = marking_service_pb2.PaperResponse(
        question_number="1", options=[result_pb2.Choice(label="A")], response=Response(text="A")
    )
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("AssignItemResponses", session, responses=[row])
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["responses[0]"])


def test_options_for_a_question_that_is_no_choice_name_what_it_takes(api):
    thirteen(api)
    with pytest.raises(Refused) as refused:
        enter_responses(api, paper(api), {NUMBER["gridded"]: "A"})
    facts = {key: refused.value.metadata[key] for key in ("question", "item", "type", "takes")}
    assert facts == {"question": "7", "item": "item-1", "type": "GRIDDED", "takes": "response.text"}


def test_a_typed_value_of_a_paper_is_marked_by_a_person_where_the_form_says_so(api):
    form(api, mcq("1", "A"), essay("2"))
    session = enter_responses(api, paper(api), {"1": "A"})
    row = marking_service_pb2.PaperResponse(question_number="2", response=Response(text="an essay"))
    session = api.move("AssignItemResponses", session, responses=[row])
    assert name_of(session) == "AWAITING_MARKING"
    assert question_of(results(api, session), "2").response.text == "an essay"
