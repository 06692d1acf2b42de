"""CatalogService: test forms and releases. Converts, submits, converts; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.finalize import SetReleaseFinalized
from exam_sessions.commands.forms import CreateForm, UpdateForm
from exam_sessions.commands.releases import CreateRelease, UpdateRelease
from exam_sessions.domain.states import Finalized
from exam_sessions.execution.random_codes import new_ids
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.form import fill_form, fill_form_row, form_in
from exam_sessions.rpc.convert.release import edited_fields, fill_release, release_of
from exam_sessions.rpc.decoding.request_decoder import aside
from exam_sessions_client.v1 import catalog_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.domain.records import Release
    from exam_sessions.execution.catalog_queries import ReleaseWithStatistics
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service
    from exam_sessions_client.v1 import catalog_pb2


class CatalogServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {
            "CreateRelease": self.create,
            "GetRelease": self.get,
            "ListReleases": self.list,
            "UpdateRelease": self.update,
            "FinalizeRelease": self.finalize,
            "UnfinalizeRelease": self.unfinalize,
            "CreateTestForm": self.create_form,
            "GetTestForm": self.get_form,
            "ListTestForms": self.list_forms,
            "UpdateTestForm": self.update_form,
        }

    async def create(self, request: pb.CreateReleaseRequest, call: Call) -> pb.CreateReleaseResponse:
        """Creates a release."""
        release = release_of(request.release, request.release.id.lower() or new_ids(1)[0])
        reply = pb.CreateReleaseResponse()
        mutation = CreateRelease(
            call.caller(request),
            release,
            allow_missing_form=request.allow_missing_form,
            allow_duplicate_name=request.allow_duplicate_name,
        )
        await self._fill(reply.release, await self._service.write(mutation))
        return reply

    async def get(self, request: pb.GetReleaseRequest, call: Call) -> pb.GetReleaseResponse:
        """Reads one release."""
        reply = pb.GetReleaseResponse()
        workspace, release_id = call.workspace(request), request.release_id.lower()
        found = await self._service.reads.release_with_statistics(workspace, release_id)
        _fill_seen(reply.release, found, call)
        return reply

    async def list(self, request: pb.ListReleasesRequest, call: Call) -> pb.ListReleasesResponse:
        """Reads a page: one row more than asked shows whether there is another."""
        most, after = pages.size(request.page_size), pages.cursor(request, request.page_token)
        page = await self._service.reads.releases(call.workspace(request), request.name, after or (-1, ""), most + 1)
        reply = pb.ListReleasesResponse()
        for found in page[:most]:
            _fill_seen(reply.releases.add(), found, call)
        if len(page) > most:
            last = page[most - 1].release
            reply.next_page_token = pages.token(request, last.create_time, last.id)
        return reply

    async def update(self, request: pb.UpdateReleaseRequest, call: Call) -> pb.UpdateReleaseResponse:
        """Edits a release."""
        if not request.release.id:
            raise errors.invalid("release.id", "says which release is to be edited")
        fields = edited_fields(request.release, request.update_mask.paths)
        mutation = UpdateRelease(
            call.caller(request),
            request.release.id.lower(),
            request.etag,
            fields,
            allow_missing_form=request.allow_missing_form,
            allow_duplicate_name=request.allow_duplicate_name,
        )
        reply = pb.UpdateReleaseResponse()
        await self._fill(reply.release, await self._service.write(mutation))
        return reply

    async def finalize(self, request: pb.FinalizeReleaseRequest, call: Call) -> pb.FinalizeReleaseResponse:
        """Locks a release, and waits until everything in progress is submitted."""
        caller, release_id = call.caller(request), request.release_id.lower()
        release = await self._service.write(SetReleaseFinalized(caller, release_id, request.etag, closing=True))
        if not request.validate_only and release.finalized == Finalized.SUBMITTING:
            await self._service.scheduler.close(caller.workspace, release_id)
            release = await self._service.reads.release(caller.workspace, release_id)
        reply = pb.FinalizeReleaseResponse()
        await self._fill(reply.release, release)
        return reply

    async def unfinalize(self, request: pb.UnfinalizeReleaseRequest, call: Call) -> pb.UnfinalizeReleaseResponse:
        """Opens a release again."""
        mutation = SetReleaseFinalized(call.caller(request), request.release_id.lower(), request.etag, closing=False)
        reply = pb.UnfinalizeReleaseResponse()
        await self._fill(reply.release, await self._service.write(mutation))
        return reply

    async def _fill(self, message: catalog_pb2.Release, release: Release) -> None:
        """Writes a release that was written, with its statistics where it is closed (a replay may show it so)."""
        if release.finalized == Finalized.CLOSED:
            fill_release(
                message, *await self._service.reads.release_with_statistics(release.workspace_id, release.id)
            )
        else:
            fill_release(message, release)

    async def create_form(self, request: pb.CreateTestFormRequest, call: Call) -> pb.CreateTestFormResponse:
        """Creates a test form."""
        caller = call.caller(request)
        reply = pb.CreateTestFormResponse()
        stored = await self._service.write(CreateForm(caller, await aside(form_in, request.test_form)))
        fill_form(reply.test_form, caller.workspace, stored)
        return reply

    async def get_form(self, request: pb.GetTestFormRequest, call: Call) -> pb.GetTestFormResponse:
        """Reads a revision of a test form."""
        workspace = call.workspace(request)
        reply = pb.GetTestFormResponse()
        stored = await self._service.reads.form(workspace, request.reference, request.revision)
        fill_form(reply.test_form, workspace, stored)
        return reply

    async def list_forms(self, request: pb.ListTestFormsRequest, call: Call) -> pb.ListTestFormsResponse:
        """Reads a page: one row more than asked shows whether there is another."""
        workspace, most = call.workspace(request), pages.size(request.page_size)
        found = pages.cursor(request, request.page_token)
        page = await self._service.reads.forms(workspace, found[1] if found else "", most + 1)
        reply = pb.ListTestFormsResponse()
        for row in page[:most]:
            fill_form_row(reply.test_forms.add(), workspace, row)
        if len(page) > most:
            reply.next_page_token = pages.token(request, 0, page[most - 1].reference)
        return reply

    async def update_form(self, request: pb.UpdateTestFormRequest, call: Call) -> pb.UpdateTestFormResponse:
        """Makes the next revision of a test form."""
        caller = call.caller(request)
        reply = pb.UpdateTestFormResponse()
        form = await aside(form_in, request.test_form)
        stored = await self._service.write(UpdateForm(caller, form, request.etag))
        fill_form(reply.test_form, caller.workspace, stored)
        return reply


def _fill_seen(message: catalog_pb2.Release, found: ReleaseWithStatistics, call: Call) -> None:
    """Writes a release into a message; its statistics, which are of all centres, for those who see all."""
    fill_release(message, found.release, found.statistics if call.principal.centres is None else None)
