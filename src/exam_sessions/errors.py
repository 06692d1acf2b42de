"""Every refusal of the service, as a type that carries its facts. Nothing here knows gRPC, SQL or the clock.

    Refusal
    ├── InvalidArgument    the request itself is wrong            ─ fix it
    ├── NotFound           no such thing in the workspace
    ├── AlreadyExists      a unique value is taken
    ├── WrongState         legal in another state, or later       ─ do not retry until it changes
    ├── Stale              judged against an older version        ─ read again, then retry
    ├── OutOfRange         an event that cannot be told           ─ begin elsewhere
    ├── Denied             the secret is wrong
    ├── Exhausted          a limit is reached                     ─ retry later, or smaller
    └── Unavailable        the service cannot answer now          ─ retry the call

The name of a class is its reason in UPPER_SNAKE_CASE, documented in error_reason.proto with its metadata; the class
above it decides the status code (rpc/status.py). Fields of a class are the metadata keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks a rule: its path in the request, what is wrong with it, and a reason in capitals."""

    field: str
    description: str
    reason: str = "INVALID_FIELD"


class Refusal(Exception):  # noqa: N818 - the contract calls a typed "no" a refusal, not an error
    """A rule said no. Raised by pure code, carried unchanged to the caller."""

    reason: ClassVar[str] = ""
    text: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Gives each class its reason: RequestIdReused becomes REQUEST_ID_REUSED."""
        cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def metadata(self) -> dict[str, str]:
        """The facts of the refusal as text, keyed by field name."""
        return {f.name: as_text(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    def violations(self) -> tuple[Violation, ...]:
        """The fields at fault; empty when no field is."""
        return ()

    def __str__(self) -> str:
        """The refusal in a sentence that says what to do next."""
        return self.text.format(**self.metadata())


def as_text(value: object) -> str:
    """A fact as a caller reads it: lists joined by commas, booleans in lower case."""
    if isinstance(value, tuple | list):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class InvalidArgument(Refusal):
    """The request itself is wrong."""


class NotFound(Refusal):
    """No such thing in the workspace."""


class AlreadyExists(Refusal):
    """A unique value is taken."""


class WrongState(Refusal):
    """Legal in another state, or later."""


class Stale(Refusal):
    """Judged against an older version than today's."""


class OutOfRange(Refusal):
    """An event that is not there to be told, or not any more."""


class Denied(Refusal):
    """The secret is wrong."""


class Exhausted(Refusal):
    """A limit is reached."""


class Unavailable(Refusal):
    """The service cannot answer now."""


@dataclass(eq=False)
class InvalidField(InvalidArgument):
    """Fields break their rules. `total` counts them when `at` does not hold them all."""

    at: tuple[Violation, ...]
    total: int = 0

    def metadata(self) -> dict[str, str]:
        """How many fields are at fault; which ones is said by the violations."""
        return {"violations": str(self.count())}

    def count(self) -> int:
        """How many fields are at fault."""
        return self.total or len(self.at)

    def __str__(self) -> str:
        """The first field at fault, and how many more there are."""
        more = f" (and {self.count() - 1} more)" if self.count() > 1 else ""
        return f"{self.at[0].field}: {self.at[0].description}{more}"

    def violations(self) -> tuple[Violation, ...]:
        """The fields at fault."""
        return self.at

    def under(self, path: str) -> InvalidField:
        """The same, with every field seen from one message further out."""
        return InvalidField(tuple(Violation(f"{path}.{v.field}", v.description, v.reason) for v in self.at))


def invalid(field: str, description: str) -> InvalidField:
    """The refusal of one field."""
    return InvalidField((Violation(field, description),))


@dataclass(eq=False)
class MalformedMessage(InvalidArgument):
    """The bytes are not the message they should be."""

    text = "the request is not a valid message of this method; texts must be UTF-8"


@dataclass(eq=False)
class MessageTooLarge(Exhausted):
    """The message is larger than the server takes."""

    size: int
    limit: int
    text = "the request has {size} bytes, more than the {limit} this server takes; send fewer rows per call"


