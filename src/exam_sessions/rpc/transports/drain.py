"""How the calls of a transport end when the server stops: every call is answered, or refused as SHUTTING_DOWN.

gRPC's own server cancels, without a reason, the calls that its core has taken from the network and not yet handed
over when it is told to stop. So before that happens, new calls are held unanswered: their callers wait and send no
more, and the core's queue runs empty. Then nothing more is read from connections without a call under way, and only
then the core is told. The calls that were held are refused after it has said GOAWAY, so that callers who try again do
so on another connection.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from exam_sessions import errors
from exam_sessions.rpc.transports.connections import UnreadConnections

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

QUIET_S = 0.05
"""For how long no call may come or end before no more are expected, in seconds."""

HOLD_AT_MOST_S = 0.5
"""How long calls are read and held at most, in seconds: callers who do not wait for replies never cease to call."""

HANDED_OVER_S = 0.03
"""For how long no call may come that the core has read, before it has handed over all, in seconds."""

HAND_OVER_AT_MOST_S = 2.0
"""How long the core may take for that at most, in seconds."""

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
        """Refuses a call that came after the stop began, once nobody takes it for a reason to call again here.

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

    async def run(self, stop: Callable[[float], Awaitable[None]], ports: Collection[int], grace: float) -> None:
        """Ends all calls within `grace` seconds; `stop` tells the transport on these ports that no more are to come.

        It is given the seconds it may take, and awaited once all calls have ended.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        self.begin()
        await self._quiet(QUIET_S, min(until, loop.time() + HOLD_AT_MOST_S))
        unread = UnreadConnections(ports, self._peers_under_way())
        await self._quiet(HANDED_OVER_S, min(until, loop.time() + HAND_OVER_AT_MOST_S))
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

    def _peers_under_way(self) -> set[int]:
        """The ports from which calls came that are under way: their replies may be longer than fits, and go on."""
        peers = (call.peer() for task, call in self.calls.items() if task not in self._held)
        return {int(port) for peer in peers if (port := peer.rpartition(":")[2]).isdecimal()}

    def begin(self) -> None:
        """Ends the streams, and holds what comes from now on."""
        self.stopping = True
        for task in self.streams:
            task.cancel()

    async def _quiet(self, seconds: float, until: float) -> None:
        """Waits until no call has come or ended for so many seconds."""
        before: tuple[int, int] | None = None
        while before != (now := (len(self._held), len(self.calls))) and asyncio.get_running_loop().time() < until:
            before = now
            await asyncio.sleep(seconds)


async def wait_until(condition: Callable[[], bool], until: float) -> None:
    """Waits for a condition, until a time of the event loop's clock."""
    while not condition() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - calls must not pay for an event
        await asyncio.sleep(LOOK_EVERY_S)
