"""The one place where it is reported how a call ended. Metrics, the request log and traces all take it from here.

An `Observer` is called once for each call, on the event loop, when the call has ended: for every RPC, unary or
streaming, on every transport. Calls of health are not reported, which probes make every few seconds, nor those of
RPCs that do not exist, which reach no handler. Several observers are combined with `composed`. Without an observer a
call reads the clock once, and that is all.

An observer must be fast, since every call waits for it. A fault in one is logged and does not reach the caller. It
must not keep a `Call`, nor write its metadata anywhere: there may be codes and credentials in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from google.rpc import code_pb2

from exam_sessions.rpc.methods import Call, RequestKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.descriptor import MethodDescriptor

log = logging.getLogger(__name__)

CODE_NAMES: tuple[str, ...] = tuple(name for name, _ in sorted(code_pb2.Code.items(), key=lambda item: item[1]))
"""The names of the gRPC status codes, by number."""


class CallRecord(NamedTuple):
    """How one call ended."""

    method: str
    """The full name of its RPC as descriptors give it: `exam_sessions.v1.SessionService/GetSession`."""
    code: int
    """Its gRPC status code, see CODE_NAMES. CANCELLED also where the caller's own deadline passed."""
    reason: str
    """The name of the ErrorReason of a refusal, INTERNAL for a fault; empty where the caller got none."""
    began: float
    """When it arrived, on the clock of `time.perf_counter`."""
    duration_s: float
    """Seconds from its arrival to its end."""
    queue_s: float | None
    """Seconds from its arrival until its group was started; None where it stood in no queue, or never left it."""
    call: Call
    """The call, with its `principal` and the `keys` of its request."""


Observer = Callable[[CallRecord], None]
"""Is called with the record of each call. One whose attribute `ignores_keys` is true finds no `keys` in the call."""


class Composed:
    """One observer that calls several, in their order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self.ignores_keys = all(map(ignores_keys, observers))

    def __call__(self, record: CallRecord) -> None:
        """Hands on a record."""
        for observer in self._observers:
            observer(record)


def ignores_keys(observer: Observer) -> bool:
    """Whether an observer has no use for what requests name."""
    return bool(getattr(observer, "ignores_keys", False))


def composed(observers: Sequence[Observer]) -> Observer | None:
    """One observer for several; None for none."""
    return Composed(observers) if len(observers) > 1 else next(iter(observers), None)


class MethodObserver:
    """Reports the calls of one method to an observer."""

    __slots__ = ("_fields", "_method", "_observer", "_shows_session")

    def __init__(self, method: MethodDescriptor, observer: Observer) -> None:
        self._method = f"{method.containing_service.full_name}/{method.name}"
        self._observer = observer
        self._fields = tuple(
            (index, name)
            for index, name in enumerate(("workspace_id", "session_id", "request_id"))
            if name in method.input_type.fields_by_name and not ignores_keys(observer)
        )
        shown = method.output_type.fields_by_name.get("session")
        self._shows_session = bool(shown and shown.message_type and "id" in shown.message_type.fields_by_name)

    def read(self, request: Any, call: Call) -> None:
        """Notes what a request names; its handler calls it once the request has been decoded."""
        if not self._fields:
            return
        found = ["", "", ""]
        for index, name in self._fields:
            found[index] = getattr(request, name)
        call.keys = RequestKeys(*found)

    def answered(self, reply: Any, call: Call) -> None:
        """Notes which session a reply shows, where the request names it otherwise than by its id."""
        if self._shows_session and not call.keys.session_id:
            call.keys = call.keys._replace(session_id=reply.session.id)

    def ended(self, call: Call) -> None:
        """Reports a call that has ended."""
        began, started = call.began, call.started
        record = CallRecord(
            self._method,
            call.code,
            call.reason,
            began,
            perf_counter() - began,
            started - began if started else None,
            call,
        )
        try:
            self._observer(record)
        except Exception:
            log.exception("a call of %s could not be observed", self._method)
