"""What a watcher is sent, until it has taken it: one that is too slow has to resume."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Send = Callable[[bytes], Awaitable[None]]

COPIES = 2
"""How often a piece is kept until it is taken: here and in the transport."""


def position(after: int) -> bytes:
    """A piece with the position reached, and no event."""
    return pb.WatchSessionsResponse(sequence=after).SerializeToString()


class Unread:
    """What all watchers of a server have not taken yet. Beyond `at_most` bytes, the slowest has to resume.

    So has one that takes longer than `patience` seconds over a piece, which a single timer for all of them finds out.
    """

    def __init__(self, at_most: int, patience: float) -> None:
        self._at_most, self._patience, self.size = at_most, patience, 0
        self._waiting: dict[WatchStream, tuple[float, int]] = {}
        """Since when each waits for its piece to be taken, the longest first, and the bytes of it."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: WatchStream, size: int) -> None:
        """One more piece."""
        self._waiting[stream] = time.monotonic(), size
        self.size += size
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._look)
        while self.size > self._at_most and (longest := next(iter(self._waiting))) is not stream:
            self.remove(longest)
            longest.give_up()

    def remove(self, stream: WatchStream) -> None:
        """Its piece was taken, or given up."""
        if waiting := self._waiting.pop(stream, None):
            self.size -= waiting[1]

    def _look(self) -> None:
        """Gives up those who have taken too long, and looks again when the next will have."""
        self._timer = None
        now = time.monotonic()
        while self._waiting:
            stream, (since, _) = next(iter(self._waiting.items()))
            if (left := since + self._patience - now) > 0:
                self._timer = asyncio.get_running_loop().call_later(left, self._look)
                return
            self.remove(stream)
            stream.give_up()


class WatchStream:
    """What one watcher is sent. Made and used by the task that serves it."""

    def __init__(self, send: Send, unread: Unread) -> None:
        self._send, self._unread = send, unread
        self._last = time.monotonic()
        self._task = asyncio.current_task()
        self._given_up = False

    @property
    def silence(self) -> float:
        """For how long nothing was sent, in seconds."""
        return time.monotonic() - self._last

    def give_up(self) -> None:
        """Has `send`, which waits for the watcher, raise WatcherTooSlow."""
        assert self._task is not None
        self._given_up = True
        self._task.cancel()

    async def send(self, piece: bytes, after: int) -> None:
        """Sends a piece; `after` is the event a watcher that is too slow may resume behind.

        Raises:
            errors.WatcherTooSlow: it did not take it in time, or others need what it keeps.
        """
        self._unread.add(self, len(piece) * COPIES)
        try:
            await self._send(piece)
        except asyncio.CancelledError:
            assert self._task is not None
            # Unless the call itself was cancelled as well.
            if self._given_up and not self._task.uncancel():
                raise errors.WatcherTooSlow(after + 1) from None
            raise
        finally:
            self._unread.remove(self)
        self._last = time.monotonic()

    async def send_position(self, after: int) -> None:
        """Sends the position reached, and no event."""
        await self.send(position(after), after)
