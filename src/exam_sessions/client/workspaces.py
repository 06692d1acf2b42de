"""Calls about workspaces themselves. Each names its workspace; that of the line is another matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask

from exam_sessions.client.channel import PAGE, Channel
from exam_sessions_client.v1 import workspace_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator


Workspace = workspace_service_pb2.Workspace


class WorkspaceCalls(Channel):
    """Calls about workspaces."""

    def workspaces(self) -> Iterator[Workspace]:
        """Every workspace that the caller may enter, by name; read page by page."""
        request = workspace_service_pb2.ListWorkspacesRequest(page_size=PAGE)
        for reply in self._pages(self._rpc.workspaces.ListWorkspaces, request):
            yield from reply.workspaces

    def workspace_named(self, name: str) -> Workspace:
        """The workspace of this name."""
        request = workspace_service_pb2.GetWorkspaceRequest(workspace_id=name)
        return self._call(self._rpc.workspaces.GetWorkspace, request).workspace

    def create_workspace(self, name: str, display_name: str = "", retention_months: int = 0) -> Workspace:
        """Creates a workspace; `retention_months` 0 is without limit."""
        request = workspace_service_pb2.CreateWorkspaceRequest(workspace_id=name, display_name=display_name)
        request.settings.retention_months = retention_months
        return self._call(self._rpc.workspaces.CreateWorkspace, request).workspace

    def update_workspace(
        self, name: str, display_name: str | None = None, retention_months: int | None = None
    ) -> Workspace:
        """Edits a workspace, returned as it became; None leaves a field as it is."""
        request = workspace_service_pb2.UpdateWorkspaceRequest(workspace_id=name)
        paths = []
        if display_name is not None:
            paths.append("display_name")
            request.workspace.display_name = display_name
        if retention_months is not None:
            paths.append("settings.retention_months")
            request.workspace.settings.retention_months = retention_months
        request.workspace.SetInParent()
        request.update_mask.CopyFrom(FieldMask(paths=paths))
        return self._call(self._rpc.workspaces.UpdateWorkspace, request).workspace

    def close_workspace(self, name: str) -> Workspace:
        """Closes a workspace: it can be read, and nothing in it changes."""
        request = workspace_service_pb2.CloseWorkspaceRequest(workspace_id=name)
        return self._call(self._rpc.workspaces.CloseWorkspace, request).workspace

    def reopen_workspace(self, name: str) -> Workspace:
        """Opens a closed workspace again."""
        request = workspace_service_pb2.ReopenWorkspaceRequest(workspace_id=name)
        return self._call(self._rpc.workspaces.ReopenWorkspace, request).workspace
