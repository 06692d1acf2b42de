"""Whether a database answers, as one server finds it, and the two lines in its log about each outage."""

from __future__ import annotations

import logging
import threading
import time

from exam_sessions.store.database_errors import LockedOut

log = logging.getLogger(__name__)

IMPATIENT_S = 4.0
"""Seconds after a lock timeout in which other transactions do not wait long for one."""


QUIET_S = 1.5
"""Seconds without a failure after which an outage is over: one connection after the other may have to fail."""


class Availability:
    """The state of an outage. Safe to use from any thread.

    An outage begins with the first call that fails because of the database, or with a health check that does. It is
    over when none has failed for a while. A lock held by another is no outage, unless health checks need it too.
    """

    def __init__(self) -> None:
        self.unreachable = ""
        """Why the database cannot be asked anything, as the last health check found; empty when it can."""
        self.round_trips = 0
        """How often a thread has waited for an answer of the database's; 0 where it is in this process."""
        self.era = 0
        """Counts the times the database was lost: connections of an earlier era are not worth trying."""
        self._impatient_until = 0.0
        self._lock = threading.Lock()
        self._since = 0.0
        self._failed = 0
        self._last = 0.0
        """When something failed last."""

    @property
    def is_impatient(self) -> bool:
        """Whether locks were waited for in vain a moment ago: who waits as well only makes others wait."""
        return time.monotonic() < self._impatient_until

    def lock_not_available(self, why: object) -> None:
        """A lock was waited for in vain; said once for as long as that goes on, and not at all in an outage."""
        with self._lock:
            if not (self.is_impatient or self._since):
                log.warning("somebody holds a lock, and calls that want it are refused: %s", _line(why))
            self._impatient_until = time.monotonic() + IMPATIENT_S

    @property
    def serves(self) -> bool:
        """Whether no outage is under way."""
        return not self._since

    def count_round_trip(self) -> None:
        """A thread waits for an answer."""
        with self._lock:
            self.round_trips += 1

    def connections_lost(self) -> None:
        """Idle connections are lost like the one that was tried."""
        self.era += 1

    def failed(self, why: object, count: int = 1) -> None:
        """Calls, or attempts of background tasks, failed because of the database."""
        with self._lock:
            self._last = time.monotonic()
            self._failed += count
            if not isinstance(why, LockedOut):
                self._begin(why)

    def checked(self, fault: str, *, unreachable: bool) -> None:
        """A health check found this fault, none when empty."""
        if unreachable:
            self.connections_lost()
        self.unreachable = fault if unreachable else ""
        with self._lock:
            if fault:
                self._last = time.monotonic()
                self._begin(fault)
            elif time.monotonic() > self._last + QUIET_S:
                self._end()

    def _begin(self, why: object) -> None:
        if not self._since:
            self._since = time.monotonic()
            log.error("the database does not serve, and calls are refused until it does: %s", _line(why))

    def _end(self) -> None:
        """Logs the end of an outage, if there was one, and begins to count anew."""
        if self._since:
            log.warning(
                "the database serves again after %.1f s, in which %d calls and background tasks failed",
                self._last - self._since,
                self._failed,
            )
        self._since, self._failed = 0.0, 0


def _line(why: object) -> str:
    """A text in one line."""
    return " ".join(str(why).split())
