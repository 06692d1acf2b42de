"""Test forms in the catalogue: created, read, listed, revised; and which revision a session is sat with."""

from __future__ import annotations

from importlib import resources

import pytest
from concurrency import at_once, reasons, won
from forms import essay, form, mcq, sitting, three_choices
from google.protobuf import json_format
from grpc import StatusCode
from messages import booking, mask, new_id
from rows import unchanged
from state_paths import FETCHED, walk

from exam_sessions_client.v1 import catalog_pb2, test_form_pb2
from serving import Refused

TestForm, Question, Option = test_form_pb2.TestForm, test_form_pb2.Question, test_form_pb2.Option
TestForm.__test__ = False


def revise(api, *questions, reference="form-1", **fields):
    """The next revision of a form."""
    etag = fields.pop("etag", "")
    message = TestForm(reference=reference, questions=questions or [mcq("1", "B")], **fields)
    return api.call("UpdateTestForm", test_form=message, etag=etag).test_form


def read(api, reference="form-1", revision=0):
    return api.call("GetTestForm", reference=reference, revision=revision).test_form


def test_a_form_is_read_as_it_was_created(api):
    written = TestForm(
        reference="maths",
        name="Maths",
        mark_decimals=2,
        questions=[
            mcq("1a", "AC", item_id="i-1", item_name="Shapes", content="Which?", objective_ids=["o-2", "o-1"]),
            essay("1b", "2.25", id="q-2", item_id="i-1", type=test_form_pb2.QUESTION_TYPE_SHORTTEXT),
        ],
        objectives=[
            test_form_pb2.Objective(id="o-1", text="Names shapes", abbreviation="S"),
            test_form_pb2.Objective(id="o-2", text="Counts"),
        ],
    )
    created = api.call("CreateTestForm", test_form=written).test_form
    assert read(api, "maths") == read(api, "maths", 1) == created
    assert (created.workspace_id, created.revision, created.available_mark) == (api.workspace, 1, "3.25")
    assert created.create_time.seconds > 0
    assert created.etag
    written.questions[0].id, written.questions[0].available_mark = "1a", "1"
    written.questions[0].type = test_form_pb2.QUESTION_TYPE_MCQ
    written.questions[0].marking = test_form_pb2.MARKING_MACHINE
    written.questions[1].marking = test_form_pb2.MARKING_HUMAN
    assert (list(created.questions), list(created.objectives)) == (list(written.questions), list(written.objectives))


def test_gaps_are_filled_in(api):
    options = [Option(content="red"), Option(content="blue")]
    created = form(api, Question(options=options, keys=["1"]), Question(content="Why?"))
    choice, words = created.questions
    assert (choice.number, choice.id, choice.item_id, choice.available_mark) == ("1", "1", "1", "1")
    assert [(option.id, option.label) for option in choice.options] == [("0", "A"), ("1", "B")]
    assert (choice.type, choice.marking) == (test_form_pb2.QUESTION_TYPE_MCQ, test_form_pb2.MARKING_MACHINE)
    assert (words.number, words.id, words.item_id) == ("2", "2", "2")
    assert (words.type, words.marking) == (test_form_pb2.QUESTION_TYPE_LONGTEXT, test_form_pb2.MARKING_HUMAN)


