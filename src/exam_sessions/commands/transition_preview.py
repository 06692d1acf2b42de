"""The preview of one action on many sessions: counts by state, and refusals by reason. Nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.session_changes import decide_on, release_of
from exam_sessions.domain.decide import becomes_open
from exam_sessions.domain.states import STATE_BY_CODE
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from exam_sessions.commands.bulk_transition import BulkTransition
    from exam_sessions.domain.records import Session
    from exam_sessions.execution.capabilities import TaskChanges

NAMED_AT_MOST = 10
"""Sessions of a refusal that are named."""

PREVIEWED_AT_ONCE = 200
"""Sessions that one read loads."""


@dataclass
class PreviewedRefusal:
    """Sessions in one state that are refused for one reason."""

    first: errors.Refusal
    count: int = 0
    session_ids: list[str] = field(default_factory=list)


@dataclass
class TransitionPreview:
    """The preview, page by page."""

    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Sessions by the state before and the state after; 0 is no session."""
    refusals: dict[tuple[int, str], PreviewedRefusal] = field(default_factory=dict)
    """By the state and the reason."""

    def read_page(self, uow: TaskChanges, workspace: str, task: BulkTransition, after: str) -> str:
        """Takes the next sessions that match into account; the id of the last, empty when there are no more."""
        ids = uow.sessions.matching(workspace, task.criteria, after, PREVIEWED_AT_ONCE)
        reads = ReadSet()
        reads.marking_context = True
        for session_id in ids:
            reads.session(workspace, session_id, "")
        uow.load(reads)
        for session_id in ids:
            self._add(uow, workspace, task, session_id)
        return ids[-1] if len(ids) == PREVIEWED_AT_ONCE else ""

    def _add(self, uow: TaskChanges, workspace: str, task: BulkTransition, session_id: str) -> None:
        state = 0
        try:
            session = uow.sessions.get(workspace, session_id)
            state = session.state if session.state in STATE_BY_CODE else 0
            self.moves[state, _state_after(uow, session, task)] += 1
        except errors.Refusal as refusal:
            self._refuse(session_id, state, refusal)
        except Exception as fault:  # noqa: BLE001 - as the operation sets a row aside that fails
            self._refuse(session_id, state, errors.StepQuarantined(type(fault).__name__))

    def _refuse(self, session_id: str, state: int, refusal: errors.Refusal) -> None:
        found = self.refusals.setdefault((state, refusal.reason), PreviewedRefusal(refusal))
        found.count += 1
        if len(found.session_ids) < NAMED_AT_MOST:
            found.session_ids.append(session_id)


def _state_after(uow: TaskChanges, session: Session, task: BulkTransition) -> int:
    """The state an action leads to; 0 when it deletes the session. Raises the refusal it would get."""
    became = decide_on(uow, session, release_of(uow, session, task.command.action), task.command).session
    if became is None:
        return 0
    if becomes_open(session, became) and uow.sessions.has_open_session(became):
        # What is written is watched by a unique index; what is only asked has to look.
        raise errors.CandidateHasOpenSession(session.candidate_id)
    return became.state
