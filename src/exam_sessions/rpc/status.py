"""The one table from refusal to gRPC status, and the details: one ErrorInfo, the bad fields, when to try again."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from exam_sessions import errors

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message

DOMAIN = "exam-sessions"

CODES: dict[type[errors.Refusal], code_pb2.Code] = {
    errors.InvalidArgument: code_pb2.INVALID_ARGUMENT,
    errors.NotFound: code_pb2.NOT_FOUND,
    errors.AlreadyExists: code_pb2.ALREADY_EXISTS,
    errors.WrongState: code_pb2.FAILED_PRECONDITION,
    errors.Stale: code_pb2.ABORTED,
    errors.Unauthenticated: code_pb2.UNAUTHENTICATED,
    errors.Denied: code_pb2.PERMISSION_DENIED,
    errors.Exhausted: code_pb2.RESOURCE_EXHAUSTED,
    errors.OutOfRange: code_pb2.OUT_OF_RANGE,
    errors.Unavailable: code_pb2.UNAVAILABLE,
    errors.Damaged: code_pb2.DATA_LOSS,
    errors.Cancelled: code_pb2.CANCELLED,
    errors.TimedOut: code_pb2.DEADLINE_EXCEEDED,
    errors.Faulty: code_pb2.INTERNAL,
}

DETAILS_AT_MOST = 4_000
"""Bytes of details. They travel base64-encoded beside the percent-encoded message, and gRPC allows both 8 KiB."""

MESSAGE_AT_MOST = 400
"""Bytes of a sentence; outside ASCII each travels as three."""

FACT_AT_MOST = 520
"""Bytes of one value of the metadata: the longest candidate id there can be, and a little."""


def code_of(refusal: errors.Refusal) -> code_pb2.Code:
    """The status code of a refusal; of a batch, that of its first bad row."""
    speaker = refusal.first if isinstance(refusal, errors.BatchRefused) else refusal
    return next(CODES[kind] for kind in type(speaker).__mro__ if kind in CODES)


def reason_of(refusal: errors.Refusal) -> str:
    """The name of a refusal's ErrorReason; of a batch, that of its first bad row."""
    return (refusal.first if isinstance(refusal, errors.BatchRefused) else refusal).reason


def status_of(refusal: errors.Refusal) -> grpc.Status:
    """The status a caller of a refused request gets."""
    if isinstance(refusal, errors.Overloaded):
        return _overloaded()
    return rpc_status.to_status(rpc_status_of(refusal))


@cache
def _overloaded() -> grpc.Status:
    """Always the same, and made once: to make it took as long as a call, when there was no time to lose."""
    return rpc_status.to_status(rpc_status_of(errors.Overloaded()))


def rpc_status_of(refusal: errors.Refusal) -> status_pb2.Status:
    """A refusal as a google.rpc.Status."""
    speaker = refusal.first if isinstance(refusal, errors.BatchRefused) else refusal
    facts = {name: _short(fact, FACT_AT_MOST) for name, fact in refusal.metadata().items()}
    info = error_details_pb2.ErrorInfo(reason=speaker.reason, domain=DOMAIN, metadata=facts)
    status = status_pb2.Status(code=code_of(refusal), message=_short(str(refusal), MESSAGE_AT_MOST))
    _pack(status, info)
    if speaker.retry_after:
        pause = duration_pb2.Duration(
            nanos=round(speaker.retry_after * 1e9) % 10**9, seconds=int(speaker.retry_after)
        )
        _pack(status, error_details_pb2.RetryInfo(retry_delay=pause))
    bad = _bad_request(refusal.violations(), DETAILS_AT_MOST - status.ByteSize())
    if bad.field_violations:
        _pack(status, bad)
    return status


INTERNAL = "INTERNAL"
"""The reason of a fault of ours."""


def internal(call_id: str) -> grpc.Status:
    """The status of a fault of ours: nothing of it leaks, the call id leads to the log."""
    status = status_pb2.Status(code=code_pb2.INTERNAL, message=f"internal fault; quote the call id {call_id}")
    _pack(status, error_details_pb2.ErrorInfo(reason=INTERNAL, domain=DOMAIN, metadata={"request_id": call_id}))
    return rpc_status.to_status(status)


def _short(text: str, most: int) -> str:
    """The text, cut at `most` bytes of UTF-8."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[: most - 3].decode(errors="ignore") + "..."


def _pack(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


def _bad_request(violations: tuple[errors.Violation, ...], room: int) -> error_details_pb2.BadRequest:
    """The bad fields, as many as there is room for."""
    bad = error_details_pb2.BadRequest()
    for violation in violations:
        found = error_details_pb2.BadRequest.FieldViolation(
            field=_short(violation.field, FACT_AT_MOST),
            description=_short(violation.description, MESSAGE_AT_MOST),
            reason=violation.reason,
        )
        room -= found.ByteSize() + 4
        if room < 0:
            break
        bad.field_violations.append(found)
    return bad
