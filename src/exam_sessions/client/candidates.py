"""Calls about what is stored of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.client.channel import BATCH, Channel, new_request_id
from exam_sessions.v1 import candidate_service_pb2, candidate_service_pb2_grpc

if TYPE_CHECKING:
    from exam_sessions.client.security import Security

Erased = candidate_service_pb2.EraseCandidateResponse


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
