"""Every field that holds personal data or a secret says so in the protos (access_fields.proto)."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from google.protobuf.descriptor import FieldDescriptor

import exam_sessions_client.v1
from exam_sessions_client.v1 import access_fields_pb2 as access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor

SECRETS = {"keycode", "access_code", "pin"}

PERSONAL = {
    "candidate_id": access.PERSONAL_DATA_CANDIDATE_ID,
    "candidate_ids": access.PERSONAL_DATA_CANDIDATE_ID,
    "user_id": access.PERSONAL_DATA_CANDIDATE_ID,
    "name_first": access.PERSONAL_DATA_NAME,
    "name_middle": access.PERSONAL_DATA_NAME,
    "name_last": access.PERSONAL_DATA_NAME,
    "acting_for": access.PERSONAL_DATA_NAME,
    "gender": access.PERSONAL_DATA_TRAIT,
    "grade_level": access.PERSONAL_DATA_TRAIT,
    "ethnicity": access.PERSONAL_DATA_TRAIT,
    "external_reference": access.PERSONAL_DATA_REFERENCE,
    "annotations": access.PERSONAL_DATA_ANNOTATION,
    "void_message": access.PERSONAL_DATA_FREE_TEXT,
    "exception_message": access.PERSONAL_DATA_FREE_TEXT,
    "extra_time_reason": access.PERSONAL_DATA_FREE_TEXT,
    "os": access.PERSONAL_DATA_DEVICE,
    "machine": access.PERSONAL_DATA_DEVICE,
    "ip": access.PERSONAL_DATA_DEVICE,
    "device_label": access.PERSONAL_DATA_DEVICE,
    "old_value": access.PERSONAL_DATA_FIELD_VALUE,
    "new_value": access.PERSONAL_DATA_FIELD_VALUE,
}
"""What these fields are in every message."""

TYPED = {"message", "reason"}
"""Of a request, what somebody types about a session."""

ABOUT_SESSIONS = ("lifecycle_service.proto", "marking_service.proto")
"""The files of requests in which it is about a session."""


def messages() -> Iterator[Descriptor]:
    """The messages of all our protos."""
    for module in pkgutil.iter_modules(exam_sessions_client.v1.__path__):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(f"exam_sessions_client.v1.{module.name}").DESCRIPTOR
            yield from file.message_types_by_name.values()


def fields() -> Iterator[FieldDescriptor]:
    """Their fields, but for those that hold a message of ours."""
    for message in messages():
        for field in message.fields:
            kind = field.message_type
            if kind is None or kind.GetOptions().map_entry:
                yield field


def test_every_keycode_access_code_and_pin_is_marked_as_a_secret_and_nothing_else_is() -> None:
    found = {field.full_name for field in fields() if field.GetOptions().Extensions[access.secret]}
    found -= {"exam_sessions.v1.CreateApiKeyResponse.credential", "exam_sessions.v1.RotateApiKeyResponse.credential"}
    assert found == {field.full_name for field in fields() if field.name in SECRETS}
    assert len(found) > 50


def test_every_field_that_holds_personal_data_says_what_kind_it_is() -> None:
    wrong = {
        field.full_name: field.GetOptions().Extensions[access.personal]
        for field in fields()
        if field.name in PERSONAL and field.GetOptions().Extensions[access.personal] != PERSONAL[field.name]
    }
    assert not wrong


def test_what_people_type_about_a_session_is_marked_in_every_request() -> None:
    unmarked = [
        field.full_name
        for field in fields()
        if field.name in TYPED
        and field.type == FieldDescriptor.TYPE_STRING
        and field.containing_type.name.endswith("Request")
        and field.file.name.endswith(ABOUT_SESSIONS)
        and field.GetOptions().Extensions[access.personal] != access.PERSONAL_DATA_FREE_TEXT
    ]
    assert not unmarked


def test_no_field_is_marked_without_one_of_these_names() -> None:
    marked = {field.name for field in fields() if field.GetOptions().Extensions[access.personal]}
    assert marked == {*PERSONAL, *TYPED, "name"}
