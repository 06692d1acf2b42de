"""At which intervals huge messages are answered, so that the calls of others are served in between. Only counting.

gRPC copies a message twice on the event loop, 16 MiB in 30 to 40 ms, and a small call needs several of its turns:
beside eight callers with 16 MiB each the 99th percentile of GetSession was 106 to 159 ms, as beside a bare handler.
Callers send the next message when they are answered, so what is answered at intervals also arrives at intervals: the
99th percentile is 5 to 25 ms.
"""

from __future__ import annotations

HUGE = 4 * 1024 * 1024
"""Bytes from which a message is huge. A roster of 10,000 rows has 1 to 2 MiB."""

SECONDS_PER_BYTE = 4e-9
"""The interval after a huge message: about twice what it keeps the event loop."""


class MessageSpacing:
    """The intervals between the answers to huge messages of all calls."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def pause(self, length: int, now: float) -> float:
        """How long the answer to a message of so many bytes has to wait, in seconds; 0 if it is not huge."""
        if length < HUGE:
            return 0.0
        pause = max(0.0, self._next - now)
        self._next = now + pause + length * SECONDS_PER_BYTE
        return pause
