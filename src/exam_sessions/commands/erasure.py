"""Erasing a candidate from a workspace, as the work of an operation. What is removed is domain/erasure.py's.

It goes through operations, requests and history before the sessions, because the sessions say what is looked for. A
step does a part of one phase together with its cursor, so that a server that takes over goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.erase_session import attempts_without_texts, erase_session, new_erased_value
from exam_sessions.commands.erasure_progress import (
    PHASES,
    Cursor,
    ErasureCounts,
    Phase,
    without_receipts,
    without_value,
    without_word,
)
from exam_sessions.commands.operation_tasks import RowOutcome, StepResult
from exam_sessions.domain.erasure import (
    ERASED,
    PREFIX,
    Erasing,
    ErasureScope,
    scrubbed_history,
    without_person,
)
from exam_sessions.domain.records import Event
from exam_sessions.domain.states import TERMINAL, Action
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.records import Session
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.capabilities import TaskChanges
    from exam_sessions.store.personal_data import StoredOperation, StoredRefusal

Mentions = Callable[[int, bytes, str], bool]
"""Whether the payload of an operation of a kind names a candidate."""
Redact = Callable[[bytes, str, str], bytes]
"""A stored refusal with a candidate id replaced by another text."""

EVENTS_AT_ONCE = 10_000
"""Events that one step looks through: about ten milliseconds."""

NAMED_AT_MOST = 10
"""Sessions that a refusal names."""


SEARCHED_FROM = 3
"""Characters from which a name or a reference is looked for in requests: shorter ones stand in most of them."""


class OperationChange(NamedTuple):
    """An operation without what was removed, its refusals that change, and whether its request is kept."""

    row: StoredOperation
    refusals: Sequence[StoredRefusal]
    keeps_request: bool


@dataclass(frozen=True)
class Erasure:
    """Whom to erase, why, and what besides."""

    candidate_id: str
    reason: str
    scope: ErasureScope
    include_live: bool
    mentions: Mentions
    redact: Redact
    per_second: int = 0
    step_at_most: int = 20
    keeps_all: bool = False

    def count(self, uow: TaskChanges, workspace: str, *, to_write: bool = True) -> int:
        """How many sessions there are now.

        Raises:
            errors.CandidateHasLiveSessions: some have not ended, and live ones were not asked for.
            errors.CandidateInOperation: an operation under way would write the candidate again.
            errors.RosterUnderWay: a roster that is being booked holds the candidate.
        """
        ids = uow.personal_data.session_ids(workspace, self.candidate_id)
        sessions = self._loaded(uow, workspace, ids, to_write=to_write)
        live = [session for session in sessions if not _has_ended(session)]
        if live and not self.include_live:
            named = tuple(session.id for session in live[:NAMED_AT_MOST])
            raise errors.CandidateHasLiveSessions(named, len(live))
        for row in uow.personal_data.under_way(workspace):
            if self.mentions(row.kind, uow.personal_data.payload(workspace, row.id), self.candidate_id):
                raise errors.CandidateInOperation(f"workspaces/{workspace}/operations/{row.id}")
        return len(sessions)

    @staticmethod
    def _loaded(uow: TaskChanges, workspace: str, ids: Iterable[str], *, to_write: bool = True) -> list[Session]:
        """Sessions that can be seen, with their attempts. Raises RosterUnderWay for one that cannot."""
        reads = ReadSet()
        reads.marking_context = True
        wanted = list(ids)
        for session_id in wanted:
            reads.session(workspace, session_id, "")
        uow.load(reads, to_write=to_write)
        try:
            return [uow.sessions.get(workspace, session_id) for session_id in wanted]
        except errors.SessionNotFound:
            raise errors.RosterUnderWay from None

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Does a part of the current phase."""
        cursor, counts = Cursor.read(row.place), ErasureCounts.read(row.summary)
        work = {
            Phase.OPERATIONS: self._operations,
            Phase.REQUESTS: self._requests,
            Phase.HISTORY: self._history,
            Phase.SESSIONS: self._sessions,
        }[cursor.phase]
        after, outcomes = work(uow, row, cursor.after, most, counts)
        finished = after is None and cursor.phase is PHASES[-1]
        became = cursor.next_phase() if after is None and not finished else Cursor(cursor.phase, after)
        return StepResult(outcomes, became.kept(), finished, counts.kept())

    def _operations(
        self, uow: TaskChanges, row: OperationRow, after: Any, most: int, counts: ErasureCounts
    ) -> tuple[Any, Sequence[RowOutcome]]:
        """Operations that have ended: their requests, which are not needed any more, and their refusals."""
        workspace, data = row.workspace_id, uow.personal_data
        found = data.operations(workspace, after, most)
        texts = self._looked_for(uow, workspace)
        for one in found:
            if change := self._of_operation(uow, workspace, one, texts):
                data.rewrite_operation_now(workspace, change.row, change.refusals, payload=change.keeps_request)
                counts.operations += 1
        return (found[-1].id if len(found) == most else None), ()

    def _looked_for(self, uow: TaskChanges, workspace: str, *, to_write: bool = True) -> list[bytes]:
        """The texts that name the candidate: the id, and the names and references of the sessions."""
        texts = {self.candidate_id}
        ids = uow.personal_data.session_ids(workspace, self.candidate_id)
        for session in self._loaded(uow, workspace, ids, to_write=to_write):
            named = (session.name_first, session.name_middle, session.name_last, session.external_reference)
            texts |= {text for text in named if len(text) >= SEARCHED_FROM}
        return [text.encode() for text in texts]

    def _of_operation(
        self, uow: TaskChanges, workspace: str, one: StoredOperation, texts: Sequence[bytes]
    ) -> OperationChange | None:
        """An operation without the candidate; None when it does not name them, or has not ended."""
        if not one.end_time:
            return None
        candidate, data = self.candidate_id, uow.personal_data
        became = one._replace(
            actor=without_person(one.actor, candidate, ERASED),
            message=without_word(one.message, candidate),
            summary=without_value(one.summary, candidate),
        )
        refusals: list[StoredRefusal] = []
        for refusal in data.refusals(workspace, one.id):
            if candidate.encode() in refusal.refusal:
                redacted = self.redact(refusal.refusal, candidate, ERASED)
                refusals += [refusal._replace(refusal=redacted)] if redacted != refusal.refusal else []
        payload = data.payload(workspace, one.id)
        names = any(text in payload for text in texts)
        if not names and not refusals and became == one:
            return None
        return OperationChange(became, refusals, keeps_request=not names)

    def _requests(
        self, uow: TaskChanges, row: OperationRow, after: Any, most: int, counts: ErasureCounts
    ) -> tuple[Any, Sequence[RowOutcome]]:
        """Answers kept for repeated bookings: the candidate's rows lose id and codes."""
        found = uow.personal_data.requests(row.workspace_id, self.candidate_id, after, most)
        became = [one._replace(result=without_receipts(one.result, self.candidate_id)) for one in found]
        changed = [new for old, new in zip(found, became, strict=True) if old != new]
        uow.personal_data.rewrite_requests_now(changed)
        counts.requests += len(changed)
        return (found[-1].request_id if len(found) == most else None), ()

    def _history(
        self,
        uow: TaskChanges,
        row: OperationRow,
        after: Any,
        most: int,  # noqa: ARG002 - as its like
        counts: ErasureCounts,
    ) -> tuple[Any, Sequence[RowOutcome]]:
        """Events of sessions that are not the candidate's any more, or are deleted."""
        workspace, start = row.workspace_id, int(after or 0)
        last = uow.history.last_sequence(workspace)
        following = uow.history.next_sequence(workspace, start)
        if not following:
            return None, ()
        start = following - 1  # after a restore, far behind the one before
        until = min(start + EVENTS_AT_ONCE, last)
        present = set(uow.personal_data.session_ids(workspace, self.candidate_id))
        for session_id in uow.personal_data.sessions_of_events(workspace, self.candidate_id, start, until):
            if session_id not in present:
                self._former(uow, row, session_id, counts)
        return (until if until < last else None), ()

    def _former(self, uow: TaskChanges, row: OperationRow, session_id: str, counts: ErasureCounts) -> None:
        workspace, data = row.workspace_id, uow.personal_data
        events = data.history(workspace, session_id)
        erasing = Erasing(self.candidate_id, new_erased_value(), self.scope)
        found = scrubbed_history(events, "", erasing)
        if not found:
            return
        data.rewrite_events_now(found)
        counts.former_sessions, counts.events = counts.former_sessions + 1, counts.events + len(found)
        last, caller = events[-1], self._caller(row)
        last = next((event for event in found if event.sequence == last.sequence), last)
        if last.to_state:
            # It is another candidate's now, and stays so.
            (session,) = self._loaded(uow, workspace, (session_id,))
            event = Event(Action.ERASE.value, session.state, session.state, "", self.reason)
            became = session._replace(update_time=uow.clock.moment(session), version=session.version + 1)
            uow.sessions.update(became, frozenset({"update_time", "version"}), (event,), caller)
        else:
            # Who asks again for a deleted session is answered from its last event.
            kept = json.loads(last.changes) if last.changes else None
            data.append(last, Event(Action.ERASE.value, 0, 0, "", self.reason, changes=kept), caller)

    def _sessions(
        self, uow: TaskChanges, row: OperationRow, after: Any, most: int, counts: ErasureCounts
    ) -> tuple[Any, Sequence[RowOutcome]]:
        """The sessions themselves, each with its history."""
        workspace = row.workspace_id
        ids = [i for i in uow.personal_data.session_ids(workspace, self.candidate_id) if i > after][:most]
        outcomes = []
        for session in self._loaded(uow, workspace, ids):
            if _has_ended(session) or self.include_live:
                erase_session(uow, session, self.reason, self.scope, self._caller(row), counts)
                outcomes.append(RowOutcome(session.id, session.state))
            else:
                outcomes.append(RowOutcome(session.id, 0, errors.CandidateHasLiveSessions((session.id,), 1)))
        return (ids[-1] if len(ids) == most else None), outcomes

    @staticmethod
    def _caller(row: OperationRow) -> Caller:
        return Caller(row.workspace_id, row.actor, row.request_id)

    def preview(self, uow: TaskChanges, workspace: str) -> ErasureCounts:
        """The preview; nothing is written. Raises as `count` does."""
        self.count(uow, workspace, to_write=False)
        counts, data = ErasureCounts(), uow.personal_data
        present = data.session_ids(workspace, self.candidate_id)
        erasing = Erasing(self.candidate_id, PREFIX, self.scope)
        for session in self._loaded(uow, workspace, present, to_write=False):
            counts.sessions += 1
            counts.events += len(scrubbed_history(data.history(workspace, session.id), self.candidate_id, erasing))
            counts.attempts += len(attempts_without_texts(uow, session)) if self.scope.responses else 0
        named = data.sessions_of_events(workspace, self.candidate_id, 0, uow.history.last_sequence(workspace))
        for session_id in set(named) - set(present):
            events = len(scrubbed_history(data.history(workspace, session_id), "", erasing))
            counts.former_sessions, counts.events = counts.former_sessions + bool(events), counts.events + events
        texts, after = self._looked_for(uow, workspace, to_write=False), ""
        while page := data.operations(workspace, after, self.step_at_most):
            counts.operations += sum(bool(self._of_operation(uow, workspace, one, texts)) for one in page)
            after = page[-1].id
        after = ""
        while requests := data.requests(workspace, self.candidate_id, after, self.step_at_most):
            counts.requests += sum(without_receipts(one.result, self.candidate_id) != one.result for one in requests)
            after = requests[-1].request_id
        return counts

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:
        """The next session. Raises StepQuarantined in another phase, of which no part may be passed over."""
        cursor = Cursor.read(row.place)
        if cursor.phase is not Phase.SESSIONS:
            raise errors.StepQuarantined(f"the {cursor.phase} could not be erased")
        ids = [i for i in uow.personal_data.session_ids(row.workspace_id, self.candidate_id) if i > cursor.after]
        return (ids[0], Cursor(Phase.SESSIONS, ids[0]).kept()) if ids else ("", row.place)


def _has_ended(session: Session) -> bool:
    return session.state in TERMINAL
