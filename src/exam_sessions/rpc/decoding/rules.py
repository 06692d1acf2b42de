"""The rules of the protos (buf.validate), held against a decoded request; and what texts may not hold.

A request that breaks them is looked over again for what to name: counts before elements, then the singular fields,
then element by element, until there are enough. Ten thousand violations are of no use, and each costs 14 us.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import protovalidate

from exam_sessions import errors
from exam_sessions.errors.refusal import VIOLATIONS_AT_MOST
from exam_sessions.rpc.decoding.maxima import is_ignored, is_map, most_elements
from exam_sessions.rpc.decoding.rule_sentences import sentence_of, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

VALUES_AT_ONCE = 25
"""Values of a list that are validated at a time, when the bad ones are looked for."""

_validator = protovalidate.Validator()


first_violation = partial(_validator.collect_violations, fail_fast=True)
"""The first rule that a message breaks, in a list; an empty list where it breaks none."""


def prepare(message: Message) -> None:
    """Has the rules of a message's type read, which is done once.

    It takes 40 ms for the first of all types and up to 7 for others, during which the event loop answers nobody.
    """
    first_violation(message)


def check(message: Message) -> None:
    """Refuses a message that breaks the rules. Raises InvalidField, up to VIOLATIONS_AT_MOST bad fields named."""
    found: list[errors.Violation] = []
    _collect(message, "", found)
    found = found or _violations(message, "")
    if found:
        more = len(found) >= VIOLATIONS_AT_MOST
        raise errors.InvalidField(tuple(found[:VIOLATIONS_AT_MOST]), at_least=more)


def _collect(message: Message, path: str, found: list[errors.Violation]) -> None:
    """Adds what is wrong with a message that stands at `path`, which is empty or ends with a point."""
    lists: list[tuple[str, type[Message], FieldDescriptor, Sequence[Any]]] = []
    shell = type(message)()
    _part(message, shell, path, lists)
    overlong = [
        errors.Violation(field_path, too_many(most))
        for field_path, _, field, values in lists
        if len(values) > (most := most_elements(field)) > 0
    ]
    if overlong:
        found += overlong
        return
    # A list that was left out cannot be missing.
    left_out = {field_path for field_path, *_ in lists}
    found += [bad for bad in _violations(shell, path) if bad.field not in left_out]
    for field_path, kind, field, values in lists:
        if field.message_type:
            _collect_rows(field_path, values, found)
        else:
            _collect_values(field_path, kind, field.name, values, found)


def _part(
    message: Message,
    shell: Any,
    path: str,
    lists: list[tuple[str, type[Message], FieldDescriptor, Sequence[Any]]],
) -> None:
    """Copies singular fields into a message of the same kind, and notes the lists with their paths."""
    for field, value in message.ListFields():
        field_path = path + field.name
        if is_map(field):
            getattr(shell, field.name).update(value)
        elif field.is_repeated:
            if not is_ignored(field):
                lists.append((field_path, type(message), field, value))
        elif field.message_type is None:
            setattr(shell, field.name, value)
        elif field.message_type.full_name.startswith("google."):
            getattr(shell, field.name).CopyFrom(value)
        else:
            inner = getattr(shell, field.name)
            inner.SetInParent()
            _part(value, inner, f"{field_path}.", lists)


def _collect_rows(path: str, rows: Sequence[Message], found: list[errors.Violation]) -> None:
    for n, row in enumerate(rows):
        if len(found) >= VIOLATIONS_AT_MOST:
            return
        if first_violation(row):
            _collect(row, f"{path}[{n}].", found)


def _collect_values(
    path: str, kind: type[Message], name: str, values: Sequence[Any], found: list[errors.Violation]
) -> None:
    """Adds what is wrong with the values of a list; when none is, what is wrong with the list."""
    before = len(found)
    for first in range(0, len(values), VALUES_AT_ONCE):
        if len(found) >= VIOLATIONS_AT_MOST:
            return
        for field_path, index, description in _of_list(kind, name, values[first : first + VALUES_AT_ONCE]):
            if field_path == name and index is not None:
                found.append(errors.Violation(f"{path}[{first + index}]", description))
    if len(found) == before:
        found += [
            errors.Violation(path, description)
            for field_path, index, description in _of_list(kind, name, values)
            if field_path == name and index is None
        ]


def _of_list(kind: type[Message], name: str, values: Sequence[Any]) -> Iterator[tuple[str, int | None, str]]:
    """What is wrong with a message that holds this list only: the field, the index in it, and what."""
    probe = kind()
    descriptor: Any = kind.DESCRIPTOR
    getattr(probe, name).extend(values)
    for violation in _validator.collect_violations(probe):
        found = violation.proto
        if found.field and len(found.field.elements) == 1:
            element = found.field.elements[0]
            subscript = element.subscript
            index = None if subscript is None else int(subscript.value)
            yield element.field_name, index, sentence_of(found, descriptor)


def _violations(message: Message, path: str) -> list[errors.Violation]:
    kind: Any = message.DESCRIPTOR
    return [_violation(violation.proto, path, kind) for violation in _validator.collect_violations(message)]


def _violation(found: Any, path: str, kind: Descriptor) -> errors.Violation:
    field_path = ""
    for element in found.field.elements if found.field else ():
        field_path += ("." if field_path else "") + element.field_name
        subscript = element.subscript
        if subscript is not None:
            key = subscript.value
            field_path += f"[{json.dumps(key) if isinstance(key, str) else key}]"
    return errors.Violation(path + field_path, sentence_of(found, kind))


@cache
def _texts_of(kind: Descriptor) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The names of a message's texts, and of messages in it that hold some; None when a field may hold many."""
    inner: list[str] = []
    for field in kind.fields:
        if field.is_repeated and (field.message_type or field.type == field.TYPE_STRING):
            return None
        if field.message_type:
            within = _texts_of(field.message_type)
            if within is None:
                return None
            if any(within):
                inner.append(field.name)
    return tuple(field.name for field in kind.fields if field.type == field.TYPE_STRING), tuple(inner)


def _texts_in(message: Message, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a message, behind the path of its field."""
    found = _texts_of(message.DESCRIPTOR)
    if found is not None:
        names, inner = found
        for name in names:
            yield path + name, getattr(message, name)
        for name in inner:
            if message.HasField(name):
                yield from _texts_in(getattr(message, name), f"{path}{name}.")
        return
    for field, value in message.ListFields():
        if is_map(field):
            yield from _texts_in_map(value, path + field.name)
            continue
        for n, item in enumerate(value if field.is_repeated else (value,)):
            field_path = path + field.name + (f"[{n}]" if field.is_repeated else "")
            if isinstance(item, str):
                yield field_path, item
            elif field.message_type:
                yield from _texts_in(item, f"{field_path}.")


def _texts_in_map(pairs: Mapping[str, str], path: str) -> Iterator[tuple[str, str]]:
    for key, text in pairs.items():
        yield path, key
        yield f"{path}[{json.dumps(key)}]", text


def refuse_nul(message: Message) -> None:
    """Refuses a text with a NUL: neither database can keep one. Raises InvalidField.

    A page token reaches no database, and is refused as one that was never issued.
    """
    for path, text in _texts_in(message, ""):
        if "\0" in text and path != "page_token":
            raise errors.invalid(path, "must not contain a NUL character")
