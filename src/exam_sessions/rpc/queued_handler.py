"""Methods whose calls stand in a queue: each call is opened with its group, and rendered once that is durable."""

from __future__ import annotations

import asyncio
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.queue_protocols import Postponed
from exam_sessions.rpc.decoding.request_decoder import start_aside
from exam_sessions.rpc.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.protobuf.descriptor import MethodDescriptor

    from exam_sessions.execution.queue_protocols import GroupTimes, ReplySink
    from exam_sessions.rpc.call_policy import CallPolicy
    from exam_sessions.rpc.methods import Call, QueuedMethod


class QueuedUnaryHandler(Handler):
    """A method whose calls stand in a queue; `answer_alone` answers those that `function.otherwise` is for."""

    def __init__(
        self,
        method: MethodDescriptor,
        function: QueuedMethod,
        limit: int,
        policy: CallPolicy,
        answer_alone: Callable[[bytes, Call], Awaitable[bytes]] | None,
    ) -> None:
        super().__init__(method, limit, policy, function.read)
        self.function = function
        self._answer_alone = answer_alone
        self._is_otherwise = function.otherwise.is_for if function.otherwise else None
        self._alone: set[asyncio.Future[bytes]] = set()

    def decode(self, data: bytes, call: Call) -> Any:
        """The request of a call. Raises what it is refused with before its group works on it."""
        request = self._decoder.decode(data, call.principal)
        if self.observer:
            self.observer.read(request, call)
        if self.guard:
            self.guard.enter(request, call)
        return request

    def queue(self, data: bytes, call: Call, sink: ReplySink) -> None:
        """Puts a call in line; `sink` gets the reply. Raises what keeps it out of the line."""
        if self.observer:
            call.queued = perf_counter()
        if self._answer_alone and self._is_otherwise and self._is_otherwise(data):
            alone = asyncio.ensure_future(self._answer_alone(data, call))
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
        except Exception as found:  # noqa: BLE001 - the caller gets it
            sink.set_exception(found)

    def answer(self, data: bytes, call: Call) -> Awaitable[bytes]:
        """The reply, as `UnaryHandler` gives it."""
        sink: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.queue(data, call, sink)
        return sink


class CallInLine:
    """A call that stands in the queue; it is one row to the queue's counting."""

    __slots__ = ("_call", "_handler", "_request")

    weight = 1

    _call: Call
    _handler: QueuedUnaryHandler
    _request: Any

    def render(self, result: Any) -> bytes:
        """The reply, serialized."""
        reply = self._handler.function.reply(self._request, result)
        return self._handler.rendered(self._request, reply, self._call)


class QueuedCall(CallInLine):
    """A call in line as it came: bytes until its group is opened, bytes again when it is rendered."""

    __slots__ = ("_data", "_has_looked")

    def __init__(self, data: bytes, call: Call, handler: QueuedUnaryHandler) -> None:
        self._data, self._call, self._handler, self._has_looked = data, call, handler, False

    def open(self, group: GroupTimes) -> Any:
        """Reads and checks the request; what the queue works on.

        Raises:
            Postponed: the workspace is looked for first, for another server may have created it.
        """
        call = self._call
        if self._handler.observer:
            call.group_opens(group)
        self._request = self._handler.decode(self._data, call)
        if self._handler.limits and not self._has_looked:
            self._handler.count(self._request, call)
        try:
            return self._handler.function.open(self._request, call)
        except errors.WorkspaceNotFound as refusal:
            if self._has_looked:
                raise
            self._has_looked = True
            raise Postponed(call.find(refusal.workspace)) from None


class DecodedCall(CallInLine):
    """A call in line that was read before it was queued, for it is long."""

    __slots__ = ("_opened",)

    def __init__(self, request: Any, call: Call, handler: QueuedUnaryHandler) -> None:
        self._request, self._call, self._handler = request, call, handler
        self._opened = handler.function.open(request, call)

    def count(self) -> None:
        """Counts it for its workspace. Raises RateLimited."""
        self._handler.count(self._request, self._call)

    def open(self, group: GroupTimes) -> Any:
        """What the queue works on."""
        if self._handler.observer:
            self._call.group_opens(group)
        return self._opened
