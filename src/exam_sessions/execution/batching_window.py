"""Decides how long a queue waits for more requests before a group starts. No clock, no event loop: only counting.

A caller that was answered mostly calls again. So as many requests are expected as the last group had, and as were
queued when it was answered; the queue waits until so many are there, or until arrivals cease. A lone caller does not
wait, except for a rare probe: requests reach the event loop one at a time, so others may be there unseen.
"""

from __future__ import annotations

ARRIVING = 3
"""Calls that must come in one linger; with fewer, arrivals have ceased, or are too rare to wait for."""

GAPS_AT_MOST = 2
"""Lingers in a row without arrivals before waiting ends: answering a group takes the loop longer than one linger."""

LINGERS_AT_MOST = 8
"""Lingers before one group."""

PROBE_EVERY, PROBE_SELDOM = 32, 1024
"""Groups between two probes, which wait until arrivals cease. One that finds no other caller doubles the interval."""


class BatchingWindow:
    """The expected size of the next group. `here` is always the number of requests that are queued now."""

    __slots__ = ("_expected", "_gaps", "_lingers", "_probe_every", "_probe_in", "_seen")

    def __init__(self) -> None:
        self._expected = 1
        self._lingers = self._seen = self._gaps = 0
        self._probe_in = self._probe_every = PROBE_EVERY

    def should_wait(self, here: int) -> bool:
        """Whether the group that begins now is worth waiting for."""
        self._probe_in -= 1
        self._lingers, self._seen, self._gaps = 0, here, 0
        return not self.is_complete(here)

    def is_complete(self, here: int) -> bool:
        """Whether as many are queued as are expected."""
        return self._probe_in > 0 and here >= self._expected

    def should_keep_waiting(self, here: int) -> bool:
        """Whether waiting on pays, asked after each linger."""
        self._gaps = 0 if here - self._seen >= ARRIVING else self._gaps + 1
        self._seen = here
        self._lingers += 1
        return self._gaps < GAPS_AT_MOST and self._lingers < LINGERS_AT_MOST

    def group_started(self, here: int) -> None:
        """A group starts."""
        if not self._probe_in:
            found = here > self._expected
            self._probe_every = PROBE_EVERY if found else min(2 * self._probe_every, PROBE_SELDOM)
            self._probe_in = self._probe_every

    def group_answered(self, size: int, here: int) -> None:
        """A group was answered. The expected size rises at once and decays by half."""
        about = size + here
        self._expected = max(about, (about + self._expected) // 2)
