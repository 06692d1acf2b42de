"""gRPC's own server as a transport, the default: grpc.aio, with handlers wrapped once for each method.

Unary calls are served by grpcio_calls.py, streams by grpcio_streams.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from exam_sessions.rpc.cannot_serve import CannotListen
from exam_sessions.rpc.handlers import AnyHandler, BidiStreamHandler, ServerStreamHandler
from exam_sessions.rpc.transports.admission import Admission, Reading
from exam_sessions.rpc.transports.aio import aio_server
from exam_sessions.rpc.transports.base import Capability, Transport
from exam_sessions.rpc.transports.drain import Drain
from exam_sessions.rpc.transports.grpcio_calls import PendingCalls, unary
from exam_sessions.rpc.transports.grpcio_streams import bidi_stream, server_stream
from exam_sessions.rpc.transports.listen_addresses import ListenAddress, check_free, closed_to_others

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.rpc.transports.base import ConnectionAge
    from exam_sessions.rpc.transports.tls import Certificates


class Grpcio(Transport):
    """gRPC's own server."""

    capabilities = frozenset(Capability)

    def __init__(
        self,
        addresses: Sequence[ListenAddress],
        admission: Admission,
        *,
        share_port: bool,
        certificates: Certificates | None,
        age: ConnectionAge | None = None,
    ) -> None:
        self._admission, self._reading = admission, Reading(admission)
        self._pending = PendingCalls(partial(aio_server, admission.limit, share_port=share_port, age=age))
        self.aio = self._pending.server
        self.addresses = [self._listen(address, certificates) for address in addresses]
        self.drain = Drain()

    def _listen(self, address: ListenAddress, certificates: Certificates | None) -> ListenAddress:
        """Opens an address; returns it with the port it got."""
        if address.path:
            check_free(address, shared=False)  # gRPC would take the socket of another server
        try:
            if address.path:
                with closed_to_others():
                    self.aio.add_insecure_port(address.target)
                return address
            if certificates is None:
                return address._replace(port=self.aio.add_insecure_port(address.target))
            credentials = certificates.credentials(asks_certificate=address.asks_certificate)
            return address._replace(port=self.aio.add_secure_port(address.target, credentials))
        except RuntimeError as error:
            # gRPC does not say why; who asked before knew of nothing that stands in the way.
            raise CannotListen(str(address), "another program has begun to listen there") from error

    def add(self, handlers: Sequence[AnyHandler]) -> None:
        """See Transport. Wrapped once per method: gRPC's own interceptors cost more than decoding."""
        wrapped = {handler.method: wrap(handler, self.drain, self._admission, self._reading) for handler in handlers}
        self.aio.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(handlers[0].service, wrapped)])

    async def start(self) -> None:
        """See Transport."""
        await self.aio.start()

    async def stop(self, grace: float) -> None:
        """See Transport."""
        ports = {address.port for address in self.addresses if address.port}
        await self.drain.run(self.aio.stop, ports, grace, self._pending.count)


def wrap(
    handler: AnyHandler,
    drain: Drain,
    admission: Admission,
    reading: Reading,
) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler as a grpc.aio server takes it."""
    if isinstance(handler, BidiStreamHandler):
        return bidi_stream(handler, drain, admission, reading)
    if isinstance(handler, ServerStreamHandler):
        return server_stream(handler, drain, admission, reading)
    return unary(handler, drain, admission, reading)
