"""What a failed call means to its caller: a typed refusal, read back as it was meant, or that nothing answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
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

    was_reached = True
    """Whether the server has answered an earlier call of the same client: it may be restarting."""

    def __str__(self) -> str:
        """The condition in words."""
        return f"no server answers at {self.target}"

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may be answered in a moment."""
        return True


class HandshakeFault(StrEnum):
    """Why there is no connection, with the target's name in braces."""

    UNTRUSTED = "{} has a certificate of a CA that is not trusted"
    EXPIRED = "the certificate of {}, or of its CA, has expired"
    NOT_YET_VALID = "the certificate of {}, or of its CA, is not valid yet"
    WRONG_HOST = "the certificate of {} is that of another host"
    NO_TLS = "{} speaks no TLS"
    TLS_WANTED = "{} closes connections that are not encrypted; it seems to want TLS"
    CLIENT_CERTIFICATE = "{} closes the connection; it seems to want a client certificate, or another one"
    OTHER = "TLS with {} does not come about"


SIGNS = (
    # Words in the details of a status of gRPC, and what they mean; the first that is found counts.
    ("Hostname Verification Check failed", HandshakeFault.WRONG_HOST),
    ("certificate has expired", HandshakeFault.EXPIRED),
    ("certificate is not yet valid", HandshakeFault.NOT_YET_VALID),
    ("WRONG_VERSION_NUMBER", HandshakeFault.NO_TLS),
    ("CERTIFICATE_VERIFY_FAILED", HandshakeFault.UNTRUSTED),
    ("certificate signature failure", HandshakeFault.UNTRUSTED),
    ("Tls handshake failed", HandshakeFault.OTHER),
)


@dataclass(eq=False)
class HandshakeFailed(NoServer):
    """Something answers at the target, but the two sides do not agree about TLS or about certificates."""

    fault: HandshakeFault

    def __str__(self) -> str:
        """The condition in words."""
        return self.fault.format(self.target)

    @property
    def is_retryable(self) -> bool:
        """Whether it may be otherwise in a moment: a server that stops closes connections, too."""
        return self.fault in {HandshakeFault.TLS_WANTED, HandshakeFault.CLIENT_CERTIFICATE}


Failure = Refused | NoServer


def read_failure(error: Any, target: str, *, has_tls: bool = False) -> Failure:
    """What a failed call means: a typed refusal, or that nothing answers.

    `has_tls`: whether the connection was to have TLS.
    """
    code: grpc.StatusCode = error.code()
    status = rpc_status.from_call(error)
    if status and (refused := read_status(status)):
        return refused
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        fault = _handshake_fault(error.details() or "", has_tls=has_tls)
        return HandshakeFailed(target, fault) if fault else NoServer(target)
    return Refused(code.name, code.name, f"{target} answers {code.name}: {error.details()}")


def _handshake_fault(details: str, *, has_tls: bool) -> HandshakeFault | None:
    for words, fault in SIGNS:
        if words in details:
            return fault
    if details.startswith("failed to connect") and details.endswith("Socket closed"):
        return HandshakeFault.CLIENT_CERTIFICATE if has_tls else HandshakeFault.TLS_WANTED
    return None


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
