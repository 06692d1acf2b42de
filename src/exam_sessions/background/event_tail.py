"""The newest events of one workspace, rendered once for all its watchers. When they are read: event_feed.py."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.background.session_areas import SessionAreas
from exam_sessions.domain.states import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from exam_sessions.domain.stored_records import EventRow

PAGE = 1_000
"""Events read at once, at most."""

KEPT = 10_000
"""Events of a workspace kept in memory for its watchers, unless they are long; at most twice as many."""

AREA_COLUMNS = ("centre_id", "school_id", "district_id")
"""Where a session is, and where its candidate comes from: what a watch may ask for."""

ERASE = Action.ERASE.value

OVERHEAD = 600
"""Bytes an event costs beside what it is rendered as."""


class RenderedEvent(NamedTuple):
    """An event, as far as a filter asks for it, and the bytes that every watcher is sent."""

    sequence: int
    session_id: str
    release_id: str
    action: str
    to_state: int
    rendered: bytes
    areas: tuple[frozenset[str], ...] = ()
    """The values of AREA_COLUMNS it names, where it names any: of a deleted session, or of a move from and to."""


class Tail:
    """The newest events of one workspace."""

    def __init__(self, workspace: str, last: int, render: Callable[[EventRow], bytes]) -> None:
        self.workspace, self.last = workspace, last
        self.watchers = 0
        self.size = 0
        """Bytes it keeps."""
        self.looking = self.look_again = False
        self.areas = SessionAreas()
        self._render = render
        self._kept: list[RenderedEvent] = []
        self._moved = asyncio.Event()

    def add(self, rows: list[EventRow]) -> None:
        """Adds the next events and wakes the watchers."""
        is_gapless = rows[-1].sequence == self.last + len(rows)
        if any(row.action == ERASE for row in rows) or not is_gapless:
            # What is kept was rendered before it was erased, or ends where a restore began a new range of numbers;
            # watchers read it anew.
            self.drop(len(self._kept))
            self.areas.clear()
        new = list(self.rendered_events(rows)) if is_gapless else []
        self._kept += new
        self.size += sum(len(event.rendered) + OVERHEAD for event in new)
        self.last = rows[-1].sequence
        if len(self._kept) > 2 * KEPT:
            self.drop(len(self._kept) - KEPT)
        self.notify()

    def drop(self, count: int | None = None) -> None:
        """Keeps the oldest events no more: so many, or half of them."""
        oldest = slice(0, (len(self._kept) + 1) // 2 if count is None else count)
        self.size -= sum(len(event.rendered) + OVERHEAD for event in self._kept[oldest])
        del self._kept[oldest]

    def notify(self) -> None:
        """Wakes those who wait in `moved`."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def moved(self, seconds: float) -> None:
        """Waits for something to happen, or that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    def since(self, after: int) -> list[RenderedEvent] | None:
        """The next events after one; None when they are not kept any more."""
        first = self.last - len(self._kept) + 1
        if after + 1 < first:
            return None
        return self._kept[after + 1 - first : after + 1 - first + PAGE]

    def rendered_events(self, rows: Iterable[EventRow]) -> Iterator[RenderedEvent]:
        """Events as watchers are sent them, each rendered when it is iterated."""
        for row in rows:
            yield RenderedEvent(
                row.sequence,
                row.session_id,
                row.release_id,
                row.action,
                row.to_state,
                self._render(row),
                _areas_in(row.changes),
            )


def _areas_in(changes: str) -> tuple[frozenset[str], ...]:
    """The values of AREA_COLUMNS that the changes of an event name; nothing when they name none."""
    if not any(f'"{column}"' in changes for column in AREA_COLUMNS):
        return ()
    named = json.loads(changes)
    return tuple(frozenset(filter(None, named.get(column, ()))) for column in AREA_COLUMNS)
