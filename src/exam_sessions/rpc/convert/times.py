"""Between protobuf's times and the integer microseconds of the records, where 0 is unset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

SECOND = 1_000_000


def put(target: Timestamp | Duration, micros: int) -> None:
    """Writes microseconds into a time; a time that is unset is not to be touched at all."""
    target.seconds, rest = divmod(micros, SECOND)
    target.nanos = rest * 1000


def micros(message: Message, field: str, path: str, *, zero: int | None = None) -> int:
    """The microseconds of a message's time field; 0 when it is unset. What is finer is cut off.

    Args:
        message: what has the field.
        field: its name.
        path: the path of the field in the request.
        zero: what stands for a time that is set to zero; None where that has no meaning, and is refused.

    Raises:
        errors.InvalidField: nanos is out of range (protobuf, Timestamp), or the time is zero, or would be if cut off.
    """
    if not message.HasField(field):
        return 0
    time = getattr(message, field)
    if not 0 <= time.nanos < SECOND * 1000:
        raise errors.invalid(path, "nanos must be between 0 and 999,999,999")
    found = int(time.seconds * SECOND + time.nanos // 1000)
    if found:
        return found
    if zero is not None and not time.nanos:
        return zero
    raise errors.invalid(path, "must be a microsecond at least; leave the field out where there is to be none")
