"""The messages of the service that its callers handle, and Action, whichever file of the protos they are in."""

from exam_sessions.client.times import put
from exam_sessions_client.v1.catalog_pb2 import AttemptStrategy, DevicePolicy, Release
from exam_sessions_client.v1.lifecycle_service_pb2 import AccommodatedSession
from exam_sessions_client.v1.marking_service_pb2 import ItemMark, PaperResponse
from exam_sessions_client.v1.operation_pb2 import ErasureSummary, OperationResult, RowOutcome
from exam_sessions_client.v1.result_pb2 import (
    Choice,
    ItemResponse,
    ItemResult,
    ObjectiveResult,
    QuestionResponse,
    QuestionResult,
    Response,
    Results,
    Score,
)
from exam_sessions_client.v1.session_pb2 import Action, Attempt, FieldChange, SessionStatistics
from exam_sessions_client.v1.session_service_pb2 import TimeRange


def time_range(start: int | None, end: int | None) -> TimeRange | None:
    """A span of time from microseconds since 1970; None when both ends are open."""
    if start is None and end is None:
        return None
    span = TimeRange()
    if start is not None:
        put(span.start_time, start)
    if end is not None:
        put(span.end_time, end)
    return span


__all__ = [
    "AccommodatedSession",
    "Action",
    "Attempt",
    "AttemptStrategy",
    "Choice",
    "DevicePolicy",
    "ErasureSummary",
    "FieldChange",
    "ItemMark",
    "ItemResponse",
    "ItemResult",
    "ObjectiveResult",
    "OperationResult",
    "PaperResponse",
    "QuestionResponse",
    "QuestionResult",
    "Release",
    "Response",
    "Results",
    "RowOutcome",
    "Score",
    "SessionStatistics",
    "TimeRange",
    "time_range",
]
