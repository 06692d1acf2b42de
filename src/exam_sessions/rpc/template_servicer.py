"""TemplateService: releases as templates, and sessions made from them by operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.domain.states import Delivery, OperationKind
from exam_sessions.rpc.convert.operation import operation_of
from exam_sessions.rpc.convert.template import fill_template, read_submission
from exam_sessions_client.v1 import template_service_pb2 as pb

if TYPE_CHECKING:
    from google.longrunning import operations_pb2

    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service

SESSIONS_AT_MOST = 50
"""Sessions of one submission (Learnosity, Template Submission, data)."""


class TemplateServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {"GetSessionTemplate": self.get, "SubmitFromTemplate": self.submit}

    async def get(self, request: pb.GetSessionTemplateRequest, call: Call) -> pb.GetSessionTemplateResponse:
        """Reads a release with the newest revision of its form."""
        workspace, reads = call.workspace(request), self._service.reads
        release = await reads.release(workspace, request.release_id.lower())
        if release.delivery != Delivery.PAPER:
            raise errors.ReleaseNotOnPaper(release.id)
        stored = await reads.form(workspace, release.test_form, 0)
        reply = pb.GetSessionTemplateResponse()
        fill_template(reply.template, release.id, stored.form)
        return reply

    async def submit(self, request: pb.SubmitFromTemplateRequest, call: Call) -> operations_pb2.Operation:
        """Accepts sessions to be made."""
        if not 1 <= len(request.data) <= SESSIONS_AT_MOST:
            raise errors.invalid("data", f"must hold 1 to {SESSIONS_AT_MOST} sessions, not {len(request.data)}")
        payload = request.SerializeToString()
        mutation = AcceptOperation(call.caller(request), OperationKind.TEMPLATE, read_submission(payload), payload)
        row = await self._service.write(mutation)
        self._service.worker.wake()
        return operation_of(row)
