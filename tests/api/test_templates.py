"""TemplateService: releases as templates, and paper sessions made from them with their responses."""

from __future__ import annotations

import pytest
from forms import PAPER, essay, form, mcq, question_of, results
from grpc import StatusCode
from messages import new_id
from operations import (
    ARRAY,
    COMPLETED,
    QUEUED,
    STRING,
    OperationsApi,
    counts_of,
    fields_of,
    gridded,
    handed,
    info_of,
    metadata_of,
    null,
    picked,
    result_of,
    status_of,
    told,
    written,
)
from rows import count, unchanged

from exam_sessions_client.v1 import catalog_pb2, operation_pb2, test_form_pb2
from serving import ApiClient, Refused


@pytest.fixture
def work(api):
    return OperationsApi(api)


@pytest.fixture
def release(api):
    """A paper release of two questions the machine marks."""
    form(api, mcq("1", "A"), mcq("2", "B"))
    return api.release(test_form="form-1", **PAPER)


def session_of(api, row):
    return api.call("GetSession", session_id=row.session_id).session


SAMPLE = test_form_pb2.TestForm(
    reference="form-1",
    questions=[
        test_form_pb2.Question(
            id="91c92c18e3725773844d8acaf12303ae",
            options=[test_form_pb2.Option() for _ in range(4)],
            keys=["0", "1"],
        ),
        test_form_pb2.Question(
            id="3f45ee6e3d2e4ca2b3a84df3c53c45a6",
            type=test_form_pb2.QUESTION_TYPE_SHORTTEXT,
            keys=["Makka Pakka"],
        ),
        test_form_pb2.Question(
            id="811c7d8cd2f870eaa7ba922ba622e9", type=test_form_pb2.QUESTION_TYPE_PLAINTEXT, available_mark="5"
        ),
        test_form_pb2.Question(
            id="7578fd3697ac4648babc0b0d37b69e69", type=test_form_pb2.QUESTION_TYPE_GRIDDED, keys=["1234.56"]
        ),
        test_form_pb2.Question(
            id="AC745C70FEC74331AA8A829D066BD06E",
            type=test_form_pb2.QUESTION_TYPE_CHOICEMATRIX,
            options=[test_form_pb2.Option() for _ in range(2)],
            parts=["one", "two", "three", "four"],
            keys=["0,1", "0", "1", "1"],
        ),
    ],
)
"""Questions that the responses of the vendor's example fit; people mark the third."""


def test_the_vendors_own_example_becomes_a_session(api, work):
    api.call("CreateTestForm", test_form=SAMPLE)
    release = api.release(test_form="form-1", **PAPER)
    (row,) = work.submitted(
        work.template(release),
        handed(
            "1f4b4e68-5986-4468-90da-50f9901cc7ae",
            picked("91c92c18e3725773844d8acaf12303ae", "0", "1", type=ARRAY),
            written("3f45ee6e3d2e4ca2b3a84df3c53c45a6", "makka+pakka", type=STRING, character_count=11),
            written("811c7d8cd2f870eaa7ba922ba622e9", "upsy+daisy", type=STRING, word_count=2),
            written("7578fd3697ac4648babc0b0d37b69e69", "1234.56", type=STRING),
            gridded("AC745C70FEC74331AA8A829D066BD06E", [0, 1], [0], [1], [0], type=ARRAY),
            activity_id="example-paper-based-activity",
            session_id="cb6ffc66-8fdb-4beb-a712-cffc31725e57",
        ),
    )
    assert (row.index, row.session_id, told(row)) == (0, "cb6ffc66-8fdb-4beb-a712-cffc31725e57", "AWAITING_MARKING")
    session = session_of(api, row)
    assert session.candidate.candidate_id == "1f4b4e68-5986-4468-90da-50f9901cc7ae"
    assert (session.activity_id, session.external_reference) == ("example-paper-based-activity", "")
    assert session.release_id == release.id
    found = results(api, session)
    answered = [question_of(found, number).response for number in "12345"]
    assert [option.index for option in answered[0].options] == [0, 1]
    assert [response.text for response in answered[1:4]] == ["makka pakka", "upsy daisy", "1234.56"]
    earned = [question_of(found, number).score.actual for number in "12345"]
    assert earned == ["1", "1", "0", "1", "0"]


def test_a_template_holds_the_newest_questions_and_not_their_keys(api, work, release):
    made = form(api, mcq("9", "A"), essay("10"), reference="form-2")
    newest = work.template(api.release(test_form=made.reference, **PAPER))
    assert (newest.test_form, newest.form_revision) == ("form-2", 1)
    first = work.template(release)
    assert (first.release_id, first.test_form, first.form_revision) == (release.id, "form-1", 1)
    assert [question.id for question in first.questions] == ["1", "2"]
    assert [[option.id for option in question.options] for question in first.questions] == [
        ["1-A", "1-B", "1-C", "1-D"],
        ["2-A", "2-B", "2-C", "2-D"],
    ]
    assert not any(question.keys for question in first.questions)


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"test_form": "form-1"}, StatusCode.FAILED_PRECONDITION, "RELEASE_NOT_ON_PAPER"),
        ({"test_form": "form-9"} | PAPER, StatusCode.NOT_FOUND, "TEST_FORM_NOT_FOUND"),
    ],
)
def test_only_a_paper_release_with_a_form_makes_a_template(api, work, release, fields, code, reason):
    other = api.release(**fields)
    with pytest.raises(Refused) as refused:
        work.template(other)
    assert (refused.value.code, refused.value.reason) == (code, reason)
    template = work.template(release)
    template.release_id = other.id
    template.test_form = fields["test_form"]
    with pytest.raises(Refused) as refused:
        work.submit(template, handed("u1"))
    assert (refused.value.code, refused.value.reason) == (code, reason)


