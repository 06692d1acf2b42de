"""Candidate ids in requests, hashed before anything else reads them: every field that the protos mark as one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.candidate_ids import PLAIN, generation_of
from exam_sessions.domain.texts import are_plain, flaw_of
from exam_sessions_client.v1 import access_fields_pb2 as access

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    from exam_sessions.domain.candidate_ids import CandidateIdKeys

LENGTH_AT_MOST = 128
"""Characters of a candidate id, also where rows are judged later (SubmitFromTemplate)."""


class IdFields(NamedTuple):
    """Where a message holds candidate ids: its own fields, those with many, and messages that hold some."""

    single: tuple[str, ...]
    lists: tuple[str, ...]
    inner: tuple[tuple[str, bool, IdFields], ...]
    """Name, whether there are many, and the fields within."""


@cache
def id_fields_of(kind: Descriptor) -> IdFields:
    """The fields of a message that hold candidate ids."""
    return _id_fields_of(kind, frozenset())


def _id_fields_of(kind: Descriptor, above: frozenset[str]) -> IdFields:
    extension: Any = access.personal
    of_candidates = access.PERSONAL_DATA_CANDIDATE_ID
    marked = [field for field in kind.fields if field.GetOptions().Extensions[extension] == of_candidates]
    above |= {kind.full_name}
    inner = [
        (field.name, bool(field.is_repeated), _id_fields_of(field.message_type, above))
        for field in kind.fields
        if field.message_type
        and field.message_type.full_name not in above
        and not field.message_type.GetOptions().map_entry
    ]
    return IdFields(
        tuple(field.name for field in marked if not field.is_repeated),
        tuple(field.name for field in marked if field.is_repeated),
        tuple((name, many, fields) for name, many, fields in inner if any(fields)),
    )


MARK = b"hmac"
"""What the bytes of a request hold when one of its candidate ids looks like a stored hash."""


class CandidateIdHasher:
    """Replaces the candidate ids of requests by what is stored of them; without keys it only refuses hashes.

    What looks like a hash of a generation that has no key would keep the next server from starting.
    """

    def __init__(self, keys: CandidateIdKeys | None) -> None:
        self._keys, self._current = keys, keys.current if keys else PLAIN

    def applies_to(self, data: bytes) -> bool:
        """Whether anything is to be done with a request, given as its bytes."""
        return self._keys is not None or MARK in data

    def hash_ids(self, request: Message, fields: IdFields) -> None:
        """Does so in place. Raises InvalidField for what is no candidate id, which its hash would not show."""
        self._hash(request, fields, "")

    def _hash(self, message: Any, fields: IdFields, path: str) -> None:
        for name in fields.single:
            if value := getattr(message, name):
                setattr(message, name, self._hashed(value, f"{path}{name}"))
        for name in fields.lists:
            values = getattr(message, name)
            if values:
                values[:] = [self._hashed(value, f"{path}{name}[{n}]") for n, value in enumerate(values)]
        for name, many, within in fields.inner:
            if many:
                for n, row in enumerate(getattr(message, name)):
                    self._hash(row, within, f"{path}{name}[{n}].")
            elif message.HasField(name):
                self._hash(getattr(message, name), within, f"{path}{name}.")

    def _hashed(self, value: str, path: str) -> str:
        if not are_plain(value) and (flaw := flaw_of(value)):
            raise errors.invalid(path, flaw)
        if len(value) > LENGTH_AT_MOST:
            raise errors.invalid(path, f"must be at most {LENGTH_AT_MOST} characters")
        if (generation_of(value) or PLAIN) > self._current:
            raise errors.invalid(path, "looks like a stored hash, of a generation of keys that is not there")
        return self._keys.hashed(value) if self._keys else value
