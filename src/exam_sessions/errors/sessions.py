"""Refusals that a session gives: who is taken, what is not legal now, what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from exam_sessions.errors.refusal import AlreadyExists, Denied, Exhausted, NotFound, Stale, WrongState


@dataclass(eq=False)
class SessionNotFound(NotFound):
    """No such session."""

    session: str
    text = "there is no session {session} in this workspace"


class Duplicate(AlreadyExists):
    """A value that must be unique is taken: by what is stored, or by an earlier row of the same batch."""

    subject: ClassVar[str] = ""
    earlier: int | None = None
    """The earlier row; None where it is taken by what is stored."""
    earlier_field = ""
    """The path of that row, once it is known of what batch it is."""

    def of_row(self, index: int | None) -> Self:
        """The same refusal, saying which row of the batch has the value already."""
        self.earlier = index
        return self

    def inside(self, path: str) -> None:
        """The batch whose row it is."""
        self.earlier_field = "" if self.earlier is None else f"{path}[{self.earlier}]"

    def __str__(self) -> str:
        """Who has it already."""
        if self.earlier is None:
            return super().__str__()
        (value,) = self.metadata().values()
        return (
            f"{self.subject} {value} is already that of {self.earlier_field or f'row {self.earlier}'} in this request"
        )


@dataclass(eq=False)
class DuplicateCandidate(Duplicate):
    """The candidate is booked in this release already."""

    candidate_id: str
    subject = "candidate"
    text = "candidate {candidate_id} already has a session in this release"


@dataclass(eq=False)
class DuplicateAccessCode(Duplicate):
    """The access code is taken in this release."""

    access_code: str
    subject = "access code"
    text = "access code {access_code} is already taken in this release; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateKeycode(Duplicate):
    """The keycode is taken in this workspace."""

    keycode: str
    subject = "keycode"
    text = "keycode {keycode} is already taken in this workspace; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateSessionId(Duplicate):
    """The session id is taken in this workspace."""

    session_id: str
    subject = "session id"
    text = "session id {session_id} is already taken in this workspace; leave it empty to have one generated"


@dataclass(eq=False)
class InvalidTransition(WrongState):
    """The action is not legal in this state."""

    state: str
    action: str
    allowed_actions: tuple[str, ...]
    text = "{action} is not legal in state {state}; legal are: {allowed_actions}"

    def __str__(self) -> str:
        """The refusal in a sentence; a final state has nothing that is legal."""
        allowed = ", ".join(self.allowed_actions) or "none"
        return self.text.format(state=self.state, action=self.action, allowed_actions=allowed)


@dataclass(eq=False)
class SessionNotResettable(InvalidTransition):
    """Only a booking nobody has opened can be reset (Surpass, TestSession API, Resetting a test session's state)."""

    text = "a session in state {state} cannot be reset, only one nobody has opened; legal are: {allowed_actions}"


@dataclass(eq=False)
class SessionNotEditable(InvalidTransition):
    """The schedule can be edited or deleted in two states only (Surpass, TestSchedule API, Editable)."""

    text = "the schedule of a session in state {state} is fixed; {action} is legal before its package is downloaded"


@dataclass(eq=False)
class SessionNotVoidable(InvalidTransition):
    """A voided or archived session cannot be voided (Surpass, Voiding test sessions)."""

    text = "a session in state {state} cannot be voided; it is final"


@dataclass(eq=False)
class WindowClosed(WrongState):
    """The window is not open."""

    window_start: str
    window_end: str
    now: str

    def __str__(self) -> str:
        """When the window is open, and what time it is."""
        start = f" from {self.window_start}" if self.window_start else ""
        end = f" until {self.window_end}" if self.window_end else ""
        return f"the window is not open: it is{start}{end}, and now it is {self.now}"


@dataclass(eq=False)
class HeldOffline(WrongState):
    """A client holds the session offline."""

    machine: str
    identifies = ("machine",)
    text = "a client ({machine}) holds the session offline; reset the booking, or void with force"


@dataclass(eq=False)
class AttemptTimeExpired(WrongState):
    """The attempt has no time left."""

    deadline: str
    text = "the attempt's time ran out at {deadline}; it can only be finished"


@dataclass(eq=False)
class NoWorkingTime(WrongState):
    """A percentage is to be added to a working time that has no limit."""

    release_id: str
    text = (
        "extra time in percent needs a working time, and neither release {release_id} nor the candidate has one; "
        "give it as time"
    )


@dataclass(eq=False)
class GracePeriodOver(WrongState):
    """The offline attempt came back too late."""

    end_time: str
    accepted_until: str
    text = "the attempt ended at {end_time} and could be uploaded until {accepted_until}; lengthen the grace period"


@dataclass(eq=False)
class WrongPin(Denied):
    """The PIN is not the session's."""

    tries_left: int
    text = "the PIN is wrong; tries left: {tries_left}"


@dataclass(eq=False)
class PinNotSet(WrongState):
    """There is no PIN to show."""

    text = "the session has no PIN; an invigilator can set one"


@dataclass(eq=False)
class PinBlocked(Exhausted):
    """Too many wrong PINs."""

    tries: int
    text = "the PIN is blocked after {tries} wrong entries; an invigilator can set a new one, or remove it and unlock"


@dataclass(eq=False)
class CandidateHasOpenSession(WrongState):
    """The candidate has another session open in the workspace (Surpass, TestSchedule, allowMultipleOpenSessions)."""

    candidate_id: str
    identifies = ("candidate_id",)
    text = "candidate {candidate_id} has another session open; finish or void that one first"


@dataclass(eq=False)
class VoidReasonMismatch(WrongState):
    """The void reason does not fit the attempt."""

    void_reason: str
    text = (
        "void reason {void_reason} does not fit: NOT_YET_STARTED is for before the start, PARTIALLY_COMPLETED after"
    )


@dataclass(eq=False)
class StaleSession(Stale):
    """The etag is not the session's any more."""

    session_id: str
    etag: str
    text = "session {session_id} has changed since (its etag is now {etag}); read it again, then retry"


@dataclass(eq=False)
class AttemptTokenRequired(WrongState):
    """A device holds the session, and the call does not say that it comes from it."""

    device: str
    since: str
    identifies = ("device",)

    def __str__(self) -> str:
        """What to send."""
        return f"{_holder(self.device, self.since)}; send the attempt_token that EnterKeycode gave it"


@dataclass(eq=False)
class SessionHeld(WrongState):
    """Another device holds the session."""

    device: str
    since: str
    identifies = ("device",)

    def __str__(self) -> str:
        """Who can help."""
        return f"{_holder(self.device, self.since)}; an invigilator can allow another to take it over"


@dataclass(eq=False)
class SessionNotHeld(WrongState):
    """There is no device whose session another could take over."""

    text = "no device holds the session, so there is nothing to take over"


@dataclass(eq=False)
class StaleAttemptToken(Stale):
    """The token is not one of the device that holds the session."""

    device: str
    since: str
    identifies = ("device",)

    def __str__(self) -> str:
        """What has happened, and what to do."""
        return (
            f"the attempt token is not the present one: {_holder(self.device, self.since)}; enter the keycode again"
        )


def _holder(device: str, since: str) -> str:
    """Which device holds the session, in words."""
    name = f"device '{device}'" if device else "a device"
    return f"{name} holds the session since {since}" if since else f"{name} holds the session"


@dataclass(eq=False)
class StaleForm(Stale):
    """current_form is not the session's form (Surpass, PATCH TestSession, currentTestFormRef)."""

    test_form: str
    text = "current_form is not the session's test form, which is '{test_form}' now"


@dataclass(eq=False)
class CandidateHasLiveSessions(WrongState):
    """Sessions of a candidate to be erased are neither voided nor archived. The first ten are named."""

    session_ids: tuple[str, ...]
    count: int
    text = "{count} sessions of the candidate are neither voided nor archived: end them, or ask for live ones too"


@dataclass(eq=False)
class CandidateInOperation(WrongState):
    """An operation under way names a candidate to be erased."""

    name: str
    text = "operation {name} names the candidate and has not ended; wait for it, or cancel it"
