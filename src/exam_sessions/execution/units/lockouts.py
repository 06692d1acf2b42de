"""Wrong entries and lock-outs. They are read where they are decided, and written immediately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.domain.lockout import Tries
    from exam_sessions.domain.stored_records import LockoutRow
    from exam_sessions.execution.transaction import Transaction


@dataclass(slots=True, eq=False)
class LockoutUnit:
    """The lock-outs of one transaction."""

    _transaction: Transaction

    def tries_of(self, workspace: str, subjects: Collection[str]) -> dict[str, Tries]:
        """What is counted for these subjects, by their keys, locked; of one without entries nothing."""
        transaction = self._transaction
        found = transaction.repositories.lockouts.take_tries(transaction.db, workspace, subjects)
        transaction.clock.advance()
        return {tries.subject: tries for tries in found}

    def put_tries_now(self, new: Sequence[Tries], changed: Sequence[Tries]) -> None:
        """Writes what is counted of subjects without entries, and of others.

        Raises:
            LostRace: another server has begun to count for one of `new` meanwhile.
        """
        db, repository = self._transaction.write_now(), self._transaction.repositories.lockouts
        if new:
            repository.insert_tries(db, new)
        if changed:
            repository.update_tries(db, changed)

    def forget_tries_now(self, workspace: str, subjects: Collection[str]) -> int:
        """Deletes the counts of these subjects; returns how many had one."""
        return self._transaction.repositories.lockouts.delete_tries(
            self._transaction.write_now(), workspace, subjects
        )

    def begin_now(self, row: LockoutRow) -> None:
        """Records a lock-out."""
        self._transaction.repositories.lockouts.insert(self._transaction.write_now(), row)

    def get(self, workspace: str, lockout_id: str) -> LockoutRow:
        """A lock-out, locked.

        Raises:
            errors.LockoutNotFound: there is none of that id.
        """
        transaction = self._transaction
        row = transaction.repositories.lockouts.load(transaction.db, workspace, lockout_id)
        transaction.clock.advance()
        if row is None:
            raise errors.LockoutNotFound(lockout_id)
        return row

    def lift_now(self, row: LockoutRow, now: int) -> None:
        """Lifts the lock-outs in force of a row's subject; the row says who lifts them, when and why."""
        self._transaction.repositories.lockouts.lift(self._transaction.write_now(), row, now)

    def purge_now(self, workspace: str, ids: Collection[str]) -> int:
        """Removes lock-outs; how many there were."""
        return self._transaction.repositories.lockouts.delete(self._transaction.write_now(), workspace, ids)
