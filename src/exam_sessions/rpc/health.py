"""grpc.health.v1: the serving status of the server and of its services, on request and as a stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grpc_health.v1 import health_pb2 as pb

from exam_sessions import errors
from exam_sessions.rpc.methods import ServerStreamMethod
from exam_sessions.rpc.transports.drain import LAST_REPLIES_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exam_sessions.rpc.methods import BidiMethod, Call, Method, QueuedMethod

SERVICE = pb.DESCRIPTOR.services_by_name["Health"]
NOT_SERVING = pb.HealthCheckResponse.NOT_SERVING


class HealthServicer:
    """One method per RPC, and the status of each name."""

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._watches = 0
        self._is_closed = False

    def methods(self) -> dict[str, Method | QueuedMethod | ServerStreamMethod | BidiMethod]:
        """The methods by the names of their RPCs."""
        return {"Check": self.check, "List": self.list, "Watch": ServerStreamMethod(self.watch)}

    async def set(self, name: str, status: int) -> None:
        """Says how a service is, unless the server is about to stop."""
        if not self._is_closed and self._statuses.get(name) != status:
            self._statuses[name] = status
            self._notify()

    async def close(self) -> None:
        """Reports NOT_SERVING for everything from now on, and ends the watches once they have sent it."""
        self._is_closed = True
        self._statuses = dict.fromkeys(self._statuses, NOT_SERVING)
        self._notify()
        await wait_until(lambda: not self._watches, asyncio.get_running_loop().time() + LAST_REPLIES_S)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def check(self, request: pb.HealthCheckRequest, _: Call) -> pb.HealthCheckResponse:
        """The status of one name. Raises UnknownHealthName."""
        status = self._statuses.get(request.service)
        if status is None:
            raise errors.UnknownHealthName(request.service)
        return pb.HealthCheckResponse(status=status)

    async def list(self, _: pb.HealthListRequest, __: Call) -> pb.HealthListResponse:
        """The status of every name."""
        statuses = {name: pb.HealthCheckResponse(status=status) for name, status in self._statuses.items()}
        return pb.HealthListResponse(statuses=statuses)

    async def watch(self, request: pb.HealthCheckRequest, _: Call, send: Callable[[bytes], Awaitable[None]]) -> None:
        """The status of one name, again whenever it changes. Raises ShuttingDown."""
        last: int | None = None
        self._watches += 1
        try:
            while True:
                changed = self._changed
                status = self._statuses.get(request.service, pb.HealthCheckResponse.SERVICE_UNKNOWN)
                if status != last:
                    await send(pb.HealthCheckResponse(status=status).SerializeToString())
                    last = status
                if self._is_closed:
                    raise errors.ShuttingDown
                await changed.wait()
        finally:
            self._watches -= 1
