"""gRPC's own server as a transport, the default: grpc.aio, with handlers wrapped once for each method."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import code_pb2

from exam_sessions import errors
from exam_sessions.rpc.access.verified import ClientCertificate
from exam_sessions.rpc.cannot_serve import CannotListen
from exam_sessions.rpc.handlers import AnyHandler, BidiStreamHandler, ServerStreamHandler, UnaryHandler
from exam_sessions.rpc.methods import Call, CallerGone
from exam_sessions.rpc.transports.admission import GZIP, Admission, Reading, unpacked
from exam_sessions.rpc.transports.aio import aio_server
from exam_sessions.rpc.transports.base import Capability, Transport
from exam_sessions.rpc.transports.core_calls import PendingCalls
from exam_sessions.rpc.transports.drain import Drain
from exam_sessions.rpc.transports.listen_addresses import ListenAddress, check_free, closed_to_others
from exam_sessions.rpc.transports.message_spacing import HUGE
from exam_sessions.rpc.transports.peers import address_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from exam_sessions.rpc.handler import Handler
    from exam_sessions.rpc.queued_handler import QueuedUnaryHandler
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


class _Call(Call):
    """A call of gRPC's. What gRPC looks up in the call itself is asked while the call lasts.

    To ask for its peer once it is over, such as when its reply is rendered, ends the process in gRPC. The metadata is
    kept beside the call, as long as its context is.
    """

    __slots__ = ("_certificate", "_context", "_metadata", "_peer")

    def __init__(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        super().__init__()
        self._method, self._context = method, context
        self._metadata: Sequence[tuple[str, str | bytes]] | None = None
        self._peer = context.peer()
        self._certificate: ClientCertificate | None = None

    def metadata(self, key: str) -> Sequence[str | bytes]:
        if self._metadata is None:  # To make it takes 1.8 µs: kept for the next key.
            self._metadata = tuple(self._context.invocation_metadata() or ())
        return [value for name, value in self._metadata if name == key]

    def peer(self) -> str:
        return address_in(self._peer)

    def has_deadline(self) -> bool:
        """Whether its caller waits for a limited time only."""
        return self._context.time_remaining() is not None

    def certificate(self) -> ClientCertificate:
        """See CallIdentity. The gate reads it first, on the event loop."""
        if self._certificate is None:
            found = self._context.auth_context()
            sans = tuple(name.decode(errors="replace") for name in found.get("x509_subject_alternative_name", ()))
            self._certificate = ClientCertificate(sans, b"".join(found.get("x509_pem_cert", ())))
        return self._certificate


async def _enter(handler: Handler, call: _Call, drain: Drain, context: Any) -> None:
    """Has a call pass the gate. Raises what keeps it out: a stop, too, before its message is read."""
    if drain.stopping:
        await drain.refuse(context)
    if entering := handler.enter(call):
        await entering


def wrap(
    handler: AnyHandler,
    drain: Drain,
    admission: Admission,
    reading: Reading,
) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler as a grpc.aio server takes it."""
    if isinstance(handler, BidiStreamHandler):
        return _conversation(handler, drain, admission, reading)
    if isinstance(handler, ServerStreamHandler):
        return _stream(handler, drain, admission, reading)
    return _unary(handler, drain, admission, reading)


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _unary(
    handler: QueuedUnaryHandler | UnaryHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    calls, answer = drain.calls, _answering(handler)

    async def serve(_: Any, context: Any) -> bytes:
        task = _task()
        calls[task] = context
        call = _Call(handler.name, context)
        size, length, data = 0, 0, b""
        try:
            try:
                await _enter(handler, call, drain, context)
                data = await reading.read(task, context)
                length = len(data)
                if drain.stopping:
                    await drain.refuse(context)
                size = admission.take(data)
                if data.startswith(GZIP):
                    data = await unpacked(data, size)
                reply = await answer(data, call)
                if length >= HUGE:
                    data = b""
                    await reading.space(length)
            except Exception as fault:  # noqa: BLE001 - the caller gets it
                status = handler.status_of(fault, call)
            except asyncio.CancelledError:
                if not drain.ends(task):
                    raise
                status = handler.status_of(errors.ShuttingDown(), call)
            else:
                call.code = code_pb2.OK
                return reply
            # To abort leaves a circle of this frame and gRPC's objects until garbage is looked for. So it is done
            # without the request, and not in the block that handles the fault, whose frames have it too.
            data = b""
            if not drain.stopping:
                await reading.space(length)
            await _refuse(context, status)
        finally:
            del calls[task]
            admission.give(size)
            handler.leave(call)
        return b""  # Nobody is there to whom it would be sent.

    # Registered as a method that takes a stream, so that reading is begun here and not by gRPC.
    return grpc.stream_unary_rpc_method_handler(serve)


def _answering(handler: QueuedUnaryHandler | UnaryHandler) -> Callable[[bytes, _Call], Awaitable[bytes]]:
    """What answers calls: within the default deadline those that set none, where there is one."""
    seconds, answer = handler.default_deadline_s, handler.answer
    if not seconds:
        return answer

    def limited(data: bytes, call: _Call) -> Awaitable[bytes]:
        return answer(data, call) if call.has_deadline() else _within(seconds, answer(data, call))

    return limited


async def _within(seconds: float, answering: Awaitable[bytes]) -> bytes:
    """The reply of a call that set no deadline. Raises DefaultDeadlineExceeded."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await answering
    except TimeoutError:
        if limit.expired():
            raise errors.DefaultDeadlineExceeded(seconds) from None
        raise


async def _refuse(context: Any, status: grpc.Status) -> None:
    """Ends a call with a status; does nothing where its caller has gone away, which would be logged as a fault."""
    with suppress(grpc.aio.InternalError):
        await context.abort_with_status(status)


async def _send(context: Any, message: bytes) -> None:
    """Sends one message of many. Raises CallerGone."""
    try:
        await context.write(message)
    except Exception as fault:
        raise CallerGone from fault


async def _begin(context: Any) -> None:
    """Sends the headers. Raises CallerGone."""
    try:
        await context.send_initial_metadata(())
    except grpc.aio.InternalError as fault:
        raise CallerGone from fault


async def _serve_stream(
    handler: ServerStreamHandler | BidiStreamHandler,
    context: Any,
    drain: Drain,
    stream: Callable[[_Call, Callable[[bytes], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Has a call pass the gate, sends what `tell` gives to its argument, and the status of what ended it."""
    task, call = _task(), _Call(handler.name, context)
    tasks = drain.calls if isinstance(handler, BidiStreamHandler) and handler.ends_itself else drain.streams
    tasks[task] = context
    try:
        try:
            if drain.stopping:
                await drain.refuse(context)
            # Now, for a status cannot be sent while the headers wait behind a message that is not taken, nor headers
            # twice.
            await _begin(context)
            await _enter(handler, call, drain, context)
            await stream(call, partial(_send, context))
        except CallerGone:
            return
        except Exception as fault:  # noqa: BLE001 - the caller gets it
            status = handler.status_of(fault, call)
        except asyncio.CancelledError:
            if not drain.ends(task):
                raise
            status = handler.status_of(errors.ShuttingDown(), call)
        else:
            call.code = code_pb2.OK
            return
        del stream  # An aborted call keeps this frame, in a cycle, and this the last message.
        await _refuse(context, status)  # not in the block that handles the fault, as in _unary
    finally:
        del tasks[task]
        handler.leave(call)


def _stream(
    handler: ServerStreamHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    async def serve(_: Any, context: Any) -> None:
        async def stream(call: _Call, send: Callable[[bytes], Awaitable[None]]) -> None:
            size, length, data = 0, 0, b""
            try:
                data = await reading.read(_task(), context)
                length = len(data)
                size = admission.take(data)
                await handler.stream(await unpacked(data, size), call, send)
            finally:
                data = b""
                admission.give(size)
                await reading.space(length)

        await _serve_stream(handler, context, drain, stream)

    return grpc.stream_stream_rpc_method_handler(serve)


def _conversation(
    handler: BidiStreamHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    async def requests(messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        source: Any = aiter(messages)
        try:
            async for data in source:
                size, length = 0, len(data)
                try:
                    size = admission.take(data)
                    yield await unpacked(data, size)
                finally:
                    del data
                    await reading.space(length)
                    admission.give(size)
        finally:
            await source.aclose()  # It holds its last message, in a cycle, as long as it is not closed.

    async def serve(messages: Any, context: Any) -> None:
        # Held by nothing here once it is begun, as in _unary: it holds its last message.
        received = [requests(messages)]
        del messages

        async def stream(call: _Call, send: Callable[[bytes], Awaitable[None]]) -> None:
            await handler.converse(received.pop(), call, send)

        await _serve_stream(handler, context, drain, stream)

    return grpc.stream_stream_rpc_method_handler(serve)
