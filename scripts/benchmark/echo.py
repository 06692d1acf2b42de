"""The floor: a bare grpc.aio handler on uvloop. Any method is answered with a canned reply of the size given for it.

Usage: echo.py '{"/package.Service/Method": reply bytes, …}' [giving-way]. Prints its port.
With `giving-way` gRPC's threads wait for a busy core rather than interrupt it, as rpc/transports/base.py has them do.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import grpc
import uvloop

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Echo(grpc.GenericRpcHandler):  # type: ignore[type-arg] # not subscriptable when it runs
    """Answers each method with its reply. Bytes in, bytes out: nothing is parsed."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._handlers = {path: self._handler(bytes(size)) for path, size in sizes.items()}

    @staticmethod
    def _handler(reply: bytes) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def answer(_: bytes, __: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            return reply

        return grpc.unary_unary_rpc_method_handler(answer)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """The handler of a method."""
        return self._handlers.get(details.method)


async def serve(sizes: dict[str, int], started: AbstractContextManager[None]) -> None:
    """Serves until it is killed, with the options of the service (rpc/server.py)."""
    limit = 4 * 16 * 1024 * 1024
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", limit),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),
    ]
    with started:
        server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers([Echo(sizes)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    started: AbstractContextManager[None] = nullcontext()
    if "giving-way" in sys.argv:
        from exam_sessions.rpc.transports.aio import low_priority_threads

        started = low_priority_threads()
    uvloop.run(serve(json.loads(sys.argv[1]), started))
