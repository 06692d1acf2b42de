"""Finds the record of an attempt among those of a session, and returns it changed. What it earns: scoring.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.clock import LAST_MOMENT
from exam_sessions.domain.records import AttemptRecord, Release, Session, Unreadable
from exam_sessions.domain.states import Delivery, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.forms import Value
    from exam_sessions.domain.marks import Total

OVER = frozenset(
    {
        State.FINISHED,
        State.AWAITING_MARKING,
        State.MARKED,
        State.AWAITING_VERIFICATION,
        State.SCRIPT_VERIFIED,
        State.ARCHIVED,
    }
)
"""States in which the current attempt has ended, and nothing more can be answered in it."""


def is_over(session: Session, release: Release, attempt: int) -> bool:
    """Whether an attempt has ended: one that another has followed, one handed in, and every one that is on paper."""
    if attempt != session.attempt or session.state in OVER or release.delivery == Delivery.PAPER:
        return True
    # What failed after it was handed in: an upload that is missing may still change it.
    return session.state == State.EXCEPTION and bool(session.end_time) and not session.held_offline


def is_sound(row: Session | AttemptRecord | Release) -> bool:
    """Whether every column of a row holds what its kind can hold: numbers within time, and texts."""
    for value, kind in zip(row, KINDS[type(row)], strict=True):
        if kind is None or (value is None and kind.may_be_none):
            continue
        if kind.is_text:
            if not isinstance(value, str):
                return False
        elif not isinstance(value, int) or not kind.least <= value <= LAST_MOMENT:
            return False
    return True


CONTENT = frozenset({"responses", "marks"})
"""Columns of an attempt whose damage `damage_of` finds."""

EARNED = frozenset({"points", "score", "points_min", "score_min"})
"""Columns that may be below 0."""


class _Kind(NamedTuple):
    """What a column can hold; `least` is that of a number."""

    is_text: bool
    may_be_none: bool
    least: int


def _kind_of(record: type[Session | AttemptRecord | Release], name: str) -> _Kind | None:
    if name in CONTENT:
        return None
    is_text = "str" in str(record.__annotations__[name])
    return _Kind(is_text, record._field_defaults.get(name, 0) is None, -LAST_MOMENT if name in EARNED else -1)


KINDS = {
    record: tuple(_kind_of(record, name) for name in record._fields) for record in (Session, AttemptRecord, Release)
}
"""Of each record, the kinds of its columns in their order; None for CONTENT."""


UNREADABLE = (TypeError, ValueError, OverflowError)
"""What deciding a session raises when a column of its row holds what it cannot hold."""


def cause_of(fault: Exception, session: Session, attempts: Iterable[AttemptRecord] = ()) -> Exception:
    """SessionDamaged where the rows of a session explain a fault, else the fault itself, which is one of ours."""
    if not is_sound(session):
        return errors.SessionDamaged(session.id, "row")
    damaged = next((attempt for attempt in attempts if not is_sound(attempt)), None)
    return errors.SessionDamaged(session.id, f"attempt {damaged.attempt}") if damaged else fault


def damage_of(record: AttemptRecord) -> str:
    """What of an attempt cannot be read: responses, marks; empty when all can."""
    if type(record.responses) is dict and type(record.marks) is dict:
        return ""
    parts = (("responses", record.responses), ("marks", record.marks))
    return " and ".join(name for name, value in parts if isinstance(value, Unreadable))


def marking_revision_of(row: Session | AttemptRecord) -> int:
    """The revision of its form by which an attempt is marked."""
    return row.marking_revision or row.form_revision


def current_attempt_of(session: Session, attempts: tuple[AttemptRecord, ...]) -> AttemptRecord:
    """The record of the current attempt; a blank one before anything was written."""
    form, revision, marking = session.test_form, session.form_revision, session.marking_revision
    for record in reversed(attempts):
        if record.attempt == session.attempt:
            # An attempt that was cleared may have been given another form, or a newer revision, before it began anew.
            if record.form_revision == revision and record.test_form == form and record.marking_revision == marking:
                return record
            return record._replace(test_form=form, form_revision=revision, marking_revision=marking)
    workspace, session_id, attempt = session.workspace_id, session.id, session.attempt
    return AttemptRecord(workspace, session_id, attempt, form, revision, {}, {}, marking_revision=marking)


def with_attempt(attempts: tuple[AttemptRecord, ...], record: AttemptRecord) -> tuple[AttemptRecord, ...]:
    """The records with one of them replaced or added, in the order of the attempts."""
    # Nearly all sessions have one attempt.
    if not attempts or (len(attempts) == 1 and attempts[0].attempt == record.attempt):
        return (record,)
    others = [other for other in attempts if other.attempt != record.attempt]
    return tuple(sorted([*others, record], key=lambda one: one.attempt))


def attempts_for_history(attempts: tuple[AttemptRecord, ...]) -> list[list[object]]:
    """The records as the history stores them once they are deleted."""
    return [[*record[2:14], record.marking_revision, record.late_by, record.points_min] for record in attempts]


def with_responses(record: AttemptRecord, responses: dict[str, Value]) -> AttemptRecord:
    """The record with other responses. As `_replace`, in a third of the time."""
    return tuple.__new__(AttemptRecord, (*record[:5], responses, *record[6:]))


def with_marks(record: AttemptRecord, marks: dict[str, int | None]) -> AttemptRecord:
    """The record with other marks. As `_replace`, in a third of the time."""
    return tuple.__new__(AttemptRecord, (*record[:6], marks, *record[7:]))


def with_total(record: AttemptRecord, total: Total) -> AttemptRecord:
    """The record with what it earns. As `_replace`, in a third of the time."""
    return tuple.__new__(AttemptRecord, (*record[:11], *total[:3], *record[14:17], total.points_min))


def next_version(record: AttemptRecord) -> AttemptRecord:
    """The record as it is written once more. As `_replace`, in a third of the time."""
    return tuple.__new__(AttemptRecord, (*record[:14], record.version + 1, *record[15:]))


def without_total(record: AttemptRecord) -> AttemptRecord:
    """The record without what it earned."""
    return record._replace(points=None, points_max=None, score=None, points_min=0)
