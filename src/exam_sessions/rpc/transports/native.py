"""The transport on pygrpc-native, which does HTTP/2 on a thread of its own, outside the interpreter's lock.

It hands over the calls of a moment as a list, and takes a reply by the number of its call. So a call that stands in
a queue needs neither task nor future: it is put in line here, and answered when its group is done.

A message of a stream is offered until there is room for it. The package's own servers wait for room on a thread of
the event loop's executor, and streams whose callers do not read take all of them. Streams that take many messages are
served by a grpc.aio server behind the front, on a Unix socket; watches are not, for there each may keep 4 MiB unread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
from google.rpc import code_pb2
from pygrpc_native import EVENT_CANCEL, NativeGrpcFront

from exam_sessions import errors
from exam_sessions.rpc.access.verified import NO_CERTIFICATE, ClientCertificate
from exam_sessions.rpc.cannot_serve import CannotListen
from exam_sessions.rpc.handler import QueuedUnaryHandler
from exam_sessions.rpc.handlers import AnyHandler, BidiStreamHandler, ServerStreamHandler, UnaryHandler
from exam_sessions.rpc.methods import Call, CallerGone
from exam_sessions.rpc.transports.admission import Reading
from exam_sessions.rpc.transports.aio import aio_server
from exam_sessions.rpc.transports.base import Capability, Transport
from exam_sessions.rpc.transports.drain import LAST_REPLIES_S, Drain, wait_until
from exam_sessions.rpc.transports.grpcio_streams import bidi_stream
from exam_sessions.rpc.transports.lateness import Lateness
from exam_sessions.rpc.transports.native_stream import NativeStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.base import ConnectionAge
    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.rpc.transports.tls import Certificates

    Metadata = Sequence[tuple[str, str | bytes]]
    AnyUnary = QueuedUnaryHandler | UnaryHandler | ServerStreamHandler

log = logging.getLogger(__name__)

TAKEN_AT_MOST = 256
"""Calls taken over at once."""

ANY_NUMBER = 2**31 - 1
"""Calls under way on one connection: too many are refused by the queues, with a reason."""


class Native(Transport):
    """A front of pygrpc-native, and a grpc.aio server behind it."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def __init__(
        self,
        addresses: Sequence[ListenAddress],
        admission: Admission,
        *,
        share_port: bool,
        certificates: Certificates | None,
        age: ConnectionAge | None = None,
    ) -> None:
        assert (certificates, age) == (None, None), "selection.py refuses what the front cannot do"
        (address,) = addresses
        self._admission, self._lateness = admission, Lateness()
        try:
            self._front = NativeGrpcFront(
                str(address),
                [],
                io_threads=1,
                call_details=True,  # or cancelled calls go unnoticed
                delay_stream_headers=True,
                keepalive_permit_without_calls=False,
                max_concurrent_streams=ANY_NUMBER,
                reuse_port=share_port,
            )
        except OSError as error:
            raise CannotListen(str(address), str(error)) from error
        self.addresses = [address._replace(port=self._front.bound_port)]
        self.aio = aio_server(admission.limit)
        self._handlers: list[AnyUnary] = []
        self.drain = Drain()
        self._calls: dict[int, _Call] = {}
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._stopping = False
        self._receiver = threading.Thread(target=self._receive, name="rpc", daemon=True)

    def add(self, handlers: Sequence[AnyHandler]) -> None:
        """See Transport. The front takes one message a call; streams of many are served by the server behind it."""
        reading = Reading(self._admission)  # not used by them
        bidi = [handler for handler in handlers if isinstance(handler, BidiStreamHandler)]
        longer = {handler.method: bidi_stream(handler, self.drain, self._admission, reading) for handler in bidi}
        if longer:
            self.aio.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(handlers[0].service, longer)])
        taken = [handler for handler in handlers if not isinstance(handler, BidiStreamHandler)]
        if taken:
            self._front.add_methods([(f"/{each.name}", isinstance(each, ServerStreamHandler)) for each in taken])
        self._handlers += taken

    async def start(self) -> None:
        """See Transport."""
        self._loop = asyncio.get_running_loop()
        self._directory = TemporaryDirectory(prefix="exam-sessions-")
        behind = str(Path(self._directory.name, "aio"))
        self.aio.add_insecure_port(f"unix:{behind}")
        await self.aio.start()
        self._front.set_fallback(behind)
        self._front.start()
        self._receiver.start()

    async def stop(self, grace: float) -> None:
        """See Transport. Calls that arrive meanwhile are refused at once: the server is going away."""
        until = self._loop.time() + grace
        self._stopping = True
        for number in [number for number, call in self._calls.items() if call.is_stream]:
            self._tasks[number].cancel()
        behind = asyncio.ensure_future(self.drain.run(self.aio.stop, (), grace))
        await wait_until(lambda: not self._calls, until)
        for call in list(self._calls.values()):
            call.set_exception(errors.ShuttingDown())
        await behind
        # Closing the front drops what has not been sent.
        await asyncio.sleep(LAST_REPLIES_S)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.to_thread(self._close)
        self._directory.cleanup()

    def _close(self) -> None:
        self._front.close()
        self._receiver.join()

    def _receive(self) -> None:
        while (events := self._front.recv_batch_details(TAKEN_AT_MOST)) is not None:
            self._loop.call_soon_threadsafe(self._take, events, time.monotonic())

    def _take(self, events: Iterable[Any], came: float) -> None:
        """Begins the calls of a moment, which came some time ago."""
        handlers = self._handlers
        late = self._lateness.refuses(came, time.monotonic())
        for kind, number, method, data, _, details in events:
            if kind == EVENT_CANCEL:
                # What is queued is carried out even so: its caller cannot find out whether it was.
                if task := self._tasks.get(number):
                    task.cancel()
                continue
            handler = handlers[method]
            call = self._calls[number] = _Call(self, number, handler, details[0])
            try:
                if self._stopping:
                    raise errors.ShuttingDown  # noqa: TRY301 - the caller gets it, as any refusal
                if late:
                    raise errors.Overloaded  # noqa: TRY301
                if entering := handler.enter(call):
                    self._tasks[number] = self._loop.create_task(self._begin_entered(entering, number, data, call))
                else:
                    self._begin(number, data, call)
            except Exception as fault:  # noqa: BLE001 - the caller gets it
                call.set_exception(fault)

    async def _begin_entered(self, entering: Awaitable[None], number: int, data: bytes, call: _Call) -> None:
        """Begins a call once it has passed the gate."""
        try:
            await entering
            del self._tasks[number]
            self._begin(number, data, call)
        except asyncio.CancelledError:
            self._tasks.pop(number, None)
            self._ended(number)
            raise
        except Exception as fault:  # noqa: BLE001 - the caller gets it
            self._tasks.pop(number, None)
            call.set_exception(fault)

    def _begin(self, number: int, data: bytes, call: _Call) -> None:
        """Begins a call. Raises what keeps it out."""
        call.size = self._admission.take(data)
        handler = call.handler
        if isinstance(handler, QueuedUnaryHandler):
            handler.queue(data, call, call)
        else:
            self._begin_task(handler, number, data, call)

    def _begin_task(self, handler: UnaryHandler | ServerStreamHandler, number: int, data: bytes, call: _Call) -> None:
        """Begins a call that has a task to itself."""
        stream = NativeStream(self._front, number)
        work = (
            handler.stream(data, call, stream.send)
            if isinstance(handler, ServerStreamHandler)
            else handler.answer(data, call)
        )
        task = self._tasks[number] = self._loop.create_task(work)
        task.add_done_callback(partial(self._answer, number, call, stream))

    def _answer(self, number: int, call: _Call, stream: NativeStream, task: asyncio.Task[Any], *_: Any) -> None:
        """Answers a call that had a task to itself."""
        if stream.offering and not task.cancelled():
            self._tasks[number] = stream.offering
            stream.offering.add_done_callback(partial(self._answer, number, call, stream, task))
            return
        del self._tasks[number]
        fault = None if task.cancelled() else task.exception()
        if task.cancelled() or isinstance(fault, CallerGone):
            stream.give_up()
            if self._stopping:
                call.set_exception(errors.ShuttingDown())
            self._ended(number)
        elif fault:
            call.set_exception(fault)
        else:
            call.set_result(task.result())

    @property
    def _under_way(self) -> int:
        """How many calls are."""
        return len(self._calls)

    def _ended(self, number: int) -> bool:
        """Whether a call was under way until now; it is no more."""
        call = self._calls.pop(number, None)
        if call:
            self._admission.give(call.size)
            call.handler.leave(call)
        return call is not None

    def respond(self, number: int, reply: bytes | None) -> None:
        """Sends the reply of a call, unless it was refused meanwhile; None ends a stream."""
        if call := self._calls.get(number):
            call.code = code_pb2.OK
        if not self._ended(number):
            return
        if reply is None:
            self._front.stream_end(number)
        else:
            self._front.respond(number, reply)

    def refuse(self, number: int, call: _Call, fault: BaseException) -> None:
        """Sends the status of a fault."""
        if number not in self._calls:
            return
        try:
            status = call.handler.status_of(fault, call)
            self._front.fail(number, status.code.value[0], status.details, status.trailing_metadata)
        except Exception:
            # The queue that gave us the fault must go on.
            log.exception("%s: a status that cannot be sent", call.handler.name)
            self._front.fail(number, code_pb2.INTERNAL, "internal fault")
        finally:
            self._ended(number)


class _Call(Call):
    """A call under way, which waits for its own reply."""

    __slots__ = ("_metadata", "_native", "_number", "handler", "size")

    def __init__(self, native: Native, number: int, handler: AnyUnary, metadata: Metadata) -> None:
        super().__init__()
        self._method = handler.name
        self._native, self._number, self.handler, self._metadata = native, number, handler, metadata
        self.size = 0
        """Bytes its request counts for."""

    @property
    def is_stream(self) -> bool:
        """Whether it sends messages until its caller cancels."""
        return isinstance(self.handler, ServerStreamHandler)

    def metadata(self, key: str) -> Sequence[str | bytes]:
        return [value for name, value in self._metadata if name == key]

    def peer(self) -> str:
        """Unknown: the front does not say it."""
        return ""

    def certificate(self) -> ClientCertificate:
        """None: the front has no TLS."""
        return NO_CERTIFICATE

    def done(self) -> bool:
        return False

    def set_result(self, reply: bytes | None) -> None:
        self._native.respond(self._number, reply)

    def set_exception(self, fault: BaseException) -> None:
        self._native.refuse(self._number, self, fault)
