"""How many calls may stand in a queue's line, by its pace: a call that would wait too long is refused.

A line that has come to its end since may grow as it likes, so that many calls at once are all answered. One that does
not end, because more is asked than can be done, is kept as short as can be worked off in `PATIENCE_S`; and so it is
for `RECOVERED_S` after the last call was refused, for the next calls may only not have got as far as the line.
"""

from __future__ import annotations

PATIENCE_S = 0.1
"""How long a call may stand in a line that does not end, in seconds. It also waits for its own group and for the
transport, and 99 of 100 are to be answered within 0.25 s."""

ALWAYS = 512
"""Calls that may stand in line at any pace: as many as a group holds."""

RECOVERED_S = 1.0

KEPT = 0.9
"""Share of what was counted before that counts on with each group."""


class Pace:
    """The pace of one line. `most` is how many may stand in it now: at least `always`, never more than `backlog`.

    `patience` is how long a call may stand in it while it does not end, in seconds.
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
