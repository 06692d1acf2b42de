"""Requests that operations were accepted for, as far as they name a candidate."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict

from exam_sessions.domain.states import OperationKind
from exam_sessions_client.v1 import candidate_service_pb2, lifecycle_service_pb2, template_service_pb2


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
        return candidate_service_pb2.EraseCandidateRequest.FromString(payload).candidate_id == candidate_id
    return False


def part_of(kind: int, payload: bytes, candidate_id: str) -> dict[str, Any]:
    """What of an operation's request is about a candidate: their rows of a template, or the action of a filter."""
    if kind == OperationKind.TEMPLATE:
        submission = template_service_pb2.SubmitFromTemplateRequest.FromString(payload)
        rows = [row for row in submission.data if row.user_id == candidate_id]
        return {"rows": [MessageToDict(row, preserving_proto_field_name=True) for row in rows]}
    if kind == OperationKind.TRANSITION:
        transition = lifecycle_service_pb2.BatchTransitionSessionsRequest.FromString(payload)
        transition.ClearField("filter")
        return {"transition": MessageToDict(transition, preserving_proto_field_name=True)}
    return {}
