"""What waits in the group commit queue for others, and what does not."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

from exam_sessions.execution.group_commit import GroupCommitQueue
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.queue_pacing import Arrivals
from exam_sessions.execution.queue_protocols import BLOCKED, EXCLUSIVE_WEIGHT, REQUEUE, PendingCommit

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

    is_free = True

    def __init__(self) -> None:
        self.measures = WriteMeasures()
        self.began, self.let_go = threading.Event(), threading.Event()

    def attach(self, *_):
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


def answered(work, handler=None, *, closes=True, arrivals=None):
    """Runs `work` with a queue, which lingers for ever once it does, and its handler."""

    async def run():
        doing = handler or Handler()
        db = SimpleNamespace(is_in_process=True, close=lambda: None)
        queue = GroupCommitQueue(lambda: db, doing, linger=FOR_EVER, backlog=100, arrivals=arrivals or Arrivals())
        queue.start()
        await asyncio.wait_for(work(queue, doing), AT_MOST_S)
        if closes:
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

    answered(work, arrivals=arrivals)


class Rosters(Handler):
    """Does requests with a transaction to themselves in two steps each, one after the other; others are blocked."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Request] = []
        self.under_way: Request | None = None

    @property
    def is_free(self):
        return self.under_way is None

    def prepare(self, group):
        return PendingCommit([request if self.is_free else BLOCKED for request in group], None)

    def run(self, group):
        (request,) = group
        self.steps.append(request)
        if self.under_way not in {None, request}:
            return [BLOCKED]
        self.under_way = request if self.under_way is None else None
        return [REQUEUE if self.under_way else request]


def test_long_requests_are_done_one_after_the_other_and_wait_outside_the_queue():
    async def work(queue, handler):
        rosters = [Request(EXCLUSIVE_WEIGHT) for _ in range(5)]
        answers = [queue.submit(roster) for roster in rosters]
        assert await asyncio.gather(*answers) == rosters
        first, *others = rosters
        assert handler.steps == [first, *others, first, *(roster for roster in others for _ in range(2))]

    answered(work, Rosters())


def test_a_short_request_that_is_blocked_is_answered_when_the_long_one_is_done():
    async def work(queue, handler):
        roster, call = queue.submit(Request(EXCLUSIVE_WEIGHT)), queue.submit(Request())
        assert queue.depth == 2
        await call
        assert roster.done()
        assert handler.is_free
        assert queue.depth == 0

    answered(work, Rosters())


def test_a_queue_that_is_closed_finishes_what_is_blocked():
    async def work(queue, _):
        answers = [queue.submit(Request(weight)) for weight in (EXCLUSIVE_WEIGHT, EXCLUSIVE_WEIGHT, 1)]
        await queue.close()
        assert all(answer.done() for answer in answers)

    answered(work, Rosters(), closes=False)
