"""What the calls of every method have in common: who calls and whether it may, limits, masking, and refusals.

Handlers take and give raw bytes, so that a malformed or oversized message gets a typed refusal like any other. How
the bytes travel is the transport's concern (transports/base.py). Methods that work on each call by itself are served
by handlers.py, those whose calls stand in a queue by queued_handler.py.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.random_codes import new_ids
from exam_sessions.rpc.access.masking import Masking, readable
from exam_sessions.rpc.access.requirements import requirement_of
from exam_sessions.rpc.access.verified import ANYBODY, UNVERIFIED
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.decoding.request_decoder import RequestDecoder
from exam_sessions.rpc.guarded_methods import guard_of
from exam_sessions.rpc.observation import MethodObserver
from exam_sessions.rpc.status import INTERNAL, internal, reason_of, status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    import grpc
    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

    from exam_sessions.rpc.access.limits import MethodLimits
    from exam_sessions.rpc.call_policy import CallPolicy
    from exam_sessions.rpc.methods import Call

log = logging.getLogger(__name__)


def forget_frames(fault: BaseException) -> None:
    """Removes the traceback of a fault: it may stay in a cycle with those frames, and they hold the request."""
    fault.__traceback__ = fault.__context__ = fault.__cause__ = None


class Handler:
    """A method as every transport serves it. Its calls are served by its subclasses."""

    def __init__(
        self, method: MethodDescriptor, limit: int, policy: CallPolicy, read: Callable[[bytes], Any] | None = None
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
        self._decoder = RequestDecoder(method, limit, read, self._requirement, policy.candidate_ids)

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
