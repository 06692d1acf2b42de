"""What is masked of replies, walked from the options of the fields."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import pytest
from google.longrunning import operations_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from exam_sessions import errors
from exam_sessions.domain.access import ROLES, Permission
from exam_sessions.domain.devices import SHOWN
from exam_sessions.domain.records import AttemptRecord, Session
from exam_sessions.rpc.access.masking import MASKED, READ_BY_COLUMN, READ_BY_FACT, Mask, Masking, permissions_of
from exam_sessions.rpc.convert.operation import describe
from exam_sessions.rpc.status import code_of
from exam_sessions_client import v1
from exam_sessions_client.v1 import operation_pb2, session_pb2, session_service_pb2

P = Permission
EVERYTHING = frozenset(P)


def outputs():
    """The types of all replies."""
    names = [module.name for module in pkgutil.iter_modules(v1.__path__) if module.name.endswith("_service_pb2")]
    modules = [importlib.import_module(f"{v1.__name__}.{name}") for name in names]
    services = [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]
    return {method.output_type.full_name: method.output_type for s in services for method in s.methods}.values()


def fill(message, depth=0):
    """Sets every field of a message, and of those in it."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)["key"] = "secret"
        elif field.message_type:
            if depth < 6 and field.message_type.file.package == "exam_sessions.v1":
                inner = getattr(message, field.name)
                fill(inner.add() if field.is_repeated else inner, depth + 1)
        else:
            value = {FieldDescriptor.TYPE_STRING: "secret", FieldDescriptor.TYPE_BYTES: b"secret"}.get(field.type, 1)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
    return message


def readable(message, found):
    """The paths of fields that take a permission to read, and still hold what was filled in."""
    for field, value in message.ListFields():
        needed = permissions_of(field)
        if needed and value not in (MASKED, [MASKED]):
            found.append(field.full_name)
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for inner in value if field.is_repeated else [value]:
                readable(inner, found)
    return found


@pytest.mark.parametrize("kind", outputs(), ids=lambda kind: kind.name)
def test_nothing_that_takes_a_permission_is_left_in_a_reply(kind):
    message = fill(message_factory.GetMessageClass(kind)())
    before = readable(message, [])
    mask = Mask(EVERYTHING)
    assert mask.hides(kind) or not before
    mask.apply(message)
    assert readable(message, []) == []


@pytest.mark.parametrize("kind", outputs(), ids=lambda kind: kind.name)
def test_those_who_may_read_everything_are_given_the_reply_as_it_is(kind):
    message = fill(message_factory.GetMessageClass(kind)())
    assert Masking(kind).mask_for(ROLES["admin"]) is None
    data = message.SerializeToString()
    assert Masking(kind).masked(data, ROLES["admin"]) == data


def test_every_column_in_history_is_open_or_takes_a_permission():
    open_columns = {
        "workspace_id", "id", "release_id", "state", "school_id", "district_id", "centre_id", "test_form",
        "window_start", "window_end", "create_time", "extra_time", "attempt", "start_time", "end_time",
        "finish_reason",
        "pause_start_time", "paused_time", "download_time", "held_offline", "pin_failures", "void_reason",
        "due_time", "update_time", "version", "draft", "form_revision", "responses_revision",
        "own_deadline", "extra_percent", "marking_progress", "last_event", "activity_id",
        "time_limit",
        "late_by", "marking_revision", "session_id", "device_enter_time", "device_take_over_allowed",
    }  # fmt: skip
    hidden_from_all = {"pin", "keycode", "access_code", "device"}
    columns = set(Session._fields) | set(AttemptRecord._fields) | {"scripts"}
    columns |= set(SHOWN.values())
    assert columns - open_columns - hidden_from_all == set(READ_BY_COLUMN)


def test_values_of_a_history_are_masked_by_their_column():
    event = session_pb2.SessionEvent()
    for column in ("name_first", "attempts[2].points", "test_form"):
        event.changes.add(field=column, old_value="old", new_value="new")
    event.changes.add(field="gender", new_value="GENDER_FEMALE")
    Mask(EVERYTHING).apply(event)
    values = [(change.field, change.old_value, change.new_value) for change in event.changes]
    assert values == [
        ("name_first", MASKED, MASKED),
        ("attempts[2].points", MASKED, MASKED),
        ("test_form", "old", "new"),
        ("gender", "", MASKED),
    ]
    assert not event.changes[3].HasField("old_value")


