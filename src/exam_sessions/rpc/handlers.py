"""Methods that work on each call by itself: unary ones, and those that answer with a stream, or take one, too."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from exam_sessions import errors
from exam_sessions.rpc.decoding.request_decoder import ALONE, aside
from exam_sessions.rpc.handler import Handler, QueuedUnaryHandler, forget_frames
from exam_sessions.rpc.methods import BidiMethod, Call, Method, QueuedMethod, RefusedMessage, ServerStreamMethod
from exam_sessions.rpc.throttle import Throttle, only_reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from exam_sessions.domain.access import Principal
    from exam_sessions.rpc.call_policy import CallPolicy

Result = TypeVar("Result")


async def _with_new_workspace(call: Call, function: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a method; once more where it finds no workspace, for another server may have created it meanwhile."""
    try:
        return await function()
    except errors.WorkspaceNotFound as refusal:
        await call.find(refusal.workspace)
        return await function()


class UnaryHandler(Handler):
    """A method that works on each call by itself."""

    def __init__(self, method: MethodDescriptor, function: Method, limit: int, policy: CallPolicy) -> None:
        super().__init__(method, limit, policy)
        self._function = function
        self._bounds = Throttle() if only_reads(method) else nullcontext()

    async def answer(self, data: bytes, call: Call) -> bytes:
        """The reply. Raises what stood in the way."""
        with self._bounds:
            request = await self._read(data, call)
            self.count(request, call)
            if self.guard and not (self.guard.passes_ids and request.session_id):
                self.guard.enter(request, call)
            reply = await _with_new_workspace(call, partial(self._function, request, call))
            return self.rendered(request, reply, call)


class ServerStreamHandler(Handler):
    """A method that answers with many messages."""

    def __init__(
        self, method: MethodDescriptor, function: ServerStreamMethod, limit: int, policy: CallPolicy
    ) -> None:
        super().__init__(method, limit, policy)
        self._function = function

    async def stream(self, data: bytes, call: Call, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Sends the messages of the reply. Raises what ended it."""
        async with self._held(call):
            request = await self._read(data, call)
            self.count(request, call)
            await _with_new_workspace(call, partial(self._function.stream, request, call, self._masked(send, call)))


class BidiStreamHandler(Handler):
    """A method that takes many messages and answers with as many."""

    def __init__(self, method: MethodDescriptor, function: BidiMethod, limit: int, policy: CallPolicy) -> None:
        super().__init__(method, limit, policy)
        self._function = function
        self.ends_itself = function.ends_itself

    async def converse(
        self, messages: AsyncIterator[bytes], call: Call, send: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Answers each message. Raises what ended it."""

        async def requests() -> AsyncIterator[Any]:
            async for data in messages:
                # On a thread, for these are long as a rule.
                yield await aside(self._decode, data, call.principal, alone=len(data) >= ALONE)

        async with self._held(call):
            await self._function.converse(requests(), call, self._masked(send, call))

    def _decode(self, data: bytes, principal: Principal) -> Any:
        """The request, or that it is refused."""
        try:
            return self._decoder.decode(data, principal)
        except errors.Refusal as refusal:
            forget_frames(refusal)
            return RefusedMessage(data, refusal)


AnyHandler = QueuedUnaryHandler | UnaryHandler | ServerStreamHandler | BidiStreamHandler


def handlers_of(
    service: ServiceDescriptor,
    methods: dict[str, Method | QueuedMethod | ServerStreamMethod | BidiMethod],
    limit: int,
    policy: CallPolicy,
) -> list[AnyHandler]:
    """The handlers of a service; every method of the proto must be there. `limit` is the largest request in bytes.

    `policy` applies to every call.
    """
    return [_handler(method, methods[method.name], limit, policy) for method in service.methods]


def _handler(
    method: MethodDescriptor,
    function: Method | QueuedMethod | ServerStreamMethod | BidiMethod,
    limit: int,
    policy: CallPolicy,
) -> AnyHandler:
    if isinstance(function, QueuedMethod):
        other = function.otherwise
        alone = UnaryHandler(method, other.method, limit, policy).answer if other else None
        return QueuedUnaryHandler(method, function, limit, policy, alone)
    if isinstance(function, ServerStreamMethod):
        return ServerStreamHandler(method, function, limit, policy)
    if isinstance(function, BidiMethod):
        return BidiStreamHandler(method, function, limit, policy)
    return UnaryHandler(method, function, limit, policy)
