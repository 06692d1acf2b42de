"""What is counted of calls. It observes each (rpc/observation.py); to count one takes less than a microsecond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.measures import Distribution

if TYPE_CHECKING:
    from exam_sessions.rpc.observation import CallRecord


class CallMeasures:
    """The calls that have ended since the server started."""

    def __init__(self) -> None:
        self.durations: dict[tuple[str, int], Distribution] = {}
        """In seconds, by method and status code."""
        self.queue_waits = Distribution()
        """In seconds."""
        self.refusals: dict[str, int] = {}
        """By reason."""

    def __call__(self, record: CallRecord) -> None:
        """Counts a call."""
        key = record[:2]
        durations = self.durations.get(key)
        if durations is None:
            durations = self.durations[key] = Distribution()
        durations.record(record.duration_s)
        if record.queue_s is not None:
            self.queue_waits.record(record.queue_s)
        if reason := record.reason:
            self.refusals[reason] = self.refusals.get(reason, 0) + 1
