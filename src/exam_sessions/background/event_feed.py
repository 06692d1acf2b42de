"""Delivers events to watchers. One tail per workspace is shared by all its watchers.

It is read from the database; what this server commits itself is added without a read where its numbers are known.

The workspace's events are numbered without a gap in the order of their commits: a transaction that takes the next
number blocks the others until it is durable (store/events.py). So what has been read up to a number is complete, and
a number is enough to resume. A wake-up only means that there may be events; one that is lost costs `POLL_S`, never an
event.

Nothing is kept for a watcher: each takes from the tail, or from the database when it is further back, as fast as it
can send. How it sends is up to rpc. What the tails keep is bounded in bytes over all of them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.background import event_tail
from exam_sessions.background.event_tail import Tail
from exam_sessions.background.watch_cursors import WatchCursors
from exam_sessions.background.watch_turns import WatchTurns
from exam_sessions.execution.outages import OUTAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from exam_sessions.background.event_tail import RenderedEvent
    from exam_sessions.background.session_areas import Areas
    from exam_sessions.background.watch_turns import Turn
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.executor import CommitListener
    from exam_sessions.execution.queries import Reads, SnapshotPage

log = logging.getLogger(__name__)

READS_AT_ONCE = 1
"""Watchers who read from the database at the same moment: hundreds who are further back keep no list waiting."""

FEW = 16
"""Events read at once by one who is further back, at first: they may be long."""

KEPT_BYTES = 64 * 1024 * 1024
"""Bytes of events kept in memory, of all workspaces."""

POLL_S = 0.5
"""How often a watched workspace is looked at without a wake-up, in seconds."""

ADDED_AT_ONCE = 100
"""Events of one commit that are added as they were written; more are read, page by page, and calls get between."""

LOOKS_APART_S = 0.005
"""Seconds between two reads of what is new in a workspace: under load each takes along what many groups committed."""


class EventFeed:
    """All watches of a server. `reach` is how many events back one may begin, `most` how many there may be.

    `committed` is among the `listeners` to commits as long as something is watched.
    """

    def __init__(self, reads: Reads, listeners: list[CommitListener], *, reach: int, most: int) -> None:
        self._reads, self._listeners, self._reach, self._most = reads, listeners, reach, most
        self.tails: dict[str, Tail] = {}
        """By workspace, as long as it is watched."""
        self.cursors = WatchCursors()
        self.turns = WatchTurns()
        self._tasks: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self.closed = False

    @property
    def watchers(self) -> int:
        """How many watches are open."""
        return self.turns.watchers

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

    def committed(self, touched: Mapping[str, list[EventRow]]) -> None:
        """Adds the events that this server has just committed, by workspace, where they are the next ones.

        So they need not be read: 500 reads a second took a tenth of a core. Elsewhere they are looked for.
        """
        for workspace, rows in touched.items():
            tail = self.tails.get(workspace)
            if tail and not tail.looking and 0 < len(rows) <= ADDED_AT_ONCE and tail.is_next(rows):
                tail.add(rows)
                self._trim()
            elif tail:
                self.wake((workspace,))

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
        if self.turns.watchers >= self._most:
            raise errors.TooManyWatchers(self._most)
        self.turns.watchers += 1
        try:
            if workspace not in self.tails:
                last = await self._reads.last_sequence(workspace)
                self.tails.setdefault(workspace, Tail(workspace, last, render, self.turns))
        except BaseException:
            self.turns.watchers -= 1
            raise
        if self.committed not in self._listeners:
            self._listeners.append(self.committed)
        tail = self.tails[workspace]
        tail.watchers += 1
        return tail

    def leave(self, tail: Tail) -> None:
        """Takes note that a watcher has left."""
        self.turns.watchers -= 1
        tail.watchers -= 1
        if not tail.watchers:
            del self.tails[tail.workspace]
            if not self.tails:
                self._listeners.remove(self.committed)

    async def first(self, workspace: str, start: int) -> int:
        """The event after which a watch begins whose first event is `start`.

        Raises:
            errors.SequenceTooOld, errors.SequenceAhead: there is no such event, or not any more; or it follows one
                that a restore has lost.
        """
        last, oldest, lost_after = await self._reads.position(workspace, start - 1, self._reach)
        if start > last + 1:
            raise errors.SequenceAhead(last)
        if lost_after is not None:
            raise errors.SequenceAhead(lost_after)
        if start < oldest:
            raise errors.SequenceTooOld(oldest)
        return start - 1

    async def first_of_consumer(self, workspace: str, name: str) -> int:
        """The event after which a consumer goes on; the oldest in reach when it is new."""
        consumer = await self._reads.consumer(workspace, name)
        if consumer:
            return await self.first(workspace, consumer.sequence + 1)
        return (await self._reads.position(workspace, 0, self._reach)).oldest - 1

    async def wait(self, tail: Tail, turn: Turn, after: int, patience: float) -> None:
        """Waits for something to happen after an event, at most `patience` seconds, and then for a watcher's turn.

        Raises:
            errors.ShuttingDown: the watch is to go on elsewhere.
        """
        if not self.closed:
            await turn.wait(None if after < tail.last else tail.waiting, patience)
        if self.closed:
            raise errors.ShuttingDown

    async def after(self, tail: Tail, after: int, most: int) -> Iterable[RenderedEvent]:
        """Events that have happened after one, in order; those that are not kept are read, at most `most`."""
        kept = tail.since(after) if after < tail.last else None
        if kept is not None:
            return kept
        return tail.rendered_events(await self._rows(tail, after, most))

    async def _rows(self, tail: Tail, after: int, most: int) -> list[EventRow]:
        async with self._reading:
            return await self._reads.events_after(tail.workspace, after, most)

    async def areas_of(self, tail: Tail, session_ids: Collection[str]) -> dict[str, Areas]:
        """The areas of those of these sessions that exist, by id; what one watcher has read is there for all."""
        known = tail.areas.known(session_ids)
        if len(known) < len(session_ids):
            async with self._reading:
                # Another may have read the same meanwhile.
                known = tail.areas.known(session_ids)
                if missing := [session_id for session_id in session_ids if session_id not in known]:
                    version = tail.areas.version
                    found = await self._reads.areas_of(tail.workspace, missing)
                    tail.areas.store(found, version)
                    known |= found
        return known

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
                more = True
                while more:
                    rows = await self._reads.events_after(tail.workspace, tail.last, event_tail.PAGE)
                    more = len(rows) == event_tail.PAGE
                    if rows:
                        tail.add(rows)
                        self._trim()
                await asyncio.sleep(LOOKS_APART_S)
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
