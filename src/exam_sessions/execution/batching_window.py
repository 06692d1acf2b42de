"""Judges how much company a call has, so that a queue knows whether to wait for it. No clock, no loop: only counting.

Whoever was answered mostly calls again. So those of the last group and those who stood in line when it was answered
are expected again, and a queue waits until so many are there, or until arrivals cease. A lone caller waits for
nobody, but for a rare probe: calls reach the event loop one at a time, so company can be there unseen.
"""

from __future__ import annotations

ARRIVING = 3
"""Calls that must come in one linger; with fewer, arrivals have ceased, or are too rare to wait for."""

GAPS_AT_MOST = 2
"""Lingers in a row without arrivals before waiting ends: answering a group takes the loop longer than one linger."""

LINGERS_AT_MOST = 8
"""Lingers before one group."""

PROBE_EVERY, PROBE_SELDOM = 32, 1024
"""Groups between two that wait until arrivals cease, company or not. Rarer and rarer as long as that finds nobody."""


class BatchingWindow:
    """What one queue has seen of its callers. `here` is always the number of calls in line now."""

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
        """Whether all who are expected are there."""
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
        """A group was answered. Company is noticed at once and forgotten by halves: a gap is no farewell."""
        about = size + here
        self._expected = max(about, (about + self._expected) // 2)
