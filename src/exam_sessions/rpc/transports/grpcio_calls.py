"""Calls of grpc.aio: how many wait in gRPC's core, what is read of one, and how unary ones are served."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import code_pb2
from grpc_channelz.v1.channelz import ChannelzServicer  # type: ignore[attr-defined]  # the stubs lack it
from grpc_channelz.v1.channelz_pb2 import GetServersRequest, GetServersResponse

from exam_sessions import errors
from exam_sessions.rpc.access.verified import ClientCertificate
from exam_sessions.rpc.methods import Call
from exam_sessions.rpc.transports.admission import GZIP, Admission, Reading, unpacked
from exam_sessions.rpc.transports.message_spacing import HUGE
from exam_sessions.rpc.transports.peers import address_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from exam_sessions.rpc.handler import Handler, QueuedUnaryHandler
    from exam_sessions.rpc.handlers import UnaryHandler
    from exam_sessions.rpc.transports.drain import Drain


_making = threading.Lock()


class PendingCalls(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # it has none at run time
    """The calls of one server that gRPC's core has begun and not yet handed over to Python, as channelz counts them.

    It is the first handler, without methods: every call passes it.
    """

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


class GrpcioCall(Call):
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
        """See CallIdentity."""
        if self._metadata is None:  # To make it takes 1.8 µs: kept for the next key.
            self._metadata = tuple(self._context.invocation_metadata() or ())
        return [value for name, value in self._metadata if name == key]

    def peer(self) -> str:
        """See CallIdentity."""
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


async def enter(handler: Handler, call: GrpcioCall, drain: Drain, context: Any) -> None:
    """Has a call pass the gate. Raises what keeps it out: a stop, too, before its message is read."""
    if drain.stopping:
        await drain.refuse(context)
    if entering := handler.enter(call):
        await entering


def current_task() -> asyncio.Task[Any]:
    """The task that serves the call."""
    task = asyncio.current_task()
    assert task is not None
    return task


def unary(
    handler: QueuedUnaryHandler | UnaryHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler of unary calls as a grpc.aio server takes it."""
    calls, answer = drain.calls, _answering(handler)

    async def serve(_: Any, context: Any) -> bytes:
        task = current_task()
        calls[task] = context
        call = GrpcioCall(handler.name, context)
        size, length, data = 0, 0, b""
        try:
            try:
                await enter(handler, call, drain, context)
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
            await refuse(context, status)
        finally:
            del calls[task]
            admission.give(size)
            handler.leave(call)
        return b""  # The caller is gone.

    # Registered as a method that takes a stream, so that reading is begun here and not by gRPC.
    return grpc.stream_unary_rpc_method_handler(serve)


def _answering(handler: QueuedUnaryHandler | UnaryHandler) -> Callable[[bytes, GrpcioCall], Awaitable[bytes]]:
    """What answers calls: within the default deadline those that set none, where there is one."""
    seconds, answer = handler.default_deadline_s, handler.answer
    if not seconds:
        return answer

    def limited(data: bytes, call: GrpcioCall) -> Awaitable[bytes]:
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


async def refuse(context: Any, status: grpc.Status) -> None:
    """Ends a call with a status; does nothing where its caller has gone away, which would be logged as a fault."""
    with suppress(grpc.aio.InternalError):
        await context.abort_with_status(status)
