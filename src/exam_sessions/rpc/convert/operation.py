"""Operations, between records and google.longrunning; and refusals as they are kept with outcomes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.longrunning import operations_pb2
from google.rpc import error_details_pb2, status_pb2

from exam_sessions import errors
from exam_sessions.commands.erasure_progress import ErasureCounts, without_word
from exam_sessions.commands.operations import operation_name
from exam_sessions.domain.actor import Actor
from exam_sessions.domain.states import OperationKind, OperationStatus
from exam_sessions.rpc.convert.accommodation import warn_of_window
from exam_sessions.rpc.convert.regrade import fill_regrade
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.convert.session import action_number
from exam_sessions.rpc.convert.times import put
from exam_sessions.rpc.status import DOMAIN, code_of, rpc_status_of
from exam_sessions_client.v1 import operation_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.stored_records import OperationRow, OutcomeRow

NAME = re.compile(r"(?:workspaces/(?P<workspace>[a-z0-9_-]{1,64})/)?operations/(?P<id>[0-9A-Fa-f-]{36})")
PARENT = re.compile(r"(?:workspaces/(?P<workspace>[a-z0-9_-]{1,64}))?(?:/?operations)?")

RESULT_AT_MOST = 3 * 1024 * 1024
"""Bytes of outcomes in a result, so that it stays under the 4 MiB a client of gRPC takes if it says nothing else."""

OUTCOME_WITHOUT_REFUSAL = 80
"""Bytes of an outcome at most, its refusal apart."""

ACCOMMODATION_AT_MOST = 150
"""Bytes that an outcome has of a deadline and a warning."""


def describe(refusal: errors.Refusal) -> bytes:
    """A refusal as it is kept with an outcome."""
    kept: bytes = rpc_status_of(errors.RowRefused.of(refusal)).SerializeToString()
    return kept


def redacted(refusal: bytes, text: str, by: str) -> bytes:
    """A refusal as it is kept, with a text replaced by another in its sentence, its facts and its fields."""
    status = status_pb2.Status.FromString(refusal)
    status.message = without_word(status.message, text)
    for detail in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
            if detail.Is(kind.DESCRIPTOR):
                found = kind()
                detail.Unpack(found)
                _redact(found, text, by)
                detail.Pack(found)
    kept: bytes = status.SerializeToString()
    return kept


def _redact(detail: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest, text: str, by: str) -> None:
    if isinstance(detail, error_details_pb2.ErrorInfo):
        for name, fact in detail.metadata.items():
            detail.metadata[name] = by if fact == text else without_word(fact, text)
    else:
        for violation in detail.field_violations:
            violation.description = without_word(violation.description, text)


def operation_key(name: str) -> tuple[str, str]:
    """Workspace and id of an operation's name. Raises OperationNotFound."""
    found = NAME.fullmatch(name)
    if found is None:
        raise errors.OperationNotFound(name)
    return found["workspace"] or DEFAULT_WORKSPACE, found["id"].lower()


def workspace_in(name: str) -> str:
    """The workspace whose operations are to be listed: `workspaces/{workspace}`. Raises InvalidField."""
    found = PARENT.fullmatch(name)
    if found is None:
        raise errors.invalid("name", "must be workspaces/{workspace}, or empty for the default one")
    return found["workspace"] or DEFAULT_WORKSPACE


def operation_of(row: OperationRow, outcomes: Sequence[OutcomeRow] = ()) -> operations_pb2.Operation:
    """An operation; `outcomes` are those of one that has ended."""
    operation = operations_pb2.Operation(name=operation_name(row), done=bool(row.end_time))
    operation.metadata.Pack(_metadata(row))
    if row.status == OperationStatus.COMPLETED:
        operation.response.Pack(_result(row, outcomes))
    elif row.end_time:
        info = error_details_pb2.ErrorInfo(reason=row.reason, domain=DOMAIN, metadata={"name": operation_name(row)})
        cancelled = row.reason == errors.OperationCancelled.reason
        kind = errors.OperationCancelled if cancelled else errors.StepQuarantined
        operation.error.code = code_of(kind(operation_name(row)))
        operation.error.message = row.message
        operation.error.details.add().Pack(info)
        # What was done stays done: metadata shows it, and the operation has an error instead of a response.
        operation.error.details.add().Pack(_result(row, outcomes))
    return operation


def _metadata(row: OperationRow) -> operation_pb2.OperationMetadata:
    actor = Actor.stored(row.actor)
    message = operation_pb2.OperationMetadata(
        kind=row.kind,  # type: ignore[arg-type]
        status=row.status,  # type: ignore[arg-type]
        done_count=row.done,
        total_count=row.total,
        failed_count=row.failed,
        cancel_requested=bool(row.cancel_requested),
        actor=actor.principal,
        acting_for=actor.acting_for,
    )
    for name in ("create_time", "update_time", "end_time"):
        if moment := getattr(row, name):
            put(getattr(message, name), moment)
    if row.action:
        message.action = action_number(row.action)
    return message


def _result(row: OperationRow, outcomes: Sequence[OutcomeRow]) -> operation_pb2.OperationResult:
    message = operation_pb2.OperationResult(succeeded_count=row.done - row.failed, failed_count=row.failed)
    if row.kind == OperationKind.REGRADE:
        fill_regrade(message.regrade, row)
    elif row.kind in {OperationKind.ERASE, OperationKind.RETENTION}:
        fill_erasure(message.erasure, ErasureCounts.read(row.summary))
    fill_outcomes(message, outcomes)
    return message


def fill_erasure(message: operation_pb2.ErasureSummary, counts: ErasureCounts) -> None:
    """Writes where personal data was erased, or would be."""
    message.session_count = counts.sessions
    message.former_session_count = counts.former_sessions
    message.event_count = counts.events
    message.attempt_count = counts.attempts
    message.operation_count = counts.operations
    message.request_count = counts.requests


def fill_outcomes(message: operation_pb2.OperationResult, outcomes: Sequence[OutcomeRow]) -> None:
    """Writes outcomes of rows, as many as a result has room for."""
    room = RESULT_AT_MOST
    for outcome in outcomes:
        room -= len(outcome.refusal) + OUTCOME_WITHOUT_REFUSAL
        if outcome.deadline or outcome.cut_by_window:
            room -= ACCOMMODATION_AT_MOST
        if room < 0:
            break
        entry = message.rows.add()
        entry.index, entry.session_id = outcome.position, outcome.session_id
        entry.state = outcome.state  # type: ignore[assignment]
        if outcome.deadline:
            put(entry.deadline, outcome.deadline)
        warn_of_window(entry, outcome.cut_by_window)
        entry.status.CopyFrom(status_pb2.Status.FromString(outcome.refusal))
