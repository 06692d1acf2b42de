"""The newest events of one workspace, rendered once for all its watchers. When they are read: event_feed.py."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.background.session_areas import SessionAreas
from exam_sessions.domain.states import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from exam_sessions.background.watch_turns import Turn, WatchTurns
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

SHARED_BYTES = 1024 * 1024
"""Bytes of pieces kept for watchers who ask for the same, until the next events are added."""


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


class Piece(NamedTuple):
    """What a watcher is sent: the events that it asks for up to one; empty if there are none."""

    data: bytes
    after: int


class Tail:
    """The newest events of one workspace."""

    def __init__(self, workspace: str, last: int, render: Callable[[EventRow], bytes], turns: WatchTurns) -> None:
        self.workspace, self.last = workspace, last
        self.watchers = 0
        self.size = 0
        """Bytes it keeps."""
        self.looking = self.look_again = False
        self.areas = SessionAreas()
        self.waiting: dict[Turn, None] = {}
        """The watchers that wait for something to happen."""
        self._render, self._turns = render, turns
        self._kept: list[RenderedEvent] = []
        self._shared: dict[Hashable, Piece] = {}
        self._shared_size = 0

    def is_next(self, rows: list[EventRow]) -> bool:
        """Whether these are the next events, without a gap."""
        return rows[0].sequence == self.last + 1 and rows[-1].sequence == self.last + len(rows)

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
        self._shared.clear()
        self._shared_size = 0
        if len(self._kept) > 2 * KEPT:
            self.drop(len(self._kept) - KEPT)
        self.notify()

    def drop(self, count: int | None = None) -> None:
        """Keeps the oldest events no more: so many, or half of them."""
        oldest = slice(0, (len(self._kept) + 1) // 2 if count is None else count)
        self.size -= sum(len(event.rendered) + OVERHEAD for event in self._kept[oldest])
        del self._kept[oldest]

    def notify(self) -> None:
        """Wakes those who wait for something to happen, each in its turn."""
        if self.waiting:
            now = asyncio.get_running_loop().time()
            for turn in self.waiting:
                self._turns.wake(turn, now)
            self.waiting.clear()

    def shared(self, event_filter: Hashable, after: int) -> Piece | None:
        """The piece that another watcher has made of what is kept after an event, with the same filter."""
        return self._shared.get((event_filter, after))

    def share(self, event_filter: Hashable, after: int, piece: Piece) -> None:
        """Keeps a piece for those who ask for the same before anything else happens."""
        self._shared_size += len(piece.data)
        if self._shared_size > SHARED_BYTES:
            self._shared.clear()
            self._shared_size = len(piece.data)
        self._shared[event_filter, after] = piece

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
