"""What waits in the group commit queue for others, and what does not."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

from exam_sessions.execution.group_commit import EXCLUSIVE_WEIGHT, GroupCommitQueue
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.queue_pacing import Arrivals
from exam_sessions.execution.queue_protocols import PendingCommit

FOR_EVER = 3_600.0
AT_MOST_S = 30.0


class Request:
    """A request of a weight, which is what is worked on, and its own reply."""

    def __init__(self, weight: int = 1) -> None:
        self.weight = weight

    def open(self, _):
        return self

    def render(self, outcome):
        return outcome


class Handler:
    """Does everything at once, but for what has a transaction to itself: that is done when it is let go."""

    def __init__(self) -> None:
        self.measures = WriteMeasures()
        self.began, self.let_go = threading.Event(), threading.Event()

    def attach(self, _):
        """Nothing."""

    def prepare(self, group):
        return PendingCommit(list(group), None)

    def run(self, group):
        self.began.set()
        assert self.let_go.wait(AT_MOST_S)
        return list(group)


async def next_turn():
    """Until what was planned for this turn of the loop is done."""
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


def answered(work, arrivals=None):
    """Runs `work` with a queue, which lingers for ever once it does, and its handler."""

    async def run():
        handler = Handler()
        db = SimpleNamespace(is_in_process=True, close=lambda: None)
        queue = GroupCommitQueue(lambda: db, handler, linger=FOR_EVER, backlog=100, arrivals=arrivals or Arrivals())
        queue.start()
        await asyncio.wait_for(work(queue, handler), AT_MOST_S)
        await queue.close()

    asyncio.run(run())


def test_a_call_that_came_while_a_step_of_an_operation_was_under_way_waits_for_no_other():
    async def work(queue, handler):
        step = queue.submit(Request(EXCLUSIVE_WEIGHT))
        assert await asyncio.to_thread(handler.began.wait, AT_MOST_S)
        call = queue.submit(Request())
        handler.let_go.set()
        await asyncio.gather(step, call)

    answered(work)


def test_a_step_of_an_operation_waits_for_no_calls_that_are_expected():
    async def work(queue, handler):
        handler.let_go.set()
        await asyncio.gather(queue.submit(Request()), queue.submit(Request()))
        await queue.submit(Request(EXCLUSIVE_WEIGHT))

    answered(work)


def test_a_group_takes_along_the_request_that_is_being_read():
    arrivals = Arrivals()

    async def work(queue, handler):
        arrivals.count = 1
        first = queue.submit(Request())
        await next_turn()
        assert queue.depth == 1
        arrivals.count = 0
        await asyncio.gather(first, queue.submit(Request()))
        assert sum(queue.sizes.counts) == 1

    answered(work, arrivals)
