"""Operations. They are read where they are decided and written immediately: each stands alone in its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.states import OperationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.stored_records import OperationRow, OutcomeRow
    from exam_sessions.execution.transaction import Transaction


REMOVING = frozenset({OperationKind.ERASE, OperationKind.RETENTION})
"""Kinds of operations after which nothing of what was overwritten is to be left in files."""

NAMING_CANDIDATES = frozenset({OperationKind.ERASE})
"""Kinds of operations whose request says whom to erase: it is removed when they end, however they end."""


@dataclass(slots=True, eq=False)
class OperationUnit:
    """The operations of one transaction."""

    _transaction: Transaction

    def get(self, workspace: str, operation_id: str, *, to_write: bool = False) -> OperationRow:
        """An operation; locked when read to write.

        Raises:
            errors.OperationNotFound: there is none of that id.
        """
        transaction = self._transaction
        row = transaction.repositories.operations.load(transaction.db, workspace, operation_id, to_write=to_write)
        transaction.clock.advance()
        if row is None:
            raise errors.OperationNotFound(f"workspaces/{workspace}/operations/{operation_id}")
        return row

    def insert_now(self, row: OperationRow) -> None:
        """Writes a new operation."""
        self._transaction.repositories.operations.insert(self._transaction.write_now(), row)

    def save_progress_now(self, row: OperationRow, outcomes: Sequence[OutcomeRow]) -> None:
        """Writes how far an operation has come, and what became of its rows."""
        db = self._transaction.write_now()
        self._transaction.repositories.operations.update(db, row)
        if row.end_time and row.kind in NAMING_CANDIDATES:
            self._transaction.repositories.operations.clear_payload(db, row.workspace_id, row.id)
        if row.end_time and row.kind in REMOVING:
            self._transaction.forgets_deleted = True
        self._transaction.repositories.operations.add_outcomes(db, outcomes)

    def delete_now(self, row: OperationRow) -> None:
        """Removes an operation with its outcomes."""
        self._transaction.repositories.operations.delete(self._transaction.write_now(), row.workspace_id, row.id)
