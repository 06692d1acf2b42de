"""When each watcher of a server is sent its next piece: at no moment too many, and not at once what can go together.

A send keeps the event loop for about a tenth of a millisecond. Five hundred watchers that one event wakes would keep
it, and every other call with it, for 50 ms. So each has its turn in a round that all share. Only counting, no clock.
"""

from __future__ import annotations

import math

ROUND_PER_WATCHER_S = 0.00018
"""How much longer each watcher makes the round, in seconds: a little more than a send takes."""

NOTICED_S = 0.002
"""A round that is shorter needs no turns."""

APART_S = 0.01
"""Seconds between two looks of a watcher at what is new. What happens after a silence is sent in the next turn."""

GOLDEN = 0.6180339887498949
"""Its multiples, without their whole part, are spread evenly from 0 to 1, however many there are."""


class WatchTurns:
    """The turns of all watchers of a server."""

    __slots__ = ("_places", "watchers")

    def __init__(self) -> None:
        self.watchers = self._places = 0

    def place(self) -> float:
        """The place of one more watcher in the round, from 0 to 1."""
        self._places += 1
        return self._places * GOLDEN % 1

    def pause(self, place: float, now: float, earliest: float) -> float:
        """How long it is from `now` until a watcher's next turn, not before `earliest`, in seconds; 0: it is now."""
        soonest = max(now, earliest)
        length = self.watchers * ROUND_PER_WATCHER_S
        if length < NOTICED_S:
            return soonest - now
        return (math.ceil(soonest / length - place) + place) * length - now
