"""CandidateService: what is stored about a candidate. Erasing is the work of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.erasure import Erasure
from exam_sessions.commands.erasure_progress import without_word
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.commands.retention import Retention
from exam_sessions.domain.erasure import ErasureScope
from exam_sessions.domain.retention import months_before
from exam_sessions.domain.states import OperationKind
from exam_sessions.domain.texts import flaw_of, is_blank
from exam_sessions.rpc.candidate_export import CandidateExporter
from exam_sessions.rpc.convert.candidate_payloads import mentions
from exam_sessions.rpc.convert.operation import fill_erasure, operation_of, redacted
from exam_sessions.rpc.convert.request import each_once
from exam_sessions.rpc.convert.times import put
from exam_sessions.rpc.methods import ServerStreamMethod
from exam_sessions_client.v1 import candidate_service_pb2 as pb

PIECE = 700_000
"""Characters of one piece: each has at most four bytes."""

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exam_sessions.rpc.marking_servicer import MarkingServicer
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service


class CandidateServicer:
    """One method per RPC."""

    def __init__(self, service: Service, marking: MarkingServicer) -> None:
        self._service, self._exporter = service, CandidateExporter(service, marking)

    def methods(self) -> dict[str, Method | QueuedMethod | ServerStreamMethod]:
        """The methods by the names of their RPCs."""
        return {
            "EraseCandidate": self.erase,
            "ApplyRetention": self.retain,
            "ExportCandidate": ServerStreamMethod(self.export),
        }

    async def erase(self, request: pb.EraseCandidateRequest, call: Call) -> pb.EraseCandidateResponse:
        """Accepts the erasure of a candidate, or previews it."""
        check_candidate(request.candidate_id)
        check_reason(request.reason, request.candidate_id)
        caller, task = call.caller(request), erasure_of(request)
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

    async def retain(self, request: pb.ApplyRetentionRequest, call: Call) -> pb.ApplyRetentionResponse:
        """Accepts to erase what was archived long ago, or counts it."""
        check_reason(request.reason)
        caller = call.caller(request)
        request.months = request.months or await self._months_of(caller.workspace)
        task, payload = retention_of(request), request.SerializeToString()
        row = await self._service.write(AcceptOperation(caller, OperationKind.RETENTION, task, payload))
        reply = pb.ApplyRetentionResponse(session_count=row.total)
        put(reply.before, months_before(row.create_time, request.months))
        if not request.validate_only:
            self._service.worker.wake()
            reply.operation.CopyFrom(operation_of(row))
        return reply

    async def _months_of(self, workspace: str) -> int:
        """The months that a workspace keeps personal data. Raises InvalidField where it sets none."""
        months = (await self._service.reads.workspaces.get(workspace)).retention_months
        if not months:
            raise errors.invalid("months", "must be given: the workspace has no retention_months")
        return months

    async def export(
        self, request: pb.ExportCandidateRequest, call: Call, send: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Sends the document piece by piece."""
        check_candidate(request.candidate_id)
        async for text in self._exporter.pieces(call.workspace(request), request.candidate_id):
            for start in range(0, len(text), PIECE):
                await send(pb.ExportCandidateResponse(json=text[start : start + PIECE]).SerializeToString())


def check_candidate(candidate_id: str) -> None:
    """Refuses what no candidate id can be. Raises InvalidField."""
    if flaw := flaw_of(candidate_id):
        raise errors.invalid("candidate_id", flaw)


def check_reason(reason: str, candidate_id: str = "") -> None:
    """Refuses a reason that says nothing, or names the candidate, for it is kept. Raises InvalidField."""
    if candidate_id and without_word(reason, candidate_id) != reason:
        raise errors.invalid("reason", "must not hold the candidate's id: it is kept in the history")
    if is_blank(reason):
        raise errors.invalid("reason", "is required: it is kept in the history of every session that is erased")


def erasure_of(request: pb.EraseCandidateRequest) -> Erasure:
    """The work of an operation."""
    scope = ErasureScope(request.erase_free_text, request.erase_responses)
    return Erasure(request.candidate_id, request.reason, scope, request.include_live, mentions, redacted)


def read_erasure(payload: bytes) -> Erasure:
    """The task of an accepted request."""
    return erasure_of(pb.EraseCandidateRequest.FromString(payload))


def retention_of(request: pb.ApplyRetentionRequest) -> Retention:
    """The work of an operation."""
    return Retention(
        request.months,
        request.reason,
        each_once(request.release_ids),
        ErasureScope(request.erase_free_text, request.erase_responses),
        request.include_voided,
        request.delete_sessions,
        request.sessions_per_second,
    )


def read_retention(payload: bytes) -> Retention:
    """The task of an accepted request."""
    return retention_of(pb.ApplyRetentionRequest.FromString(payload))
