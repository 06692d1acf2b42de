"""One action on all sessions that match a filter, as the work of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.operations import Outcome, Taken
from exam_sessions.commands.session_changes import decide_on, enter
from exam_sessions.domain import clock
from exam_sessions.domain.transition_table import ACTIONS
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import Wants

if TYPE_CHECKING:
    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.records import Session
    from exam_sessions.domain.session_filter import Criteria
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.ledger import Ledger


@dataclass(frozen=True)
class Transition:
    """The action and whom it is for. Sessions are taken in the order of their ids, each when its turn comes."""

    command: Command
    criteria: Criteria
    per_second: int = 0
    step_at_most: int = 100

    @property
    def keeps_all(self) -> bool:
        """The outcomes of accommodations say what each came to."""
        return ACTIONS[self.command.action].reports_deadline

    def count(self, ledger: Ledger, workspace: str) -> int:
        """How many match now."""
        return ledger.count_matching(workspace, self.criteria)

    def take(self, ledger: Ledger, row: OperationRow, most: int) -> Taken:
        """Moves the next sessions that match."""
        ids = ledger.matching(row.workspace_id, self.criteria, row.place, most)
        wants = Wants()
        wants.papers = True
        for session_id in ids:
            wants.session(row.workspace_id, session_id, "")
        ledger.load(wants, to_write=True)
        caller = Caller(row.workspace_id, row.actor, row.request_id)
        outcomes = [self._move(ledger, row.workspace_id, session_id, caller) for session_id in ids]
        return Taken(outcomes, ids[-1] if ids else row.place, len(ids) < most)

    def _move(self, ledger: Ledger, workspace: str, session_id: str, caller: Caller) -> Outcome:
        try:
            session = ledger.session(workspace, session_id)
            return self._moved(ledger, session, caller)
        except errors.Refusal as refusal:
            return Outcome(session_id, 0, refusal)

    def _moved(self, ledger: Ledger, session: Session, caller: Caller) -> Outcome:
        release = ledger.release_of(session, self.command)
        decision = decide_on(ledger, session, release, self.command)
        enter(ledger, session, decision, caller)
        became = decision.session
        if became is None:
            return Outcome(session.id)
        if not ACTIONS[self.command.action].reports_deadline:
            return Outcome(session.id, became.state)
        cut = clock.cut_by_window(became, release, became.update_time)
        return Outcome(session.id, became.state, None, clock.deadline(became, release), cut)

    def set_aside(self, ledger: Ledger, row: OperationRow) -> tuple[str, str]:
        """The next session that matches."""
        ids = ledger.matching(row.workspace_id, self.criteria, row.place, 1)
        return (ids[0], ids[0]) if ids else ("", row.place)
