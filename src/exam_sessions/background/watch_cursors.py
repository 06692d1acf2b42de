"""How far the watchers of a server have come, for metrics."""

from __future__ import annotations

from typing import Protocol


class Cursor(Protocol):
    """How far a watcher has come."""

    @property
    def behind(self) -> int:
        """How many events have happened after the last one it is done with."""


class WatchCursors(set[Cursor]):
    """Those of watchers that follow the events: they have their snapshot, or asked for none."""

    def lag(self) -> int:
        """How many events the watcher that is furthest behind has still to be sent; 0 without watchers."""
        return max((cursor.behind for cursor in self.copy()), default=0)
