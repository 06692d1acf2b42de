"""One action on all sessions that match a filter, as the work of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.operation_tasks import RowOutcome, StepResult
from exam_sessions.commands.session_changes import decide_on, record, release_of
from exam_sessions.domain import clock
from exam_sessions.domain.access import names_of
from exam_sessions.domain.attempts import UNREADABLE, cause_of
from exam_sessions.domain.transition_table import ACTIONS
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.records import Release, Session
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.capabilities import TaskChanges


@dataclass(frozen=True)
class BulkTransition:
    """The action and whom it is for. Sessions are taken in the order of their ids, each when its turn comes."""

    command: Command
    criteria: SessionFilter
    per_second: int = 0
    step_at_most: int = 100

    @property
    def keeps_all(self) -> bool:
        """The outcomes of accommodations say what each came to."""
        return ACTIONS[self.command.action].reports_deadline

    def _criteria_in(self, row: OperationRow) -> SessionFilter:
        """Those of its caller's centres."""
        return self.criteria.within(names_of(row.centres))

    def count(self, uow: TaskChanges, workspace: str) -> int:
        """How many match now."""
        return uow.sessions.count_matching(workspace, self.criteria)

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Moves the next sessions that match."""
        ids = uow.sessions.matching(row.workspace_id, self._criteria_in(row), row.place, most)
        reads = ReadSet()
        reads.marking_context = True
        for session_id in ids:
            reads.session(row.workspace_id, session_id, "")
        uow.load(reads, to_write=True)
        caller = Caller(row.workspace_id, row.actor, row.request_id)
        outcomes = [self._apply_to(uow, row.workspace_id, session_id, caller) for session_id in ids]
        return StepResult(outcomes, ids[-1] if ids else row.place, len(ids) < most)

    def _apply_to(self, uow: TaskChanges, workspace: str, session_id: str, caller: Caller) -> RowOutcome:
        try:
            session = uow.sessions.get(workspace, session_id)
            return self._applied(uow, session, caller)
        except errors.Refusal as refusal:
            return RowOutcome(session_id, 0, refusal)

    def _applied(self, uow: TaskChanges, session: Session, caller: Caller) -> RowOutcome:
        release = release_of(uow, session, self.command.action)
        decision = decide_on(uow, session, release, self.command)
        # Before anything is entered: what it came to may not be readable.
        outcome = self._outcome_of(session, release, decision.session)
        record(uow, session, decision, caller)
        return outcome

    def _outcome_of(self, session: Session, release: Release, became: Session | None) -> RowOutcome:
        if became is None:
            return RowOutcome(session.id)
        if not ACTIONS[self.command.action].reports_deadline:
            return RowOutcome(session.id, became.state)
        try:
            cut = clock.cut_by_window(became, release, became.update_time)
            return RowOutcome(session.id, became.state, None, clock.deadline(became, release), cut)
        except UNREADABLE as fault:
            raise cause_of(fault, session) from None

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:
        """The next session that matches."""
        ids = uow.sessions.matching(row.workspace_id, self._criteria_in(row), row.place, 1)
        return (ids[0], ids[0]) if ids else ("", row.place)
