"""What a mutation that is written chunk by chunk has spoken for meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from exam_sessions.store.staged_imports import StagedImportRow


class Reservation(NamedTuple):
    """What a roster under way has spoken for, so that calls that slip in between cannot take it."""

    staged: StagedImportRow
    request_id: str
    fingerprint: bytes
    ids: frozenset[str]
    keycodes: frozenset[str]
    candidates: frozenset[str]
    access_codes: frozenset[str]


class BlockedByStagedImport(Exception):  # noqa: N818 - not an error: the mutation is queued again
    """A value that a mutation asks for is reserved by a roster under way, which may itself be refused in the end.

    Nothing of the mutation is entered. It is decided again when the roster is done.
    """
