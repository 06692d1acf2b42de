"""Every text of every request: which rule it goes by, and that every way in asks it (domain/texts.py)."""

from __future__ import annotations

import json

import pytest
from forms import PAPER, form, mcq
from google.protobuf.descriptor import FieldDescriptor
from grpc import StatusCode
from messages import METHOD, booking, mask, new_id
from operations import OperationsApi, chunks_of, fields_of, handed, told
from rows import unchanged
from state_paths import ARGUMENTS, bring_to

from exam_sessions.contract import validate_pb2
from exam_sessions_client.v1 import (
    catalog_pb2,
    lifecycle_service_pb2,
    session_pb2,
    session_service_pb2,
    test_form_pb2,
)
from serving import Refused

pytestmark = pytest.mark.sqlite("a text is refused before a database is asked")

REFERENCE, NAME = "reference", "name"
RULED = {
    "Candidate.candidate_id": REFERENCE,
    "Candidate.name_first": NAME,
    "Candidate.name_middle": NAME,
    "Candidate.name_last": NAME,
    "Candidate.school_id": REFERENCE,
    "Candidate.district_id": REFERENCE,
    "Booking.external_reference": REFERENCE,
    "Booking.centre_id": REFERENCE,
    "Booking.test_form": REFERENCE,
    "AnnotationsEntry.key": REFERENCE,
    "SessionFilter.candidate_ids": REFERENCE,
    "SessionFilter.school_id": REFERENCE,
    "SessionFilter.district_id": REFERENCE,
    "SessionFilter.centre_id": REFERENCE,
    "SessionFilter.test_forms": REFERENCE,
    "SessionFilter.external_reference": REFERENCE,
    "SessionFilter.name": NAME,
    "TemplateSession.user_id": REFERENCE,
    "EraseCandidateRequest.candidate_id": REFERENCE,
    "ExportCandidateRequest.candidate_id": REFERENCE,
    "TemplateSession.activity_id": REFERENCE,
    "TestForm.reference": REFERENCE,
    "Release.test_form": REFERENCE,
    "ResetSessionRequest.updated_form": REFERENCE,
    "EnterKeycodeRequest.device_label": NAME,
    "CreateWorkspaceRequest.display_name": NAME,
    "Workspace.display_name": NAME,
    "BatchTransitionSessionsRequest.updated_form": REFERENCE,
}
"""The texts that are references or names of what is stored, or of what is looked for."""

CODE = "a code; looked up folded in ASCII, and what was never stored is not found"
ID = "an id, found among stored ones or not at all"
OURS = "made by the service; opaque"
WORDS = "words for people; nothing is found by them"
ANSWER = "what a candidate wrote"
TITLE = "a title for people; two may be the same, the id or the reference tells them apart"
OF_A_FORM = "the author's own within one form; compared with the form alone"
OUTPUT = "not read from requests"
EXEMPT = {
    ".keycode": CODE,
    "AccessCodeKey.access_code": CODE,
    "AnnotationsEntry.value": "the caller's own; no rule reads it",
    "Choice.label": OF_A_FORM,
    "Choice.id": OF_A_FORM,
    ".attempt_token": "a secret; its digest is compared",
    ".etag": OURS,
    ".page_token": OURS,
    ".message": WORDS,
    ".reason": WORDS,
    ".extra_time_reason": WORDS,
    "Release.name": TITLE,
    "TestForm.name": TITLE,
    "ListReleasesRequest.name": ID,
    "WatchFilter.centre_ids": ID,
    "WatchFilter.district_ids": ID,
    "WatchFilter.school_ids": ID,
    "RegradeReleaseRequest.test_form": ID,
    "GetTestFormRequest.reference": ID,
    "SessionTemplate.release_id": ID,
    "SessionTemplate.test_form": ID,
    "ResetSessionRequest.current_form": "compared with the stored one",
    "TemplateSession.session_id": ID,
    "SessionIds.session_ids": ID,
    "DeliveryClient.os": "as the client's computer reports it",
    "DeliveryClient.machine": "as the client's computer reports it",
    "Response.text": ANSWER,
    "TemplateResponse.text": ANSWER,
    "StringList.values": ANSWER,
    "TemplateResponse.question_id": OF_A_FORM,
    "Question.number": OF_A_FORM,
    "Question.id": OF_A_FORM,
    "Question.item_id": OF_A_FORM,
    "Question.item_name": WORDS,
    "Question.item_version": "as the bank of items names it; nothing is found by it",
    "Question.content": WORDS,
    "Question.keys": OF_A_FORM,
    "KeyMark.key": OF_A_FORM,
    "Question.objective_ids": OF_A_FORM,
    "Question.parts": OF_A_FORM,
    "Option.id": OF_A_FORM,
    "Option.label": OF_A_FORM,
    "Option.content": WORDS,
    "Objective.id": OF_A_FORM,
    "Objective.text": WORDS,
    "Objective.abbreviation": WORDS,
    "ItemMark.question_number": OF_A_FORM,
    "PaperResponse.question_number": OF_A_FORM,
    "ScoreResponseRequest.question_number": OF_A_FORM,
    "UnscoreResponseRequest.question_number": OF_A_FORM,
    "QuestionResponse.id": OF_A_FORM,
    "ItemResponse.item_id": OF_A_FORM,
    "SessionStatistics.min_score": OUTPUT,
    "SessionStatistics.average_score": OUTPUT,
    "SessionStatistics.max_score": OUTPUT,
    "Release.workspace_id": OUTPUT,
    "TestForm.workspace_id": OUTPUT,
    "TestForm.available_mark": OUTPUT,
    "FieldMask.paths": "names of fields",
    "CreateApiKeyRequest.roles": "names of roles",
    "CreateApiKeyRequest.centres": "by the rule of a reference; tried in test_api_keys.py",
}
"""The texts that go by no rule, and why; a name behind a point stands for every message."""


