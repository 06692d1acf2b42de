"""Paper sessions with their responses, made from a template, as the work of an operation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.bookings import BookingValidator, SharedPins, booking_time
from exam_sessions.commands.operation_tasks import RowOutcome, StepResult
from exam_sessions.domain.booking import scheduled
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import Decision, decide
from exam_sessions.domain.records import Booking, MarkingContext
from exam_sessions.domain.states import Action, Delivery, State
from exam_sessions.domain.texts import are_plain, flaw_of
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.read_set import ReadSet
from exam_sessions.execution.reservation import BlockedByStagedImport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Release, Session
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.domain.submitted_responses import TemplateResponse
    from exam_sessions.execution.capabilities import TaskChanges

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CANDIDATE_AT_MOST, ACTIVITY_AT_MOST = 128, 255


EMPTY_BOOKING = Booking("", "", "", "", "", 0, 0, 0, "", "", "", "", "", "", "", "", 0, 0)
"""A booking with nothing in it."""


class TemplateSession(NamedTuple):
    """One session to be made, as it was sent."""

    candidate_id: str
    activity_id: str
    session_id: str
    responses: tuple[TemplateResponse, ...]


class _Booked(NamedTuple):
    """Sessions as they are to be entered, and the PINs that were drawn for them."""

    sessions: list[Session]
    pins: SharedPins


@dataclass(frozen=True)
class Submission:
    """The template, and the sessions to be made of it."""

    release_id: str
    test_form: str
    form_revision: int
    sessions: Sequence[TemplateSession]
    ignore_revisions: bool
    per_second: int = 0
    step_at_most: int = 50
    keeps_all: bool = True

    def count(self, uow: TaskChanges, workspace: str) -> int:
        """How many there are, once release and form are found to be there, and the release to be on paper."""
        self._basis(uow, workspace)
        return len(self.sessions)

    def _basis(self, uow: TaskChanges, workspace: str) -> tuple[Release, Form]:
        reads = ReadSet()
        reads.release(workspace, self.release_id)
        uow.load(reads, to_write=True)
        release = uow.releases.get(workspace, self.release_id)
        if release.delivery != Delivery.PAPER:
            raise errors.ReleaseNotOnPaper(release.id)
        form = uow.forms.get(workspace, self.test_form, self.form_revision)
        if form is None:
            raise errors.TestFormNotFound(self.test_form)
        return release, form

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Makes the next sessions: booked together, or each for itself where one of them cannot be booked."""
        release, form = self._basis(uow, row.workspace_id)
        caller = Caller(row.workspace_id, row.actor, row.request_id)
        given = self.sessions[row.done : row.done + most]
        context = MarkingContext(form, (), self.form_revision)
        outcomes: list[RowOutcome] = []
        booked = self._booked_together(uow, release, given, caller)
        if booked:
            outcomes = self._made(uow, release, context, given, booked, caller)
            return StepResult(outcomes, "", row.done + len(outcomes) >= len(self.sessions))
        for one in given:
            try:
                alone = self._booked_alone(uow, release, one, caller)
                outcomes += self._made(uow, release, context, [one], alone, caller)
            except BlockedByStagedImport:
                if not outcomes:
                    raise
                return StepResult(outcomes, "", finished=False)
            except errors.Refusal as refusal:
                outcomes.append(RowOutcome(one.session_id, 0, refusal))
        return StepResult(outcomes, "", row.done + len(outcomes) >= len(self.sessions))

    def _booked_together(
        self, uow: TaskChanges, release: Release, given: Sequence[TemplateSession], caller: Caller
    ) -> _Booked | None:
        """Sessions of these, which costs one look at what is in use; None when one of them is in the way."""
        try:
            return self._booked(uow, release, given, caller)
        except (errors.Refusal, BlockedByStagedImport):
            return None

    def _booked_alone(
        self, uow: TaskChanges, release: Release, template_session: TemplateSession, caller: Caller
    ) -> _Booked:
        try:
            return self._booked(uow, release, [template_session], caller)
        except errors.BatchRefused as refused:
            raise _in_words_of_a_row(refused.first) from refused

    def _booked(
        self, uow: TaskChanges, release: Release, given: Sequence[TemplateSession], caller: Caller
    ) -> _Booked:
        """Decided, and nothing entered. Raises what refuses one of them."""
        bookings = [_booking_of(one, self.test_form, self.form_revision) for one in given]
        validator = BookingValidator(release, booking_time(uow, release, bookings), caller)
        drafts = validator.validate(uow, bookings, 0)
        validator.raise_if_refused("data", len(bookings))
        pins = SharedPins(uow, release, drafts)
        return _Booked(validator.assign_codes(uow, drafts, pins, checks=False), pins)

    def _made(
        self,
        uow: TaskChanges,
        release: Release,
        context: MarkingContext,
        given: Sequence[TemplateSession],
        booked: _Booked,
        caller: Caller,
    ) -> list[RowOutcome]:
        """Decides on the responses of each, then enters those that are not refused: the outcomes.

        All are decided first: a step in a tight loop takes less, as for a group of calls (group_commit.py); here 7 %.
        """
        decided = [
            self._decided(uow, release, context, one, session)
            for one, session in zip(given, booked.sessions, strict=True)
        ]
        outcomes: list[RowOutcome] = []
        for one, session, decision in zip(given, booked.sessions, decided, strict=True):
            if isinstance(decision, errors.Refusal):
                outcomes.append(RowOutcome(one.session_id, 0, decision))
                continue
            became = decision.session
            assert became is not None
            uow.sessions.insert(became, (scheduled(session), *decision.events), caller)
            uow.attempts.put(became, decision.attempts)
            outcomes.append(RowOutcome(became.id, State(became.state)))
        if any(outcome.refusal is None for outcome in outcomes):
            uow.releases.share_pins(release, booked.pins.drawn)
        return outcomes

    def _decided(
        self,
        uow: TaskChanges,
        release: Release,
        context: MarkingContext,
        template_session: TemplateSession,
        session: Session,
    ) -> Decision | errors.Refusal:
        """What is to be written of a session with its responses, or why it is refused."""
        moment = uow.clock.moment(session)
        command = Command(
            Action.ASSIGN_ITEM_RESPONSES,
            template=template_session.responses,
            ignore_revisions=self.ignore_revisions,
            completion_time=moment,
        )
        try:
            return decide(session, release, command, moment, context)
        except errors.Refusal as refusal:
            return refusal

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:  # noqa: ARG002 - as Work
        """The next one to be made."""
        return self.sessions[row.done].session_id, ""


