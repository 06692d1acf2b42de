"""TemplateService: releases as templates, and sessions made from them by operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.domain.states import Delivery, OperationKind
from exam_sessions.rpc.convert.operation import operation_of
from exam_sessions.rpc.convert.template import (
    REQUEST_READER,
    fill_template,
    refuse_nul_in_responses,
    submission_of,
)
from exam_sessions.rpc.methods import QueuedMethod
from exam_sessions_client.v1 import template_service_pb2 as pb

if TYPE_CHECKING:
    from google.longrunning import operations_pb2

    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.rpc.methods import Call, Method
    from exam_sessions.service import Service

SESSIONS_AT_MOST = 50
"""Sessions of one submission (Learnosity, Template Submission, data)."""


class TemplateServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        submit = QueuedMethod(self._service.queue_write, self._accepted, self._reply, REQUEST_READER)
        return {"GetSessionTemplate": self.get, "SubmitFromTemplate": submit}

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

    def _accepted(self, request: Any, call: Call) -> AcceptOperation:
        """The sessions that are to be made."""
        if not 1 <= len(request.data) <= SESSIONS_AT_MOST:
            raise errors.invalid("data", f"must hold 1 to {SESSIONS_AT_MOST} sessions, not {len(request.data)}")
        caller = call.caller(request)
        payload = request.SerializeToString()
        refuse_nul_in_responses(payload)
        return AcceptOperation(caller, OperationKind.TEMPLATE, submission_of(request), payload)

    def _reply(self, request: Any, row: OperationRow) -> operations_pb2.Operation:
        if not request.validate_only:
            self._service.worker.accepted(row, submission_of(request))
        return operation_of(row)
