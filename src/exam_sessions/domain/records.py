"""The records of the rules: session, release, attempt, booking, event. Immutable, flat, and no behaviour.

Times are integer microseconds since 1970 in UTC, durations integer microseconds; 0 means unset. Enumerations are
their integer codes, so that a row of the database is a record without conversion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.domain.marks import Total, percent

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form, Value


NO_GRACE = -1
"""The grace period of a release that takes nothing late: set, to zero."""

NO_LIMIT = -1
"""A time limit, or a deadline, that is set to none."""


class Release(NamedTuple):
    """One administration of a test: ItemLogic's release, ExamSpark's exam-config, Surpass's schedule."""

    workspace_id: str
    id: str
    name: str
    test_form: str
    window_start: int
    window_end: int
    duration: int
    delivery: int
    invigilated: int
    requires_check_in: int
    auto_create_pin: int
    moderated: int
    max_attempts: int
    attempt_strategy: int
    grace_period: int
    """Microseconds; 0 is no limit, NO_GRACE no time at all."""
    allow_multiple_open_sessions: int
    finalized: int
    create_time: int
    update_time: int
    version: int
    online_grace_period: int = 0
    """How long after its deadline an online attempt takes answers, stamped late."""
    device_policy: int = 1
    """DevicePolicy: whether a session is bound to the device that opened it."""


class AccessCode(NamedTuple):
    """Names a session where a keycode would: its access code is unique within its release."""

    release_id: str
    access_code: str

    def __str__(self) -> str:
        """As a refusal names it."""
        return f"{self.access_code} of release {self.release_id}"

    def names(self, session: Session) -> bool:
        """Whether it is the session's."""
        return session.access_code == self.access_code and session.release_id == self.release_id


def lost_release(workspace_id: str, release_id: str) -> Release:
    """What stands for a release that a session names and the database does not hold."""
    blank: dict[str, Any] = {name: "" if "str" in str(kind) else 0 for name, kind in Release.__annotations__.items()}
    return Release(**(blank | {"workspace_id": workspace_id, "id": release_id}))


class Session(NamedTuple):
    """One candidate in one release, with the clock of the current attempt."""

    workspace_id: str
    id: str
    release_id: str
    state: int
    keycode: str
    access_code: str
    pin: str
    candidate_id: str
    name_first: str
    name_middle: str
    name_last: str
    gender: int
    grade_level: int
    ethnicity: int
    school_id: str
    district_id: str
    external_reference: str
    centre_id: str
    test_form: str
    window_start: int
    window_end: int
    create_time: int
    extra_time: int = 0
    attempt: int = 1
    start_time: int = 0
    end_time: int = 0
    finish_reason: int = 0
    pause_start_time: int = 0
    paused_time: int = 0
    client_os: str = ""
    client_machine: str = ""
    client_ip: str = ""
    download_time: int = 0
    held_offline: int = 0
    pin_failures: int = 0
    void_reason: int = 0
    void_message: str = ""
    exception_message: str = ""
    due_time: int | None = None
    """When the scheduler looks at it; None when never."""
    open_candidate: str | None = None
    """The candidate, while this session is the only one the candidate may have open; a unique index watches it."""
    update_time: int = 0
    version: int = 1
    draft: str | None = None
    """The roster it was booked with, when that is written in chunks and may not be published yet."""
    form_revision: int = 0
    """The revision of its test form; 0 when the catalogue does not hold the form."""
    responses_revision: int = 0
    """How often responses of the current attempt were written; what is not newer is late."""
    own_deadline: int = 0
    """When the attempt ends, in place of window and working time: NO_LIMIT for never; 0 unless it was reopened so."""
    extra_percent: int = 0
    extra_reason: str = ""
    marking_progress: int = 0
    points: int | None = None
    """Points of the deciding attempt, as marks.UNIT; None before one is marked."""
    points_max: int | None = None
    score: int | None = None
    """Percent of the deciding attempt, as marks.UNIT."""
    last_event: int = 0
    """The sequence number of its last event; 0 where events are found by an index alone."""
    activity_id: str = ""
    """The activity of the template it was made from (Learnosity, activity_id)."""
    annotations: str = ""
    """What its callers carry along: a JSON object of texts in the order of its keys; empty without any."""
    time_limit: int = 0
    """The candidate's own working time: NO_LIMIT for none; the release's when 0."""
    late_by: int = 0
    """How long after the attempt's deadline its last answer, or its hand-in, was taken; 0 when none was late."""
    marking_revision: int = 0
    """The revision of its test form by which the current attempt is marked; form_revision when 0."""
    points_min: int = 0
    """The least that the deciding attempt could have earned, as marks.UNIT."""
    score_min: int = 0
    """The same in percent, as marks.UNIT."""
    device: str | None = None
    """The device that holds the attempt (devices.py), as JSON; None where the release did not ask for one device."""


