"""What the gRPC layer calls: one lane that writes, one that reads single sessions, a pool for the rest, the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from exam_sessions.commands.clockwork import Clockwork
from exam_sessions.commands.executor import Executor
from exam_sessions.commands.lane import Lane
from exam_sessions.commands.reads import Reads, SessionReader, Wanted
from exam_sessions.store.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.commands.batch import Batch
    from exam_sessions.store.engine import Store


class Service:
    """The use cases of one server. `now` gives microseconds since 1970; linger and tick are in seconds."""

    def __init__(self, store: Store, now: Callable[[], int], *, linger: float, tick: float, backlog: int) -> None:
        self.now = now
        self.reads = Reads(store)
        executor, reader = Executor(Rows(store), now), SessionReader(Rows(store))
        self._writing: Lane[Batch] = Lane("writer", store.writer, executor.run, linger=linger, backlog=backlog)
        self._reading: Lane[Wanted] = Lane("reader", store.reader, reader.run, linger=linger, backlog=backlog)
        self._store = store
        self.clockwork = Clockwork(store, self.reads, self._writing, executor.reserved, now, tick)
        self._ticking: asyncio.Task[None] | None = None

    def write(self, batch: Batch) -> asyncio.Future[Any]:
        """Puts a mutation in line; its future gives the batch's result once it is durable."""
        return self._writing.submit(batch)

    def read(self, wanted: Wanted) -> asyncio.Future[Any]:
        """Puts a read of one session in line; its future gives a Standing."""
        return self._reading.submit(wanted)

    async def start(self) -> None:
        """Starts lanes and clock, once what a dead server left behind is gone."""
        self._writing.start()
        self._reading.start()
        await self.clockwork.discard_dead()
        self._ticking = asyncio.create_task(self.clockwork.run())

    async def close(self) -> None:
        """Stops the clock, finishes what is in line, and lets go of the database."""
        if self._ticking:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._writing.close()
        await self._reading.close()
        self.reads.close()
        self._store.close()
