"""When a queue starts a group, and how many calls it may hold. No clock, no event loop: only counting.

A caller that was answered mostly calls again. So as many requests are expected as the last group had, and as were
queued when it was answered; the queue waits until so many are there and no request is being read, or until arrivals
cease. A lone caller does not wait, except for a rare probe: requests reach the event loop one at a time, so others
may be there unseen.

A request that is being read shows that more calls may stand behind it in gRPC's core, which hands over one at a time.
Where callers do not wait for each other, groups without them stayed small, and at two thirds of what a server can do
the 99th percentile of a save was 38 to 253 ms; with them it is 16 to 31 (decision 35).

Where a server keeps the database, a group that waits for others waits as long as the one before took, however few
arrive: a transaction takes about 2 ms of its processor time whatever is in it (decision 26).

A call that would wait too long is refused. A queue that has been empty since may grow without a limit, so that many
calls at once are all answered. One that does not become empty, because more calls arrive than can be answered, is
kept as short as can be answered in `PATIENCE_S`; and so it is for `RECOVERED_S` after the last refusal, for the next
calls may not have arrived in the queue yet.
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

PATIENCE_S = 0.1
"""How long a call may wait in a queue that does not become empty, in seconds. It also waits for its own group and for
the transport, and 99 of 100 are to be answered within 0.25 s."""

ALWAYS = 512
"""Calls that a queue may hold at any pace: as many as a group holds."""

RECOVERED_S = 1.0

KEPT = 0.9
"""Weight of the earlier groups when a group is added."""


class Arrivals:
    """How many requests are being read: they are about to be queued."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class BatchingWindow:
    """The expected size of the next group. `here` is always the number of requests that are queued now."""

    __slots__ = (
        "_arrivals",
        "_expected",
        "_gaps",
        "_lingers",
        "_probe_every",
        "_probe_in",
        "_rest",
        "_seen",
        "_slow",
    )

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._slow = 0
        """Requests whose reading was waited for in vain: their clients send them slowly, or never."""
        self._expected = 1
        self._lingers = self._seen = self._gaps = 0
        self._rest = 0.0
        self._probe_in = self._probe_every = PROBE_EVERY

    def should_wait(self, here: int) -> bool:
        """Whether the group that begins now is worth waiting for."""
        self._probe_in -= 1
        self._slow = min(self._slow, self._arrivals.count)
        self._lingers, self._seen, self._gaps = 0, here, 0
        return not self.is_complete(here)

    def is_complete(self, here: int) -> bool:
        """Whether as many are queued as are expected, and no others are about to be."""
        return self._probe_in > 0 and here >= self._expected and self._arrivals.count <= self._slow

    def should_keep_waiting(self, here: int) -> bool:
        """Whether waiting on pays, asked after each linger."""
        if here == self._seen:
            self._slow = self._arrivals.count
        if self.is_complete(here):
            return False
        self._gaps = 0 if here - self._seen >= ARRIVING else self._gaps + 1
        self._seen = here
        self._lingers += 1
        is_over = self._gaps >= GAPS_AT_MOST and self._lingers >= self._rest
        return not is_over and self._lingers < LINGERS_AT_MOST

    def group_started(self, here: int) -> None:
        """A group starts."""
        if not self._probe_in:
            found = here > self._expected
            self._probe_every = PROBE_EVERY if found else min(2 * self._probe_every, PROBE_SELDOM)
            self._probe_in = self._probe_every

    def group_answered(self, size: int, here: int, took: float = 0.0) -> None:
        """A group was answered. The expected size rises at once and decays by half.

        Args:
            size: its calls.
            here: calls that are queued now.
            took: for how many lingers others were at work for it.
        """
        self._rest = took
        about = size + here
        self._expected = max(about, (about + self._expected) // 2)


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
