"""What is counted while the service works, for metrics: plain numbers, written without a lock.

A `Distribution` is written by one thread at a time and read by others, which may see a value counted and not yet
summed up. To record a value takes about 0.2 us; a histogram with a lock takes ten times as long. What becomes of the
numbers is telemetry's.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of durations: within a group most take a few milliseconds, under overload some seconds."""

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 512)
"""Bounds of the numbers of calls in a group."""


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
