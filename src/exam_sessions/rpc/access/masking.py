"""What a caller may not read is masked in every reply, by the options of fields (access.proto, access_fields.proto).

A masked text is `***`, so that it is seen to be there; everything else is unset. Values in the history of a session
are masked by the column they are of, refusals that are kept with operations by the facts they name. What people type
about a session is masked as what identifies its candidate is, for it may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2, message_factory, symbol_database
from google.protobuf.descriptor import FieldDescriptor
from google.rpc import error_details_pb2, status_pb2

from exam_sessions.domain import erasure
from exam_sessions.domain.access import Permission
from exam_sessions_client.v1 import access_fields_pb2, access_pb2, marking_service_pb2, session_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    from exam_sessions import errors
    from exam_sessions.domain.access import Principal

P = Permission
Kind = access_fields_pb2.PersonalData

MASKED = "***"

IDENTIFYING = frozenset(
    {
        Kind.PERSONAL_DATA_CANDIDATE_ID,
        Kind.PERSONAL_DATA_NAME,
        Kind.PERSONAL_DATA_TRAIT,
        Kind.PERSONAL_DATA_REFERENCE,
        Kind.PERSONAL_DATA_ANNOTATION,
        Kind.PERSONAL_DATA_DEVICE,
        Kind.PERSONAL_DATA_FREE_TEXT,
    }
)
"""What identifies a person, or may."""

PERSONAL, RESULTS = frozenset({P.READ_PERSONAL_DATA}), frozenset({P.READ_RESULTS})
CODES, RESPONSES = frozenset({P.READ_CODES}), frozenset({P.READ_RESPONSES})
OPEN: frozenset[Permission] = frozenset()

READ_BY_COLUMN: dict[str, frozenset[Permission]] = {
    **dict.fromkeys(erasure.IDENTIFYING | {"void_message"}, PERSONAL),
    "exception_message": PERSONAL | {P.RECOVER_SESSIONS},
    **dict.fromkeys(("points", "points_max", "points_min", "score", "score_min", "marks"), RESULTS),
    **dict.fromkeys(("responses", "scripts"), RESPONSES),
}
"""What it takes to read a column of a session or of an attempt in the history, as `permissions_of`."""

READ_BY_FACT = {
    **dict.fromkeys(("candidate_id", "device", "machine"), PERSONAL),
    **dict.fromkeys(("keycode", "access_code"), CODES),
}
"""The same of the facts of a refusal that is kept with an operation."""

MASKS_BY = PERSONAL | CODES | RESULTS | RESPONSES | {P.RECOVER_SESSIONS}
"""The permissions without which something is masked."""

OF_THE_REQUEST = frozenset({f"{marking_service_pb2.PaperOutcome.DESCRIPTOR.full_name}.refusal"})
"""Refusals of rows that the caller itself has just sent, which are masked as those of calls are (`readable`)."""

HISTORY = session_pb2.FieldChange.DESCRIPTOR.full_name
PACKED = any_pb2.Any.DESCRIPTOR.full_name
STATUS = status_pb2.Status.DESCRIPTOR.full_name


def permissions_of(field: FieldDescriptor) -> frozenset[Permission]:
    """The permissions each of which is enough to read a field; OPEN: none is needed beyond its RPC's."""
    options: Any = field.GetOptions()
    found = OPEN
    if options.Extensions[access_fields_pb2.secret]:
        found |= CODES
    if options.Extensions[access_fields_pb2.personal] in IDENTIFYING:
        found |= PERSONAL
    number = options.Extensions[access_pb2.required_permission]
    return found | {Permission(number)} if number else found


def readable(refusal: errors.Refusal, principal: Principal) -> errors.Refusal:
    """A refusal as its caller may read it."""
    return refusal if principal.may(P.READ_PERSONAL_DATA) else refusal.masked(MASKED)


