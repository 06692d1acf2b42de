"""Delivers events to watchers. One tail per workspace is read from the database and shared by all its watchers.

The workspace's events are numbered without a gap in the order of their commits: a transaction that takes the next
number blocks the others until it is durable (store/events.py). So what has been read up to a number is complete, and
a number is enough to resume. A wake-up only says that there may be events; one that is lost costs `POLL_S`, never an
event.

Nothing is kept for a watcher: each takes from the tail, or from the database when it is further back, as fast as it
can send. How it sends is up to rpc. What the tails keep is bounded in bytes over all of them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.background.watch_cursors import WatchCursors
from exam_sessions.domain.states import Action
from exam_sessions.execution.outages import OUTAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.queries import Reads, SnapshotPage

log = logging.getLogger(__name__)

PAGE = 1_000
"""Events read at once, at most."""

READS_AT_ONCE = 1
"""Watchers who read from the database at the same moment: hundreds who are further back keep no list waiting."""

FEW = 16
"""Events read at once by one who is further back, at first: they may be long."""

KEPT = 10_000
"""Events of a workspace kept in memory for its watchers, unless they are long; at most twice as many."""

ERASE = Action.ERASE.value

KEPT_BYTES = 64 * 1024 * 1024
"""Bytes of events kept in memory, of all workspaces."""

OVERHEAD = 600
"""Bytes an event costs beside what it is rendered as."""

POLL_S = 0.5
"""How often a watched workspace is looked at without a wake-up, in seconds."""

PAUSE_PER_WATCHER_S = 0.0003
"""What a watcher pauses between two pieces for each watcher there is: with hundreds, pieces hold more events."""


class RenderedEvent(NamedTuple):
    """An event, as far as a filter asks for it, and the bytes that every watcher is sent."""

    sequence: int
    session_id: str
    release_id: str
    action: str
    to_state: int
    rendered: bytes
    centres: frozenset[str] = frozenset()
    """The centres it names: those of a booking, and those that a session is moved from and to."""


class Tail:
    """The newest events of one workspace."""

    def __init__(self, workspace: str, last: int, render: Callable[[EventRow], bytes]) -> None:
        self.workspace, self.last = workspace, last
        self.watchers = 0
        self.size = 0
        """Bytes it keeps."""
        self.looking = self.look_again = False
        self._render = render
        self._kept: list[RenderedEvent] = []
        self._moved = asyncio.Event()

    def add(self, rows: list[EventRow]) -> None:
        """Adds the next events and wakes the watchers."""
        assert rows[0].sequence == self.last + 1
        if any(row.action == ERASE for row in rows):
            # What is kept was rendered before it was erased; watchers read it anew.
            self.drop(len(self._kept))
        new = list(self.rendered_events(rows))
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
            await asyncio.wait_for(self._moved.wait(), seconds)

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
                _centres_in(row.changes),
            )


NO_CENTRES: frozenset[str] = frozenset()


def _centres_in(changes: str) -> frozenset[str]:
    """The centres that the changes of an event name."""
    if '"centre_id"' not in changes:
        return NO_CENTRES
    return frozenset(filter(None, json.loads(changes).get("centre_id", ())))


class EventFeed:
    """All watches of a server. `reach` is how many events back one may begin, `most` how many there may be."""

    def __init__(self, reads: Reads, *, reach: int, most: int) -> None:
        self._reads, self._reach, self._most = reads, reach, most
        self.tails: dict[str, Tail] = {}
        """By workspace, as long as it is watched."""
        self.cursors = WatchCursors()
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self.closed = False

    @property
    def watchers(self) -> int:
        """How many watches are open."""
        return self._count

    @property
    def pause(self) -> float:
        """How long a watcher pauses between two pieces, in seconds."""
        return self._count * PAUSE_PER_WATCHER_S

    def start(self) -> None:
        """Begins to poll for events of which there was no wake-up; call from the running event loop."""
        self._polling = asyncio.create_task(self._poll())

    def close(self) -> None:
        """Ends every watch with ShuttingDown, so that its caller resumes elsewhere."""
        self.closed = True
        if self._polling:
            self._polling.cancel()
        for tail in self.tails.values():
            tail.notify()

    def wake(self, workspaces: Iterable[str]) -> None:
        """Something has happened in these workspaces, or may have."""
        for workspace in workspaces:
            tail = self.tails.get(workspace)
            if tail and tail.looking:
                tail.look_again = True
            elif tail:
                # Set here and not by the task, which begins later: two that read at once would add events twice.
                tail.looking = True
                task = asyncio.create_task(self._look(tail))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def join(self, workspace: str, render: Callable[[EventRow], bytes]) -> Tail:
        """The tail of a workspace for one more watcher, which must `leave` it.

        Raises:
            errors.TooManyWatchers, errors.ShuttingDown
        """
        if self.closed:
            raise errors.ShuttingDown
        if self._count >= self._most:
            raise errors.TooManyWatchers(self._most)
        self._count += 1
        try:
            if workspace not in self.tails:
                last = await self._reads.last_sequence(workspace)
                self.tails.setdefault(workspace, Tail(workspace, last, render))
        except BaseException:
            self._count -= 1
            raise
        tail = self.tails[workspace]
        tail.watchers += 1
        return tail

    def leave(self, tail: Tail) -> None:
        """Takes note that a watcher has left."""
        self._count -= 1
        tail.watchers -= 1
        if not tail.watchers:
            del self.tails[tail.workspace]

    async def first(self, workspace: str, start: int) -> int:
        """The event after which a watch begins whose first event is `start`.

        Raises:
            errors.SequenceTooOld, errors.SequenceAhead: there is no such event, or not any more.
        """
        last = await self._reads.last_sequence(workspace)
        if start > last + 1:
            raise errors.SequenceAhead(last)
        oldest = max(1, last - self._reach + 1)
        if start < oldest:
            raise errors.SequenceTooOld(oldest)
        return start - 1

    async def first_of_consumer(self, workspace: str, name: str) -> int:
        """The event after which a consumer goes on; the oldest in reach when it is new."""
        consumer = await self._reads.consumer(workspace, name)
        if consumer:
            return await self.first(workspace, consumer.sequence + 1)
        return max(0, await self._reads.last_sequence(workspace) - self._reach)

    async def next(self, tail: Tail, after: int, patience: float, most: int) -> Iterable[RenderedEvent]:
        """The next events after one, in order; none when nothing happens within `patience` seconds.

        At most `most` are read where `after` is further back than the tail.

        Raises:
            errors.ShuttingDown: the watch is to go on elsewhere.
        """
        if after >= tail.last and not self.closed:
            await tail.moved(patience)
        if self.closed:
            raise errors.ShuttingDown
        return [] if after >= tail.last else await self.between(tail, after, most)

    async def between(self, tail: Tail, after: int, most: int) -> Iterable[RenderedEvent]:
        """Events that have happened after one; those that are not kept are read, at most `most`."""
        kept = tail.since(after) if after < tail.last else None
        if kept is not None:
            return kept
        async with self._reading:
            return tail.rendered_events(await self._reads.events_after(tail.workspace, after, most))

    async def centres_of(self, workspace: str, session_ids: Collection[str]) -> Mapping[str, str]:
        """See Reads."""
        async with self._reading:
            return await self._reads.centres_of(workspace, session_ids)

    async def snapshot_page(
        self, workspace: str, criteria: SessionFilter, before: SnapshotPage | None, rows: int, at_most: int
    ) -> SnapshotPage:
        """See Reads."""
        async with self._reading:
            return await self._reads.snapshot_page(workspace, criteria, before, rows, at_most)

    async def _look(self, tail: Tail) -> None:
        try:
            tail.look_again = True
            while tail.look_again:
                tail.look_again = False
                while rows := await self._reads.events_after(tail.workspace, tail.last, PAGE):
                    tail.add(rows)
                    self._trim()
        except OUTAGES:
            pass  # the next look tries again
        except errors.Refusal:
            log.warning("the events of %s could not be read; the next look tries again", tail.workspace)
        finally:
            tail.looking = False

    def _trim(self) -> None:
        tails = self.tails.values()
        excess = sum(tail.size for tail in tails) - KEPT_BYTES
        while excess > 0:
            longest = max(tails, key=lambda tail: tail.size)
            excess -= longest.size
            longest.drop()
            excess += longest.size

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            self.wake(list(self.tails))
