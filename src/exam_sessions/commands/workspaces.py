"""Creating, configuring, closing and reopening workspaces. What may be done is domain/workspaces.py's."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.workspaces import (
    Workspace,
    close_workspace,
    create_workspace,
    reopen_workspace,
    update_workspace,
)
from exam_sessions.execution.mutation import Mutation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import WorkspaceChanges
    from exam_sessions.execution.read_set import ReadSet


class WorkspaceMutation(Mutation):
    """A mutation of the caller's workspace itself. The result is the workspace."""

    __slots__ = ()

    needs_open_workspace = False

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: the workspace is read when it is judged."""

    def replay_payload(self, result: Workspace) -> str:
        """Its name."""
        return result.workspace_id

    def replay(self, uow: WorkspaceChanges, payload: str) -> Workspace:
        """The workspace as it is now."""
        return uow.workspaces.get(payload)


class CreateWorkspace(WorkspaceMutation):
    """A new workspace, open."""

    __slots__ = ("workspace",)

    def __init__(self, caller: Caller, workspace: Workspace) -> None:
        super().__init__(caller)
        self.workspace = workspace

    def apply(self, uow: WorkspaceChanges) -> Workspace:
        """Registers it.

        Raises:
            errors.DuplicateWorkspace: there is one of the name.
        """
        workspace = create_workspace(self.workspace, uow.clock.now)
        if self.caller.validate_only:
            is_new = uow.workspaces.find(workspace.workspace_id) is None
        else:
            is_new = uow.workspaces.insert_now(workspace)
        if not is_new:
            raise errors.DuplicateWorkspace(workspace.workspace_id)
        return workspace


class ChangeWorkspace(WorkspaceMutation):
    """A change of a workspace that exists."""

    __slots__ = ()

    def apply(self, uow: WorkspaceChanges) -> Workspace:
        """Writes it as it became. Raises WorkspaceNotFound, and the refusals of `_changed`."""
        became = self._changed(uow.workspaces.get(self.caller.workspace), uow.clock.now)
        if not self.caller.validate_only:
            uow.workspaces.update_now(became)
        return became

    @abstractmethod
    def _changed(self, workspace: Workspace, now: int) -> Workspace:
        """The workspace as it becomes."""


class UpdateWorkspace(ChangeWorkspace):
    """Other settings."""

    __slots__ = ("fields",)

    def __init__(self, caller: Caller, fields: Mapping[str, Any]) -> None:
        super().__init__(caller)
        self.fields = fields

    def _changed(self, workspace: Workspace, now: int) -> Workspace:
        try:
            return update_workspace(workspace, self.fields, now)
        except errors.InvalidField as refusal:
            raise refusal.under("workspace") from None


class CloseWorkspace(ChangeWorkspace):
    """The end of all changes in it."""

    __slots__ = ()

    def _changed(self, workspace: Workspace, now: int) -> Workspace:
        return close_workspace(workspace, now)


class ReopenWorkspace(ChangeWorkspace):
    """Changes are accepted again."""

    __slots__ = ()

    def _changed(self, workspace: Workspace, now: int) -> Workspace:
        return reopen_workspace(workspace, now)