@dataclass(eq=False)
class InvalidPageToken(InvalidArgument):
    """The page token is damaged or belongs to another query."""

    text = "page_token is damaged or belongs to another query; start again without one"


@dataclass(eq=False)
class RequestIdReused(InvalidArgument):
    """The request id was used before with other content."""

    request_id: str
    text = "request_id {request_id} was used before for another request; use a new UUID for a new request"


@dataclass(eq=False)
class SessionNotFound(NotFound):
    """No such session."""

    session: str
    text = "there is no session {session} in this workspace"


@dataclass(eq=False)
class ReleaseNotFound(NotFound):
    """No such release."""

    release_id: str
    text = "there is no release {release_id} in this workspace"


@dataclass(eq=False)
class DuplicateCandidate(AlreadyExists):
    """The candidate is booked in this release already."""

    candidate_id: str
    text = "candidate {candidate_id} already has a session in this release"


@dataclass(eq=False)
class DuplicateAccessCode(AlreadyExists):
    """The access code is taken in this release."""

    access_code: str
    text = "access code {access_code} is already taken in this release; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateKeycode(AlreadyExists):
    """The keycode is taken in this workspace."""

    keycode: str
    text = "keycode {keycode} is already taken in this workspace; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateSessionId(AlreadyExists):
    """The session id is taken in this workspace."""

    session_id: str
    text = "session id {session_id} is already taken in this workspace; leave it empty to have one generated"


@dataclass(eq=False)
class DuplicateReleaseId(AlreadyExists):
    """The release id is taken in this workspace."""

    release_id: str
    text = "release id {release_id} is already taken in this workspace; leave it empty to have one generated"


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
class ReleaseFinalized(WrongState):
    """The release is finalized."""

    release_id: str
    text = "release {release_id} is finalized; open it again before changing its sessions"


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
    text = "a client ({machine}) holds the session offline; reset the booking, or void with force"


@dataclass(eq=False)
class AttemptTimeExpired(WrongState):
    """The attempt has no time left."""

    deadline: str
    text = "the attempt's time ran out at {deadline}; it can only be finished"


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
class PinBlocked(Exhausted):
    """Too many wrong PINs."""

    tries: int
    text = "the PIN is blocked after {tries} wrong entries; an invigilator can set a new one, or remove it and unlock"


@dataclass(eq=False)
class CandidateHasOpenSession(WrongState):
    """The candidate has another session open in the workspace (Surpass, TestSchedule, allowMultipleOpenSessions)."""

    candidate_id: str
    text = "candidate {candidate_id} has another session open; finish or void that one first"


@dataclass(eq=False)
class VoidReasonMismatch(WrongState):
    """The void reason does not fit the attempt."""

    void_reason: str
    text = (
        "void reason {void_reason} does not fit: NOT_YET_STARTED is for before the start, PARTIALLY_COMPLETED after"
    )


@dataclass(eq=False)
class ReleaseNotModerated(WrongState):
    """The release is not moderated."""

    release_id: str
    text = "release {release_id} is not moderated; archive the session instead"


@dataclass(eq=False)
class ModerationRequired(WrongState):
    """The release is moderated."""

    release_id: str
    text = "release {release_id} is moderated; request verification and verify first"


@dataclass(eq=False)
class StaleSession(Stale):
    """The etag is not the session's any more."""

    session_id: str
    etag: str
    text = "session {session_id} has changed since (its etag is now {etag}); read it again, then retry"


@dataclass(eq=False)
class StaleRelease(Stale):
    """The etag is not the release's any more."""

    release_id: str
    etag: str
    text = "release {release_id} has changed since (its etag is now {etag}); read it again, then retry"


@dataclass(eq=False)
class StaleForm(Stale):
    """current_form is not the session's form (Surpass, PATCH TestSession, currentTestFormRef)."""

    test_form: str
    text = "current_form is not the session's test form, which is '{test_form}' now"