def test_a_release_that_is_not_there_or_another_workspaces_makes_no_template(server, api, work, release):
    template, other = work.template(release), ApiClient(server.target)
    missing = type(template)(release_id=new_id(), test_form="form-1", form_revision=1)
    for call in (
        lambda: work.submit(missing, handed("u1")),
        lambda: work.template(catalog_pb2.Release(id=missing.release_id)),
        lambda: OperationsApi(other).submit(template, handed("u1")),
        lambda: OperationsApi(other).template(release),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND")
    other.close()


@pytest.mark.parametrize(("name", "value"), [("form_revision", 2), ("test_form", "form-2")])
def test_a_revision_or_form_nobody_made_is_refused(server, api, work, release, name, value):
    template = work.template(release)
    setattr(template, name, value)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        work.submit(template, handed("u1"))
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "TEST_FORM_NOT_FOUND")


@pytest.mark.parametrize("size", [0, 51])
def test_no_session_and_more_than_fifty_are_refused(server, api, work, release, size):
    template = work.template(release)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        work.submit(template, *[handed(f"u{n}") for n in range(size)])
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["data"])
    assert count(server, "operations", api.workspace) == 0


@pytest.mark.parametrize("size", [1, 50])
def test_one_to_fifty_sessions_are_made_in_their_order(server, api, work, release, size):
    operation = work.submit(work.template(release), *[handed(f"u{n}", picked("1", "1-A")) for n in range(size)])
    assert (operation.done, status_of(operation), counts_of(operation)) == (False, QUEUED, (0, size, 0))
    assert operation.name.startswith(f"workspaces/{api.workspace}/operations/")
    ended = work.wait(operation)
    metadata = metadata_of(ended)
    assert (metadata.kind, metadata.status) == (operation_pb2.OPERATION_KIND_TEMPLATE, COMPLETED)
    assert (counts_of(ended), metadata.actor) == ((size, size, 0), "test")
    result = result_of(ended)
    assert (result.succeeded_count, result.failed_count) == (size, 0)
    assert [row.index for row in result.rows] == list(range(size))
    candidates = [session_of(api, row).candidate.candidate_id for row in result.rows]
    assert candidates == [f"u{n}" for n in range(size)]
    assert count(server, "sessions", api.workspace) == size


def test_each_session_answers_for_itself_and_in_its_place(api, work, release):
    taken, twice = api.book(release, "taken"), new_id()
    rows = work.submitted(
        work.template(release),
        handed("u0", picked("1", "1-A"), session_id=twice),
        handed("taken"),
        handed("u2", picked("9", "1-A")),
        handed("u3", picked("1", "1-A"), picked("1", "1-B")),
        handed("u4", written("1", "words")),
        handed("u5", picked("1", "1-Z")),
        handed("u6", picked("1", "1-A", revision=7)),
        handed("u7", session_id=twice),
        handed("u8", session_id=taken.id.upper()),
        handed(""),
        handed("u" * 129),
        handed("u11", activity_id="a" * 256),
        handed("u12", session_id="no-uuid"),
        handed("u0"),
        handed("u14", null("1"), picked("2", "2-B", type=ARRAY, revision=1)),
    )
    assert [row.index for row in rows] == list(range(15))
    assert [told(row) for row in rows] == [
        "MARKED",
        ("ALREADY_EXISTS", "DUPLICATE_CANDIDATE"),
        ("INVALID_ARGUMENT", "UNKNOWN_QUESTION"),
        ("INVALID_ARGUMENT", "QUESTION_REPEATED"),
        ("INVALID_ARGUMENT", "RESPONSE_MISMATCH"),
        ("INVALID_ARGUMENT", "UNKNOWN_OPTION"),
        ("ABORTED", "STALE_RESPONSES"),
        ("ALREADY_EXISTS", "DUPLICATE_SESSION_ID"),
        ("ALREADY_EXISTS", "DUPLICATE_SESSION_ID"),
        ("INVALID_ARGUMENT", "INVALID_FIELD"),
        ("INVALID_ARGUMENT", "INVALID_FIELD"),
        ("INVALID_ARGUMENT", "INVALID_FIELD"),
        ("INVALID_ARGUMENT", "INVALID_FIELD"),
        ("ALREADY_EXISTS", "DUPLICATE_CANDIDATE"),
        "MARKED",
    ]
    assert [fields_of(row.status) for row in rows[9:13]] == [
        ["user_id"],
        ["user_id"],
        ["activity_id"],
        ["session_id"],
    ]
    assert fields_of(rows[3].status) == ["responses[1]"]
    assert info_of(rows[2].status).metadata["question"] == "9"
    assert rows[0].session_id == twice


def test_a_session_that_was_refused_leaves_nothing_of_itself(server, api, work, release):
    template = work.template(release)
    with unchanged(server, api):
        operation = work.wait(work.submit(template, handed("u0", picked("1", "1-Z"), session_id=new_id())))
        assert counts_of(operation) == (1, 1, 1)
    assert [told(row) for row in work.submitted(template, handed("u0", picked("1", "1-A")))] == ["MARKED"]
