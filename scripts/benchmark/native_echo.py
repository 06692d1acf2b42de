"""The floor of the native transport: pygrpc-native as the service uses it, answering at once what it is asked.

Usage: native_echo.py '{"/package.Service/Method": reply bytes, …}'. Prints its port.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from typing import TYPE_CHECKING, Any

import uvloop
from pygrpc_native import EVENT_CALL, NativeGrpcFront

if TYPE_CHECKING:
    from collections.abc import Iterable

TAKEN_AT_MOST = 256
"""Calls taken over at once, as by the service (rpc/transports/native.py)."""


async def serve(sizes: dict[str, int]) -> None:
    """Serves until it is killed, with the options of the service. Nothing is parsed, and no task is made."""
    front = NativeGrpcFront(
        "127.0.0.1:0",
        [(path, False) for path in sizes],
        io_threads=1,
        client_key_metadata="x-actor",
        call_details=True,
    )
    replies, loop, respond = [bytes(size) for size in sizes.values()], asyncio.get_running_loop(), front.respond

    def answer(events: Iterable[Any]) -> None:
        for kind, number, method, *_ in events:
            if kind == EVENT_CALL:
                respond(number, replies[method])

    def receive() -> None:
        while (events := front.recv_batch(TAKEN_AT_MOST)) is not None:
            loop.call_soon_threadsafe(answer, events)

    front.start()
    threading.Thread(target=receive, daemon=True).start()
    print(front.bound_port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(json.loads(sys.argv[1])))
