"""The registry of workspaces. They are few and change seldom: read where they are decided, written immediately."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.store.database_errors import WorkspaceIsClosed
from exam_sessions.store.workspaces import WorkspaceState

if TYPE_CHECKING:
    from exam_sessions.domain.workspaces import Workspace
    from exam_sessions.execution.transaction import Transaction


@dataclass(slots=True, eq=False)
class WorkspaceUnit:
    """The registry as one transaction reads and writes it."""

    _transaction: Transaction
    seen: dict[str, WorkspaceState] = field(default_factory=dict)
    """What was read or written, by name."""

    def find(self, workspace: str) -> Workspace | None:
        """A workspace; None when there is none of that name."""
        transaction = self._transaction
        return self._seen(transaction.repositories.workspaces.load(transaction.db, workspace))

    def get(self, workspace: str) -> Workspace:
        """A workspace, locked.

        Raises:
            errors.WorkspaceNotFound: there is none of that name.
        """
        transaction = self._transaction
        found = transaction.repositories.workspaces.load(transaction.db, workspace, to_write=True)
        transaction.clock.advance()
        if found is None:
            raise errors.WorkspaceNotFound(workspace)
        self._seen(found)
        return found

    def check_open(self, workspace: str) -> None:
        """Makes sure that a workspace in which something was written is open, and stays so until this is committed.

        Raises:
            WorkspaceIsClosed: it is not.
        """
        transaction = self._transaction
        if not transaction.repositories.workspaces.is_open(transaction.db, workspace):
            raise WorkspaceIsClosed(workspace)

    def insert_now(self, workspace: Workspace) -> bool:
        """Registers a workspace; whether there was none of the name."""
        is_new = self._transaction.repositories.workspaces.insert(self._transaction.write_now(), workspace)
        if is_new:
            self._seen(workspace)
        return is_new

    def update_now(self, workspace: Workspace) -> None:
        """Writes a workspace as it became."""
        self._transaction.repositories.workspaces.update(self._transaction.write_now(), workspace)
        self._seen(workspace)

    def _seen(self, workspace: Workspace | None) -> Workspace | None:
        if workspace:
            self.seen[workspace.workspace_id] = WorkspaceState(workspace.workspace_id, workspace.close_time)
        return workspace