BAD = {
    "no reference": ({"reference": ""}, "test_form.reference"),
    "a blank reference": ({"reference": " \t"}, "test_form.reference"),
    "no questions": ({"questions": []}, "test_form.questions"),
    "501 questions": ({"questions": [Question()] * 501}, "test_form.questions"),
    "marks of five decimals": ({"mark_decimals": 5}, "test_form.mark_decimals"),
    "two questions of a number": ({"questions": [mcq("1"), mcq("1", id="x")]}, "test_form.questions[1].number"),
    "two questions of an id": ({"questions": [mcq("1"), essay("2", id="1")]}, "test_form.questions[1].id"),
    "two options of an id": (
        {"questions": [mcq("1"), Question(options=[Option(id="a"), Option(id="a")])]},
        "test_form.questions[1].options[1].id",
    ),
    "two options of a label": (
        {"questions": [Question(options=[Option(label="a"), Option(label="A")])]},
        "test_form.questions[0].options[1].label",
    ),
    "a key that is no option": (
        {"questions": [Question(options=[Option(id="a")], keys=["a", "b"])]},
        "test_form.questions[0].keys[1]",
    ),
    "a machine without keys": ({"questions": [essay("1", marking=1)]}, "test_form.questions[0].keys"),
    "choices without options": ({"questions": [Question(type=10)]}, "test_form.questions[0].options"),
    "a mark that is no decimal": ({"questions": [essay("1", "1,5")]}, "test_form.questions[0].available_mark"),
    "a mark below nothing": ({"questions": [essay("1", "-1")]}, "test_form.questions[0].available_mark"),
    "a mark above 100,000": ({"questions": [essay("1", "100001")]}, "test_form.questions[0].available_mark"),
    "a mark too fine": (
        {"questions": [essay("1", "0.25")], "mark_decimals": 1},
        "test_form.questions[0].available_mark",
    ),
    "a type that does not exist": ({"questions": [Question(type=14)]}, "test_form.questions[0].type"),
    "an objective of nobody": (
        {"questions": [mcq("1"), mcq("2", objective_ids=["o"])]},
        "test_form.questions[1].objective_ids[0]",
    ),
    "two objectives of an id": (
        {"objectives": [test_form_pb2.Objective(id="o"), test_form_pb2.Objective(id="o")]},
        "test_form.objectives[1].id",
    ),
}


@pytest.mark.parametrize("rpc", ["CreateTestForm", "UpdateTestForm"])
@pytest.mark.parametrize("bad", BAD)
def test_a_form_is_refused_with(api, server, bad, rpc):
    fields, path = BAD[bad]
    if rpc == "UpdateTestForm":
        three_choices(api)
    message = TestForm(**({"reference": "form-1", "questions": [mcq("1")]} | fields))
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call(rpc, test_form=message)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.value.fields) == [path]


def test_a_form_of_500_questions_is_kept_whole_and_sat(api):
    created = form(api, *[mcq(str(n), "B", content="?" * 500) for n in range(500)])
    assert len(created.questions) == 500
    assert read(api) == created
    assert created.available_mark == "500"
    session = api.move("SetResponses", sitting(api), submit_for_scoring=True)
    assert (session.points.actual, session.points.max) == ("0", "500")


