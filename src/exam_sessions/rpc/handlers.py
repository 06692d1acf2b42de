"""What every call goes through: the door (request_decoder.py), its method (methods.py), and what becomes of refusals.

Handlers take and give raw bytes, so that a malformed or oversized message gets a typed refusal like any other. They
know nothing of how the bytes travel: that is the transport's (transports/base.py), which asks each for a status as
well.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.random_codes import new_ids
from exam_sessions.rpc.access.masking import Masking, readable
from exam_sessions.rpc.access.requirements import requirement_of
from exam_sessions.rpc.access.verified import ANYBODY, UNVERIFIED
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.decoding.request_decoder import RequestDecoder, aside, start_aside
from exam_sessions.rpc.guarded_methods import guard_of
from exam_sessions.rpc.methods import (
    BidiMethod,
    Call,
    Method,
    QueuedMethod,
    RefusedMessage,
    ServerStreamMethod,
)
from exam_sessions.rpc.observation import MethodObserver
from exam_sessions.rpc.queued_calls import DecodedCall, QueuedCall
from exam_sessions.rpc.status import INTERNAL, internal, reason_of, status_of
from exam_sessions.rpc.throttle import Throttle, only_reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    import grpc
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from exam_sessions.domain.access import Principal
    from exam_sessions.execution.group_commit import ReplySink
    from exam_sessions.rpc.access.limits import MethodLimits
    from exam_sessions.rpc.doors import Doors


log = logging.getLogger(__name__)


def _forget_frames(fault: BaseException) -> None:
    """Has a fault forget where it was raised: it may stay in a cycle with those frames, and they hold the request."""
    fault.__traceback__ = fault.__context__ = fault.__cause__ = None


class Handler:
    """A method as every transport serves it; one of the three below."""

    def __init__(
        self, method: MethodDescriptor, limit: int, doors: Doors, read: Callable[[bytes], Any] | None = None
    ) -> None:
        self.service, self.method = method.containing_service.full_name, method.name
        self.name = f"{self.service}/{self.method}"
        self._gate = gate = doors.gate
        self._workspaces = doors.workspaces
        self.guard = guard_of(doors.guard, method) if doors.guard else None
        """Counts wrong codes; None where nobody does, or requests name none."""
        self.limits = doors.limits.of(method.name) if doors.limits else None
        """Counts calls by principal and workspace; None where no limit concerns them."""
        self.observer = MethodObserver(method, doors.observer) if doors.observer else None
        """Reports calls that have ended; None without anybody to report them to."""
        self.default_deadline_s = doors.default_deadline_s
        self._requirement = requirement_of(method) if gate else None
        self._masking = Masking(method.output_type) if gate else None
        self._decoder = RequestDecoder(method, limit, read, self._requirement, doors.candidate_ids)

    def enter(self, call: Call) -> Awaitable[None] | None:
        """Finds out who calls and whether it may, before its request is read; what to await where that takes time.

        Raises:
            errors.Unauthenticated, errors.PermissionDenied, errors.RateLimited
        """
        call.workspaces, entering = self._workspaces, None
        if self._gate is None or self._requirement is None:
            call.principal, call.verified = ANYBODY, UNVERIFIED
        else:
            entering = self._gate.enter(call, self._requirement)
        if self.limits is None:
            return entering
        if entering is None:
            self.limits.enter(call)
            return None
        return self._enter_limited(self.limits, entering, call)

    @staticmethod
    async def _enter_limited(limits: MethodLimits, entering: Awaitable[None], call: Call) -> None:
        await entering
        limits.enter(call)

    def leave(self, call: Call) -> None:
        """Takes note that a call has ended, whether it entered or not."""
        if self.limits:
            self.limits.leave(call)
        if self.observer:
            self.observer.ended(call)

    def count(self, request: Any, call: Call) -> None:
        """Counts a call for the workspace that its request names. Raises RateLimited."""
        if self.limits and (workspace := getattr(request, "workspace_id", None)) is not None:
            self.limits.enter_workspace(call, workspace or DEFAULT_WORKSPACE)

    async def _read(self, data: bytes, call: Call) -> Any:
        """The request of a call that stands in no queue. Raises what the door refuses it with."""
        request = await self._decoder.read(data, call.principal)
        if self.observer:
            self.observer.read(request, call)
        return request

    def rendered(self, request: Any, reply: Message, call: Call) -> bytes:
        """The bytes of a reply, without what its caller may not read.

        Raises:
            errors.TooManyWrongCodes: its caller was locked out meanwhile.
        """
        if self.guard:
            self.guard.answer(request, reply, call)
        if self._masking and (mask := self._masking.mask_for(call.principal.permissions)):
            mask.apply(reply)
        return reply.SerializeToString()

    def _masked(self, send: Callable[[bytes], Awaitable[None]], call: Call) -> Callable[[bytes], Awaitable[None]]:
        """Sends the messages of a stream without what its caller may not read."""
        masking, permissions = self._masking, call.principal.permissions
        if masking is None or masking.mask_for(permissions) is None:
            return send
        return lambda data: send(masking.masked(data, permissions))

    def _held(self, call: Call) -> AbstractAsyncContextManager[object]:
        """The context of a stream, which ends with its credential."""
        return self._gate.streams.hold(call.verified) if self._gate else nullcontext()

    def status_of(self, fault: BaseException, call: Call) -> grpc.Status:
        """The status of a call that failed; a fault that is no refusal is a bug, and goes to the log.

        A wrong code counts.
        """
        if self.guard:
            fault = self.guard.failure(fault, call)
        if isinstance(fault, errors.Refusal):
            status = status_of(readable(fault, call.principal))
            call.reason = reason_of(fault)
        else:
            call_id = new_ids(1)[0]
            log.error("call %s of %s failed", call_id, self.name, exc_info=fault)
            status = internal(call_id)
            call.reason = INTERNAL
        call.code = status.code.value[0]
        _forget_frames(fault)
        return status


class QueuedUnaryHandler(Handler):
    """A method whose calls stand in a queue."""

    def __init__(self, method: MethodDescriptor, function: QueuedMethod, limit: int, doors: Doors) -> None:
        super().__init__(method, limit, doors, function.read)
        self.function = function
        self._is_otherwise = function.otherwise.is_for if function.otherwise else None
        self._alone: set[asyncio.Future[bytes]] = set()
        self._single = UnaryHandler(method, function.otherwise.method, limit, doors) if function.otherwise else None

    def decode(self, data: bytes, call: Call) -> Any:
        """The request of a call. Raises what the door refuses it with."""
        request = self._decoder.decode(data, call.principal)
        if self.observer:
            self.observer.read(request, call)
        if self.guard:
            self.guard.enter(request, call)
        return request

    def queue(self, data: bytes, call: Call, sink: ReplySink) -> None:
        """Puts a call in line; its waiter is given the reply. Raises what keeps it out of the line."""
        if self._single and self._is_otherwise and self._is_otherwise(data):
            alone = asyncio.ensure_future(self._single.answer(data, call))
            self._alone.add(alone)
            alone.add_done_callback(partial(self._hand_over, sink))
            return
        if len(data) < self._decoder.long:
            self.function.queue(QueuedCall(data, call, self), sink)
            return
        start_aside(self._opened, data, call).add_done_callback(partial(self._queue_opened, data, call, sink))

    def _hand_over(self, sink: ReplySink, answering: asyncio.Future[bytes]) -> None:
        self._alone.discard(answering)
        if answering.cancelled() or sink.done():
            return
        if fault := answering.exception():
            sink.set_exception(fault)
        else:
            sink.set_result(answering.result())

    def _opened(self, data: bytes, call: Call) -> DecodedCall:
        return DecodedCall(self.decode(data, call), call, self)

    def _queue_opened(self, data: bytes, call: Call, sink: ReplySink, reading: asyncio.Future[DecodedCall]) -> None:
        if sink.done():
            reading.exception()  # or it would be missed
            return
        try:
            opened = reading.result()
            opened.count()
            self.function.queue(opened, sink)
        except errors.WorkspaceNotFound:
            # Opened in its turn, like any other: this is rare.
            self.function.queue(QueuedCall(data, call, self), sink)
        except Exception as found:  # noqa: BLE001 - the caller is told
            sink.set_exception(found)

    def answer(self, data: bytes, call: Call) -> Awaitable[bytes]:
        """The reply, as `UnaryHandler` gives it."""
        sink: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.queue(data, call, sink)
        return sink


class UnaryHandler(Handler):
    """A method that works on each call by itself."""

    def __init__(self, method: MethodDescriptor, function: Method, limit: int, doors: Doors) -> None:
        super().__init__(method, limit, doors)
        self._function = function
        self._bounds = Throttle() if only_reads(method) else nullcontext()

    async def answer(self, data: bytes, call: Call) -> bytes:
        """The reply. Raises what stood in the way."""
        with self._bounds:
            request = await self._read(data, call)
            self.count(request, call)
            if self.guard:
                self.guard.enter(request, call)
            try:
                reply = await self._function(request, call)
            except errors.WorkspaceNotFound as refusal:
                await call.find(refusal.workspace)
                reply = await self._function(request, call)
            return self.rendered(request, reply, call)


class ServerStreamHandler(Handler):
    """A method that answers with many messages."""

    def __init__(self, method: MethodDescriptor, function: ServerStreamMethod, limit: int, doors: Doors) -> None:
        super().__init__(method, limit, doors)
        self._function = function

    async def tell(self, data: bytes, call: Call, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Sends message after message. Raises what ended it."""
        async with self._held(call):
            request = await self._read(data, call)
            self.count(request, call)
            send = self._masked(send, call)
            try:
                await self._function.tell(request, call, send)
            except errors.WorkspaceNotFound as refusal:
                await call.find(refusal.workspace)
                await self._function.tell(request, call, send)


