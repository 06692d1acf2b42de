"""CatalogService: creating, reading and editing releases. Converts, submits, converts; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.codes import new_ids
from exam_sessions.commands.releases import CreateRelease, UpdateRelease
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert_release import edited_fields, fill_release, release_of
from exam_sessions.rpc.handlers import workspace_of
from exam_sessions.v1 import catalog_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.commands.service import Service
    from exam_sessions.rpc.handlers import Call, InLine, Method


class CatalogServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | InLine]:
        """The methods by the names of their RPCs."""
        return {
            "CreateRelease": self.create,
            "GetRelease": self.get,
            "ListReleases": self.list,
            "UpdateRelease": self.update,
        }

    async def create(self, request: pb.CreateReleaseRequest, call: Call) -> pb.CreateReleaseResponse:
        """Creates a release."""
        release = release_of(request.release, request.release.id.lower() or new_ids(1)[0])
        reply = pb.CreateReleaseResponse()
        fill_release(reply.release, await self._service.write(CreateRelease(call.caller(request), release)))
        return reply

    async def get(self, request: pb.GetReleaseRequest, _: Call) -> pb.GetReleaseResponse:
        """Reads one release."""
        reply = pb.GetReleaseResponse()
        found = await self._service.reads.release(workspace_of(request), request.release_id.lower())
        fill_release(reply.release, found)
        return reply

    async def list(self, request: pb.ListReleasesRequest, _: Call) -> pb.ListReleasesResponse:
        """Reads a page: one row more than asked tells whether there is another."""
        most, found = pages.size(request.page_size), pages.place(request, request.page_token)
        page = await self._service.reads.releases(workspace_of(request), request.name, found or (-1, ""), most + 1)
        reply = pb.ListReleasesResponse()
        for release in page[:most]:
            fill_release(reply.releases.add(), release)
        if len(page) > most:
            last = page[most - 1]
            reply.next_page_token = pages.token(request, last.create_time, last.id)
        return reply

    async def update(self, request: pb.UpdateReleaseRequest, call: Call) -> pb.UpdateReleaseResponse:
        """Edits a release."""
        if not request.release.id:
            raise errors.invalid("release.id", "says which release is to be edited")
        fields = edited_fields(request.release, request.update_mask.paths)
        batch = UpdateRelease(call.caller(request), request.release.id.lower(), request.etag, fields)
        reply = pb.UpdateReleaseResponse()
        fill_release(reply.release, await self._service.write(batch))
        return reply