FIELD_OF_ROW = {"candidate.candidate_id": "user_id"}
"""What a row calls the fields of its booking."""


def _in_words_of_a_row(refusal: errors.Refusal) -> errors.Refusal:
    """The refusal of a booking as that of the row it was made of."""
    if not isinstance(refusal, errors.InvalidField):
        return refusal
    at = tuple(errors.Violation(FIELD_OF_ROW.get(v.field, v.field), v.description, v.reason) for v in refusal.at)
    return errors.InvalidField(at, refusal.at_least)


def _booking_of(template_session: TemplateSession, test_form: str, form_revision: int) -> Booking:
    """A booking, once its fields have been found to be within their limits. Raises InvalidField."""
    if not 0 < len(template_session.candidate_id) <= CANDIDATE_AT_MOST:
        raise errors.invalid("user_id", f"must be 1 to {CANDIDATE_AT_MOST} characters")
    if len(template_session.activity_id) > ACTIVITY_AT_MOST:
        raise errors.invalid("activity_id", f"must be at most {ACTIVITY_AT_MOST} characters")
    if template_session.session_id and not UUID.fullmatch(template_session.session_id):
        raise errors.invalid("session_id", "must be a UUID")
    if not are_plain(template_session.candidate_id, template_session.activity_id):
        for path, text in (("user_id", template_session.candidate_id), ("activity_id", template_session.activity_id)):
            if flaw := flaw_of(text):
                raise errors.invalid(path, flaw)
    return EMPTY_BOOKING._replace(
        session_id=template_session.session_id,
        candidate_id=template_session.candidate_id,
        test_form=test_form,
        activity_id=template_session.activity_id,
        form_revision=form_revision,
    )
