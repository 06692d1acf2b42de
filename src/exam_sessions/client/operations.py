"""Calls about long work: one action on many sessions, and the operations that outlast a call."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from google.longrunning import operations_pb2

from exam_sessions.client.channel import BATCH, PAGE, Channel
from exam_sessions.client.failures import Refused, refusal_of
from exam_sessions.client.times import put
from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    marking_service_pb2,
    operation_pb2,
    session_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exam_sessions_client.v1 import session_pb2

Transitioned = lifecycle_service_pb2.BatchTransitionSessionsResponse
Regraded = marking_service_pb2.RegradeReleaseResponse
Progress = operation_pb2.OperationMetadata


class Failed(NamedTuple):
    """A row of an operation that was refused."""

    row: int
    session_id: str
    refusal: Refused


class OperationCalls(Channel):
    """Calls about operations."""

    def transition_many(
        self,
        action: int,
        session_ids: Sequence[str] = (),
        criteria: dict[str, Any] | None = None,
        request_id: str = "",
        *,
        deadline: int = 0,
        time_from_now: int = 0,
        extra_time: int | None = None,
        accommodation: dict[str, int | bool] | None = None,
        **fields: Any,
    ) -> Transitioned:
        """Does one action on many sessions: on named ones at once, all or none; by criteria as an operation.

        Args:
            action: number of the Action.
            session_ids: the sessions, where `criteria` is None.
            criteria: fields of SessionFilter.
            request_id: a UUID that makes a repetition of this call return the first answer; empty makes a new one.
            deadline: of reopen, in microseconds since 1970; 0 is unset.
            time_from_now: of reopen, in microseconds; 0 is unset.
            extra_time: of set_extra_time, in microseconds; None is unset, 0 takes it back.
            accommodation: of set_accommodation, fields of Accommodation; times in microseconds.
            **fields: other fields of BatchTransitionSessionsRequest.
        """
        request = lifecycle_service_pb2.BatchTransitionSessionsRequest(
            action=action,  # type: ignore[arg-type]
            request_id=request_id,
            **fields,
        )
        for name, value in (accommodation or {}).items():
            if isinstance(value, bool):
                setattr(request.accommodation, name, value)
            else:
                put(getattr(request.accommodation, name), value)
        if criteria is None:
            request.ids.session_ids.extend(session_ids)
        else:
            request.filter.CopyFrom(session_service_pb2.SessionFilter(**criteria))
        if deadline:
            put(request.deadline, deadline)
        if time_from_now:
            put(request.time_from_now, time_from_now)
        if extra_time is not None:
            request.extra_time.SetInParent()
            put(request.extra_time, extra_time)
        return self._call(self._rpc.lifecycle.BatchTransitionSessions, request, timeout=BATCH)

    def regrade_release(
        self, release_id: str, test_form: str, form_revision: int, request_id: str = "", **fields: Any
    ) -> Regraded:
        """Marks what was handed in of a release by a revision of a form, as an operation.

        Fields are those of RegradeReleaseRequest. A request id makes a repetition return the first answer.
        """
        request = marking_service_pb2.RegradeReleaseRequest(
            release_id=release_id,
            test_form=test_form,
            form_revision=form_revision,
            request_id=request_id,
            **fields,
        )
        return self._call(self._rpc.marking.RegradeRelease, request, timeout=BATCH)

    def regrade_session(
        self, session_id: str, form_revision: int, request_id: str = "", **fields: Any
    ) -> session_pb2.Session:
        """Marks what was handed in of a session by a revision of its form; the session as it became.

        Fields are those of RegradeSessionRequest.
        """
        request = marking_service_pb2.RegradeSessionRequest(
            session_id=session_id,
            form_revision=form_revision,
            request_id=request_id,
            **fields,
        )
        return self._call(self._rpc.marking.RegradeSession, request).session

    def operations(self, wanted: str = "", page: int = PAGE) -> Iterator[operations_pb2.Operation]:
        """The operations of the workspace, newest first, without results; `wanted` is a filter."""
        request = operations_pb2.ListOperationsRequest(
            name=f"workspaces/{self.workspace}", filter=wanted, page_size=min(page, PAGE)
        )
        for found in self._pages(self._rpc.operations.ListOperations, request):
            yield from found.operations

    def operation(self, operation_id: str) -> operations_pb2.Operation:
        """The operation with this id, with its result when it has ended."""
        request = operations_pb2.GetOperationRequest(name=self._name(operation_id))
        found: operations_pb2.Operation = self._call(self._rpc.operations.GetOperation, request)
        return found

    def wait(
        self,
        operation: operations_pb2.Operation,
        seconds: float | None,
        every: float,
        seen: Callable[[operations_pb2.Operation], object],
    ) -> None:
        """Waits until an operation has ended; a server that restarts meanwhile is waited for.

        Args:
            operation: the operation.
            seconds: the most to wait; None is no limit.
            every: seconds between two looks at it.
            seen: is called with the operation as it is at each look.
        """
        with self._calling(), suppress(TimeoutError):
            self._rpc.wait(operation, seconds, every=every, seen=seen)

    def cancel(self, operation_id: str) -> None:
        """Asks an operation to end; what has ended stays as it is."""
        request = operations_pb2.CancelOperationRequest(name=self._name(operation_id))
        self._call(self._rpc.operations.CancelOperation, request)

    def _name(self, operation_id: str) -> str:
        return f"workspaces/{self.workspace}/operations/{operation_id}"


def id_of(operation: operations_pb2.Operation) -> str:
    """An operation's id, the last part of its name."""
    return str(operation.name.rpartition("/")[2])


def progress_of(operation: operations_pb2.Operation) -> Progress:
    """How far an operation has come."""
    progress = Progress()
    operation.metadata.Unpack(progress)
    return progress


def failures_of(operation: operations_pb2.Operation) -> list[Failed]:
    """The rows that were refused, as many as the result names."""
    return failures_in(result_of(operation))


def result_of(operation: operations_pb2.Operation) -> operation_pb2.OperationResult:
    """The result of an operation: empty before its end; of one that was halted, what was done before."""
    result = operation_pb2.OperationResult()
    if not operation.response.Unpack(result):
        for detail in operation.error.details:
            detail.Unpack(result)
    return result


def failures_in(result: operation_pb2.OperationResult) -> list[Failed]:
    """The rows of a result that were refused."""
    return [Failed(row.index, row.session_id, refusal_of(row.status)) for row in result.rows if row.status.code]


def accommodated_in(operation: operations_pb2.Operation) -> list[operation_pb2.RowOutcome]:
    """The rows of which the result holds when their attempts end now, or how much the window takes away."""
    result = result_of(operation)
    return [row for row in result.rows if row.HasField("deadline") or row.HasField("cut_by_window")]
