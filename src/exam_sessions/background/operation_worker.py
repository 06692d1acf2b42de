"""Carries out operations, step by step, in every server at once: the first to take one holds a lease on it.

A step that fails is tried again row by row; a row that fails again and again gets its outcome and is passed over.
Nothing accepted waits for anybody in particular.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.background.operation_waiters import OperationWaiters
from exam_sessions.commands.operations import Halt, QuarantineRow, ReleaseLease, Step, is_ahead
from exam_sessions.domain.stored_records import ToDo
from exam_sessions.execution.outages import OUTAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from exam_sessions.commands.operation_tasks import OperationTask
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.group_commit import GroupCommitQueue
    from exam_sessions.execution.queries import Reads

    Decode = Callable[[bytes], OperationTask]

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks for what others have left."""

TRIES = 3
"""Of a row that fails with a fault."""

HELD_AT_MOST, HELD_BYTES = 32, 64 * 1024
"""Tasks held from their acceptance to their turn, and the longest request of one; others are read again."""

NOT_NOW: tuple[type[errors.Refusal], ...] = (errors.Unavailable, errors.WorkspaceClosed, *OUTAGES)
"""Refusals that are not the row's: what failed is tried again, and no row is passed over for it."""


class Worker:
    """The background task of a server. `decode` reads payloads by kind, `describe` puts refusals into bytes."""

    def __init__(
        self,
        reads: Reads,
        queue: GroupCommitQueue,
        now: Callable[[], int],
        server: str,
        decode: Mapping[int, Decode],
        describe: Callable[[errors.Refusal], bytes],
    ) -> None:
        self._reads, self._queue, self._now, self._server = reads, queue, now, server
        self._decode, self._describe = decode, describe
        self._woken = False
        self._pausing: asyncio.Future[None] | None = None
        self._tasks: dict[str, OperationTask] = {}
        self._accepted: dict[str, ToDo] = {}
        """What was accepted here and is held since the last round."""
        self._has_more, self._look_at = True, 0.0
        """Whether there may be something else to do once a round is over, and when to look for it at the latest, on
        the loop's clock."""
        self._closing = False
        self._held: dict[str, ToDo] = {}
        self.waiters = OperationWaiters()

    def wake(self) -> None:
        """There is something new to do."""
        self._has_more = True
        self._go_on()

    def _go_on(self) -> None:
        self._woken = True
        if self._pausing and not self._pausing.done():
            self._pausing.set_result(None)

    def accepted(self, row: OperationRow, task: OperationTask) -> None:
        """An operation was accepted here. Neither it nor its request is read again: that takes 0.7 ms of 12."""
        if not 0 < len(row.payload) <= HELD_BYTES:
            self.wake()
            return
        while len(self._tasks) >= HELD_AT_MOST:
            # Another server may have carried it out.
            del self._tasks[next(iter(self._tasks))]
        self._tasks[row.id] = task
        self._accepted[row.id] = ToDo(row.workspace_id, row.id, row.owner, row.lease_until, row.next_time)
        self._go_on()

    async def run(self) -> None:
        """Works for ever; a fault is logged, and the next look tries again."""
        while not self._closing:
            self._woken, pause = False, LOOK_EVERY
            try:
                pause = await self.round()
            except errors.ShuttingDown:
                return
            except NOT_NOW:
                await asyncio.sleep(LOOK_EVERY)
            except Exception:
                log.exception("operations: a round failed; the next one tries again")
                await asyncio.sleep(LOOK_EVERY)
            if pause and not self._closing and not self._woken:
                await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        """Until it is woken, or the next read is due."""
        loop = asyncio.get_running_loop()
        self._pausing = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        await self._pausing
        timer.cancel()

    async def round(self) -> float:
        """One step of each operation that waits for one; how many seconds the next round has time.

        None holds the others up, also one that cannot get on. One that may do only so much a second says when it is
        its turn again.
        """
        pause = LOOK_EVERY
        for todo in await self._to_do():
            now = self._now()
            mine = todo.owner in {"", self._server} or not is_ahead(todo.lease_until, now)
            if not mine or self._closing:
                continue
            if is_ahead(todo.next_time, now):
                pause, self._has_more = min(pause, (todo.next_time - now) / 1_000_000), True
            elif await self._advance(todo):
                pause = 0.0
        return pause

    async def _to_do(self) -> Iterable[ToDo]:
        """All operations that have not ended; what was accepted here, as long as there is hardly anything else."""
        accepted, self._accepted = self._accepted, {}
        now = asyncio.get_running_loop().time()
        if accepted and not self._has_more and now < self._look_at:
            return accepted.values()
        self._has_more, self._look_at = False, now + LOOK_EVERY
        return await self._reads.operations_to_do()

    async def _advance(self, todo: ToDo) -> bool:
        """Takes an operation further; whether it can go on at once."""
        try:
            return await self._run_step(todo)
        except errors.ShuttingDown:
            raise
        except OUTAGES:
            return False
        except (errors.Unavailable, errors.WorkspaceClosed) as refusal:
            log.info("operation %s has to wait: %s", todo.id, refusal)
            return False
        except Exception:
            log.exception("operation %s: a step failed; the next round tries again", todo.id)
            return False

    async def _run_step(self, todo: ToDo) -> bool:
        """One step, in rows when the whole fails; whether there are more."""
        task = await self._task_of(todo)
        if task is None:
            return False
        step = self._step(todo, task, self._rows(task))
        try:
            row = await self._queue.submit(step)
        except NOT_NOW:
            raise
        except Exception as fault:  # noqa: BLE001 - each row answers for itself
            row = await self._row_by_row(todo, task, step.most, fault)
        return self._note(todo, row)

    def _step(self, todo: ToDo, task: OperationTask, most: int) -> Step:
        return Step(todo.workspace_id, todo.id, self._server, task, self._describe, most)

    @staticmethod
    def _rows(task: OperationTask) -> int:
        """As many as a tenth of a second may have, under a rate limit."""
        return min(task.step_at_most, max(1, task.per_second // 10)) if task.per_second else task.step_at_most

    async def _row_by_row(self, todo: ToDo, task: OperationTask, most: int, fault: Exception) -> OperationRow | None:
        row: OperationRow | None = None
        log.warning("operation %s: a step failed (%s), its rows go one by one", todo.id, type(fault).__name__)
        for _ in range(most):
            row = await self._row(todo, self._step(todo, task, 1))
            if row is None or row.end_time:
                break
        return row

    async def _row(self, todo: ToDo, step: Step) -> OperationRow | None:
        """The next row by itself; it is passed over when it fails again and again."""
        why: errors.Refusal | None = None
        for n in range(TRIES):
            try:
                row: OperationRow | None = await self._queue.submit(step)
            except NOT_NOW:
                raise
            except errors.Refusal as refusal:
                why = refusal
                break
            except Exception as again:
                log.exception("operation %s: a row failed, try %d", todo.id, n + 1)
                why = errors.StepQuarantined(type(again).__name__)
            else:
                return row
        assert why is not None
        return await self._quarantine(todo, step, why)

    async def _quarantine(self, todo: ToDo, step: Step, why: errors.Refusal) -> OperationRow | None:
        """Passes over a row; where even that fails, the operation cannot go on."""
        try:
            row: OperationRow | None = await self._queue.submit(QuarantineRow(step, why))
        except NOT_NOW:
            raise
        except Exception as fault:
            log.exception("operation %s: a row cannot be set aside", todo.id)
            row = await self._halted(todo, fault)
        return row

    async def _halted(self, todo: ToDo, fault: Exception) -> OperationRow | None:
        why = errors.StepQuarantined(type(fault).__name__)
        row: OperationRow | None = await self._queue.submit(Halt(todo.workspace_id, todo.id, self._server, why))
        return row

    async def _task_of(self, todo: ToDo) -> OperationTask | None:
        """What the operation does; None when that cannot be read, and it was halted."""
        if todo.id not in self._tasks:
            kind, payload = await self._reads.request(todo.workspace_id, todo.id)
            try:
                self._tasks[todo.id] = self._decode[kind](payload)
            except Exception as fault:
                log.exception("operation %s cannot be read", todo.id)
                await self._halted(todo, fault)
                return None
        return self._tasks[todo.id]

    def _note(self, todo: ToDo, row: OperationRow | None) -> bool:
        """Whether the operation is still this server's to carry out."""
        if row is None or row.end_time:
            for known in (self._tasks, self._held, self._accepted):
                known.pop(todo.id, None)
            if row:
                self.waiters.ended(todo.id)
            return False
        self._held[todo.id] = todo
        self._has_more = True
        return True

    async def close(self, running: asyncio.Task[None] | None) -> None:
        """Finishes the step under way, and hands back what is not done."""
        self._closing = True
        self.wake()
        if running:
            await asyncio.gather(running, return_exceptions=True)
        for todo in self._held.values():
            with suppress(errors.Refusal):
                await self._queue.submit(ReleaseLease(todo.workspace_id, todo.id, self._server))
