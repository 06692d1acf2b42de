"""What is counted of calls. It observes each (rpc/observation.py); to count one takes less than a microsecond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.execution.measures import Distribution

if TYPE_CHECKING:
    from exam_sessions.rpc.observation import CallRecord


class CallMeasures:
    """The calls that have ended since the server started."""

    ignores_keys = True
    """No metric says what requests name, so that need not be read."""

    def __init__(self) -> None:
        self.durations: dict[tuple[str, int], Distribution] = {}
        """In seconds, by method and status code."""
        self.queue_waits = Distribution()
        """In seconds."""
        self.refusals: dict[str, int] = {}
        """By reason."""

    def __call__(self, record: CallRecord) -> None:
        """Counts a call."""
        method, code, reason, _, duration, wait, _ = record
        durations = self.durations.get((method, code))
        if durations is None:
            durations = self.durations[method, code] = Distribution()
        durations.record(duration)
        if wait is not None:
            self.queue_waits.record(wait)
        if reason:
            self.refusals[reason] = self.refusals.get(reason, 0) + 1
