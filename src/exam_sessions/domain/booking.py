"""Booking a session and editing a booking: which values are valid, and the state a booking begins in.

Codes and ids arrive ready: drawing them needs chance, which is not pure. Uniqueness is the store's to watch.
"""

from __future__ import annotations

from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.records import Booking, Event, Release, Session
from exam_sessions.domain.states import Action, Delivery, State
from exam_sessions.domain.texts import are_plain, flaw_of

if TYPE_CHECKING:
    from collections.abc import Mapping


SCHEDULE = Action.SCHEDULE.value
NONE: Mapping[str, int] = MappingProxyType({})

ACCOMMODATION = Booking._fields.index("time_limit")
"""Where the columns of a booking begin that most bookings leave empty."""

UNACCOMMODATED: dict[str, int | str] = {
    "window_start": 0,
    "window_end": 0,
    "time_limit": 0,
    "extra_time": 0,
    "extra_percent": 0,
    "extra_reason": "",
}
"""Columns of a session for an accommodation it is booked with, and what they hold without one."""

accommodation_of = attrgetter(*UNACCOMMODATED)

NAMES = ("name_first", "name_middle", "name_last")
TEXTS = {name: f"candidate.{name}" for name in ("candidate_id", *NAMES, "school_id", "district_id")} | {
    name: name for name in ("external_reference", "centre_id", "test_form")
}
"""Columns of a booking that are references or names (texts.py), and the paths of their fields."""


def schedule(booking: Booking, release: Release, now: int, revisions: Mapping[str, int] = NONE) -> Session:
    """The session a booking becomes. Codes and id are filled in already; `revisions` are the newest of the forms.

    Raises:
        errors.ReleaseFinalized: the release takes no more sessions (ItemLogic, un-finalize).
        errors.InvalidField: the candidate has no id, texts break the rule of texts.py, or the window ends before it
            starts.
        errors.NoWorkingTime: extra time in percent of no working time.
    """
    if release.finalized:
        raise errors.ReleaseFinalized(release.id)
    if not booking.candidate_id:
        raise errors.invalid("candidate.candidate_id", "a session needs a candidate; give the candidate's id")
    if not are_plain(
        booking.candidate_id,
        booking.name_first,
        booking.name_middle,
        booking.name_last,
        booking.school_id,
        booking.district_id,
        booking.external_reference,
        booking.centre_id,
        booking.test_form,
    ):
        check_texts(booking._asdict())
    if booking.window_start or booking.window_end:
        check_window(booking.window_start or release.window_start, booking.window_end or release.window_end)
    test_form = booking.test_form or release.test_form
    session = Session(
        release.workspace_id,
        booking.session_id,
        release.id,
        int(first_state(release)),
        booking.keycode,
        booking.access_code,
        booking.pin,
        booking.candidate_id,
        booking.name_first,
        booking.name_middle,
        booking.name_last,
        booking.gender,
        booking.grade_level,
        booking.ethnicity,
        booking.school_id,
        booking.district_id,
        booking.external_reference,
        booking.centre_id,
        test_form,
        booking.window_start,
        booking.window_end,
        now,
        update_time=now,
        form_revision=booking.form_revision or revisions.get(test_form, 0),
        activity_id=booking.activity_id,
        annotations=booking.annotations,
    )
    return _accommodated(session, booking, release) if any(booking[ACCOMMODATION:]) else session


def _accommodated(session: Session, booking: Booking, release: Release) -> Session:
    """A session with the working time and the extra time it is booked with. Raises NoWorkingTime."""
    session = session._replace(
        time_limit=booking.time_limit,
        extra_time=booking.extra_time,
        extra_percent=booking.extra_percent,
        extra_reason=booking.extra_reason,
    )
    if session.extra_percent and not clock.working_time(session, release):
        raise errors.NoWorkingTime(release.id)
    return session


def scheduled(session: Session) -> Event:
    """The event of a new booking; its changes are the accommodation it is booked with, if any."""
    return Event(SCHEDULE, 0, session.state, changes=changes_when_booked(session))


def changes_when_booked(session: Session) -> dict[str, tuple[object, object]] | None:
    """The changes of the event of a new booking."""
    given = accommodation_of(session)
    if not any(given):
        return None
    columns = zip(UNACCOMMODATED.items(), given, strict=True)
    return {name: (unset, value) for (name, unset), value in columns if value}


def first_state(release: Release) -> State:
    """The state a new booking is in."""
    on_paper = release.delivery == Delivery.PAPER
    return State.PAPER_RESPONSE_UPLOAD if on_paper else State.SCHEDULED_BUT_NOT_CREATED


def check_texts(fields: Mapping[str, Any]) -> None:
    """Refuses references and names, given by their columns, that break the rule of texts.py. Raises InvalidField."""
    found = [
        errors.Violation(TEXTS[column], flaw)
        for column, text in fields.items()
        if column in TEXTS and (flaw := flaw_of(text, is_name=column in NAMES))
    ]
    if found:
        raise errors.InvalidField(tuple(found))


def check_edit(session: Session, release: Release, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an edit, once they have been found to fit the session they are written to.

    Raises:
        errors.InvalidField: the candidate would lose its id, the access code would be empty, texts that change break
            the rule of texts.py, or the window would end before it starts.
    """
    for name, path in (("candidate_id", "candidate.candidate_id"), ("access_code", "access_code")):
        if name in fields and not fields[name]:
            raise errors.invalid(path, "cannot be emptied")
    # What was booked by an older version and stays as it is does not stand in the way of other edits.
    check_texts({name: value for name, value in fields.items() if value != getattr(session, name)})
    if "window_start" in fields or "window_end" in fields:
        start = fields.get("window_start", session.window_start) or release.window_start
        end = fields.get("window_end", session.window_end) or release.window_end
        check_window(start, end)
    if fields.get("test_form") == "":
        return fields | {"test_form": release.test_form}
    return fields


def check_accommodation(session: Session, release: Release, fields: dict[str, Any], now: int) -> None:
    """Refuses a working time or a window that does not fit the session it is written to.

    Raises:
        errors.InvalidField: the window would end before it starts, or open after the attempt began, or the running
            attempt would have ended already.
    """
    became = session._replace(**fields)
    if "window_start" in fields or "window_end" in fields:
        check_window(*clock.window(became, release))
    if session.start_time and fields.get("window_start", 0) > session.start_time:
        raise errors.invalid("window_start", "must not be later than the start of the attempt, which has begun")
    end = clock.deadline(became, release)
    if fields and end and end <= now:
        name = "window_end" if 0 < clock.window(became, release)[1] <= now else "time_limit"
        reason = f"would have ended the running attempt at {clock.rfc3339(end)}; finish it instead"
        raise errors.invalid(name, reason)


def check_window(start: int, end: int) -> None:
    """Refuses a window that ends before, or when, it starts."""
    if end and start >= end:
        raise errors.invalid("window_end", "must be later than window_start")
