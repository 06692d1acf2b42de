"""Whether calls waited too long before the event loop had them, and are better refused than accepted.

Many calls at once make the loop late, too, and are all to be answered. So nothing is refused before it has been late
for a while without a break; from then on whatever is late, until for a while nothing was.
"""

from __future__ import annotations

LATE_S = 0.1
"""How long calls may wait for the event loop, in seconds."""

BURST_S = 0.5
"""How long calls may go on to be late before any are refused, in seconds."""

RECOVERED_S = 1.0
"""For how long none may be late before that is allowed again, in seconds."""


class Lateness:
    """What is known of the calls that came before; times in seconds."""

    __slots__ = ("_overloaded_until", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._overloaded_until = 0.0

    def refuses(self, came: float, now: float) -> bool:
        """Whether calls that came then are too late to be accepted now."""
        if now - came <= LATE_S:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now >= self._overloaded_until and now - self._since < BURST_S:
            return False
        self._overloaded_until = now + RECOVERED_S
        return True
