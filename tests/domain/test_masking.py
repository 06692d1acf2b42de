"""What is masked of replies, walked from the options of the fields."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from google.longrunning import operations_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from exam_sessions import v1
from exam_sessions.domain.access import ROLES, Permission
from exam_sessions.domain.devices import SHOWN
from exam_sessions.domain.records import AttemptRecord, Session
from exam_sessions.rpc.access.masking import MASKED, READ_BY_COLUMN, Mask, Masking, permission_of
from exam_sessions.v1 import operation_pb2, session_pb2, session_service_pb2

P = Permission
EVERYTHING = frozenset({P.READ_PERSONAL_DATA, P.READ_CODES, P.READ_RESULTS, P.READ_RESPONSES})


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
        needed = permission_of(field)
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
        "void_message",
        "exception_message", "due_time", "update_time", "version", "draft", "form_revision", "responses_revision",
        "own_deadline", "extra_percent", "extra_reason", "marking_progress", "last_event", "activity_id",
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
    assert readable(summary, []) == ["exam_sessions.v1.ScoreMove.candidate_id"]
    operation = operations_pb2.Operation(name="w/o")
    operation.metadata.Pack(summary)
    Mask(EVERYTHING).apply(operation)
    operation.metadata.Unpack(summary)
    assert readable(summary, []) == []


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
