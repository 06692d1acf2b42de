"""Calls about what is stored of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.client.channel import BATCH, Channel
from exam_sessions_client.blocking import end
from exam_sessions_client.v1 import candidate_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator


Erased = candidate_service_pb2.EraseCandidateResponse
Retained = candidate_service_pb2.ApplyRetentionResponse


class CandidateCalls(Channel):
    """Calls about candidates."""

    def erase_candidate(self, candidate_id: str, request_id: str = "", **fields: Any) -> Erased:
        """Removes what identifies a candidate, as an operation. Fields are those of EraseCandidateRequest."""
        request = candidate_service_pb2.EraseCandidateRequest(
            candidate_id=candidate_id,
            request_id=request_id,
            **fields,
        )
        return self._call(self._rpc.candidates.EraseCandidate, request, timeout=BATCH)

    def apply_retention(self, months: int, request_id: str = "", **fields: Any) -> Retained:
        """Erases what was archived so many months ago (0: the workspace's own), as an operation.

        Fields are those of ApplyRetentionRequest.
        """
        request = candidate_service_pb2.ApplyRetentionRequest(months=months, request_id=request_id, **fields)
        return self._call(self._rpc.candidates.ApplyRetention, request, timeout=BATCH)

    def export_candidate(self, candidate_id: str) -> Iterator[str]:
        """Everything that is stored about a candidate: the pieces of one JSON document."""
        request = candidate_service_pb2.ExportCandidateRequest(candidate_id=candidate_id)
        replies: Any = self._rpc.candidates.ExportCandidate(request)
        try:
            with self._calling():
                for piece in replies:
                    yield piece.json
        finally:
            end(replies)
