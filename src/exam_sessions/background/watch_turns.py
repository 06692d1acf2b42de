"""When each watcher of a server is sent its next piece: at no moment too many, and not at once what can go together.

A send keeps the event loop for some hundredths of a millisecond. Five hundred watchers that one event wakes would
keep it, and every other call with it, for 20 ms. So each has its turn in a round that all share. Watchers whose turns
lie in the same slot are woken together: they are sent the same bytes, which are put together once, and the event loop
turns once for all of them. One whose last piece took long to send misses a turn, for then it is busy with calls.
"""

from __future__ import annotations

import asyncio
import math

ROUND_PER_WATCHER_S = 0.00015
"""How much longer each watcher makes the round, in seconds. Less, and calls wait too long on a slow machine."""

SLOT_S = 0.0025
"""The length of the slots of a round, in seconds."""

BEHIND = 0.5
"""The share of a round that lies between the end of a send and the next turn, at least."""

APART_PER_WATCHER_S, APART_S = 0.001, 0.01
"""Seconds between two pieces to a watcher: for each watcher, and at most. A shorter round needs no turns."""

GOLDEN = 0.6180339887498949
"""Its multiples, without their whole part, are spread evenly from 0 to 1, however many there are."""


class WatchTurns:
    """The turns of all watchers of a server. Times are in seconds, on the clock of the event loop."""

    __slots__ = ("_due", "_places", "watchers")

    def __init__(self) -> None:
        self.watchers = self._places = 0
        self._due: dict[float, list[Turn]] = {}

    def place(self) -> float:
        """The place of one more watcher in the round, from 0 to 1."""
        self._places += 1
        return self._places * GOLDEN % 1

    def next_turn(self, place: float, now: float, sent: float, *, is_behind: bool) -> float:
        """The time of a watcher's next turn; `now` if that has come.

        Args:
            place: the watcher's place in the round.
            now: the time.
            sent: when its last piece was sent.
            is_behind: whether more had happened than was in that: then it need not wait for more to happen.
        """
        length = self.watchers * ROUND_PER_WATCHER_S
        apart = 0.0 if is_behind else min(APART_S, self.watchers * APART_PER_WATCHER_S)
        soonest = max(now, sent + apart)
        if length < APART_S:
            return soonest
        soonest = max(soonest, sent + BEHIND * length)
        slots = math.ceil(length / SLOT_S)
        start = int(place * slots) / slots
        return (math.ceil(soonest / length - start) + start) * length

    def wake(self, turn: Turn, now: float) -> None:
        """Wakes a watcher that waits, in its next turn."""
        due = self.next_turn(turn.place, now, turn.sent, is_behind=turn.is_behind)
        if due <= now:
            turn.begin()
        elif due in self._due:
            self._due[due].append(turn)
        else:
            self._due[due] = [turn]
            asyncio.get_running_loop().call_at(due, self._begin, due)

    def _begin(self, due: float) -> None:
        for turn in self._due.pop(due):
            turn.begin()


class Turn:
    """The turns of one watcher, which waits in `wait`."""

    __slots__ = ("_loop", "_timer", "_turns", "_waiting", "is_behind", "place", "sent")

    def __init__(self, turns: WatchTurns) -> None:
        self._turns, self.place = turns, turns.place()
        self._loop = asyncio.get_running_loop()
        self.sent, self.is_behind = 0.0, False
        """See WatchTurns.next_turn."""
        self._waiting: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Ends its wait."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, waiting: dict[Turn, None] | None, patience: float) -> None:
        """Waits for a turn, of which there is one when something has happened.

        It may end before, as it does after so many seconds of `patience`.

        Args:
            waiting: whom to wake when something happens; None: it has happened.
            patience: how long to wait for that, in seconds.
        """
        loop = self._loop
        self._waiting = loop.create_future()
        if waiting is None:
            self._turns.wake(self, loop.time())
            await self._waiting
            return
        if self._timer is None:
            # Left as it is while pieces are sent: to set it for each of them takes longer than a look too many.
            self._timer = loop.call_later(patience, self._patience_ended)
        waiting[self] = None
        try:
            await self._waiting
        finally:
            waiting.pop(self, None)

    def end(self) -> None:
        """Waits no more."""
        if self._timer:
            self._timer.cancel()

    def _patience_ended(self) -> None:
        self._timer = None
        self.begin()
