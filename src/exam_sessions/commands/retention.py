"""Retention: sessions that were archived long ago are erased, or deleted, as the work of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.erase_session import erase_session
from exam_sessions.commands.erasure_progress import Cursor, ErasureCounts, Phase
from exam_sessions.commands.operation_tasks import RowOutcome, StepResult
from exam_sessions.domain.erasure import ErasureScope, is_erased
from exam_sessions.domain.records import Event
from exam_sessions.domain.retention import months_before
from exam_sessions.domain.session_filter import SessionFilter
from exam_sessions.domain.states import Action, State
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from exam_sessions.domain.records import Session
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.capabilities import TaskChanges

NO_MORE = ErasureScope()
"""Nothing is removed besides what identifies the person."""

KEPT = ("workspace_id", "id", "release_id", "state", "candidate_id", "test_form", "create_time")
"""Columns of a deleted session that its last event keeps."""


@dataclass(frozen=True)
class Retention:
    """Which sessions are to be erased, why, and what besides. Sessions are taken in the order of their ids.

    A session that has ended does not change any more: the time of its last change is that of its end.
    """

    months: int
    reason: str
    release_ids: tuple[str, ...] = ()
    scope: ErasureScope = NO_MORE
    include_voided: bool = False
    delete: bool = False
    per_second: int = 0
    step_at_most: int = 50
    keeps_all: bool = False

    def _criteria(self, moment: int) -> SessionFilter:
        states = [State.ARCHIVED, *((State.VOIDED,) if self.include_voided else ())]
        return SessionFilter(
            release_ids=self.release_ids,
            states=tuple(sorted(map(int, states))),
            updated_until=months_before(moment, self.months),
        )

    def count(self, uow: TaskChanges, workspace: str) -> int:
        """How many sessions there are now. Raises ReleaseNotFound for one that is named and not there."""
        reads = ReadSet()
        for release_id in self.release_ids:
            reads.release(workspace, release_id)
        uow.load(reads)
        for release_id in self.release_ids:
            uow.releases.get(workspace, release_id)
        return uow.sessions.count_matching(workspace, self._criteria(uow.clock.now))

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Erases the next sessions; once there are no more, deletes operations that had ended by then."""
        cursor = Cursor.read(row.place) if row.place else Cursor(Phase.SESSIONS)
        counts = ErasureCounts.read(row.summary)
        if cursor.phase is Phase.SESSIONS:
            return self._sessions(uow, row, cursor, most, counts)
        return self._operations(uow, row, cursor, most, counts)

    def _sessions(
        self, uow: TaskChanges, row: OperationRow, cursor: Cursor, most: int, counts: ErasureCounts
    ) -> StepResult:
        ids = uow.sessions.matching(row.workspace_id, self._criteria(row.create_time), str(cursor.after), most)
        reads = ReadSet()
        reads.marking_context = True
        for session_id in ids:
            reads.session(row.workspace_id, session_id, "")
        uow.load(reads, to_write=True)
        outcomes = [self._outcome(uow, row, session_id, counts) for session_id in ids]
        if len(ids) == most:
            return StepResult(outcomes, Cursor(Phase.SESSIONS, ids[-1]).kept(), finished=False, summary=counts.kept())
        finished = bool(self.release_ids)
        return StepResult(outcomes, Cursor(Phase.OPERATIONS).kept(), finished=finished, summary=counts.kept())

    def _outcome(self, uow: TaskChanges, row: OperationRow, session_id: str, counts: ErasureCounts) -> RowOutcome:
        try:
            session = uow.sessions.get(row.workspace_id, session_id)
        except errors.Refusal as refusal:
            return RowOutcome(session_id, 0, refusal)
        caller = Caller(row.workspace_id, row.actor, row.request_id)
        if not is_erased(session.candidate_id):
            scope = ErasureScope(free_text=True, responses=True) if self.delete else self.scope
            erase_session(uow, session, self.reason, scope, caller, counts)
        if self.delete:
            self._delete(uow, uow.sessions.get(row.workspace_id, session_id), caller)
        return RowOutcome(session_id, session.state)

    def _delete(self, uow: TaskChanges, session: Session, caller: Caller) -> None:
        kept: dict[str, tuple[object, object]] = {name: (getattr(session, name), None) for name in KEPT}
        event = Event(Action.DELETE.value, session.state, 0, "", self.reason, changes=kept)
        uow.sessions.delete(session, (event,), caller)

    def _operations(
        self, uow: TaskChanges, row: OperationRow, cursor: Cursor, most: int, counts: ErasureCounts
    ) -> StepResult:
        """Operations that had ended before then."""
        until = months_before(row.create_time, self.months)
        found = uow.personal_data.operations(row.workspace_id, str(cursor.after), most)
        for one in found:
            if 0 < one.end_time < until:
                uow.personal_data.delete_operation_now(row.workspace_id, one.id)
                counts.operations += 1
        after = Cursor(Phase.OPERATIONS, found[-1].id if found else cursor.after).kept()
        return StepResult((), after, finished=len(found) < most, summary=counts.kept())

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:
        """The next session. Raises StepQuarantined when it is an operation that cannot be deleted."""
        cursor = Cursor.read(row.place) if row.place else Cursor(Phase.SESSIONS)
        if cursor.phase is not Phase.SESSIONS:
            raise errors.StepQuarantined("an operation could not be deleted")
        ids = uow.sessions.matching(row.workspace_id, self._criteria(row.create_time), str(cursor.after), 1)
        return (ids[0], Cursor(Phase.SESSIONS, ids[0]).kept()) if ids else ("", cursor.kept())