def test_what_an_operation_carries_packed_is_masked_too():
    summary = fill(operation_pb2.RegradeSummary())
    of_results = {f"exam_sessions.v1.RegradeSummary.{name}" for name in ("before", "after", "bands", "largest_moves")}
    assert set(readable(summary, [])) == of_results
    operation = operations_pb2.Operation(name="w/o")
    operation.metadata.Pack(summary)
    Mask(EVERYTHING).apply(operation)
    operation.metadata.Unpack(summary)
    assert readable(summary, []) == []


HARMLESS = {
    "accepted_until", "action", "allowed_actions", "api_key_id", "at", "at_least", "attempt", "available_mark",
    "bad_rows", "count", "deadline", "difference", "earlier", "end_time", "etag", "fault", "fitting",
    "form_revision", "guarded", "index", "item", "kind", "last_sequence", "limit", "limited", "lockout_id", "mark",
    "mark_decimals", "max_attempts", "name", "now", "oldest_sequence", "option", "permission", "question",
    "reference", "release_id", "request_id", "revision", "rpc", "sat_revision", "seconds", "service", "session",
    "session_id", "session_ids", "sessions", "since", "size", "start_sequence", "state", "takes", "test_form",
    "tries", "tries_left", "type", "value", "violations", "void_reason", "what", "window_end", "window_start",
    "workspace",
}  # fmt: skip
"""Facts of refusals that name no person and let nobody into a session."""


def refusals(kind=errors.Refusal):
    """Every type of refusal."""
    for one in kind.__subclasses__():
        yield one
        yield from refusals(one)


def test_every_fact_of_a_refusal_is_harmless_or_takes_a_permission():
    facts = {field.name for one in refusals() if is_dataclass(one) for field in fields(one)}
    assert facts - HARMLESS == set(READ_BY_FACT)


def test_a_refusal_that_an_operation_keeps_is_masked_with_its_sentence():
    operation = operations_pb2.Operation(name="w/o")
    result = operation_pb2.OperationResult()
    kept = errors.DuplicateCandidate("ada"), errors.DuplicateKeycode("K7"), errors.invalid("x", "is 'ada'")
    for refusal in (*kept, errors.SessionNotFound("s")):
        result.rows.add().status.ParseFromString(describe(refusal))
    operation.response.Pack(result)
    whole = str(describe(errors.SessionNotFound("s")))
    masked = operations_pb2.Operation.FromString(
        Masking(operation.DESCRIPTOR).masked(operation.SerializeToString(), ROLES["reader"])
    )
    masked.response.Unpack(result)
    assert "ada" not in str(result)
    assert "K7" not in str(result)
    assert [row.status.message for row in result.rows[:3]] == [MASKED] * 3
    assert str(result.rows[3].status.SerializeToString()) == whole
    assert [row.status.code for row in result.rows] == [code_of(one) for one in (*kept, errors.SessionNotFound("s"))]
    auditor = Masking(operation.DESCRIPTOR).masked(operation.SerializeToString(), ROLES["auditor"])
    assert operations_pb2.Operation.FromString(auditor) == operation


def test_why_a_session_failed_is_read_by_those_who_recover_it():
    session = session_pb2.Session(exception_message="no power", void_message="ill", extra_time_reason="dyslexia")
    seen = {}
    for role in ROLES:
        data = Masking(session.DESCRIPTOR).masked(session.SerializeToString(), ROLES[role])
        shown = session_pb2.Session.FromString(data)
        seen[role] = (shown.exception_message, shown.void_message, shown.extra_time_reason)
    assert seen["operator"] == seen["moderator"] == ("no power", MASKED, MASKED)
    assert seen["reader"] == seen["marker"] == seen["candidate"] == (MASKED,) * 3
    assert seen["admin"] == seen["invigilator"] == seen["auditor"] == ("no power", "ill", "dyslexia")


def test_a_reader_sees_scores_but_neither_names_nor_codes():
    session = session_pb2.Session(keycode="K", access_code="A", etag="v1")
    session.candidate.candidate_id, session.candidate.name_first = "c1", "Ada"
    session.score.SetInParent()
    page = session_service_pb2.ListSessionsResponse(sessions=[session])
    masked = session_service_pb2.ListSessionsResponse.FromString(
        Masking(page.DESCRIPTOR).masked(page.SerializeToString(), ROLES["reader"])
    )
    (shown,) = masked.sessions
    assert (shown.keycode, shown.access_code, shown.candidate.candidate_id) == (MASKED, MASKED, MASKED)
    assert shown.HasField("score")
    assert shown.etag == "v1"