class Mask:
    """What is masked for callers without some permissions, in messages of any type."""

    def __init__(self, missing: frozenset[Permission]) -> None:
        self._missing = missing
        self._fields: dict[str, list[tuple[FieldDescriptor, bool]]] = {}
        """By the full name of a message: the fields that are masked, and those in whose messages something may be."""

    def hides(self, kind: Descriptor) -> bool:
        """Whether anything of a message of this type may be masked."""
        return self._hides(kind, set())

    def apply(self, message: Message) -> None:
        """Masks what is to be masked of a message, and of the messages in it."""
        kind: Any = message.DESCRIPTOR
        if kind.full_name == HISTORY:
            self._mask_change(message)
            return
        if kind.full_name == PACKED:
            self._mask_packed(message)
            return
        if kind.full_name == STATUS:
            self._mask_status(message)
            return
        for field, is_masked in self._fields_of(kind):
            if is_masked:
                _hide(message, field)
            elif field.is_repeated:
                for inner in getattr(message, field.name):
                    self.apply(inner)
            elif message.HasField(field.name):
                self.apply(getattr(message, field.name))

    def _fields_of(self, kind: Descriptor) -> list[tuple[FieldDescriptor, bool]]:
        found = self._fields.get(kind.full_name)
        if found is None:
            found = self._fields[kind.full_name] = []
            for field in kind.fields:
                if self._is_masked(permissions_of(field)):
                    found.append((field, True))
                elif (inner := _message_in(field)) and self.hides(inner):
                    found.append((field, False))
        return found

    def _is_masked(self, permissions: frozenset[Permission]) -> bool:
        """Whether a reader has none of the permissions that it takes."""
        return bool(permissions) and permissions <= self._missing

    def _hides(self, kind: Descriptor, seen: set[str]) -> bool:
        if kind.full_name in {HISTORY, PACKED, STATUS}:
            return True
        if kind.full_name in seen:
            return False
        seen.add(kind.full_name)
        return any(
            self._is_masked(permissions_of(field))
            or ((inner := _message_in(field)) is not None and self._hides(inner, seen))
            for field in kind.fields
        )

    def _mask_change(self, message: Any) -> None:
        column = message.field.rpartition(".")[2]
        if self._is_masked(READ_BY_COLUMN.get(column, OPEN)):
            for side in ("old_value", "new_value"):
                if message.HasField(side):
                    setattr(message, side, MASKED)

    def _mask_status(self, message: Any) -> None:
        """Masks the facts of a refusal; with them its sentence, and what it says of fields, which may quote them."""
        found = False
        for detail in message.details:
            info = error_details_pb2.ErrorInfo()
            if not detail.Unpack(info):
                continue
            for name in info.metadata:
                if self._is_masked(READ_BY_FACT.get(name, OPEN)):
                    info.metadata[name], found = MASKED, True
            detail.Pack(info)
        fields_kind = error_details_pb2.BadRequest.DESCRIPTOR
        if found or (self._missing & (PERSONAL | CODES) and any(d.Is(fields_kind) for d in message.details)):
            message.message = MASKED
            for n in reversed(range(len(message.details))):
                if message.details[n].Is(fields_kind):
                    del message.details[n]
        for detail in message.details:
            self._mask_packed(detail)

    def _mask_packed(self, message: Any) -> None:
        try:
            kind = symbol_database.Default().GetSymbol(message.TypeName())
        except KeyError:
            return  # of a type that no reply of ours holds
        inner = kind()
        message.Unpack(inner)
        self.apply(inner)
        message.Pack(inner)


def _message_in(field: FieldDescriptor) -> Descriptor | None:
    """The type of the messages a field holds in which something may be masked; None for other values.

    No map holds messages.
    """
    kind = field.message_type
    return None if kind is None or kind.GetOptions().map_entry or field.full_name in OF_THE_REQUEST else kind


def _hide(message: Any, field: FieldDescriptor) -> None:
    """Masks one field."""
    is_text = field.type == FieldDescriptor.TYPE_STRING
    if is_text and field.is_repeated:
        values = getattr(message, field.name)
        values[:] = [MASKED] * len(values)
    elif is_text and getattr(message, field.name):
        setattr(message, field.name, MASKED)
    elif not is_text:
        message.ClearField(field.name)


class Masking:
    """What is masked of the messages of one type, by the permissions of their readers."""

    def __init__(self, kind: Descriptor) -> None:
        self._kind, self._masks = kind, dict[frozenset[Permission], Mask | None]()
        self._parse: Callable[[bytes], Message] = message_factory.GetMessageClass(kind).FromString

    def mask_for(self, permissions: frozenset[Permission]) -> Mask | None:
        """The mask for readers with these permissions; None: nothing is masked."""
        try:
            return self._masks[permissions]
        except KeyError:
            mask = Mask(MASKS_BY - permissions)
            found = mask if MASKS_BY - permissions and mask.hides(self._kind) else None
            self._masks[permissions] = found
            return found

    def masked(self, data: bytes, permissions: frozenset[Permission]) -> bytes:
        """A serialized message as readers with these permissions see it."""
        mask = self.mask_for(permissions)
        if mask is None:
            return data
        message = self._parse(data)
        mask.apply(message)
        return message.SerializeToString()
