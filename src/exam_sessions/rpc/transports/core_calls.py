"""How many calls gRPC's core has begun on a server and not yet handed over to Python, as channelz counts them."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from grpc_channelz.v1.channelz import ChannelzServicer  # type: ignore[attr-defined]  # the stubs lack it
from grpc_channelz.v1.channelz_pb2 import GetServersRequest, GetServersResponse

if TYPE_CHECKING:
    from collections.abc import Callable

_making = threading.Lock()


class PendingCalls(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # it has none at run time
    """The calls of one server that wait in the core. The first handler, without methods: every call passes it."""

    def __init__(self, make: Callable[[], grpc.aio.Server]) -> None:
        """`make` makes the server, in a core that counts calls."""
        self._handed_over = 0
        with _making:
            before = _servers()
            self.server = make()
            self._number = max(_servers() - before, default=0)
        self.server.add_generic_rpc_handlers([self])

    def service(self, handler_call_details: Any) -> None:
        """Counts a call, and leaves it to other handlers."""
        del handler_call_details
        self._handed_over += 1

    def count(self) -> int:
        """How many wait; those too that were reset before they were handed over, which never will be.

        None when the server is gone.
        """
        for server in _servers_from(self._number).server:
            if server.ref.server_id == self._number:
                return int(server.data.calls_started) - self._handed_over
        return 0


def _servers() -> set[int]:
    """The servers of this process by the core's numbers."""
    found: set[int] = set()
    while True:
        page = _servers_from(max(found, default=0) + 1)
        found.update(server.ref.server_id for server in page.server)
        if page.end:
            return found


def _servers_from(number: int) -> GetServersResponse:
    """Some servers of this process, from a number on; none where this channelz cannot read what the core says."""
    nothing = GetServersResponse(end=True)
    with suppress(AttributeError):  # It would be said to a call of channelz, and this is none.
        return ChannelzServicer.GetServers(GetServersRequest(start_server_id=number), None) or nothing
    return nothing