class BidiStreamHandler(Handler):
    """A method that takes many messages and answers with as many."""

    def __init__(self, method: MethodDescriptor, function: BidiMethod, limit: int, doors: Doors) -> None:
        super().__init__(method, limit, doors)
        self._function = function
        self.ends_itself = function.ends_itself

    async def converse(
        self, messages: AsyncIterator[bytes], call: Call, send: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Answers message after message. Raises what ended it."""

        async def requests() -> AsyncIterator[Any]:
            async for data in messages:
                # On a thread, for these are long as a rule.
                yield await aside(self._decode, data, call.principal)

        async with self._held(call):
            await self._function.converse(requests(), call, self._masked(send, call))

    def _decode(self, data: bytes, principal: Principal) -> Any:
        """The request, or that it is refused."""
        try:
            return self._decoder.decode(data, principal)
        except errors.Refusal as refusal:
            _forget_frames(refusal)
            return RefusedMessage(data, refusal)


def handlers_of(
    service: ServiceDescriptor,
    methods: dict[str, Method | QueuedMethod | ServerStreamMethod | BidiMethod],
    limit: int,
    doors: Doors,
) -> list[QueuedUnaryHandler | UnaryHandler | ServerStreamHandler | BidiStreamHandler]:
    """The handlers of a service; every method of the proto must be there. `limit` is the largest request in bytes.

    Every call passes `doors`.
    """
    return [_handler(method, methods[method.name], limit, doors) for method in service.methods]


def _handler(
    method: MethodDescriptor,
    function: Method | QueuedMethod | ServerStreamMethod | BidiMethod,
    limit: int,
    doors: Doors,
) -> QueuedUnaryHandler | UnaryHandler | ServerStreamHandler | BidiStreamHandler:
    if isinstance(function, QueuedMethod):
        return QueuedUnaryHandler(method, function, limit, doors)
    if isinstance(function, ServerStreamMethod):
        return ServerStreamHandler(method, function, limit, doors)
    if isinstance(function, BidiMethod):
        return BidiStreamHandler(method, function, limit, doors)
    return UnaryHandler(method, function, limit, doors)