def test_a_reference_is_taken_once(api, server):
    three_choices(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        form(api, mcq("1"))
    assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_TEST_FORM")
    assert form(api, mcq("1"), reference="FORM-1").revision == 1


def test_an_edit_makes_the_next_revision_and_leaves_those_before(api):
    first = three_choices(api)
    second = revise(api, mcq("1", "B"), name="new", etag=first.etag)
    third = revise(api, essay("1"))
    assert [one.revision for one in (first, second, third)] == [1, 2, 3]
    assert len({one.etag for one in (first, second, third)}) == 3
    assert [read(api, revision=n) for n in (1, 2, 3, 0)] == [first, second, third, third]


def test_a_stale_etag_of_a_form_is_refused_and_nothing_changes(api, server):
    first = three_choices(api)
    second = revise(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        revise(api, etag=first.etag)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_TEST_FORM")
    assert refused.value.metadata == {"reference": "form-1", "etag": second.etag}


@pytest.mark.parametrize("revision", [0, 1, 2, 2_000_000_000])
def test_a_form_or_revision_there_is_not_is_not_found(api, revision):
    if revision > 1:
        three_choices(api)
    with pytest.raises(Refused) as refused:
        read(api, revision=revision)
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "TEST_FORM_NOT_FOUND")
    with pytest.raises(Refused) as refused:
        revise(api, reference="nowhere")
    assert (refused.value.reason, refused.value.metadata) == ("TEST_FORM_NOT_FOUND", {"reference": "nowhere"})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_forms_are_listed_by_reference_in_pages_of_any_size(api, size):
    references = ["a", "B", "b", "ä", "数学", "10", "9", "\N{GRINNING FACE}"]
    for reference in references:
        form(api, mcq("1"), reference=reference)
        revise(api, mcq("1"), essay("2", "0.5"), reference=reference, mark_decimals=1, name="new")
    seen, token = [], ""
    while True:
        page = api.call("ListTestForms", page_size=size, page_token=token)
        assert len(page.test_forms) <= size
        seen += page.test_forms
        token = page.next_page_token
        if not token:
            break
    assert [one.reference for one in seen] == sorted(references, key=str.encode)
    for shown in seen:
        whole = read(api, shown.reference)
        whole.ClearField("questions")
        assert shown == whole
        assert (shown.revision, shown.available_mark) == (2, "1.5")


def test_a_session_keeps_its_revision_until_its_package_is_built_or_it_is_reset(api):
    three_choices(api)
    release = api.release(test_form="form-1")
    booked, sat = api.book(release), walk(api, api.book(release), *FETCHED)
    revise(api)
    assert (api.get(booked).form_revision, api.get(sat).form_revision) == (1, 1)
    assert api.book(release).form_revision == 2
    assert walk(api, booked, "CreatePackage").form_revision == 2
    revise(api)
    assert walk(api, sat, "EnterKeycode", "PauseSession", "ResumeSession").form_revision == 1
    assert api.move("ResetSession", booked).form_revision == 3


def test_a_session_takes_the_newest_revision_of_the_form_it_is_given(api):
    three_choices(api)
    form(api, mcq("1"), reference="other")
    revise(api, reference="other")
    session = api.book(api.release(test_form="form-1"))
    edit = {"booking": booking(test_form="other"), "update_mask": mask("test_form")}
    edited = api.call("UpdateSession", session_id=session.id, **edit).session
    assert (edited.test_form, edited.form_revision) == ("other", 2)
    again = api.move("ResetSession", edited, updated_form="form-1")
    assert (again.test_form, again.form_revision) == ("form-1", 1)
    assert api.move("ResetSession", edited, updated_form="unknown").form_revision == 0


def test_a_check_of_a_form_writes_nothing(api, server):
    message = TestForm(reference="form-1", questions=[mcq("1")])
    with unchanged(server, api):
        shown = api.call("CreateTestForm", test_form=message, validate_only=True, request_id=new_id()).test_form
    assert (shown.revision, shown.available_mark) == (1, "1")
    first = three_choices(api)
    with unchanged(server, api):
        assert api.call("UpdateTestForm", test_form=message, validate_only=True).test_form.revision == 2
        with pytest.raises(Refused) as refused:
            api.call("CreateTestForm", test_form=message, validate_only=True)
    assert (refused.value.reason, read(api)) == ("DUPLICATE_TEST_FORM", first)


def test_edits_at_the_same_moment_are_numbered_one_by_one(api):
    first = three_choices(api)
    outcomes = at_once(*[lambda: revise(api)] * 6)
    assert sorted(one.revision for one in won(outcomes)) == list(range(2, 8))
    newest = read(api)
    outcomes = at_once(*[lambda: revise(api, etag=newest.etag)] * 6)
    assert [one.revision for one in won(outcomes)] == [8]
    assert reasons(outcomes) == ["STALE_TEST_FORM"] * 5
    assert read(api, revision=1) == first


def test_the_sample_form_is_created_sat_and_scored(api):
    text = resources.files("exam_sessions.samples").joinpath("maths-year-5.json").read_text("utf-8")
    created = api.call("CreateTestForm", test_form=json_format.Parse(text, TestForm())).test_form
    kept = json_format.Parse(text, TestForm())
    assert [question.content for question in created.questions] == [question.content for question in kept.questions]
    session = api.book(
        api.call("CreateRelease", release=catalog_pb2.Release(name="M", test_form=created.reference)).release
    )
    sat = walk(api, session, *FETCHED, "EnterKeycode", "FinishSession")
    assert (sat.form_revision, sat.marking_progress) == (1, 0)
