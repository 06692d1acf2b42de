"""Group commit: gathers the calls of a moment into one transaction, and answers each once it is durable.

While a group is under way, the calls that arrive wait for the next one. When calls overlap, the lane also lingers
about a millisecond before it starts a group, because calls reach the event loop one at a time and groups would not
form; a lone caller never waits. All bookkeeping happens on the event loop, so there is nothing to lock.

The lane's thread waits for the disk. A light group is worked out on the event loop itself and only its commit is the
thread's: SQLite answers from memory in microseconds, and handing the interpreter to and fro for each row cost more
than the rows. A heavy group is the thread's from beginning to end.
"""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.commands.batch import Batch
    from exam_sessions.store.engine import Db

Outcome = Any
"""A batch's result, the exception its caller is to be given, or AGAIN while there is more to do."""

GROUP_AT_MOST = 512
"""Calls in one group."""

HEAVY = 200
"""A batch of this weight has a transaction to itself, on the thread."""

CROWDED = 2.0
"""Calls per group, on average of late, from which on lingering pays."""

AGAIN = object()
"""The outcome of a batch that has more to do: it goes to the end of the line, and others go first."""


class Prepared(NamedTuple):
    """A group that is worked out; its outcomes hold once `commit` has returned, or at once without one."""

    outcomes: Sequence[Outcome]
    commit: Callable[[], Sequence[Outcome]] | None


class Work(Protocol):
    """What a lane does with groups."""

    def prepare(self, db: Db, group: Sequence[Batch]) -> Prepared | None:
        """Works a light group out and leaves its transaction open; None when `run` has to do it."""

    def run(self, db: Db, group: Sequence[Batch]) -> Sequence[Outcome]:
        """Works a group out and makes it durable."""


class Waiting(NamedTuple):
    """A batch in line and the future its caller waits on."""

    batch: Batch
    future: asyncio.Future[Any]


class Lane:
    """One connection and one thread. `linger` is in seconds; 0 never lingers. `backlog` bounds the line."""

    def __init__(self, connect: Callable[[], Db], work: Work, *, linger: float, backlog: int) -> None:
        self._connect, self._work = connect, work
        self._linger, self._backlog = linger, backlog
        self._line: list[Waiting] = []
        self._busy = self._planned = self._closed = False
        self._crowd = 1.0
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._db: Db | None = None
        self._tasks: SimpleQueue[tuple[list[Waiting], Callable[[], Sequence[Outcome]]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Connects and starts the thread; call from the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._db = self._connect()
        self._thread.start()

    def submit(self, batch: Batch) -> asyncio.Future[Any]:
        """Puts a batch in line; the future gives its result, or raises what stood in the way.

        Raises:
            errors.ShuttingDown: the lane takes no more calls.
            errors.Overloaded: too many calls wait already.
        """
        if self._closed or self._loop is None:
            raise errors.ShuttingDown
        if len(self._line) >= self._backlog:
            raise errors.Overloaded
        future: asyncio.Future[Any] = self._loop.create_future()
        self._line.append(Waiting(batch, future))
        self._idle.clear()
        if not self._busy and not self._planned:
            self._plan()
        return future

    async def close(self) -> None:
        """Finishes what is in line, takes no more, and ends the thread."""
        self._closed = True
        await self._idle.wait()
        self._tasks.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._db:
            self._db.close()

    def _plan(self) -> None:
        assert self._loop is not None
        self._planned = True
        if self._linger and self._crowd >= CROWDED:
            self._loop.call_later(self._linger, self._dispatch)
        else:
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._planned, self._busy = False, True
        group = self._next_group()
        self._crowd += 0.1 * (len(group) - self._crowd)
        batches = [waiting.batch for waiting in group]
        db = self._db
        assert db is not None
        if batches[0].weight >= HEAVY:
            self._tasks.put((group, lambda: self._work.run(db, batches)))
            return
        prepared = self._work.prepare(db, batches)
        if prepared is None:
            self._tasks.put((group, lambda: self._work.run(db, batches)))
        elif prepared.commit:
            self._tasks.put((group, prepared.commit))
        else:
            self._done(group, prepared.outcomes)

    def _next_group(self) -> list[Waiting]:
        """The calls first in line, up to the first heavy one; a heavy one by itself."""
        line = self._line
        size = next((n for n, w in enumerate(line[:GROUP_AT_MOST]) if w.batch.weight >= HEAVY), GROUP_AT_MOST) or 1
        group, self._line = line[:size], line[size:]
        return group

    def _done(self, group: list[Waiting], outcomes: Sequence[Outcome]) -> None:
        for waiting, outcome in zip(group, outcomes, strict=True):
            future = waiting.future
            if outcome is AGAIN:
                self._line.append(waiting)
            elif future.done():
                continue
            elif isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._busy = False
        if self._line:
            self._plan()
        else:
            self._idle.set()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            group, work = task
            try:
                outcomes = work()
            except Exception as fault:  # noqa: BLE001 - the callers are told, the lane lives on
                outcomes = [fault] * len(group)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._done, group, outcomes)
