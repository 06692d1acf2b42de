"""How calls are served: what those of every method have in common, and methods whose calls stand in a queue.

In common are who calls and whether it may, limits, masking, and refusals. A call in a queue is opened with its group,
and rendered once that is durable. Methods that work on each call by itself are in handlers.py.

Handlers take and give raw bytes, so that a malformed or oversized message gets a typed refusal like any other. How
the bytes travel is the transport's concern (transports/base.py).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.queue_protocols import Postponed
from exam_sessions.execution.random_codes import new_ids
from exam_sessions.rpc.access.masking import Masking, readable
from exam_sessions.rpc.access.requirements import requirement_of
from exam_sessions.rpc.access.verified import ANYBODY, UNVERIFIED
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.decoding.request_decoder import RequestDecoder, start_aside
from exam_sessions.rpc.guarded_methods import guard_of
from exam_sessions.rpc.observation import MethodObserver
from exam_sessions.rpc.status import INTERNAL, internal, reason_of, status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    import grpc
    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

    from exam_sessions.execution.measures import GroupTimes
    from exam_sessions.execution.queue_protocols import ReplySink
    from exam_sessions.rpc.access.limits import MethodLimits
    from exam_sessions.rpc.call_policy import CallPolicy
    from exam_sessions.rpc.decoding.request_decoder import RequestReader
    from exam_sessions.rpc.methods import Call, QueuedMethod

log = logging.getLogger(__name__)


def forget_frames(fault: BaseException) -> None:
    """Removes the traceback of a fault: it may stay in a cycle with those frames, and they hold the request."""
    fault.__traceback__ = fault.__context__ = fault.__cause__ = None


class Handler:
    """A method as every transport serves it. Its calls are served by its subclasses."""

    def __init__(
        self, method: MethodDescriptor, limit: int, policy: CallPolicy, reader: RequestReader | None = None
    ) -> None:
        self.service, self.method = method.containing_service.full_name, method.name
        self.name = f"{self.service}/{self.method}"
        self._gate = gate = policy.gate
        self._workspaces = policy.workspaces
        self.guard = guard_of(policy.guard, method) if policy.guard else None
        """Counts wrong codes; None where they are not counted, or requests name none."""
        self.limits = policy.limits.of(method.name) if policy.limits else None
        """Counts calls by principal and workspace; None where no limit concerns them."""
        self.observer = MethodObserver(method, policy.observer) if policy.observer else None
        """Reports calls that have ended; None without anybody to report them to."""
        self.default_deadline_s = policy.default_deadline_s
        self._requirement = requirement_of(method) if gate else None
        self._masking = Masking(method.output_type) if gate else None
        self._decoder = RequestDecoder(method, limit, reader, self._requirement, policy.candidate_ids)

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
        """The request of a call that stands in no queue. Raises the refusal of a request that cannot be decoded."""
        request = await self._decoder.read(data, call.principal)
        if self.observer:
            self.observer.read(request, call)
        return request

    def rendered(self, request: Any, reply: Message, call: Call) -> bytes:
        """The bytes of a reply, without what its caller may not read.

        Raises:
            errors.TooManyWrongCodes: its caller was locked out meanwhile.
        """
        if self.observer:
            self.observer.answered(reply, call)
        if self.guard and call.code_workspace:
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
        forget_frames(fault)
        return status


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
        super().__init__(method, limit, policy, function.reader)
        self._decoder.prepare()
        self.function = function
        self._answer_alone = answer_alone
        self._is_otherwise = function.otherwise.is_for if function.otherwise else None
        self._alone: set[asyncio.Future[bytes]] = set()

    def decode(self, data: bytes, call: Call) -> Any:
        """The request of a call. Raises what it is refused with before its group works on it."""
        request = self._decoder.decode(data, call.principal)
        if self.observer:
            self.observer.read(request, call)
        if self.guard and not (self.guard.passes_ids and request.session_id):
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
