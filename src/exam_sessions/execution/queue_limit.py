"""How many calls a queue may hold, by its pace: a call that would wait too long is refused.

A queue that has been empty since may grow without a limit, so that many calls at once are all answered. One that does
not become empty, because more calls arrive than can be answered, is kept as short as can be answered in `PATIENCE_S`;
and so it is for `RECOVERED_S` after the last refusal, for the next calls may not have arrived in the queue yet.
"""

from __future__ import annotations

PATIENCE_S = 0.1
"""How long a call may wait in a queue that does not become empty, in seconds. It also waits for its own group and for
the transport, and 99 of 100 are to be answered within 0.25 s."""

ALWAYS = 512
"""Calls that a queue may hold at any pace: as many as a group holds."""

RECOVERED_S = 1.0

KEPT = 0.9
"""Weight of the earlier groups when a group is added."""


class Pace:
    """The pace of one queue. `most` is how many calls it may hold now: at least `always`, never more than `backlog`.

    `patience` is how long a call may wait in it while it does not become empty, in seconds.
    """

    __slots__ = (
        "_always",
        "_backlog",
        "_calls",
        "_full_until",
        "_patience",
        "_refused",
        "_seconds",
        "_since",
        "most",
    )

    def __init__(self, backlog: int, always: int = ALWAYS, patience: float = PATIENCE_S) -> None:
        self._backlog = self.most = backlog
        self._always, self._patience = always, patience
        self._calls = self._seconds = 0.0
        self._since: float | None = None
        self._refused, self._full_until = False, 0.0

    def refused(self) -> None:
        """A call was refused."""
        self._refused = True

    def answered(self, calls: int, waiting: int, now: float) -> None:
        """A group of so many calls was answered, and so many wait for the next; `now` in seconds."""
        if self._refused:
            self._refused, self._full_until = False, now + RECOVERED_S
        if not waiting:
            self._since = None
            if now >= self._full_until:
                self.most = self._backlog
            return
        if self._since is not None:
            self._calls = KEPT * self._calls + calls
            self._seconds = KEPT * self._seconds + now - self._since
            soon = self._patience * self._calls / self._seconds if self._seconds else self._backlog
            self.most = int(min(self._backlog, max(self._always, soon)))
        self._since = now
