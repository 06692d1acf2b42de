"""Staged imports: rosters written in chunks, hidden until the last one is in. Everything is written immediately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.store.staged_imports import REVOKED, first_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.records import Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.execution.transaction import Transaction
    from exam_sessions.store.staged_imports import StagedImportRow


@dataclass(slots=True, eq=False)
class StagedImportUnit:
    """The staged imports that one transaction reads and writes. `reserved` are those in progress on this server."""

    _transaction: Transaction
    _reserved: Sequence[Reservation]

    def has_unowned(self) -> bool:
        """Whether there is one that this server is not writing."""
        own = {held.staged.id for held in self._reserved}
        return any(
            staged.id not in own for staged in self._transaction.repositories.staged_imports.all(self._transaction.db)
        )

    def open_now(self, staged: StagedImportRow) -> None:
        """Writes that one is in progress."""
        self._transaction.repositories.staged_imports.open(self._transaction.write_now(), staged)

    def renew_now(self, staged: StagedImportRow) -> None:
        """Makes sure that it is still this server's to continue.

        Raises:
            errors.DatabaseUnavailable: another server considers this one ended, and removes it.
        """
        if not self._transaction.repositories.staged_imports.renew(self._transaction.write_now(), staged):
            raise errors.DatabaseUnavailable

    def insert_sessions_now(self, sessions: Sequence[Session]) -> list[str]:
        """Writes sessions of it, hidden until it is published; what `publish_now` takes of each."""
        self._transaction.repositories.sessions.insert(self._transaction.write_now(), sessions)
        return [first_event(session) for session in sessions]

    def publish_now(self, staged: StagedImportRow, rows: Sequence[str], state: int, caller: Caller) -> None:
        """Writes the history of its sessions, and that it is in progress no more: all are visible now.

        Args:
            staged: the import.
            rows: what `insert_sessions_now` gave of all its sessions, in the order of their ids.
            state: the one they all begin in.
            caller: the actor of the events.

        Raises:
            errors.DatabaseUnavailable: another server considered this one ended, and has removed it.
        """
        db, repositories = self._transaction.write_now(), self._transaction.repositories
        if not repositories.staged_imports.close(db, staged):
            raise errors.DatabaseUnavailable
        assert caller.workspace not in self._transaction.deferred.events, "its sequence numbers would be given twice"
        first = repositories.events.reserve(db, caller.workspace, len(rows))
        self._transaction.published[caller.workspace] = state, len(rows)
        repositories.staged_imports.append_events(db, staged, rows, first, state, caller.actor, caller.request_id)

    def discard_now(self, staged: StagedImportRow, most: int) -> int:
        """Removes up to `most` sessions of one that is given up, then the import itself; how many there were.

        0 when it was published meanwhile, or removed by another server.
        """
        db, rows = self._transaction.write_now(), self._transaction.repositories.staged_imports
        if not rows.revoke(db, staged):
            return 0
        removed = rows.remove(db, staged, most)
        if removed < most:
            rows.close(db, staged._replace(owner=REVOKED))
        return removed