@dataclass(eq=False)
class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    text = "the database does not answer; retry the call"


@dataclass(eq=False)
class RosterUnderWay(Unavailable):
    """Another server is writing a roster, or has died over it, and these rows may be among its."""

    text = "another server is writing a roster that may hold these rows; retry the call"


@dataclass(eq=False)
class SequenceTooOld(OutOfRange):
    """The event is further back than a watch may begin."""

    text = "a watch can begin with event {oldest_sequence} at the earliest; begin there, or with a snapshot"
    oldest_sequence: int


@dataclass(eq=False)
class SequenceAhead(OutOfRange):
    """The event has not happened: perhaps the database was restored from a copy."""

    text = "the last event is {last_sequence}; what comes after it has not happened, or the database is an older copy"
    last_sequence: int


@dataclass(eq=False)
class SnapshotTooLarge(Exhausted):
    """The filter lets too many sessions into one snapshot."""

    text = "{sessions} sessions match, and a snapshot holds {limit}; narrow the filter, or begin with an event"
    sessions: int
    limit: int


@dataclass(eq=False)
class WatcherTooSlow(Exhausted):
    """The watcher did not take what was sent in time. Within the snapshot there is no event to resume with: 0."""

    start_sequence: int

    def __str__(self) -> str:
        """Where to go on."""
        how = f"resume with event {self.start_sequence}" if self.start_sequence else "begin again with a snapshot"
        return f"the watcher did not take what was sent in time; {how}"


@dataclass(eq=False)
class TooManyWatchers(Exhausted):
    """More watches are open than the server holds."""

    text = "this server holds {limit} watches at most; try another server"
    limit: int


@dataclass(eq=False)
class Overloaded(Exhausted):
    """More calls wait than the server holds."""

    text = "too many calls are waiting; retry after a pause"


@dataclass(eq=False)
class ShuttingDown(Unavailable):
    """The server is going away."""

    text = "the server is shutting down; retry the call"


@dataclass(eq=False)
class RowRefusal:
    """One bad row of a batch: its place, the field at fault (empty when none is) and the refusal."""

    index: int
    field: str
    refusal: Refusal


class BatchRefused(Refusal):
    """A batch was refused because of some of its rows; speaks with the reason of the first.

    `rows` holds every bad row that was found, in order; `path` is the name of the repeated field in the request.
    """

    def __init__(self, path: str, rows: list[RowRefusal], size: int) -> None:
        super().__init__()
        self.path, self.rows, self.size = path, rows, size

    @property
    def first(self) -> Refusal:
        """The refusal of the first bad row."""
        return self.rows[0].refusal

    def alone(self, path: str) -> Refusal:
        """The first refusal as that of a request with one row, found in the field `path`."""
        return self.first.under(path) if isinstance(self.first, InvalidField) else self.first

    def metadata(self) -> dict[str, str]:
        """The facts of the first bad row, where it is, and how many rows are bad."""
        place = {"index": str(self.rows[0].index), "bad_rows": str(len(self.rows))}
        if isinstance(self.first, InvalidField):
            invalid_rows = [row.refusal for row in self.rows if isinstance(row.refusal, InvalidField)]
            place["violations"] = str(sum(refusal.count() for refusal in invalid_rows))
        return self.first.metadata() | place

    def violations(self) -> tuple[Violation, ...]:
        """One entry per bad row, as path[index].field."""
        found = []
        for row in self.rows:
            place = f"{self.path}[{row.index}]"
            inner = row.refusal.violations()
            if inner:
                found += [Violation(f"{place}.{v.field}", v.description, v.reason) for v in inner]
            else:
                at = f"{place}.{row.field}" if row.field else place
                found.append(Violation(at, str(row.refusal), row.refusal.reason))
        return tuple(found)

    def __str__(self) -> str:
        """How much of the batch is at fault, and the first fault."""
        return f"{len(self.rows)} of {self.size} rows are refused, nothing was written; the first: {self.first}"
