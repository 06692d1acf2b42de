"""Operations: work that outlasts a call. Accepted in one transaction, done in steps that commit with their progress.

A step reads the operation's row, does the next rows, and writes how far it has come, all in one transaction, so that
nothing is done twice and nothing that was accepted is lost, whichever server is killed. Who takes the steps is
operation_worker.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.operation_tasks import OperationTask, RowOutcome, StepResult
from exam_sessions.domain.access import stored_names
from exam_sessions.domain.states import OperationKind, OperationStatus
from exam_sessions.domain.stored_records import OUTCOMES_AT_MOST, OperationRow, OutcomeRow
from exam_sessions.execution.mutation import Mutation, SystemMutation
from exam_sessions.execution.queue_protocols import EXCLUSIVE_WEIGHT
from exam_sessions.execution.random_codes import new_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import OperationChanges, OperationSteps
    from exam_sessions.execution.read_set import ReadSet

LEASE = 5_000_000
"""Microseconds for which an operation is leased to its server after each step. Then another may take over."""

CREDIBLE = 60_000_000
"""Microseconds a lease, or the wait for a next step, may last as it is read.

What is further ahead was written by a clock that has been set back since, or is another's, and is not waited for: a
step is done once, by whichever server.
"""


def is_ahead(moment: int, now: int) -> bool:
    """Whether the end of a lease, or the time of a next step, is still to be waited for."""
    return 0 < moment - now <= CREDIBLE


class AcceptOperation(Mutation):
    """A new operation. The result is its row, durable."""

    __slots__ = ("action", "kind", "payload", "task")

    def __init__(
        self, caller: Caller, kind: OperationKind, task: OperationTask, payload: bytes, action: str = ""
    ) -> None:
        super().__init__(caller, weight=1 if kind is OperationKind.TEMPLATE else EXCLUSIVE_WEIGHT)
        self.kind, self.task, self.payload, self.action = kind, task, payload, action

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: what the work asks for it reads itself."""

    def apply(self, uow: OperationSteps) -> OperationRow:
        """Looks whether it can be done at all, and writes it down."""
        caller = self.caller
        row = OperationRow(
            caller.workspace,
            new_ids(1)[0],
            int(self.kind),
            int(OperationStatus.QUEUED),
            caller.actor,
            caller.request_id,
            self.action,
            self.payload,
            0,
            self.task.count(uow, caller.workspace),
            0,
            "",
            uow.clock.now,
            uow.clock.now,
            centres=stored_names(caller.centres),
        )
        if not caller.validate_only:
            uow.operations.insert_now(row)
        return row

    def replay_payload(self, result: OperationRow) -> str:
        """Its id."""
        return result.id

    def replay(self, uow: OperationChanges, payload: str) -> OperationRow:
        """The operation as it is now."""
        return uow.operations.get(self.caller.workspace, payload)


class Step(SystemMutation):
    """The next rows of an operation, in a transaction of their own: what a step reads is what is stored.

    The result is its row as it became; None while another server has it.
    """

    __slots__ = ("describe", "most", "operation_id", "server", "task")

    def __init__(
        self,
        workspace: str,
        operation_id: str,
        server: str,
        task: OperationTask,
        describe: Callable[[errors.Refusal], bytes],
        most: int,
    ) -> None:
        super().__init__(workspace, EXCLUSIVE_WEIGHT)
        self.operation_id, self.server, self.task = operation_id, server, task
        self.describe, self.most = describe, most

    def apply(self, uow: OperationSteps) -> OperationRow | None:
        """Does them, and writes how far it has come."""
        row = self._taken_over(uow)
        if row is None or row.end_time:
            return row
        if row.cancel_requested:
            return self._ended(uow, row, errors.OperationCancelled(operation_name(row)))
        return self._written(uow, row, self.task.run_step(uow, row, self.most))

    def _taken_over(self, uow: OperationChanges) -> OperationRow | None:
        row = uow.operations.get(self.caller.workspace, self.operation_id, to_write=True)
        another_s = row.owner not in {"", self.server} and is_ahead(row.lease_until, uow.clock.now)
        return None if another_s else row

    def _written(self, uow: OperationSteps, row: OperationRow, result: StepResult) -> OperationRow:
        now, tried = uow.clock.now, len(result.outcomes)
        wait = tried * 1_000_000 // self.task.per_second if self.task.per_second else 0
        became = row._replace(
            status=int(OperationStatus.COMPLETED if result.finished else OperationStatus.RUNNING),
            done=row.done + tried,
            failed=row.failed + sum(outcome.refusal is not None for outcome in result.outcomes),
            place=result.cursor,
            summary=row.summary if result.summary is None else result.summary,
            update_time=uow.clock.moment(row),
            end_time=uow.clock.moment(row) if result.finished else 0,
            owner="" if result.finished else self.server,
            lease_until=0 if result.finished else now + wait + LEASE,
            next_time=now + wait,
        )
        uow.operations.save_progress_now(became, self._kept(row, result.outcomes))
        return became

    def _kept(self, row: OperationRow, outcomes: Sequence[RowOutcome]) -> list[OutcomeRow]:
        kept = []
        for position, outcome in enumerate(outcomes, row.done):
            if outcome.refusal is None and not self.task.keeps_all:
                continue
            refusal = self.describe(outcome.refusal) if outcome.refusal else b""
            shown = (outcome.session_id, outcome.state, refusal, outcome.deadline, outcome.cut_by_window)
            kept.append(OutcomeRow(row.workspace_id, row.id, position, *shown))
        room = OUTCOMES_AT_MOST - (row.done if self.task.keeps_all else row.failed)
        return kept[: max(0, room)]

    def _ended(self, uow: OperationChanges, row: OperationRow, why: errors.Refusal) -> OperationRow:
        became = row._replace(
            status=int(OperationStatus.HALTED),
            update_time=uow.clock.moment(row),
            end_time=uow.clock.moment(row),
            owner="",
            lease_until=0,
            reason=why.reason,
            message=str(why),
        )
        uow.operations.save_progress_now(became, ())
        return became


