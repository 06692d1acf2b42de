"""What a failed call of the Python client means to a person: a refusal, or why nothing answers at the target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from exam_sessions_client.failures import TORN, CallFailed, Refused, Violation, refusal_in
from exam_sessions_client.requests import pause_after

if TYPE_CHECKING:
    from google.rpc.status_pb2 import Status

__all__ = [
    "Failure",
    "HandshakeFailed",
    "HandshakeFault",
    "NoServer",
    "Refused",
    "Violation",
    "pause_after",
    "read_failure",
    "refusal_of",
]


@dataclass(eq=False)
class NoServer(CallFailed):
    """No gRPC server answers at the target, or not in time."""

    target: str

    code, reason, retry_after = "UNAVAILABLE", "", 0.0
    may_return = True
    """Whether the server has answered an earlier call of the same client: it may be restarting."""

    def __str__(self) -> str:
        """The condition in words."""
        return f"no server answers at {self.target}"

    @property
    def message(self) -> str:  # type: ignore[override]
        """The condition in words."""
        return str(self)

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may be answered in a moment."""
        return True


class OtherAnswered(Refused):
    """What answers is not the service but something on the way to it, or the call was torn in the middle."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may be answered in a moment."""
        return self.code in TORN


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


def read_failure(failed: CallFailed, target: str, *, has_tls: bool = False) -> Failure:
    """What a failed call means: a typed refusal, or that nothing answers.

    `has_tls`: whether the connection was to have TLS.
    """
    if isinstance(failed, Refused | NoServer):
        return failed
    if failed.code in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
        fault = _handshake_fault(failed.message, has_tls=has_tls)
        return HandshakeFailed(target, fault) if fault else NoServer(target)
    return OtherAnswered(failed.code, failed.code, f"{target} answers {failed.code}: {failed.message}")


def refusal_of(status: Status) -> Refused:
    """The refusal of a row or a chunk."""
    return refusal_in(status) or Refused(str(status.code), "", status.message)


def _handshake_fault(details: str, *, has_tls: bool) -> HandshakeFault | None:
    for words, fault in SIGNS:
        if words in details:
            return fault
    if details.startswith("failed to connect") and details.endswith("Socket closed"):
        return HandshakeFault.CLIENT_CERTIFICATE if has_tls else HandshakeFault.TLS_WANTED
    return None
