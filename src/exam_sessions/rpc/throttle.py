"""Bounds how many calls of a method that only reads are under way, by the pace at which they are answered."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.execution.queue_pacing import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import MethodDescriptor

ALWAYS = 32
"""Calls of one method that may be under way at any pace."""

PATIENCE_S = 0.25
"""How long a call may take beside others of its method, in seconds: a read waits nowhere else. With the tenth of a
second of a queue, 64 callers who did nothing but ask for pages of 100 sessions had every fourth call refused."""

AT_MOST = 10_000
"""Calls of one method that may be under way before any was answered."""

WAITS_OR_WRITES = frozenset({"request_id", "validate_only", "timeout"})
"""Fields of requests that change something, and wait in a queue, or are answered when something else has happened."""


def only_reads(method: MethodDescriptor) -> bool:
    """Whether calls of a method are answered as soon as they have been worked on, and by that alone."""
    return not WAITS_OR_WRITES & set(method.input_type.fields_by_name)


class Throttle:
    """A context in which a call is worked on, shared by all calls of a method.

    No queue bounds pages and other reads. A thousand aggregates asked for at once kept a call of anybody else's from
    the event loop for 13 s.

    Raises:
        errors.Overloaded: more calls are under way than can be answered soon.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._pace, self._under_way, self._clock = Pace(AT_MOST, ALWAYS, PATIENCE_S), 0, clock

    def __enter__(self) -> None:
        """Counts a call in."""
        if self._under_way >= self._pace.most:
            self._pace.refused()
            raise errors.Overloaded
        self._under_way += 1

    def __exit__(self, fault: type[BaseException] | None, *_: object) -> None:
        """Counts it out. One whose caller has gone away says nothing about the pace."""
        self._under_way -= 1
        answered = 0 if fault is asyncio.CancelledError else 1
        self._pace.answered(answered, self._under_way, self._clock())