class QuarantineRow(Step):
    """The next row, which failed again and again: it gets an outcome, and the operation goes on behind it."""

    __slots__ = ("why",)

    def __init__(self, step: Step, why: errors.Refusal) -> None:
        super().__init__(step.caller.workspace, step.operation_id, step.server, step.task, step.describe, 1)
        self.why = why

    def apply(self, uow: OperationSteps) -> OperationRow | None:
        """Writes the outcome."""
        row = self._taken_over(uow)
        if row is None or row.end_time:
            return row
        session_id, cursor = self.task.quarantine_row(uow, row)
        return self._written(uow, row, StepResult([RowOutcome(session_id, 0, self.why)], cursor, finished=False))


class Halt(Step):
    """An operation that cannot go on at all."""

    __slots__ = ("why",)

    def __init__(self, workspace: str, operation_id: str, server: str, why: errors.Refusal) -> None:
        super().__init__(workspace, operation_id, server, None, lambda _: b"", 0)  # type: ignore[arg-type]
        self.why = why

    def apply(self, uow: OperationChanges) -> OperationRow | None:
        """Ends it."""
        row = self._taken_over(uow)
        return row if row is None or row.end_time else self._ended(uow, row, self.why)


class ReleaseLease(SystemMutation):
    """An operation whose server goes away: anybody may take it over at once."""

    __slots__ = ("operation_id", "server")

    needs_open_workspace = False

    def __init__(self, workspace: str, operation_id: str, server: str) -> None:
        super().__init__(workspace, EXCLUSIVE_WEIGHT)
        self.operation_id, self.server = operation_id, server

    def apply(self, uow: OperationChanges) -> None:
        """Lets go of it."""
        row = uow.operations.get(self.caller.workspace, self.operation_id, to_write=True)
        if row.owner == self.server:
            uow.operations.save_progress_now(row._replace(owner="", lease_until=0), ())


class CancelOperation(Mutation):
    """Asks an operation to end. What has ended stays as it is. The result is the row."""

    __slots__ = ("operation_id",)

    def __init__(self, caller: Caller, operation_id: str) -> None:
        super().__init__(caller, weight=EXCLUSIVE_WEIGHT)
        self.operation_id = operation_id

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing."""

    def _row(self, uow: OperationChanges) -> OperationRow:
        """The operation. Raises OperationNotFound, also for one that is not of the caller's centres."""
        row = uow.operations.get(self.caller.workspace, self.operation_id, to_write=True)
        if not row.is_seen_by(self.caller.centres):
            raise errors.OperationNotFound(operation_name(row))
        return row

    def apply(self, uow: OperationChanges) -> OperationRow:
        """Writes it; the next step reads it."""
        row = self._row(uow)
        if not row.end_time and not row.cancel_requested:
            # Also past a rate cap: the end of a pause is not waited for.
            row = row._replace(cancel_requested=1, next_time=0)
            uow.operations.save_progress_now(row, ())
        return row

    def replay(self, uow: OperationChanges, payload: str) -> OperationRow:
        """Never asked for: it carries no request id."""
        raise NotImplementedError


class DeleteOperation(CancelOperation):
    """Deletes an operation that has ended."""

    __slots__ = ()

    def apply(self, uow: OperationChanges) -> OperationRow:
        """Removes it with its outcomes."""
        row = self._row(uow)
        if not row.end_time:
            raise errors.OperationUnderWay(operation_name(row))
        uow.operations.delete_now(row)
        return row


def operation_name(row: OperationRow) -> str:
    """An operation's resource name."""
    return f"workspaces/{row.workspace_id}/operations/{row.id}"
