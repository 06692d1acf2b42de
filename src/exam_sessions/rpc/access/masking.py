"""What a caller may not read is masked in every reply, by the options of fields (access.proto, access_fields.proto).

A masked text is `***`, so that it is seen to be there; everything else is unset. Values in the history of a session
are masked by the column they are of. Free texts that people type are not masked: nobody knows what is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2, message_factory, symbol_database
from google.protobuf.descriptor import FieldDescriptor

from exam_sessions.domain.access import Permission
from exam_sessions.v1 import access_fields_pb2, access_pb2, session_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

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
    }
)
"""What identifies a person."""

READ_BY_COLUMN: dict[str, Permission] = {
    **dict.fromkeys(
        ("candidate_id", "open_candidate", "name_first", "name_middle", "name_last"), P.READ_PERSONAL_DATA
    ),
    **dict.fromkeys(("gender", "grade_level", "ethnicity"), P.READ_PERSONAL_DATA),
    **dict.fromkeys(("external_reference", "annotations"), P.READ_PERSONAL_DATA),
    **dict.fromkeys(("client_os", "client_machine", "client_ip", "device_label"), P.READ_PERSONAL_DATA),
    **dict.fromkeys(("points", "points_max", "points_min", "score", "score_min", "marks"), P.READ_RESULTS),
    "responses": P.READ_RESPONSES,
    "scripts": P.READ_RESPONSES,
}
"""What it takes to read a column of a session or of an attempt in the history."""

MASKS_BY = frozenset({P.READ_PERSONAL_DATA, P.READ_CODES, P.READ_RESULTS, P.READ_RESPONSES})
"""The permissions without which something is masked."""

HISTORY = session_pb2.FieldChange.DESCRIPTOR.full_name
PACKED = any_pb2.Any.DESCRIPTOR.full_name


def permission_of(field: FieldDescriptor) -> Permission | None:
    """What it takes to read a field; None: nothing beyond its RPC's permission."""
    options: Any = field.GetOptions()
    if options.Extensions[access_fields_pb2.secret]:
        return P.READ_CODES
    if options.Extensions[access_fields_pb2.personal] in IDENTIFYING:
        return P.READ_PERSONAL_DATA
    number = options.Extensions[access_pb2.required_permission]
    return Permission(number) if number else None


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
                if permission_of(field) in self._missing:
                    found.append((field, True))
                elif (inner := _message_in(field)) and self.hides(inner):
                    found.append((field, False))
        return found

    def _hides(self, kind: Descriptor, seen: set[str]) -> bool:
        if kind.full_name in {HISTORY, PACKED}:
            return True
        if kind.full_name in seen:
            return False
        seen.add(kind.full_name)
        return any(
            permission_of(field) in self._missing
            or ((inner := _message_in(field)) is not None and self._hides(inner, seen))
            for field in kind.fields
        )

    def _mask_change(self, message: Any) -> None:
        column = message.field.rpartition(".")[2]
        if READ_BY_COLUMN.get(column) in self._missing:
            for side in ("old_value", "new_value"):
                if message.HasField(side):
                    setattr(message, side, MASKED)

    def _mask_packed(self, message: Any) -> None:
        try:
            kind = symbol_database.Default().GetSymbol(message.TypeName())
        except KeyError:
            # Of a type that is not ours nothing is masked: statuses and their details.
            return
        inner = kind()
        message.Unpack(inner)
        self.apply(inner)
        message.Pack(inner)


def _message_in(field: FieldDescriptor) -> Descriptor | None:
    """The type of the messages a field holds; None for other values, and for maps, none of which holds messages."""
    kind = field.message_type
    return None if kind is None or kind.GetOptions().map_entry else kind


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
