"""A refused chunk of an import, read as far as it can be: its number, its head, and the row at fault.

Its rows are left as bytes, so that one row with a broken text does not hide to which chunk it belongs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from exam_sessions import errors
from exam_sessions.rpc.decoding.bounds import outside_rows
from exam_sessions.rpc.decoding.maxima import shape_of
from exam_sessions_client.v1 import session_pb2
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = "bookings"


class Chunk(NamedTuple):
    """A chunk: what its message says beside its rows, the rows, and why it is refused, where it is."""

    head: pb.ImportSessionsRequest
    bookings: Sequence[session_pb2.Booking]
    refusal: errors.Refusal | None


def _envelope() -> type[Any]:
    """ImportSessionsRequest with its rows as bytes, and without rules."""
    file = descriptor_pb2.FileDescriptorProto(
        name="envelope.proto", package="exam_sessions.envelope", syntax="proto3"
    )
    message = file.message_type.add()
    pb.ImportSessionsRequest.DESCRIPTOR.CopyToProto(message)
    for field in message.field:
        field.ClearField("options")
        if field.name == ROWS:
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"{file.package}.{message.name}")
    envelope: type[Any] = message_factory.GetMessageClass(found)
    return envelope


_Envelope = _envelope()
_DESCRIPTOR: Any = pb.ImportSessionsRequest.DESCRIPTOR
_SHAPE = shape_of(_DESCRIPTOR)


def chunk_in(data: bytes, refusal: errors.Refusal) -> Chunk:
    """The refused chunk these bytes hold; its refusal names chunk and row.

    Raises:
        errors.Refusal: the refusal itself, where the bytes do not say which chunk they are.
    """
    try:
        head = pb.ImportSessionsRequest.FromString(outside_rows(data, _SHAPE))
        # What is refused for its count is not read even as bytes: each row would take sixteen of them.
        rows = _Envelope.FromString(data).bookings if isinstance(refusal, errors.MalformedMessage) else ()
    except DecodeError:
        raise refusal from None
    return Chunk(head, (), _located(refusal, f"chunks[{head.chunk}]", rows))


def _located(refusal: errors.Refusal, path: str, rows: Sequence[bytes]) -> errors.Refusal:
    """The refusal, with the chunk and the row it is about."""
    if isinstance(refusal, errors.InvalidField):
        return refusal.under(path)
    if isinstance(refusal, errors.MalformedMessage):
        for n, row in enumerate(rows):
            try:
                session_pb2.Booking.FromString(row)
            except DecodeError:
                return errors.MalformedMessage(f"{path}.{ROWS}[{n}]")
    return refusal
