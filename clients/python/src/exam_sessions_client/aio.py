"""What the asyncio client does in another way than the blocking one, whose counterpart is blocking.py."""

from __future__ import annotations

import asyncio
from asyncio import sleep
from contextlib import suppress
from typing import Any

import grpc
from grpc import aio as channels

from exam_sessions_client.failures import NoAnswer, failure_of

__all__ = ["DuplexCall", "channels", "end", "read", "sleep"]


async def read(call: Any, silence: float | None) -> Any:
    """The next message of a stream; None at its end. After so many seconds of silence the call is cancelled."""
    try:
        async with asyncio.timeout(silence):
            message = await call.read()
    except TimeoutError:
        raise NoAnswer("DEADLINE_EXCEEDED", f"the server was silent for {silence} s") from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise NoAnswer("CANCELLED", "the call was cancelled") from None
    except grpc.RpcError as error:
        raise failure_of(error) from None
    return message or None


def end(call: Any) -> None:
    """Ends a stream."""
    call.cancel()


class DuplexCall:
    """A call with a stream both ways."""

    def __init__(self, method: Any, **arguments: Any) -> None:
        self.call = method(**arguments)

    async def send(self, message: Any) -> None:
        """Sends a message; of a call that has ended, reading says why."""
        with suppress(grpc.RpcError, asyncio.InvalidStateError):
            await self.call.write(message)

    async def end(self) -> None:
        """Says that there is nothing more to send."""
        with suppress(grpc.RpcError, asyncio.InvalidStateError):
            await self.call.done_writing()
