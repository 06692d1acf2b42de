"""Calls that stand in a queue: opened with their group, rendered once it is durable."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from exam_sessions import errors
from exam_sessions.execution.group_commit import Postponed

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from exam_sessions.rpc.access.limits import MethodLimits
    from exam_sessions.rpc.methods import Call, QueuedMethod
    from exam_sessions.rpc.observation import MethodObserver


class QueuedHandler(Protocol):
    """The handler of a method whose calls stand in a queue."""

    @property
    def function(self) -> QueuedMethod:
        """The method."""

    @property
    def observer(self) -> MethodObserver | None:
        """What reports calls."""

    @property
    def limits(self) -> MethodLimits | None:
        """What counts calls."""

    def decode(self, data: bytes, call: Call) -> Any:
        """The request."""

    def count(self, request: Any, call: Call) -> None:
        """Counts a call for its workspace."""

    def rendered(self, request: Any, reply: Message, call: Call) -> bytes:
        """The bytes of a reply."""


class QueuedCall:
    """A call in line as it came: bytes until its group is opened, bytes again when it is rendered."""

    __slots__ = ("_call", "_data", "_handler", "_has_looked", "_request")

    weight = 1

    def __init__(self, data: bytes, call: Call, handler: QueuedHandler) -> None:
        self._data, self._call, self._handler, self._has_looked = data, call, handler, False

    def open(self) -> Any:
        """Reads and checks the request; what the queue works on.

        Raises:
            Postponed: the workspace is looked for first, for another server may have created it.
        """
        call = self._call
        if self._handler.observer and not call.started:
            call.started = perf_counter()
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

    def render(self, result: Any) -> bytes:
        """The reply, serialized."""
        reply = self._handler.function.reply(self._request, result)
        return self._handler.rendered(self._request, reply, self._call)


class DecodedCall:
    """A call in line that was read before it was queued, for it is long."""

    __slots__ = ("_call", "_handler", "_opened", "_request")

    weight = 1

    def __init__(self, request: Any, call: Call, handler: QueuedHandler) -> None:
        self._request, self._call, self._handler = request, call, handler
        self._opened = handler.function.open(request, call)

    def count(self) -> None:
        """Counts it for its workspace. Raises RateLimited."""
        self._handler.count(self._request, self._call)

    def open(self) -> Any:
        """What the queue works on."""
        if self._handler.observer and not self._call.started:
            self._call.started = perf_counter()
        return self._opened

    def render(self, result: Any) -> bytes:
        """The reply, serialized."""
        reply = self._handler.function.reply(self._request, result)
        return self._handler.rendered(self._request, reply, self._call)
