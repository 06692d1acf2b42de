"""What a failed call means: the service refused, with a reason and its facts, or nothing of the service answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from google.rpc import code_pb2, error_details_pb2, status_pb2

from exam_sessions_client.reasons import Reason

DOMAIN = "exam-sessions"
"""The domain of the service's ErrorInfo."""

DETAILS = "grpc-status-details-bin"
"""The trailing metadata in which gRPC keeps a status with its details."""

PASSING = frozenset({Reason.OVERLOADED, Reason.WATCHER_TOO_SLOW, Reason.TOO_MANY_WATCHERS})
"""Reasons that pass by themselves, although their code is not UNAVAILABLE."""

TORN = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN"})
"""How calls end whose connection broke, or that were not answered in time."""


class Violation(NamedTuple):
    """A field at fault: its path in the request, what is wrong with it, and a reason of its own where it has one."""

    field: str
    description: str
    reason: str = ""


class CallFailed(Exception):  # noqa: N818 - its kinds are conditions that callers handle
    """A call that did not do what it should: Refused or NoAnswer."""

    code: str
    """The name of the status code."""
    message: str
    reason: str
    """A Reason where the service gave one; that of a newer server may be a name which Reason does not have."""
    retry_after: float
    """Seconds after which the same call may succeed; 0 where the service does not say."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed in a moment."""
        if not self.reason:
            return self.code in TORN
        return self.reason in PASSING or (self.code == "UNAVAILABLE" and self.reason != Reason.DATABASE_REPLACED)

    def __str__(self) -> str:
        """The service's own sentence, or gRPC's."""
        return self.message


@dataclass(eq=False)
class Refused(CallFailed):
    """The service said no."""

    code: str
    reason: str
    message: str
    facts: dict[str, str] = field(default_factory=dict)
    """Those of the reason, by name."""
    violations: tuple[Violation, ...] = ()
    """What is wrong with the request, where that is the reason."""
    retry_after: float = 0.0


@dataclass(eq=False)
class NoAnswer(CallFailed):
    """The service did not answer: no connection, a deadline, a cancelled call, or a proxy answered in its place."""

    code: str
    message: str
    reason, retry_after = "", 0.0


def failure_of(error: Any) -> CallFailed:
    """What an error of gRPC's means, of either of its Python interfaces."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS and (refused := refusal_in(status_pb2.Status.FromString(value))):
            return refused
    return NoAnswer(error.code().name, error.details() or error.code().name)


def refusal_in(status: status_pb2.Status) -> Refused | None:
    """The refusal that a status holds, such as that of a chunk of an import or of a row of an operation.

    None where the status is not the service's.
    """
    info, bad, pause = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        # Unpack leaves a message alone that is of another type.
        for message in (info, bad, pause):
            detail.Unpack(message)
    if info.domain != DOMAIN:
        return None
    reason = Reason(info.reason) if info.reason in Reason.__members__ else info.reason
    violations = tuple(Violation(v.field, v.description, v.reason) for v in bad.field_violations)
    seconds = pause.retry_delay.ToTimedelta().total_seconds()
    return Refused(code_pb2.Code.Name(status.code), reason, status.message, dict(info.metadata), violations, seconds)
