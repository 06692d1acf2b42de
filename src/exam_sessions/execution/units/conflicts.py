"""Which values that no two sessions may share are in use: stored, written by this transaction, or reserved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.domain.records import Release
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.execution.transaction import Transaction
    from exam_sessions.execution.units.sessions import SessionUnit
    from exam_sessions.store.conflicts import Conflicts

UNIQUE_COLUMNS = frozenset({"candidate_id", "access_code"})
"""Columns an edit may change that no two sessions of a release may share."""

KINDS = ("ids", "keycodes", "candidates", "access_codes")
"""The first two are unique in the workspace, all of them in the release."""


class FoundConflicts(NamedTuple):
    """The values in use."""

    in_use: Conflicts
    blocked_by_staged_import: bool
    """Whether one of them is only reserved, by a staged import that may itself be refused in the end."""


@dataclass(slots=True, eq=False)
class ConflictUnit:
    """Looks for conflicts in one transaction. `reserved` are staged imports of others in progress on this server."""

    _transaction: Transaction
    _sessions: SessionUnit
    _reserved: Sequence[Reservation]

    def find(self, release: Release, **values: Collection[str]) -> FoundConflicts:
        """Which of the values are in use.

        Args:
            release: the release whose sessions are asked about.
            **values: `ids` and `keycodes` are looked for in the workspace, `candidates` and `access_codes` in the
                release.
        """
        transaction = self._transaction
        in_use = transaction.repositories.conflicts.find(transaction.db, release.workspace_id, release.id, **values)
        self._overlay(in_use, release)
        blocked = False
        for held in self._reserved:
            if held.staged.workspace_id != release.workspace_id:
                continue
            for kind in KINDS if held.staged.release_id == release.id else KINDS[:2]:
                reserved = getattr(held, kind).intersection(values.get(kind, ()))
                blocked |= bool(reserved)
                getattr(in_use, kind).update(reserved)
        return FoundConflicts(in_use, blocked)

    def _overlay(self, found: Conflicts, release: Release) -> None:
        """Corrects what the database says by what this transaction has let go of, and taken, since."""
        deferred = self._transaction.deferred
        edits = [change for change in deferred.session_changes.values() if change.columns & UNIQUE_COLUMNS]
        deleted = self._sessions.deleted.values()
        for session in deleted:
            if session.workspace_id == release.workspace_id:
                found.ids.discard(session.id)
                found.keycodes.discard(session.keycode)
        for session in (*deleted, *(edit.before for edit in edits)):
            if (session.workspace_id, session.release_id) == (release.workspace_id, release.id):
                found.candidates.discard(session.candidate_id)
                found.access_codes.discard(session.access_code)
        for session in (*deferred.session_inserts.values(), *(edit.session for edit in edits)):
            if session.workspace_id == release.workspace_id:
                found.ids.add(session.id)
                found.keycodes.add(session.keycode)
                if session.release_id == release.id:
                    found.candidates.add(session.candidate_id)
                    found.access_codes.add(session.access_code)
