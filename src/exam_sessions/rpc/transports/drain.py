"""How the calls of a transport end when the server stops: every call is answered, or refused as SHUTTING_DOWN.

gRPC's own server cancels, without a reason, the calls that its core has taken from the network and not yet handed
over when it is asked to stop (https://github.com/grpc/grpc/issues/41785), and those that it reads afterwards. So
before that happens, new calls are held unanswered, and those under way end. Then nothing more is read
from connections, the core hands over what it has read, and only then it is asked to stop. The calls that were held
are refused after it has sent GOAWAY, so that callers who try again do so on another connection.

Calls under way that take longer than WAIT_AT_MOST_S are not waited for before that: a call that arrives meanwhile is
held, and could be served elsewhere. Their connections are read further on, and calls that come on them before their
clients have the GOAWAY end as CANCELLED.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from exam_sessions import errors
from exam_sessions.rpc.transports import threads
from exam_sessions.rpc.transports.connections import UnreadConnections

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

QUIET_S = 0.05
"""For how long no call may come or end before no more are expected, in seconds."""

HOLD_AT_MOST_S = 0.5
"""How long calls are read and held at most, in seconds: callers who do not wait for replies never cease to call."""

WAIT_AT_MOST_S = 2.0
"""How long calls under way are waited for at most before callers are sent elsewhere, in seconds."""

TURNS = 3
"""How often every thread must be seen without work, while no call comes, before all that the core has read counts
as handed over: by the thread that reads to one that unpacks, and by that to the one that wakes the event loop."""

NEVER_COMES_S = 0.5
"""After how long without a change the core is taken to hand over nothing more, in seconds: calls that were reset
before that are pending for ever."""

HAND_OVER_AT_MOST_S = 5.0
"""How long the core may take to hand over at most, in seconds."""

LAST_REPLIES_S = 0.1
"""How long the last replies have to get out, in seconds."""

LOOK_EVERY_S = 0.01


class Drain:
    """The calls of a transport that are under way: tasks, and gRPC's context of each.

    `calls` finish what they do, `streams` end as soon as the stop begins.
    """

    def __init__(self) -> None:
        self.calls: dict[asyncio.Task[Any], Any] = {}
        self.streams: dict[asyncio.Task[Any], Any] = {}
        self.stopping = False
        """New calls are refused, and streams end."""
        self.over = False
        """The time for what was under way is over, too."""
        self._held: set[asyncio.Task[Any] | None] = set()
        self._released = asyncio.Event()

    async def refuse(self, context: Any) -> NoReturn:
        """Refuses a call that came after the stop began, once no caller tries again on the same connection.

        Half of the time its caller gives it is the longest it is held.

        Raises:
            errors.ShuttingDown: always.
        """
        self._held.add(asyncio.current_task())
        left = context.time_remaining()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), None if left is None else left / 2)
        raise errors.ShuttingDown

    def ends(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task that was cancelled was so because the server stops."""
        return self.over or (self.stopping and task in self.streams)

    async def run(
        self,
        stop: Callable[[float], Awaitable[None]],
        ports: Collection[int],
        grace: float,
        pending: Callable[[], int] = lambda: 0,
    ) -> None:
        """Ends all calls within `grace` seconds; `stop` ends the transport's listening on these ports.

        It is given the seconds it may take, and awaited once all calls have ended. `pending` counts the calls that
        the transport has begun and not handed over.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        until = began + grace
        self.begin()
        await self._quiet(min(until, began + HOLD_AT_MOST_S))
        if ports:
            await wait_until(lambda: not self._under_way(), min(began + grace / 2, loop.time() + WAIT_AT_MOST_S))
        unread = UnreadConnections(ports, self._peers_under_way())
        await self._hand_over(pending, min(until, loop.time() + HAND_OVER_AT_MOST_S))
        stopping = asyncio.ensure_future(stop(max(0.0, until - loop.time()) + 3 * LAST_REPLIES_S))
        await asyncio.sleep(0)
        self._released.set()
        await wait_until(lambda: not self.calls, until)
        self.over = True
        for task in self.calls:
            task.cancel()
        await wait_until(lambda: not self.calls and not self.streams, loop.time() + LAST_REPLIES_S)
        await asyncio.sleep(LAST_REPLIES_S)
        unread.close()
        await (stop(0) if self.calls or self.streams else stopping)
        await stopping

    def _under_way(self) -> list[Any]:
        """The calls that are under way, by gRPC's contexts."""
        return [call for task, call in self.calls.items() if task not in self._held]

    def _peers_under_way(self) -> set[int]:
        """The ports from which calls came that are under way: their replies may be longer than fits, and go on."""
        peers = (call.peer() for call in self._under_way())
        return {int(port) for peer in peers if (port := peer.rpartition(":")[2]).isdecimal()}

    def begin(self) -> None:
        """Ends the streams, and holds what comes from now on."""
        self.stopping = True
        for task in self.streams:
            task.cancel()

    def _counts(self) -> tuple[int, int]:
        return len(self._held), len(self.calls)

    async def _quiet(self, until: float) -> None:
        """Waits until no call has come or ended for QUIET_S."""
        before: tuple[int, int] | None = None
        while before != (now := self._counts()) and asyncio.get_running_loop().time() < until:
            before = now
            await asyncio.sleep(QUIET_S)

    async def _hand_over(self, pending: Callable[[], int], until: float) -> None:
        """Waits until the core has handed over what it has read, and reads no more."""
        clock = asyncio.get_running_loop().time
        before: tuple[int, ...] | None = None
        since, turns = clock(), 0
        while clock() < until:
            if before != (now := (*self._counts(), pending())):
                before, since, turns = now, clock(), 0
            elif turns >= TURNS and (not now[-1] or clock() > since + NEVER_COMES_S):
                return
            await _turn(until)
            turns += 1


async def _turn(until: float) -> None:
    """Waits until every other thread has been seen without work."""
    busy = threads.others()
    await asyncio.sleep(LOOK_EVERY_S)
    while (busy := threads.at_work(busy)) and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - as below
        await asyncio.sleep(LOOK_EVERY_S)


async def wait_until(condition: Callable[[], bool], until: float) -> None:
    """Waits for a condition, until a time of the event loop's clock."""
    while not condition() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - calls must not pay for an event
        await asyncio.sleep(LOOK_EVERY_S)
