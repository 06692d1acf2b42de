"""What the gRPC layer calls: a lane that writes, a reader of single sessions, a pool for other reads, the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exam_sessions.background.change_notifier import Bell
from exam_sessions.background.database_monitor import Monitor
from exam_sessions.background.event_feed import Watching
from exam_sessions.background.operation_worker import Worker
from exam_sessions.background.scheduler import Clockwork
from exam_sessions.execution.executor import Executor
from exam_sessions.execution.group_commit import Lane
from exam_sessions.execution.queries import Reads, SessionReader
from exam_sessions.store.repositories import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exam_sessions.background.operation_worker import Decode
    from exam_sessions.errors import Refusal
    from exam_sessions.execution.group_commit import Order, Waiter
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
        decode: Mapping[int, Decode] = NOTHING,
        describe: Callable[[Refusal], bytes] = lambda refusal: str(refusal).encode(),
    ) -> None:
        self.now = now
        self.reads = Reads(store)
        self.watching = Watching(self.reads, reach=reach, most=watchers)
        self._bell = Bell(store, self.watching.wake)
        self._executor = Executor(Rows(store), now, store.presence())
        self._writing = Lane(
            store.writer, self._executor, linger=linger, backlog=backlog, settled=self._after_writing
        )
        self._reading = Lane(store.reader, SessionReader(Rows(store)), linger=linger, backlog=backlog)
        self._store = store
        self.monitor = Monitor(store)
        self.clockwork = Clockwork(store, self.reads, self._writing, now, tick, self._executor.drafts_under_way)
        self.worker = Worker(self.reads, self._writing, now, store.presence(), decode, describe)
        self.leaving = asyncio.Event()
        """Set when the server is about to stop: calls that could go on for ever end."""
        self._ticking: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None

    def write(self, order: Order) -> asyncio.Future[Any]:
        """Puts a mutation in line; its future gives the result once it is durable."""
        return self._writing.submit(order)

    def read(self, order: Order) -> asyncio.Future[Any]:
        """Puts a read of one session, a Wanted once opened, in line; its future gives the result."""
        return self._reading.submit(order)

    def queue_write(self, order: Order, waiter: Waiter) -> None:
        """As `write`, for a waiter of the caller's own."""
        self._writing.queue(order, waiter)

    def queue_read(self, order: Order, waiter: Waiter) -> None:
        """As `read`, for a waiter of the caller's own."""
        self._reading.queue(order, waiter)

    def _after_writing(self) -> None:
        if stirred := self._executor.take_stirred():
            self.watching.wake(stirred)
            if self._store.rings:
                self._bell.ring(stirred)

    async def start(self) -> None:
        """Starts lanes and clock, once what a dead server left behind is gone."""
        self._writing.start()
        self._reading.start()
        self.watching.start()
        self._bell.start()
        await self.clockwork.discard_dead()
        self._ticking = asyncio.create_task(self.clockwork.run())
        self._working = asyncio.create_task(self.worker.run())

    async def close(self) -> None:
        """Ends the watches, stops the clock, finishes what is in line, and lets go of the database."""
        self.watching.close()
        if self._ticking:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self.worker.close(self._working)
        await self._writing.close()
        await self._reading.close()
        await self._bell.close()
        self.reads.close()
        await asyncio.to_thread(self.monitor.close)
        self._store.close()
