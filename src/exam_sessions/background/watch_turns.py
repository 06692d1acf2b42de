"""When each watcher of a server is sent its next piece: at no moment too many, and not at once what can go together.

A send keeps the event loop for about a tenth of a millisecond. Five hundred watchers that one event wakes would keep
it, and every other call with it, for 50 ms. So each has its turn in a round that all share. One whose last piece took
long to send misses a turn, for then the event loop is busy with calls. Only counting, no clock.
"""

from __future__ import annotations

import math

ROUND_PER_WATCHER_S = 0.0003
"""How much longer each watcher makes the round, in seconds. Less, and calls wait too long on a slow machine."""

BEHIND = 0.5
"""The share of a round that lies between the end of a send and the next turn, at least."""

APART_S = 0.01
"""Seconds between two pieces to a watcher, at least; a shorter round needs no turns."""

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

    def pause(self, place: float, now: float, sent: float, *, is_behind: bool) -> float:
        """How long it is from `now` until a watcher's next turn, in seconds.

        Args:
            place: the watcher's place in the round.
            now: the time.
            sent: when its last piece was sent.
            is_behind: whether more had happened than was in that: then it need not wait for more to happen.
        """
        length = self.watchers * ROUND_PER_WATCHER_S
        soonest = max(now, sent if is_behind else sent + APART_S)
        if length < APART_S:
            return soonest - now
        soonest = max(soonest, sent + BEHIND * length)
        return (math.ceil(soonest / length - place) + place) * length - now
