"""Group commit: gathers the calls of a moment into one transaction, and answers each once it is durable.

While a group is under way, the calls that arrive wait for the next one. When calls overlap, the queue also lingers
before it starts a group, because calls reach the event loop one at a time and groups would not form: until those who
are expected are there, and all that are being read, or arrivals cease (queue_pacing.py). All bookkeeping happens on
the event loop, so there is nothing to lock.

A whole group is opened, worked out and rendered step by step, each step for all its calls in a tight loop: between
the steps of one call the code of the others would leave the processor's cache, and all took three times as long.

The queue's thread waits for the disk. A light group is worked out on the event loop itself and only its commit is the
thread's: SQLite answers from memory in microseconds, and handing the interpreter to and fro for each row cost more
than the rows. A heavy group is the thread's from beginning to end, and so is every group where a server answers.
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.blocked_requests import BlockedRequests
from exam_sessions.execution.measures import SIZES, Distribution, GroupTimes
from exam_sessions.execution.queue_pacing import Arrivals, BatchingWindow, Pace
from exam_sessions.execution.queue_protocols import BLOCKED, EXCLUSIVE_WEIGHT, REQUEUE, Postponed, QueueEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.execution.queue_protocols import GroupHandler, Outcome, QueuedRequest, ReplySink
    from exam_sessions.store.engine import Db

GROUP_AT_MOST = 512
"""Calls in one group."""


class GroupCommitQueue:
    """One connection and one thread. `linger` is in seconds; 0 never lingers. `backlog` bounds the line at any pace.

    A group waits for `arrivals`, too, the requests that may be queued next. `on_group_done` is called on the event
    loop after every group, before its callers are answered.
    """

    def __init__(
        self,
        connect: Callable[[], Db],
        handler: GroupHandler,
        *,
        linger: float,
        backlog: int,
        arrivals: Arrivals | None = None,
        on_group_done: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect, self._handler, self._on_group_done = connect, handler, on_group_done
        self._linger = linger
        self._queue: list[QueueEntry] = []
        self._blocked = BlockedRequests()
        self._busy = self._planned = self._closed = False
        self._window, self._pace = BatchingWindow(arrivals or Arrivals()), Pace(backlog)
        self._waiting: set[asyncio.Future[None]] = set()
        """What postponed requests wait for."""
        self._timer: asyncio.TimerHandle | None = None
        self._planned_at = self._started_at = 0.0
        self._times = GroupTimes()
        """Of the group at work."""
        self.sizes, self.lingers = Distribution(SIZES), Distribution()
        """Calls of each group, and for how many seconds it was waited for before it started."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._db: Db | None = None
        self._tasks: SimpleQueue[tuple[list[QueueEntry], Callable[[], Sequence[Outcome]]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Connects and starts the thread; call from the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._db = self._connect()
        self._handler.attach(self._db, self._others_wait)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Requests that wait for a group."""
        return len(self._queue) + self._blocked.count

    @property
    def limit(self) -> int:
        """How many may wait now."""
        return self._pace.most

    def submit(self, request: QueuedRequest) -> asyncio.Future[Any]:
        """Queues a request and returns a future of its result.

        Raises:
            errors.ShuttingDown: the queue is closed.
            errors.Overloaded: too many requests wait.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.enqueue(request, future)
        return future

    def enqueue(self, request: QueuedRequest, sink: ReplySink) -> None:
        """Queues a request for a sink.

        Raises:
            errors.ShuttingDown: the queue takes no more calls.
            errors.Overloaded: the call would wait too long.
        """
        if self._closed or self._loop is None:
            raise errors.ShuttingDown
        if len(self._queue) + self._blocked.count >= self._pace.most:
            self._pace.refused()
            raise errors.Overloaded
        self._queue.append(QueueEntry(request, sink))
        self._idle.clear()
        if not self._busy and not self._planned:
            self._plan()
        elif self._timer and self._window.is_complete(len(self._queue)):
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

    def _others_wait(self) -> bool:
        return bool(self._queue)

    def _plan(self, *, lingers: bool = True) -> None:
        self._planned, self._planned_at = True, perf_counter()
        # Nothing joins one that has a transaction to itself.
        lingers = lingers and bool(self._linger) and not _is_exclusive(self._queue)
        if lingers and self._window.should_wait(len(self._queue)):
            self._wait()
        else:
            self._start()

    def _wait(self) -> None:
        assert self._loop is not None
        self._timer = self._loop.call_later(self._linger, self._linger_ended)

    def _start(self) -> None:
        """Takes along what arrives in the same turn of the loop."""
        assert self._loop is not None
        self._timer = None
        self._loop.call_soon(self._dispatch)

    def _linger_ended(self) -> None:
        if self._window.should_keep_waiting(len(self._queue)):
            self._wait()
        else:
            self._start()

    def _dispatch(self) -> None:
        self._planned, self._busy = False, True
        self._window.group_started(len(self._queue))
        self._started_at = perf_counter()
        lingered, times = self._started_at - self._planned_at, GroupTimes()
        group, opened = self._open(self._next_group(), times)
        self._times, times.size = times, len(group)
        self.lingers.record(lingered)
        self.sizes.record(times.size)
        db = self._db
        assert db is not None
        if not group:
            self._done(group, [])
        elif _is_exclusive(group):
            self._tasks.put((group, lambda: self._handler.run(opened)))
        elif not db.is_in_process:
            self._tasks.put((group, lambda: self._handler.run_together(opened)))
        elif (prepared := self._handler.prepare(opened)) is None:
            self._tasks.put((group, lambda: self._handler.run(opened)))
        elif prepared.commit:
            self._tasks.put((group, prepared.commit))
        else:
            times.decided = perf_counter()
            self._done(group, prepared.outcomes)

    def _lingers_of_work(self) -> float:
        """How many lingers the group took that is done now; 0 where that was work of this process alone."""
        if not self._linger or self._db is None or self._db.is_in_process:
            return 0.0
        return (perf_counter() - self._started_at) / self._linger

    def _open(self, group: list[QueueEntry], times: GroupTimes) -> tuple[list[QueueEntry], list[Any]]:
        """The calls of a group that can be worked on, opened; the others are refused."""
        kept, opened = [], []
        for entry in group:
            try:
                opened.append(entry.request.open(times))
                kept.append(entry)
            except Postponed as postponed:
                waiting = asyncio.ensure_future(postponed.until)
                self._waiting.add(waiting)
                waiting.add_done_callback(partial(self._queue_again, entry))
            except Exception as fault:  # noqa: BLE001 - the caller gets it
                _deliver(entry.sink, fault)
        return kept, opened

    def _queue_again(self, entry: QueueEntry, waiting: asyncio.Future[None]) -> None:
        """Queues a request that was postponed, unless what it waited for failed."""
        self._waiting.discard(waiting)
        if fault := asyncio.CancelledError() if waiting.cancelled() else waiting.exception():
            _deliver(entry.sink, fault)
            return
        try:
            self.enqueue(*entry)
        except errors.Refusal as refusal:
            _deliver(entry.sink, refusal)

    def _next_group(self) -> list[QueueEntry]:
        """The calls first in line, up to the first heavy one; a heavy one by itself."""
        queue = self._queue
        size = (
            next(
                (n for n, w in enumerate(queue[:GROUP_AT_MOST]) if w.request.weight >= EXCLUSIVE_WEIGHT),
                GROUP_AT_MOST,
            )
            or 1
        )
        group, self._queue = queue[:size], queue[size:]
        return group

    def _done(self, group: list[QueueEntry], outcomes: Sequence[Outcome]) -> None:
        self._on_group_done()
        for entry, outcome in zip(group, outcomes, strict=True):
            if outcome is REQUEUE:
                self._queue.append(entry)
                continue
            if outcome is BLOCKED:
                self._blocked.add(entry)
                continue
            if not isinstance(outcome, BaseException):
                try:
                    outcome = entry.request.render(outcome)  # noqa: PLW2901 - the same outcome, rendered
                except Exception as fault:  # noqa: BLE001 - the caller gets it
                    outcome = fault  # noqa: PLW2901
            _deliver(entry.sink, outcome)
        self._busy, exclusive = False, _is_exclusive(group)
        if self._blocked.count and self._handler.is_free:
            # With nothing else to do, what is blocked is blocked by nothing.
            self._blocked.release(self._queue, with_long=exclusive or not self._queue)
        # One that had a transaction to itself is no caller whose next call will join the others.
        self._window.group_answered(0 if exclusive else len(group), len(self._queue), self._lingers_of_work())
        assert self._loop is not None
        self._pace.answered(len(group), len(self._queue), self._loop.time())
        if self._queue:
            # Beside a long one they have waited for long.
            self._plan(lingers=not exclusive)
        else:
            self._idle.set()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            group, handler = task
            before = self._handler.measures.commit_began
            try:
                outcomes = handler()
            except Exception as fault:  # noqa: BLE001 - the callers get it, the queue goes on
                outcomes = [fault] * len(group)
            self._note_times(before)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._done, group, outcomes)

    def _note_times(self, before: float) -> None:
        """Notes when the group at work was decided and committed; the last commit before it was begun then."""
        times, began = self._times, self._handler.measures.commit_began
        if began == before:
            times.decided = perf_counter()
        else:
            times.decided, times.committed = began, perf_counter()


def _is_exclusive(entries: Sequence[QueueEntry]) -> bool:
    """Whether the first has a transaction to itself."""
    return bool(entries) and entries[0].request.weight >= EXCLUSIVE_WEIGHT


def _deliver(sink: ReplySink, outcome: Outcome) -> None:
    """Gives a caller its outcome, unless it has gone away."""
    if sink.done():
        return
    if isinstance(outcome, BaseException):
        sink.set_exception(outcome)
    else:
        sink.set_result(outcome)