class Unreadable(dict[str, Any]):
    """Responses or marks that are stored and cannot be read: none, until they are written anew.

    `raw` is kept till then. They can be scored by a person only.
    """

    def __init__(self, raw: str) -> None:
        super().__init__()
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        """Not the same as no responses: what is written in its place is a change."""
        return self is other

    __hash__ = None


class AttemptRecord(NamedTuple):
    """What a candidate handed in, or has answered so far, in one attempt, and what it earned.

    Responses and marks are kept by the number of the question; a mark of None says that it was not attempted. The
    clock columns are written when the next attempt begins: until then they are the session's.
    """

    workspace_id: str
    session_id: str
    attempt: int
    test_form: str
    form_revision: int
    responses: dict[str, Value]
    marks: dict[str, int | None]
    start_time: int = 0
    end_time: int = 0
    finish_reason: int = 0
    paused_time: int = 0
    points: int | None = None
    points_max: int | None = None
    score: int | None = None
    version: int = 0
    """How often it was written; 0 before it is stored."""
    marking_revision: int = 0
    """The revision of its form by which it is marked; form_revision when 0."""
    late_by: int = 0
    """How long after its deadline its last answer was taken; until the next attempt the session's."""
    points_min: int = 0
    """The least that it could have earned."""

    def total(self) -> Total:
        """What it earned, of an attempt that has a score."""
        points, most, least = self.points or 0, self.points_max or 0, self.points_min
        return Total(points, most, self.score, least, percent(least, most) if least and most else 0)


class MarkingContext(NamedTuple):
    """What the rules of marking read: the form the current attempt is marked by, and the records of all attempts."""

    form: Form | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    latest_revision: int = 0
    """The newest revision of the form the command leads to; 0 when the catalogue does not hold it."""
    revised: Form | None = None
    """regrade: the revision to mark by."""
    sat: tuple[Form, ...] = ()
    """regrade: the revisions of the same form that attempts were sat on, or are marked by."""


NO_MARKING_CONTEXT = MarkingContext()


class Booking(NamedTuple):
    """What a caller says of a session. An empty code, PIN, id or form is filled in when it is booked."""

    session_id: str
    candidate_id: str
    name_first: str
    name_middle: str
    name_last: str
    gender: int
    grade_level: int
    ethnicity: int
    school_id: str
    district_id: str
    access_code: str
    keycode: str
    pin: str
    external_reference: str
    centre_id: str
    test_form: str
    window_start: int
    window_end: int
    annotations: str = ""
    activity_id: str = ""
    form_revision: int = 0
    """The newest of its form when 0."""
    time_limit: int = 0
    """The candidate's own working time: NO_LIMIT for none; the release's when 0."""
    extra_time: int = 0
    extra_percent: int = 0
    """One of the two at most."""
    extra_reason: str = ""


class Event(NamedTuple):
    """One change of one session, before the store gives it a sequence number.

    `changes` maps each changed field to its value before and after. `actor` is empty when it is the caller.
    """

    action: str
    from_state: int
    to_state: int
    reason: str = ""
    message: str = ""
    actor: str = ""
    changes: dict[str, tuple[object, object]] | None = None


class SessionWithRelease(NamedTuple):
    """A session and the release that says how to read it."""

    session: Session
    release: Release
