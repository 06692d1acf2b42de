"""The one table from refusal to gRPC status, and the details that go with it: one ErrorInfo, and the bad fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import any_pb2
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
    errors.Denied: code_pb2.PERMISSION_DENIED,
    errors.Exhausted: code_pb2.RESOURCE_EXHAUSTED,
    errors.Unavailable: code_pb2.UNAVAILABLE,
}

DETAILS_AT_MOST = 5_000
"""Bytes of details. They travel twice over in metadata, base64-encoded, and gRPC allows metadata 8 KiB."""


def code_of(refusal: errors.Refusal) -> code_pb2.Code:
    """The status code of a refusal; of a batch, that of its first bad row."""
    speaker = refusal.first if isinstance(refusal, errors.BatchRefused) else refusal
    return next(CODES[kind] for kind in type(speaker).__mro__ if kind in CODES)


def status_of(refusal: errors.Refusal) -> grpc.Status:
    """The status a caller of a refused request gets."""
    speaker = refusal.first if isinstance(refusal, errors.BatchRefused) else refusal
    info = error_details_pb2.ErrorInfo(reason=speaker.reason, domain=DOMAIN, metadata=refusal.metadata())
    status = status_pb2.Status(code=code_of(refusal), message=_short(str(refusal)))
    _pack(status, info)
    bad = _bad_request(refusal.violations(), DETAILS_AT_MOST - status.ByteSize())
    if bad.field_violations:
        _pack(status, bad)
    return rpc_status.to_status(status)


def internal(call_id: str) -> grpc.Status:
    """The status of a fault of ours: nothing of it leaks, the call id leads to the log."""
    status = status_pb2.Status(code=code_pb2.INTERNAL, message=f"internal fault; quote the call id {call_id}")
    _pack(status, error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"request_id": call_id}))
    return rpc_status.to_status(status)


def _short(text: str) -> str:
    return text if len(text) <= 500 else text[:497] + "..."  # noqa: PLR2004 - a line or two


def _pack(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


def _bad_request(violations: tuple[errors.Violation, ...], room: int) -> error_details_pb2.BadRequest:
    """The bad fields, as many as there is room for."""
    bad = error_details_pb2.BadRequest()
    for violation in violations:
        found = error_details_pb2.BadRequest.FieldViolation(
            field=violation.field, description=_short(violation.description), reason=violation.reason
        )
        room -= found.ByteSize() + 4
        if room < 0:
            break
        bad.field_violations.append(found)
    return bad
