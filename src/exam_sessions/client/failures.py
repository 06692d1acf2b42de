"""What a failed call means to its caller: a typed refusal, read back as it was meant, or that nothing answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "exam-sessions"
"""The domain of the service's ErrorInfo."""


class Violation(NamedTuple):
    """A field at fault: its path in the request, what is wrong with it, and a reason of its own where it has one."""

    field: str
    description: str
    reason: str = ""


@dataclass(eq=False)
class Refused(Exception):  # noqa: N818 - the contract calls a typed "no" a refusal, not an error
    """The service said no. `code` is the status code's name, `reason` a name of ErrorReason without its prefix."""

    code: str
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()

    def __str__(self) -> str:
        """The refusal in the service's words."""
        return self.message

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may be accepted in a moment."""
        return (self.code == "UNAVAILABLE" and self.reason != "DATABASE_REPLACED") or self.reason == "OVERLOADED"


@dataclass(eq=False)
class NoServer(Exception):  # noqa: N818 - a condition the command line explains
    """Nothing that speaks gRPC answers at the target, or not in time."""

    target: str

    def __str__(self) -> str:
        """The condition in words."""
        return f"no server answers at {self.target}"


def read_failure(error: Any, target: str) -> Refused | NoServer:
    """What a failed call means: a typed refusal, or that nothing answers."""
    code: grpc.StatusCode = error.code()
    status = rpc_status.from_call(error)
    if status and (refused := read_status(status)):
        return refused
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return NoServer(target)
    return Refused(code.name, code.name, f"{target} answers {code.name}: {error.details()}")


def read_status(status: status_pb2.Status) -> Refused | None:
    """The typed refusal a status holds; None when it is not the service's."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        # Unpack leaves a message alone that is of another type.
        detail.Unpack(info)
        detail.Unpack(bad)
    if info.domain != DOMAIN:
        return None
    violations = tuple(Violation(v.field, v.description, v.reason) for v in bad.field_violations)
    code = code_pb2.Code.Name(status.code)
    return Refused(code, info.reason, status.message, dict(info.metadata), violations)
