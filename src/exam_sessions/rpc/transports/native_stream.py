"""Sending the messages of one call through the front of pygrpc-native, as fast as its client reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pygrpc_native import STREAM_CLOSED, STREAM_FULL

from exam_sessions.rpc.methods import CallerGone

if TYPE_CHECKING:
    from pygrpc_native import NativeGrpcFront

SOON_S, SELDOM_S = 0.001, 0.5
"""How long a stream waits before it offers a message again, at first and at most, in seconds."""


class NativeStream:
    """The messages of one call. What was begun to be sent is sent, though its sender may not wait for it."""

    __slots__ = ("_front", "_number", "offering")

    def __init__(self, front: NativeGrpcFront, number: int) -> None:
        self._front, self._number = front, number
        self.offering: asyncio.Task[None] | None = None
        """Under way while the client has to read before there is room."""

    async def send(self, message: bytes) -> None:
        """Sends a message; waits for as long as its client reads no faster. Raises CallerGone."""
        if not self._is_sent(message):
            self.offering = asyncio.create_task(self._offer(message))
            self.offering.add_done_callback(self._offered)
            await asyncio.shield(self.offering)

    def give_up(self) -> None:
        """Sends no more."""
        if self.offering:
            self.offering.cancel()

    async def _offer(self, message: bytes) -> None:
        pause = SOON_S
        while not self._is_sent(message):
            await asyncio.sleep(pause)
            pause = min(2 * pause, SELDOM_S)

    def _offered(self, offering: asyncio.Task[None]) -> None:
        self.offering = None
        if not offering.cancelled():
            offering.exception()  # or it is reported as never retrieved

    def _is_sent(self, message: bytes) -> bool:
        sent = self._front.stream_try_send(self._number, message)
        if sent == STREAM_CLOSED:
            raise CallerGone
        return bool(sent != STREAM_FULL)
