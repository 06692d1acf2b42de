"""What the blocking client does in another way than the asyncio one, whose counterpart is aio.py."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic, sleep
from typing import Any

import grpc

from exam_sessions_client.failures import CallFailed, NoAnswer, failure_of

__all__ = ["DuplexCall", "channels", "end", "read", "sleep"]

channels = grpc


def read(call: Any, silence: float | None) -> Any:
    """The next message of a stream; None at its end. After so many seconds of silence the call is cancelled."""
    began, timer = monotonic(), threading.Timer(silence or 0, call.cancel)
    timer.daemon = True
    if silence:
        timer.start()
    try:
        return next(call, None)
    except grpc.RpcError as error:
        if silence and monotonic() - began >= silence:
            raise NoAnswer("DEADLINE_EXCEEDED", f"the server was silent for {silence} s") from None
        raise failure_of(error) from None
    finally:
        timer.cancel()


def end(call: Any) -> None:
    """Ends a stream, also one that was broken off by Ctrl-C while its next message was waited for.

    What is left of it is read: otherwise closing the channel waits for ever for the end of the call.
    """
    call.cancel()
    with suppress(grpc.RpcError, CallFailed):
        for _ in call:
            pass


class DuplexCall:
    """A call with a stream both ways."""

    def __init__(self, method: Any, **arguments: Any) -> None:
        self._messages: SimpleQueue[Any] = SimpleQueue()
        self.call = method(iter(self._messages.get, None), **arguments)
        # Or the thread that sends would wait for ever for what comes next.
        self.call.add_callback(lambda: self._messages.put(None))

    def send(self, message: Any) -> None:
        """Sends a message; of a call that has ended, reading says why."""
        self._messages.put(message)

    def end(self) -> None:
        """Says that there is nothing more to send."""
        self._messages.put(None)
