"""What is counted of groups and commits, for metrics: plain numbers, written without a lock.

A `Distribution` is written by one thread at a time and read by others, which may see a value counted and not yet
summed up. To record a value takes about 0.2 us; a histogram with a lock takes ten times as long. What becomes of the
numbers is telemetry's.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions.domain.states import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.execution.transaction import Transaction

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of durations: within a group most take a few milliseconds, under overload some seconds."""

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 512)
"""Bounds of the numbers of calls in a group."""

Transition = tuple[str, int, int]
"""An action, and the numbers of the states before and after it; 0 where there is no session before or after."""

SCHEDULE = Action.SCHEDULE.value


class Distribution:
    """How often values were recorded, by intervals whose upper bounds belong to them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, and one for what is above the last."""
        self.total = 0.0
        """The sum of all values."""

    def record(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True, eq=False)
class GroupTimes:
    """What a group was: its calls, and when it was decided and made durable, on the clock of `time.perf_counter`."""

    size: int = 0
    """Calls in the group, once it is opened."""
    decided: float = 0.0
    """When its last commit was begun, or when it was answered without one; 0 before."""
    committed: float = 0.0
    """When it was durable; 0 before, and of a group that wrote nothing."""
    name: str = ""
    """Given by who traces its calls."""


class WriteMeasures:
    """The commits of one writing connection, and the events they made durable."""

    def __init__(self) -> None:
        self.commits = Distribution()
        """How long each took, in seconds."""
        self.commit_began = 0.0
        """When the last one was begun, on the clock of `time.perf_counter`."""
        self.transitions: dict[Transition, int] = {}

    def committed(self, transaction: Transaction, seconds: float) -> None:
        """Counts a transaction, whose commit took so long, and its events."""
        self.commits.record(seconds)
        counted = self.transitions
        for events in transaction.deferred.events.values():
            for event in events:
                # By place: an attribute of a named tuple takes longer, and a batch has ten thousand.
                transition = event[2:5]
                counted[transition] = counted.get(transition, 0) + 1
        for state, count in transaction.published.values():
            transition = SCHEDULE, 0, state
            counted[transition] = counted.get(transition, 0) + count
