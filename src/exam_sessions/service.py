"""What the gRPC layer calls: a queue that writes, a reader of single sessions, a pool for other reads, the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exam_sessions.background.change_notifier import ChangeNotifier
from exam_sessions.background.database_monitor import Monitor
from exam_sessions.background.event_feed import EventFeed
from exam_sessions.background.lockouts import Lockouts
from exam_sessions.background.operation_worker import Worker
from exam_sessions.background.scheduler import Scheduler
from exam_sessions.domain.lockout import NO_LOCKOUT, LockoutRule
from exam_sessions.execution.executor import Executor
from exam_sessions.execution.group_commit import GroupCommitQueue
from exam_sessions.execution.known_workspaces import KnownWorkspaces
from exam_sessions.execution.queries import Reads
from exam_sessions.execution.queue_pacing import Arrivals
from exam_sessions.execution.session_reader import SessionReader
from exam_sessions.store.repositories import repositories_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exam_sessions.background.operation_worker import Decode
    from exam_sessions.errors import Refusal
    from exam_sessions.execution.queue_protocols import QueuedRequest
    from exam_sessions.store.engine import Store


NOTHING: Mapping[int, Decode] = {}


class Service:
    """The use cases of one server. `now` gives microseconds since 1970; linger and tick are in seconds."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], int],
        *,
        linger: float,
        tick: float,
        backlog: int,
        reach: int,
        watchers: int,
        lockout_rule: LockoutRule = NO_LOCKOUT,
        open_workspaces: bool = False,
        decode: Mapping[int, Decode] = NOTHING,
        describe: Callable[[Refusal], bytes] = lambda refusal: str(refusal).encode(),
    ) -> None:
        self.now = now
        self.reads = Reads(store)
        self.workspaces = KnownWorkspaces(self.reads.workspaces.states_of, takes_any=open_workspaces)
        self._executor = Executor(repositories_of(store), now, store.register_liveness(), self.workspaces)
        self.event_feed = EventFeed(self.reads, self._executor.listeners, reach=reach, most=watchers)
        self._notifier = ChangeNotifier(store, self.event_feed.wake)
        if store.notifies:
            self._executor.listeners.append(self._notifier.notify)
        self.arrivals = Arrivals()
        """Counted by the transport. Reads do not wait for them: a group of reads costs little more than its calls."""
        self._writing = GroupCommitQueue(
            store.writer,
            self._executor,
            linger=linger,
            backlog=backlog,
            arrivals=self.arrivals,
            on_group_done=self._executor.announce,
        )
        reader = SessionReader(repositories_of(store), self.reads.form_cache)
        self._reading = GroupCommitQueue(store.reader, reader, linger=linger, backlog=backlog)
        self.queues = {"write": self._writing, "read": self._reading}
        """The queues, by what they do."""
        self.written, self.availability = self._executor.measures, store.availability
        """What was counted of commits, and what is known of the database."""
        self.queue_write, self.queue_read = self._writing.enqueue, self._reading.enqueue
        """As `write` and `read`, for a sink of the caller's own."""
        self._store = store
        self.monitor = Monitor(store)
        self.scheduler = Scheduler(
            store,
            self.reads,
            self._writing,
            now,
            tick,
            self._executor.staged_imports_in_progress,
            self.workspaces,
        )
        self.worker = Worker(self.reads, self._writing, now, store.register_liveness(), decode, describe)
        self.lockouts = Lockouts(self.reads.lockouts, self._writing, now, lockout_rule)
        self.leaving = asyncio.Event()
        """Set when the server is about to stop: calls that could go on for ever end."""
        self._ticking: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None

    def write(self, request: QueuedRequest) -> asyncio.Future[Any]:
        """Puts a mutation in line; its future gives the result once it is durable."""
        return self._writing.submit(request)

    def read(self, request: QueuedRequest) -> asyncio.Future[Any]:
        """Queues a read of one session, a SessionKey once opened; its future gives the result (session_reader.py)."""
        return self._reading.submit(request)

    async def start(self) -> None:
        """Starts queues and clock, once what an ended server left behind is removed."""
        repositories_of(self._store).compile_hot()
        self._writing.start()
        self._reading.start()
        self.event_feed.start()
        self._notifier.start()
        self.workspaces.update(await self.reads.workspaces.states())
        await self.scheduler.discard_orphaned()
        self._ticking = asyncio.create_task(self.scheduler.run())
        self._working = asyncio.create_task(self.worker.run())
        await self.lockouts.start()

    async def close(self) -> None:
        """Ends the watches, stops the clock, finishes what is in line, and lets go of the database."""
        self.event_feed.close()
        await self.lockouts.close()
        if self._ticking:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self.worker.close(self._working)
        await self._writing.close()
        await self._reading.close()
        await self._notifier.close()
        self.reads.close()
        await asyncio.to_thread(self.monitor.close)
        self._store.close()
