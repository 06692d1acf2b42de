"""What can be asked of a session or a release, as values. What comes of it is decided in decide.py and booking.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.devices import NO_ENTRY, DeviceEntry
from exam_sessions.domain.states import Action, FinishReason, VoidReason
from exam_sessions.domain.texts import flaw_of, is_blank

if TYPE_CHECKING:
    from exam_sessions.domain.submitted_responses import Answer, Answers, TemplateResponse

SCHEDULE_FIELDS = frozenset({"candidate_id", "access_code", "centre_id", "test_form", "window_start", "window_end"})
"""Fields that make up the schedule; editable in two states only (Surpass, TestSchedule API, Editable)."""


class Client(NamedTuple):
    """The computer that fetched a package, as it reports itself."""

    os: str = ""
    machine: str = ""
    ip: str = ""
    held_offline: bool = False


class Command(NamedTuple):
    """An action on one session and its arguments; what an action does not take stays at its default."""

    action: Action
    pin: str | None = None
    """enter_pin, set_pin. None asks whether a PIN would be accepted, without comparing any."""
    client: Client = Client()
    """download."""
    finish_reason: FinishReason = FinishReason.CANDIDATE
    """finish, finish_offline."""
    void_reason: VoidReason = VoidReason.AUTO
    """void."""
    message: str = ""
    """void, fail, reopen, clear_responses, score_response, unscore_response, regrade: why.

    set_extra_time, set_accommodation: why the candidate needs it.
    """
    force: bool = False
    """void."""
    current_form: str = ""
    """reset: the form the caller saw; not compared when empty."""
    updated_form: str = ""
    allow_missing_form: bool = False
    """reset, update: whether a new form may be one that the catalogue does not hold yet."""
    """reset: the form from now on; unchanged when empty."""
    fields: tuple[tuple[str, object], ...] = ()
    """update, set_accommodation: the fields to write and their values."""

    attempt: int = 0
    """set_responses: the attempt the caller saw; not compared when 0."""
    revision: int = 0
    """set_responses: the caller's count of its writes; not compared when 0."""
    responses: tuple[Answers, ...] = ()
    """set_responses, upload."""
    submit: bool = False
    """set_responses: hand in with them."""
    paper_responses: tuple[Answer, ...] = ()
    """assign_item_responses."""
    template: tuple[TemplateResponse, ...] | None = None
    """assign_item_responses: the whole of a paper as a template gives it, in place of paper_responses."""
    ignore_revisions: bool = False
    """assign_item_responses: do not compare the revisions of a template's responses."""
    marks: tuple[tuple[str, str | None], ...] = ()
    """assign_item_marks, score_response, unscore_response: numbers and marks; None means not attempted."""
    completion_time: int = 0
    """assign_item_marks, assign_item_responses: when the paper was completed; 0 when it is not said."""
    deferred_clock: bool = False
    """reopen."""
    deadline: int = 0
    """reopen: when the attempt is to end."""
    time_from_now: int = 0
    """reopen: the same, counted from when it is reopened."""
    no_limit: bool = False
    """reopen: the attempt is to end when somebody ends it. Without any of the three it ends by the usual rule."""
    all_attempts: bool = False
    """clear_responses: every attempt, and begin again with the first."""
    extra_time: int = 0
    extra_percent: int = 0
    """set_extra_time: one of the two."""
    form_revision: int = 0
    """regrade: the revision to mark by; the newest when 0."""
    entry: DeviceEntry = NO_ENTRY
    """enter_keycode: the device that enters."""
    token_digest: str | None = None
    """What a candidate's device does: the digest of its attempt token, empty when it gives none.

    None does not ask for a token: staff, the service itself, and many at once.
    """

    @property
    def gives_deadline(self) -> bool:
        """Whether a reopening says when the attempt is to end."""
        return bool(self.deadline or self.time_from_now or self.no_limit)

    @property
    def touches_schedule(self) -> bool:
        """Whether an update writes a field of the schedule."""
        return any(name in SCHEDULE_FIELDS for name, _ in self.fields)


def void(reason: VoidReason, message: str, *, force: bool) -> Command:
    """The command that voids a session.

    Raises:
        errors.InvalidField: OTHER does not say in words what it means (Surpass, voidMessage).
    """
    if reason is VoidReason.OTHER and is_blank(message):
        raise errors.invalid("message", "is required when the reason is OTHER")
    return Command(Action.VOID, void_reason=reason, message=message, force=force)


def fail(message: str) -> Command:
    """The command that sets a session aside. Raises InvalidField without words that say why."""
    if is_blank(message):
        raise errors.invalid("message", "is required for fail, and must not be blank")
    return Command(Action.FAIL, message=message)


def regrade(form_revision: int, message: str) -> Command:
    """The command that marks a session by another revision. Raises InvalidField without words that say why."""
    if is_blank(message):
        raise errors.invalid("message", "is required for regrade, and must not be blank: why it is marked anew")
    return Command(Action.REGRADE, form_revision=form_revision, message=message)


def reset(current_form: str, updated_form: str, *, allow_missing_form: bool = False) -> Command:
    """The command that resets a session.

    Raises:
        errors.InvalidField: the new form's reference breaks the rule of texts.py.
    """
    if flaw := flaw_of(updated_form):
        raise errors.invalid("updated_form", flaw)
    return Command(
        Action.RESET,
        current_form=current_form,
        updated_form=updated_form,
        allow_missing_form=allow_missing_form,
    )
