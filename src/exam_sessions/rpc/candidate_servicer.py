"""CandidateService: what is stored about a candidate. Erasing is the work of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.erasure import Erasure
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.domain.erasure import ErasureScope
from exam_sessions.domain.states import OperationKind
from exam_sessions.domain.texts import flaw_of, is_blank
from exam_sessions.rpc.convert.operation import fill_erasure, operation_of, redacted
from exam_sessions.v1 import candidate_service_pb2 as pb
from exam_sessions.v1 import lifecycle_service_pb2, template_service_pb2

if TYPE_CHECKING:
    from exam_sessions.execution.caller import Caller
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service


class CandidateServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {"EraseCandidate": self.erase}

    async def erase(self, request: pb.EraseCandidateRequest, call: Call) -> pb.EraseCandidateResponse:
        """Accepts the erasure of a candidate, or previews it."""
        check_candidate(request.candidate_id)
        check_reason(request.reason)
        caller, task = call.caller(request), erasure_of(request)
        check_all_centres(caller, "EraseCandidate")
        if request.validate_only:
            reads, now = self._service.reads, self._service.now
            counts = await reads.in_unit(lambda uow: task.preview(uow, caller.workspace), now)
            reply = pb.EraseCandidateResponse()
            fill_erasure(reply.preview, counts)
            return reply
        payload = request.SerializeToString()
        row = await self._service.write(AcceptOperation(caller, OperationKind.ERASE, task, payload))
        self._service.worker.wake()
        return pb.EraseCandidateResponse(operation=operation_of(row))


def check_all_centres(caller: Caller, rpc: str) -> None:
    """Refuses a caller who is bound to centres: a candidate is everywhere or nowhere. Raises PermissionDenied."""
    if caller.centres is not None:
        raise errors.PermissionDenied("MANAGE_PERSONAL_DATA of all centres", rpc)


def check_candidate(candidate_id: str) -> None:
    """Refuses what no candidate id can be. Raises InvalidField."""
    if flaw := flaw_of(candidate_id):
        raise errors.invalid("candidate_id", flaw)


def check_reason(reason: str) -> None:
    """Refuses a reason that says nothing. Raises InvalidField."""
    if is_blank(reason):
        raise errors.invalid("reason", "is required: it is kept in the history of every session that is erased")


def erasure_of(request: pb.EraseCandidateRequest) -> Erasure:
    """The work of an operation."""
    scope = ErasureScope(request.erase_free_text, request.erase_responses)
    return Erasure(request.candidate_id, request.reason, scope, request.include_live, mentions, redacted)


def read_erasure(payload: bytes) -> Erasure:
    """What an accepted request asks for."""
    return erasure_of(pb.EraseCandidateRequest.FromString(payload))


def mentions(kind: int, payload: bytes, candidate_id: str) -> bool:
    """Whether what an operation does names a candidate."""
    if candidate_id.encode() not in payload:
        return False
    if kind == OperationKind.TEMPLATE:
        submission = template_service_pb2.SubmitFromTemplateRequest.FromString(payload)
        return any(row.user_id == candidate_id for row in submission.data)
    if kind == OperationKind.TRANSITION:
        transition = lifecycle_service_pb2.BatchTransitionSessionsRequest.FromString(payload)
        return candidate_id in transition.filter.candidate_ids
    if kind == OperationKind.ERASE:
        return pb.EraseCandidateRequest.FromString(payload).candidate_id == candidate_id
    return False
