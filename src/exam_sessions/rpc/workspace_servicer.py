"""WorkspaceService: the registry of workspaces. Converts, submits, converts; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.workspaces import CloseWorkspace, CreateWorkspace, ReopenWorkspace, UpdateWorkspace
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.convert.workspace import edited_fields, fill_workspace, workspace_in
from exam_sessions_client.v1 import workspace_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service


class WorkspaceServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {
            "CreateWorkspace": self.create,
            "GetWorkspace": self.get,
            "ListWorkspaces": self.list,
            "UpdateWorkspace": self.update,
            "CloseWorkspace": self.close,
            "ReopenWorkspace": self.reopen,
        }

    async def create(self, request: pb.CreateWorkspaceRequest, call: Call) -> pb.CreateWorkspaceResponse:
        """Creates a workspace."""
        reply = pb.CreateWorkspaceResponse()
        mutation = CreateWorkspace(call.caller(request, makes_workspace=True), workspace_in(request))
        fill_workspace(reply.workspace, await self._service.write(mutation))
        return reply

    async def get(self, request: pb.GetWorkspaceRequest, call: Call) -> pb.GetWorkspaceResponse:
        """Reads one workspace."""
        reply = pb.GetWorkspaceResponse()
        fill_workspace(reply.workspace, await self._service.reads.workspaces.get(call.workspace(request)))
        return reply

    async def list(self, request: pb.ListWorkspacesRequest, call: Call) -> pb.ListWorkspacesResponse:
        """Reads a page: one row more than asked shows whether there is another."""
        most, found = pages.size(request.page_size), pages.cursor(request, request.page_token)
        own = call.principal.workspaces
        page = await self._service.reads.workspaces.page(own, found[1] if found else "", most + 1)
        reply = pb.ListWorkspacesResponse()
        for workspace in page[:most]:
            fill_workspace(reply.workspaces.add(), workspace)
        if len(page) > most:
            reply.next_page_token = pages.token(request, 0, page[most - 1].workspace_id)
        return reply

    async def update(self, request: pb.UpdateWorkspaceRequest, call: Call) -> pb.UpdateWorkspaceResponse:
        """Edits a workspace."""
        if request.workspace.workspace_id not in {"", request.workspace_id or DEFAULT_WORKSPACE}:
            raise errors.invalid("workspace.workspace_id", "must be the workspace_id of the request, or empty")
        fields = edited_fields(request.workspace, request.update_mask.paths)
        reply = pb.UpdateWorkspaceResponse()
        mutation = UpdateWorkspace(call.caller(request), fields)
        fill_workspace(reply.workspace, await self._service.write(mutation))
        return reply

    async def close(self, request: pb.CloseWorkspaceRequest, call: Call) -> pb.CloseWorkspaceResponse:
        """Closes a workspace."""
        reply = pb.CloseWorkspaceResponse()
        fill_workspace(reply.workspace, await self._service.write(CloseWorkspace(call.caller(request))))
        return reply

    async def reopen(self, request: pb.ReopenWorkspaceRequest, call: Call) -> pb.ReopenWorkspaceResponse:
        """Opens a closed workspace again."""
        reply = pb.ReopenWorkspaceResponse()
        fill_workspace(reply.workspace, await self._service.write(ReopenWorkspace(call.caller(request))))
        return reply
