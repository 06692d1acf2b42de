"""Regrading a release: the work of an operation, and its preview. The rule for one session is domain/regrade.py's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.operation_tasks import RowOutcome, StepResult
from exam_sessions.commands.session_changes import check_release_etag, record
from exam_sessions.domain import clock
from exam_sessions.domain.attempts import UNREADABLE, cause_of
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import Decision, decide
from exam_sessions.domain.regrade_summary import Part, Summary, is_countable, part_of
from exam_sessions.domain.revisions import check_compatible, difference
from exam_sessions.domain.session_filter import PageCursor, SessionFilter
from exam_sessions.domain.states import STATE_BY_CODE, Action
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import ReadSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import MarkingContext, Release, Session
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.capabilities import TaskChanges


class Verdict(NamedTuple):
    """What is to become of one session: nothing without a decision."""

    part: Part
    decision: Decision | None = None


class Judged(NamedTuple):
    """A session, what its regrade asks about, and what is to become of it."""

    session: Session
    marking_context: MarkingContext
    verdict: Verdict


@dataclass(frozen=True)
class Regrade:
    """The revision of a form by which everything handed in of a release is to be marked, and why.

    Sessions are taken in the order in which they were booked, each when its turn comes.
    """

    release_id: str
    test_form: str
    form_revision: int
    message: str
    etag: str = ""
    """The release as the caller saw it; any when empty."""
    per_second: int = 0
    step_at_most: int = 250
    """About 20 ms of work: each step is one more wait for the disk."""
    keeps_all: bool = False

    @cached_property
    def _command(self) -> Command:
        return Command(Action.REGRADE, form_revision=self.form_revision, message=self.message)

    @property
    def criteria(self) -> SessionFilter:
        """Every session of the release."""
        return SessionFilter(release_ids=(self.release_id,))

    def count(self, uow: TaskChanges, workspace: str) -> int:
        """How many sessions there are, once release and revision are found to be there and to fit.

        Raises:
            errors.ReleaseNotFound, errors.StaleRelease, errors.TestFormNotFound: as they say.
            errors.FormRevisionIncompatible: the revision fits none that sessions were sat on.
        """
        reads = ReadSet()
        reads.release(workspace, self.release_id)
        uow.load(reads)
        release = uow.releases.get(workspace, self.release_id)
        check_release_etag(release, self.etag)
        revised = uow.forms.get(workspace, self.test_form, self.form_revision)
        if revised is None:
            raise errors.TestFormNotFound(self.test_form)
        sat = [uow.forms.get(workspace, *key) for key in uow.forms.sat_in(release) if key[0] == self.test_form]
        check_some([form for form in sat if form], revised)
        return uow.sessions.count_matching(workspace, self.criteria)

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Regrades the next sessions."""
        page = uow.sessions.cursors(row.workspace_id, self.criteria, cursor_from(row.place), most)
        reads = ReadSet()
        reads.marking_context = True
        for cursor in page:
            reads.session(row.workspace_id, cursor.id, "")
        uow.load(reads, to_write=True)
        caller, summary = Caller(row.workspace_id, row.actor, row.request_id), self.summary_of(row)
        # All are judged before any is entered: three short loops run faster than one long one.
        judged = [self._judged(uow, row.workspace_id, cursor.id) for cursor in page]
        for one in judged:
            if isinstance(one, Judged):
                self.note(summary, *one)
        outcomes = [self._entered(uow, one, caller) if isinstance(one, Judged) else one for one in judged]
        return StepResult(outcomes, cursor_text(page[-1]) if page else row.place, len(page) < most, summary.as_json())

    def _judged(self, uow: TaskChanges, workspace: str, session_id: str) -> Judged | RowOutcome:
        try:
            session = uow.sessions.get(workspace, session_id)
            release = uow.releases.get(workspace, session.release_id)
            marking_context = uow.forms.regrading_context(session, self.test_form, self.form_revision)
            return Judged(session, marking_context, self.judge(session, release, marking_context, uow.clock.now))
        except errors.Refusal as refusal:
            return RowOutcome(session_id, 0, refusal)

    @staticmethod
    def _entered(uow: TaskChanges, judged: Judged, caller: Caller) -> RowOutcome:
        session, decision = judged.session, judged.verdict.decision
        if decision is None or decision.session is None or not decision.events:
            return RowOutcome(session.id, session.state)
        record(uow, session, decision, caller)
        return RowOutcome(session.id, decision.session.state)

    def summary_of(self, row: OperationRow) -> Summary:
        """The result of the operation so far."""
        return Summary.from_json(row.summary) if row.summary else Summary(self.test_form, self.form_revision)

    def judge(self, session: Session, release: Release, marking_context: MarkingContext, now: int) -> Verdict:
        """What is to become of a session, at its last change at the earliest. Raises what it is set aside with."""
        if session.state not in STATE_BY_CODE:
            raise errors.SessionDamaged(session.id, "row")
        attempts = marking_context.attempts
        if not is_countable(session):
            raise errors.SessionDamaged(session.id, "row")
        part = part_of(session, attempts, self.test_form)
        if part is not Part.REGRADED:
            return Verdict(part)
        try:
            now = clock.moment(now, session.update_time)
            return Verdict(part, decide(session, release, self._command, now, marking_context))
        except (errors.TestFormUnknown, *UNREADABLE) as fault:
            raise cause_of(fault, session, attempts) from None

    @staticmethod
    def note(summary: Summary, session: Session, marking_context: MarkingContext, verdict: Verdict) -> None:
        """Takes a session into the summary."""
        if verdict.decision is None:
            summary.leave_out(verdict.part)
        else:
            summary.add(session, marking_context.attempts, verdict.decision)

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:
        """The next session."""
        page = uow.sessions.cursors(row.workspace_id, self.criteria, cursor_from(row.place), 1)
        return (page[0].id, cursor_text(page[0])) if page else ("", row.place)


def check_some(sat: Sequence[Form], revised: Form) -> None:
    """Whether a revision fits one of those that were sat, if any. Raises FormRevisionIncompatible for the first."""
    if sat and all(difference(form, revised) for form in sat):
        check_compatible(sat[0], revised)


def cursor_text(session: Session | PageCursor) -> str:
    """The cursor behind a session among those of its release, as it is stored."""
    return json.dumps([session.create_time, session.id])


def cursor_from(kept: str) -> PageCursor | None:
    """The cursor that was stored; None at the beginning."""
    return PageCursor(*json.loads(kept)) if kept else None
