"""Whether a database answers, as far as one server knows, and the two lines in its log about each outage."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger(__name__)

IMPATIENT_S = 4.0
"""Seconds after a lock was not to be had in which nobody else waits long for one."""


class Availability:
    """The state of an outage. Safe to use from any thread.

    An outage begins with the first call that fails because of the database, or with a health check that does. It ends
    with a health check that succeeds and before which no call failed since the last one.
    """

    def __init__(self) -> None:
        self.unreachable = ""
        """Why the database cannot be asked anything, as the last health check found; empty when it can."""
        self.era = 0
        """Counts the times the database was lost: connections of an earlier era are not worth trying."""
        self._impatient_until = 0.0
        self._lock = threading.Lock()
        self._since = 0.0
        self._failed = 0
        self._is_quiet = True

    @property
    def is_impatient(self) -> bool:
        """Whether locks were waited for in vain a moment ago: who waits as well only makes others wait."""
        return time.monotonic() < self._impatient_until

    def lock_not_available(self) -> None:
        """A lock was waited for in vain."""
        self._impatient_until = time.monotonic() + IMPATIENT_S

    def connections_lost(self) -> None:
        """Connections that are not in use are as dead as one that was tried."""
        self.era += 1

    def failed(self, why: object, count: int = 1) -> None:
        """Calls, or attempts of background tasks, failed because of the database."""
        with self._lock:
            self._is_quiet = False
            self._failed += count
            self._begin(why)

    def checked(self, fault: str, *, unreachable: bool) -> None:
        """A health check found this fault, none when empty."""
        if unreachable:
            self.connections_lost()
        self.unreachable = fault if unreachable else ""
        with self._lock:
            if fault:
                self._begin(fault)
            elif self._since and self._is_quiet:
                self._end()
            self._is_quiet = True

    def _begin(self, why: object) -> None:
        if not self._since:
            self._since = time.monotonic()
            log.error("the database does not serve, and calls are refused until it does: %s", _line(why))

    def _end(self) -> None:
        seconds = time.monotonic() - self._since
        log.warning(
            "the database serves again after %.1f s, in which %d calls and background tasks failed",
            seconds,
            self._failed,
        )
        self._since, self._failed = 0.0, 0


def _line(why: object) -> str:
    """A text in one line."""
    return " ".join(str(why).split())
