"""Messages in words: the contract's own names for its enumerations, and JSON with the names of the protos."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.protobuf import json_format

from exam_sessions.cli.shared.console import escaped

if TYPE_CHECKING:
    from google.protobuf.message import Message


def word(message: Message, name: str) -> str:
    """A field of an enumeration in the contract's words, such as READY; empty when it is unset."""
    return _word(message, name, getattr(message, name))


def words(message: Message, name: str) -> list[str]:
    """A repeated field of an enumeration, each value in the contract's words."""
    return [_word(message, name, number) for number in getattr(message, name)]


def message_json(message: Message) -> str:
    """A message as one line of JSON, its fields named as in the protos."""
    return escaped(
        json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None, ensure_ascii=False)
    )


def _word(message: Message, name: str, number: int) -> str:
    kind = message.DESCRIPTOR.fields_by_name[name].enum_type
    assert kind is not None
    value = kind.values_by_number.get(number)
    if value is None:
        return str(number)
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.name).upper() + "_"
    return value.name.removeprefix(prefix) if number else ""
