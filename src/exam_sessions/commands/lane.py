"""Group commit: gathers the calls of a moment and hands them, as one group, to a thread that owns a connection.

While a group is under way, the calls that arrive wait for the next one. When calls overlap, the lane also lingers
about
a millisecond before it starts a group, because calls reach the event loop one at a time and groups would not form; a
lone caller never waits. All bookkeeping happens on the event loop, so there is nothing to lock.
"""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.store.engine import Db

Item = TypeVar("Item")
Group = list[tuple[Any, "asyncio.Future[Any]"]]

GROUP_AT_MOST = 512
"""Calls in one group."""

HEAVY = 200
"""A call of this weight has a transaction to itself."""

CROWDED = 2.0
"""Calls per group, on average of late, from which on lingering pays."""


AGAIN = object()
"""The outcome of a call that has more to do: it goes to the end of the line, and others go first."""


class Lane(Generic[Item]):
    """One thread, one connection, groups of calls. `linger` is in seconds; 0 never lingers."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Db],
        work: Callable[[Db, Sequence[Item]], Sequence[Any]],
        *,
        linger: float,
        backlog: int,
    ) -> None:
        self._name, self._connect, self._work = name, connect, work
        self._linger, self._backlog = linger, backlog
        self._pending: Group = []
        self._groups: SimpleQueue[Group | None] = SimpleQueue()
        self._busy = self._planned = self._closed = False
        self._crowd = 1.0
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread; call from the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def submit(self, item: Item) -> asyncio.Future[Any]:
        """Puts a call in line; the future gives its result, or raises what stood in the way.

        Raises:
            errors.ShuttingDown: the lane takes no more calls.
            errors.Overloaded: too many calls wait already.
        """
        if self._closed or self._loop is None:
            raise errors.ShuttingDown
        if len(self._pending) >= self._backlog:
            raise errors.Overloaded
        future: asyncio.Future[Any] = self._loop.create_future()
        self._pending.append((item, future))
        self._idle.clear()
        if not self._busy and not self._planned:
            self._plan()
        return future

    async def close(self) -> None:
        """Finishes what is in line, takes no more, and ends the thread."""
        self._closed = True
        await self._idle.wait()
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    def _plan(self) -> None:
        assert self._loop is not None
        self._planned = True
        if self._linger and self._crowd >= CROWDED:
            self._loop.call_later(self._linger, self._dispatch)
        else:
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._planned = False
        group = self._next_group()
        self._busy = True
        self._crowd += 0.1 * (len(group) - self._crowd)
        self._groups.put(group)

    def _next_group(self) -> Group:
        pending = self._pending
        weights = [getattr(item, "weight", 1) for item, _ in pending[:GROUP_AT_MOST]]
        size = next((n for n, weight in enumerate(weights) if weight >= HEAVY), len(weights)) or 1
        group, self._pending = pending[:size], pending[size:]
        return group

    def _done(self, group: Group, outcomes: Sequence[Any]) -> None:
        for (item, future), outcome in zip(group, outcomes, strict=True):
            if outcome is AGAIN:
                self._pending.append((item, future))
                continue
            if future.done():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._busy = False
        if self._pending:
            if not self._planned:
                self._plan()
        else:
            self._idle.set()

    def _run(self) -> None:
        db: Db | None = None
        while (group := self._groups.get()) is not None:
            try:
                db = db or self._connect()
                outcomes: Sequence[Any] = self._work(db, [item for item, _ in group])
            except Exception as fault:  # noqa: BLE001 - the callers are told, the lane lives on
                outcomes = [fault] * len(group)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._done, group, outcomes)
        if db:
            db.close()
