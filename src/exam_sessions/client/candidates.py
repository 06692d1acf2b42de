"""Calls about what is stored of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.client.channel import BATCH, Channel, new_request_id
from exam_sessions_client.blocking import end
from exam_sessions_client.failures import CallFailed
from exam_sessions_client.v1 import candidate_service_pb2, candidate_service_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.client.security import Security

Erased = candidate_service_pb2.EraseCandidateResponse
Retained = candidate_service_pb2.ApplyRetentionResponse


class CandidateCalls(Channel):
    """Calls about candidates."""

    def __init__(self, target: str, workspace: str, actor: str, security: Security) -> None:
        super().__init__(target, workspace, actor, security)
        self._candidates = candidate_service_pb2_grpc.CandidateServiceStub(self._channel)

    def erase_candidate(self, candidate_id: str, request_id: str = "", **fields: Any) -> Erased:
        """Removes what identifies a candidate, as an operation. Fields are those of EraseCandidateRequest."""
        request = candidate_service_pb2.EraseCandidateRequest(
            workspace_id=self.workspace,
            candidate_id=candidate_id,
            request_id=request_id or new_request_id(),
            **fields,
        )
        return self._call(self._candidates.EraseCandidate, request, BATCH)

    def apply_retention(self, months: int, request_id: str = "", **fields: Any) -> Retained:
        """Erases what was archived so many months ago (0: the workspace's own), as an operation.

        Fields are those of ApplyRetentionRequest.
        """
        request = candidate_service_pb2.ApplyRetentionRequest(
            workspace_id=self.workspace, months=months, request_id=request_id or new_request_id(), **fields
        )
        return self._call(self._candidates.ApplyRetention, request, BATCH)

    def export_candidate(self, candidate_id: str) -> Iterator[str]:
        """Everything that is stored about a candidate: the pieces of one JSON document."""
        request = candidate_service_pb2.ExportCandidateRequest(workspace_id=self.workspace, candidate_id=candidate_id)
        replies: Any = self._candidates.ExportCandidate(request)
        try:
            for piece in replies:
                yield piece.json
        except CallFailed as failed:
            raise self._failure(failed) from None
        finally:
            end(replies)
