"""Microseconds as protobuf's times."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

SECOND = 1_000_000


def put(target: Timestamp | Duration, micros: int) -> None:
    """Writes microseconds into a time; a time that is unset must not be touched at all."""
    target.seconds, rest = divmod(micros, SECOND)
    target.nanos = rest * 1000
