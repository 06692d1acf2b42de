"""Ids, codes and masks in requests, whatever the message: no id is the nil UUID, and each is spelled in one way."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.contract import validate_pb2
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

NIL = "00000000-0000-0000-0000-000000000000"
"""RFC 9562, 5.9: the value of a variable that was never set."""

NIL_BYTES = NIL.encode()

UUIDS_WITHOUT_RULE = frozenset({"session_id", "session_ids"})
"""Fields that are judged row by row, where one that is no UUID refuses its row only."""

CODES = frozenset({"keycode", "access_code", "pin"})
"""Fields that are stored in upper case."""


MASK = "google.protobuf.FieldMask"


class IdentifierFields(NamedTuple):
    """Where a message holds ids, codes and masks: its own fields, those with many, and messages that hold some."""

    uuids: tuple[str, ...]
    lists: tuple[str, ...]
    codes: tuple[str, ...]
    masks: tuple[str, ...]
    inner: tuple[tuple[str, bool, IdentifierFields], ...]
    """Name, whether there are many, and the fields within."""


@cache
def identifier_fields_of(kind: Descriptor) -> IdentifierFields:
    """The fields of a message that hold ids, codes and masks."""
    return _identifier_fields_of(kind, frozenset())


def _identifier_fields_of(kind: Descriptor, above: frozenset[str]) -> IdentifierFields:
    uuids = [field for field in kind.fields if _is_uuid(field)]
    above |= {kind.full_name}
    inner = [
        (field.name, bool(field.is_repeated), _identifier_fields_of(field.message_type, above))
        for field in kind.fields
        if field.message_type and field.message_type.full_name not in above
    ]
    return IdentifierFields(
        tuple(field.name for field in uuids if not field.is_repeated),
        tuple(field.name for field in uuids if field.is_repeated),
        tuple(field.name for field in kind.fields if field.name in CODES and field.type == field.TYPE_STRING),
        tuple(field.name for field in kind.fields if field.message_type and field.message_type.full_name == MASK),
        tuple((name, many, fields) for name, many, fields in inner if any(fields)),
    )


def _is_uuid(field: FieldDescriptor) -> bool:
    if field.type != field.TYPE_STRING:
        return False
    extension: Any = validate_pb2.field
    rules = field.GetOptions().Extensions[extension]
    return field.name in UUIDS_WITHOUT_RULE or bool(rules.string.uuid or rules.repeated.items.string.uuid)


def refuse_nil(message: Message) -> None:
    """Refuses a request with an id that was never set. Raises InvalidField."""
    found = next(_nils(message, identifier_fields_of(message.DESCRIPTOR), ""), None)
    if found:
        raise errors.invalid(found, "must not be the nil UUID: it is what a variable holds that was never set")


def _nils(message: Any, fields: IdentifierFields, path: str) -> Iterator[str]:
    for name in fields.uuids:
        if getattr(message, name) == NIL:
            yield path + name
    for name in fields.lists:
        for n, value in enumerate(getattr(message, name)):
            if value == NIL:
                yield f"{path}{name}[{n}]"
    for name, many, within in fields.inner:
        if many:
            for n, row in enumerate(getattr(message, name)):
                yield from _nils(row, within, f"{path}{name}[{n}].")
        elif message.HasField(name):
            yield from _nils(getattr(message, name), within, f"{path}{name}.")


def spell(message: Message) -> None:
    """Writes ids in lower and codes in upper case, and each path of a mask once and in order.

    It means the same, and one request has one content.
    """
    _spell(message, identifier_fields_of(message.DESCRIPTOR))


def spell_all(rows: Sequence[Message]) -> None:
    """As `spell`, for messages of one kind."""
    if rows:
        _spell_rows(rows, identifier_fields_of(rows[0].DESCRIPTOR))


def _spell(message: Any, fields: IdentifierFields) -> None:
    for names, spelled in ((fields.uuids, str.lower), (fields.codes, fold_code)):
        for name in names:
            value = getattr(message, name)
            if value and (wanted := spelled(value)) != value:
                setattr(message, name, wanted)
    for name in fields.lists:
        values = getattr(message, name)
        lowered = [value.lower() for value in values]
        if lowered != values:
            values[:] = lowered
    for name in fields.masks:
        _put_in_order(getattr(message, name).paths)
    for name, many, within in fields.inner:
        if many:
            _spell_rows(getattr(message, name), within)
        elif message.HasField(name):
            _spell(getattr(message, name), within)


def _put_in_order(paths: Any) -> None:
    if len(paths) > 1:
        paths[:] = sorted(set(paths))


def _spell_rows(rows: Any, fields: IdentifierFields) -> None:
    """As `_spell` for each row. Most rows of a roster have none of these fields, and one look says so of all."""
    names = fields.uuids + fields.codes
    if fields.lists or fields.masks or fields.inner or not names:
        for row in rows:
            _spell(row, fields)
        return
    # Of one name, attrgetter gives no tuple.
    unset, values_of = ("",) * len(names) if names[1:] else "", attrgetter(*names)
    for row in rows:
        if values_of(row) != unset:
            _spell(row, fields)
