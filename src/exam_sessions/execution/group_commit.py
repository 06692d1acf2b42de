"""Group commit: gathers the calls of a moment into one transaction, and answers each once it is durable.

While a group is under way, the calls that arrive wait for the next one. When calls overlap, the lane also lingers
before it starts a group, because calls reach the event loop one at a time and groups would not form: until those are
there who are expected, or arrivals cease (batching_window.py). All bookkeeping happens on the event loop, so there is
nothing to lock.

A whole group is opened, worked out and rendered step by step, each step for all its calls in a tight loop: between
the steps of one call the processor would forget the code of the others, and everything took three times as long.

The lane's thread waits for the disk. A light group is worked out on the event loop itself and only its commit is the
thread's: SQLite answers from memory in microseconds, and handing the interpreter to and fro for each row cost more
than the rows. A heavy group is the thread's from beginning to end, and so is every group where a server answers.
"""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from exam_sessions import errors
from exam_sessions.execution.batching_window import Company
from exam_sessions.execution.queue_limit import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.store.engine import Db

Outcome = Any
"""A batch's result, the exception its caller is to be given, or AGAIN while there is more to do."""

GROUP_AT_MOST = 512
"""Calls in one group."""

HEAVY = 200
"""A batch of this weight has a transaction to itself, on the thread."""

AGAIN = object()
"""The outcome of a batch that has more to do: it goes to the end of the line, and others go first."""


class Order(Protocol):
    """What stands in line: something a lane can work on once it is opened, and whose result it can render."""

    @property
    def weight(self) -> int:
        """How many rows it is about; a heavy one has a group to itself."""

    def open(self) -> Any:
        """What `Work` takes. Raises the refusal of what cannot even be read."""

    def render(self, result: Any) -> Any:
        """The result as the caller wants it."""


class Prepared(NamedTuple):
    """A group that is worked out; its outcomes hold once `commit` has returned, or at once without one."""

    outcomes: Sequence[Outcome]
    commit: Callable[[], Sequence[Outcome]] | None


class Work(Protocol):
    """What a lane does with groups."""

    def prepare(self, db: Db, group: Sequence[Any]) -> Prepared | None:
        """Works a light group out and leaves its transaction open; None when `run` has to do it."""

    def run_together(self, db: Db, group: Sequence[Any]) -> Sequence[Outcome]:
        """Works a light group out and makes it durable, where the database keeps us waiting."""

    def run(self, db: Db, group: Sequence[Any]) -> Sequence[Outcome]:
        """Works each of a group out by itself and makes it durable."""


class Waiter(Protocol):
    """Who is given what becomes of an order, on the event loop: a future, or what answers a caller without one."""

    def done(self) -> bool:
        """Whether nobody wants to know any more."""

    def set_result(self, result: Any, /) -> None:
        """The order was carried out."""

    def set_exception(self, fault: BaseException, /) -> None:
        """Something stood in the way."""


class Waiting(NamedTuple):
    """An order in line and who waits for it."""

    order: Order
    waiter: Waiter


class Lane:
    """One connection and one thread. `linger` is in seconds; 0 never lingers. `backlog` bounds the line at any pace.

    `settled` is called on the event loop after every group, before its callers are answered.
    """

    def __init__(
        self,
        connect: Callable[[], Db],
        work: Work,
        *,
        linger: float,
        backlog: int,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect, self._work, self._settled = connect, work, settled
        self._linger = linger
        self._line: list[Waiting] = []
        self._busy = self._planned = self._closed = False
        self._company, self._pace = Company(), Pace(backlog)
        self._timer: asyncio.TimerHandle | None = None
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

    def submit(self, order: Order) -> asyncio.Future[Any]:
        """Puts an order in line; the future gives its result, or raises what stood in the way. Raises as `queue`."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.queue(order, future)
        return future

    def queue(self, order: Order, waiter: Waiter) -> None:
        """Puts an order in line for a waiter.

        Raises:
            errors.ShuttingDown: the lane takes no more calls.
            errors.Overloaded: the call would wait too long.
        """
        if self._closed or self._loop is None:
            raise errors.ShuttingDown
        if len(self._line) >= self._pace.most:
            self._pace.refused()
            raise errors.Overloaded
        self._line.append(Waiting(order, waiter))
        self._idle.clear()
        if not self._busy and not self._planned:
            self._plan()
        elif self._timer and self._company.is_complete(len(self._line)):
            self._timer.cancel()
            self._start()

    async def close(self) -> None:
        """Finishes what is in line, takes no more, and ends the thread."""
        self._closed = True
        await self._idle.wait()
        self._tasks.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._db:
            self._db.close()

    def _plan(self) -> None:
        self._planned = True
        if self._linger and self._company.is_missing(len(self._line)):
            self._wait()
        else:
            self._start()

    def _wait(self) -> None:
        assert self._loop is not None
        self._timer = self._loop.call_later(self._linger, self._lingered)

    def _start(self) -> None:
        """Takes along what arrives in the same turn of the loop."""
        assert self._loop is not None
        self._timer = None
        self._loop.call_soon(self._dispatch)

    def _lingered(self) -> None:
        if self._company.keeps_coming(len(self._line)):
            self._wait()
        else:
            self._start()

    def _dispatch(self) -> None:
        self._planned, self._busy = False, True
        self._company.sets_out(len(self._line))
        group, opened = self._open(self._next_group())
        db = self._db
        assert db is not None
        if not group:
            self._done(group, [])
        elif group[0].order.weight >= HEAVY:
            self._tasks.put((group, lambda: self._work.run(db, opened)))
        elif not db.answers_at_once:
            self._tasks.put((group, lambda: self._work.run_together(db, opened)))
        elif (prepared := self._work.prepare(db, opened)) is None:
            self._tasks.put((group, lambda: self._work.run(db, opened)))
        elif prepared.commit:
            self._tasks.put((group, prepared.commit))
        else:
            self._done(group, prepared.outcomes)

    @staticmethod
    def _open(group: list[Waiting]) -> tuple[list[Waiting], list[Any]]:
        """The calls of a group that can be worked on, opened; the others are refused."""
        kept, opened = [], []
        for waiting in group:
            try:
                opened.append(waiting.order.open())
                kept.append(waiting)
            except Exception as fault:  # noqa: BLE001 - the caller is told
                _give(waiting.waiter, fault)
        return kept, opened

    def _next_group(self) -> list[Waiting]:
        """The calls first in line, up to the first heavy one; a heavy one by itself."""
        line = self._line
        size = next((n for n, w in enumerate(line[:GROUP_AT_MOST]) if w.order.weight >= HEAVY), GROUP_AT_MOST) or 1
        group, self._line = line[:size], line[size:]
        return group

    def _done(self, group: list[Waiting], outcomes: Sequence[Outcome]) -> None:
        self._settled()
        for waiting, outcome in zip(group, outcomes, strict=True):
            if outcome is AGAIN:
                self._line.append(waiting)
                continue
            if not isinstance(outcome, BaseException):
                try:
                    outcome = waiting.order.render(outcome)  # noqa: PLW2901 - the same outcome, rendered
                except Exception as fault:  # noqa: BLE001 - the caller is told
                    outcome = fault  # noqa: PLW2901
            _give(waiting.waiter, outcome)
        self._busy = False
        self._company.was_answered(len(group), len(self._line))
        assert self._loop is not None
        self._pace.answered(len(group), len(self._line), self._loop.time())
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


def _give(waiter: Waiter, outcome: Outcome) -> None:
    """Gives a caller its outcome, unless it has gone away."""
    if waiter.done():
        return
    if isinstance(outcome, BaseException):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
