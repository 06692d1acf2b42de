"""What the rules of the protos say to people when they are broken, in place of protovalidate's own words.

Names of enumeration values and of the fields of a oneof stand where the library shows numbers or `oneof`. Patterns
are in pattern_sentences.py. A test holds that every rule of the protos has a sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor, OneofDescriptor

from exam_sessions.rpc.decoding.pattern_sentences import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor, EnumDescriptor

FIXED = {
    "bool.const": "must be true, or left out",
    "repeated.unique": "must not hold the same value twice",
    "string.ip": "must be an IP address, such as 192.0.2.1 or 2001:db8::1",
    "string.uuid": "must be a UUID",
    "string.uuid_empty": "must be a UUID, and is empty",
}
"""Sentences without a value, by the rule's id."""

RANGE = re.compile(r"must be greater than or equal to (\S+) and less than or equal to (\S+)")
LEAST = re.compile(r"must be greater than or equal to (\S+)")
NUMBERS = re.compile(r"-?\d+")


def too_many(most: int) -> str:
    """What is said of a list that holds more elements than it may."""
    return f"must hold no more than {most:,} {'element' if most == 1 else 'elements'}"


def sentence_of(found: Any, kind: Descriptor) -> str:
    """A violation of protovalidate's in words; `kind` is the message in which its path begins."""
    if words := FIXED.get(found.rule_id):
        return words
    make = MADE.get(found.rule_id)
    return make(found.message, _target_of(found, kind)) if make else in_words(found.message)


def _target_of(found: Any, kind: Descriptor) -> FieldDescriptor | OneofDescriptor | None:
    """The field, or the oneof, that breaks the rule."""
    target: FieldDescriptor | OneofDescriptor | None = None
    for element in found.field.elements if found.field else ():
        field = kind.fields_by_name.get(element.field_name)
        if field is None:
            return kind.oneofs_by_name.get(element.field_name)
        target, kind = field, field.message_type or kind
    return target


def _number(text: str) -> str:
    """Thousands are parted; a duration or a time stays as it is."""
    return f"{int(text):,}" if text.isdecimal() else text


def _in_range(message: str, _: object) -> str:
    least, most = RANGE.fullmatch(message).groups()  # type: ignore[union-attr]
    return f"must be from {_number(least)} to {_number(most)}"


def _at_least(message: str, _: object) -> str:
    (least,) = LEAST.fullmatch(message).groups()  # type: ignore[union-attr]
    return f"must be {_number(least)} or more"


def _at_most(message: str, _: object) -> str:
    (most,) = NUMBERS.findall(message)
    return too_many(int(most))


def _needed(message: str, _: object) -> str:
    (least,) = NUMBERS.findall(message)
    return f"must hold at least {least} {'element' if least == '1' else 'elements'}"


def _characters(message: str, _: object) -> str:
    (number,) = NUMBERS.findall(message)
    if "at least" in message:
        return "must not be empty" if number == "1" else f"must be at least {number} characters"
    return f"must be at most {int(number):,} characters"


def _required(_: str, target: object) -> str:
    if isinstance(target, OneofDescriptor):
        return f"is needed: set one of {', '.join(field.name for field in target.fields)}"
    return "is required"


def _enum(target: object) -> EnumDescriptor:
    assert isinstance(target, FieldDescriptor)
    assert target.enum_type is not None
    return target.enum_type


def _names(message: str, target: object) -> str:
    values = _enum(target).values_by_number
    return ", ".join(values[int(number)].name for number in NUMBERS.findall(message))


def _one_of(message: str, target: object) -> str:
    return f"must be one of {_names(message, target)}"


def _none_of(message: str, target: object) -> str:
    return f"must not be {_names(message, target).replace(', ', ' or ')}"


def _defined(_: str, target: object) -> str:
    return f"must be a value of {_enum(target).name} that this version knows"


MADE: dict[str, Callable[[str, FieldDescriptor | OneofDescriptor | None], str]] = {
    "duration.gte_lte": _in_range,
    "int32.gte_lte": _in_range,
    "timestamp.gte_lte": _in_range,
    "int32.gte": _at_least,
    "int64.gte": _at_least,
    "map.max_pairs": _at_most,
    "repeated.max_items": _at_most,
    "repeated.min_items": _needed,
    "string.max_len": _characters,
    "string.min_len": _characters,
    "required": _required,
    "enum.in": _one_of,
    "enum.not_in": _none_of,
    "enum.defined_only": _defined,
}
"""What makes a sentence out of protovalidate's and of the field or oneof, by the rule's id."""