def texts_below(message, seen):
    """Every text field a message leads to."""
    if message.full_name not in seen:
        seen.add(message.full_name)
        for field in message.fields:
            if field.message_type:
                yield from texts_below(field.message_type, seen)
            elif field.type == FieldDescriptor.TYPE_STRING:
                yield field


TEXTS = {
    f"{field.containing_type.name}.{field.name}": field
    for method in METHOD.values()
    for field in texts_below(method.input_type, set())
}


def is_spelt_out(field):
    """Whether its rule in the proto lets ASCII through only: a UUID, an address, a pattern without wildcards."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    strings = (rules.string, rules.repeated.items.string)
    return any(
        s.uuid
        or s.ip
        or (s.pattern and s.pattern.isascii() and "." not in s.pattern.replace("[.]", "") and s.pattern != "\\S")
        for s in strings
    )


def test_every_text_of_a_request_goes_by_a_rule_or_says_why_not():
    for name, field in TEXTS.items():
        ways = (name in RULED, name in EXEMPT or f".{name.partition('.')[2]}" in EXEMPT, is_spelt_out(field))
        assert any(ways), f"{name}: is it a reference or a name? See domain/texts.py"
        assert not (ways[0] and ways[1]), name


def test_no_rule_is_for_a_text_that_is_not_there():
    assert set(RULED) <= set(TEXTS)
    assert {name for name in EXEMPT if not name.startswith(".")} <= set(TEXTS)


FLAWS = {
    "u1 ": "must not begin or end with a blank: U+0020 SPACE (character 3)",
    "u1\t": "must not contain U+0009 (character 3)",
    "u1\n": "must not contain U+000A (character 3)",
    "u\u200b1": "must not contain U+200B ZERO WIDTH SPACE (character 2)",
    "Jose\u0301": "must be in Unicode normalization form C (NFC); see U+0301 COMBINING ACUTE ACCENT (character 5)",
    " ": "blank",
}
GOOD = "Jos\u00e9 (1)"
PERSON = ("candidate_id", "name_first", "name_middle", "name_last", "school_id", "district_id")
OF_BOOKING = (*(f"candidate.{name}" for name in PERSON), "external_reference", "centre_id", "test_form")
KEY = "annotations.key"
LISTS = ("candidate_ids", "test_forms")
OF_FILTER = (*LISTS, "school_id", "district_id", "centre_id", "external_reference", "name")


def booked(path, value):
    """A booking with one field, of somebody new."""
    fields = {"candidate_id": new_id()}
    if path == KEY:
        return booking(candidate=session_pb2.Candidate(**fields), annotations={value: "x"})
    if path.startswith("candidate."):
        return booking(candidate=session_pb2.Candidate(**(fields | {path.partition(".")[2]: value})))
    return booking(candidate=session_pb2.Candidate(**fields), **{path: value})


def placed(where, path, value):
    """The path a value of a booking is refused under; a key is named as itself."""
    return f"{where}.annotations[{json.dumps(value)}]" if path == KEY else f"{where}.{path}"


DOORS = {}


def door(*paths):
    """A way in that takes a value for each of these fields, and gives the path under which it is refused."""

    def keep(enter):
        for path in paths:
            DOORS[f"{enter.__name__} {path}"] = (enter, path)
        return enter

    return keep


@door(*OF_BOOKING, KEY)
def create_session(api, path, value):
    release = api.release().id
    where, row = placed("booking", path, value), booked(path, value)
    return where, lambda: api.call("CreateSession", release_id=release, booking=row)


@door(*OF_BOOKING, KEY)
def batch_create(api, path, value):
    rows, release = [booking("ann"), booked(path, value)], api.release().id
    where = placed("bookings[1]", path, value)
    return where, lambda: api.call("BatchCreateSessions", release_id=release, bookings=rows)


@door(*OF_BOOKING, KEY)
def update_session(api, path, value):
    session, fields = api.book(), {"booking": booked(path, value), "update_mask": mask(path.removesuffix(".key"))}
    return placed("booking", path, value), lambda: api.call("UpdateSession", session_id=session.id, **fields)


@door(*OF_BOOKING, KEY)
def batch_update(api, path, value):
    row = session_service_pb2.SessionEdit(session_id=api.book().id, booking=booked(path, value))
    named = mask(path.removesuffix(".key"))
    where = placed("edits[0].booking", path, value)
    return where, lambda: api.call("BatchUpdateSessions", edits=[row], update_mask=named)


@door(*OF_FILTER)
def list_sessions(api, path, value):
    wanted = session_service_pb2.SessionFilter(**{path: ["ann", value] if path in LISTS else value})
    where = f"filter.{path}[1]" if path in LISTS else f"filter.{path}"
    return where, lambda: api.call("ListSessions", filter=wanted)


@door(*OF_FILTER)
def transition_by_filter(api, path, value):
    wanted = session_service_pb2.SessionFilter(**{path: [value] if path in LISTS else value})
    where = f"filter.{path}[0]" if path in LISTS else f"filter.{path}"
    fields = {"action": session_pb2.ACTION_CREATE_PACKAGE, "filter": wanted, "validate_only": True}
    return where, lambda: api.call("BatchTransitionSessions", **fields)


@door("updated_form")
def reset(api, path, value):
    session = bring_to(api, "READY")
    return path, lambda: api.move("ResetSession", session, updated_form=value)


@door("device_label")
def enter_keycode(api, path, value):
    session = bring_to(api, "READY")
    return path, lambda: api.move("EnterKeycode", session, device_label=value)


@door("display_name")
def create_workspace(api, path, value):
    return path, lambda: api.call("CreateWorkspace", workspace_id=f"w{new_id()[:8]}", display_name=value)


@door("updated_form")
def reset_many(api, path, value):
    ids = lifecycle_service_pb2.SessionIds(session_ids=[bring_to(api, "READY").id])
    fields = {"action": session_pb2.ACTION_RESET, "ids": ids, "updated_form": value}
    return path, lambda: api.call("BatchTransitionSessions", **fields)


@door("reference")
def create_form(api, path, value):
    form = test_form_pb2.TestForm(reference=value, questions=[mcq("1")])
    return f"test_form.{path}", lambda: api.call("CreateTestForm", test_form=form)


@door("test_form")
def create_release(api, path, value):
    return f"release.{path}", lambda: api.release(test_form=value)


@door("test_form")
def update_release(api, path, value):
    new = catalog_pb2.Release(id=api.release().id, test_form=value)
    return f"release.{path}", lambda: api.call("UpdateRelease", release=new, update_mask=mask("test_form"))


@pytest.mark.parametrize("name", DOORS)
def test_a_text_that_looks_like_another_is_refused_and_the_character_is_named(api, server, name):
    enter, path = DOORS[name]
    for value, flaw in FLAWS.items():
        where, call = enter(api, path, value)
        with unchanged(server, api), pytest.raises(Refused) as refused:
            call()
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        ((path_told, (_, description)),) = refused.value.fields.items()
        assert (path_told, flaw in description) == (where, True), description
    enter(api, path, GOOD)[1]()


def test_every_ruled_text_has_a_way_in_that_was_tried():
    tried = {name.rpartition(".")[2] if "." in name else name.partition(" ")[2] for name in DOORS}
    assert {name.partition(".")[2] for name in RULED if not name.startswith("TemplateSession")} == tried


@pytest.mark.parametrize("name", ["user_id", "activity_id"])
def test_a_row_of_a_template_is_refused_by_itself(api, name):
    form(api, mcq("1"))
    work, release = OperationsApi(api), api.release(test_form="form-1", **PAPER)
    template = work.template(release)
    rows = [handed(**({"user_id": f"u{n}"} | {name: value})) for n, value in enumerate([*FLAWS, GOOD])]
    *bad, good = work.submitted(template, *rows)
    assert {(told(row), *fields_of(row.status)) for row in bad} == {(("INVALID_ARGUMENT", "INVALID_FIELD"), name)}
    assert told(good) == "MARKED"


WORDS_NEEDED = {
    "CreateRelease": ("release.name", lambda _, text: {"release": catalog_pb2.Release(name=text)}),
    "CreateTestForm": (
        "test_form.reference",
        lambda _, text: {"test_form": test_form_pb2.TestForm(reference=text, questions=[mcq("1")])},
    ),
    "FailSession": ("message", lambda session, text: {"session_id": session.id, "message": text}),
    "VoidSession": (
        "message",
        lambda session, text: {"session_id": session.id, "reason": session_pb2.VOID_REASON_OTHER, "message": text},
    ),
    "BatchTransitionSessions": (
        "message",
        lambda session, text: {
            "action": session_pb2.ACTION_FAIL,
            "ids": lifecycle_service_pb2.SessionIds(session_ids=[session.id]),
            "message": text,
        },
    ),
}


@pytest.mark.parametrize("rpc", WORDS_NEEDED)
def test_words_that_nobody_sees_are_none(api, server, rpc):
    field, fields_with = WORDS_NEEDED[rpc]
    session = api.book()
    for text in ("", " \t\n", "\u3000", "\u00a0\u2003", "\u200b", "\ufeff\u200d", "\u2800", "\u3164 \x1b"):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, **fields_with(session, text))
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [field]), text


def test_a_row_of_an_import_is_refused_as_in_a_batch(api):
    release = api.release()
    rosters = [[booking("ok"), booking(value)] for value in FLAWS]
    for n, answer in enumerate(OperationsApi(api).imported(chunks_of(api, release, *rosters))):
        assert fields_of(answer.refusal) == [f"chunks[{n}].bookings[1].candidate.candidate_id"]


def test_all_texts_of_a_booking_that_break_the_rule_are_named_at_once(api):
    person = session_pb2.Candidate(candidate_id="u1 ", name_first="a\tb", school_id="ok", district_id="\u00a0")
    with pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=api.release().id, booking=booking(candidate=person, centre_id="c\n"))
    assert set(refused.value.fields) == {
        *(f"booking.candidate.{name}" for name in ("candidate_id", "name_first", "district_id")),
        "booking.centre_id",
    }


BY_KEYCODE = [name for name, method in METHOD.items() if "keycode" in method.input_type.fields_by_name]


@pytest.mark.parametrize("other", ["k\u0131el1", "KIEL\u00b9", "\u212aIEL1"])
def test_no_other_letters_open_the_session_of_a_keycode(api, server, other):
    session = api.book(keycode="KIEL1", access_code="KIEL1")
    assert len(BY_KEYCODE) > len(ARGUMENTS)
    with unchanged(server, api):
        for rpc in BY_KEYCODE:
            extra = ARGUMENTS.get(rpc, {})
            if rpc == "UpdateSession":
                extra = {"booking": booking(centre_id="x"), "update_mask": mask("centre_id")}
            ids = [{"request_id": new_id()}] if "request_id" in METHOD[rpc].input_type.fields_by_name else []
            for more in ({}, *ids):
                with pytest.raises(Refused) as refused:
                    api.call(rpc, keycode=other, **extra, **more)
                assert refused.value.reason == "SESSION_NOT_FOUND", rpc
    assert api.call("GetSession", keycode="kiel1").session == session
