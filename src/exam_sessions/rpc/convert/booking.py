"""Bookings and edits: from messages to records and commands. Codes are stored in upper case, ids in lower."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.records import NO_LIMIT, Booking
from exam_sessions.domain.states import Action
from exam_sessions.domain.texts import flaw_of, fold_code
from exam_sessions.errors.refusal import VIOLATIONS_AT_MOST
from exam_sessions.rpc.convert.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exam_sessions_client.v1 import session_pb2

CANDIDATE = (
    "candidate_id",
    "name_first",
    "name_middle",
    "name_last",
    "gender",
    "grade_level",
    "ethnicity",
    "school_id",
    "district_id",
)
EDITABLE_FIELDS = {f"candidate.{name}": name for name in CANDIDATE} | {
    name: name
    for name in (
        "access_code", "external_reference", "centre_id", "test_form", "window_start", "window_end", "annotations",
    )
}  # fmt: skip
"""Paths of Booking an edit may name, and the columns they are."""


def booking_of(message: session_pb2.Booking, path: str = "booking") -> Booking:
    """A booking as a record. Raises InvalidField for a time out of range."""
    person = message.candidate
    booking = Booking(
        message.session_id.lower(),
        person.candidate_id,
        person.name_first,
        person.name_middle,
        person.name_last,
        person.gender,
        person.grade_level,
        person.ethnicity,
        person.school_id,
        person.district_id,
        fold_code(message.access_code),
        fold_code(message.keycode),
        fold_code(message.pin),
        message.external_reference,
        message.centre_id,
        message.test_form,
        micros(message, "window_start", f"{path}.window_start"),
        micros(message, "window_end", f"{path}.window_end"),
        annotations_of(message.annotations, path) if message.annotations else "",
    )
    return _accommodated(booking, message.accommodation, path) if message.HasField("accommodation") else booking


def _accommodated(booking: Booking, own: session_pb2.BookingAccommodation, path: str) -> Booking:
    """A booking with a working time and extra time of the candidate's own."""
    own_path = f"{path}.accommodation"
    return booking._replace(
        time_limit=NO_LIMIT if own.no_time_limit else micros(own, "time_limit", f"{own_path}.time_limit"),
        extra_time=micros(own, "extra_time", f"{own_path}.extra_time"),
        extra_percent=own.extra_time_percent,
        extra_reason=own.extra_time_reason,
    )


def annotations_of(annotations: Mapping[str, str], path: str) -> str:
    """Annotations as they are stored. Raises InvalidField for a key that looks like another, or like none."""
    for key in annotations:
        if flaw := flaw_of(key):
            raise errors.invalid(f"{path}.annotations[{json.dumps(key)}]", f"as a key {flaw}")
    return json.dumps(dict(annotations), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def bookings_of(messages: Iterable[session_pb2.Booking]) -> list[Booking]:
    """The bookings of a batch as records. Raises InvalidField, times out of range named up to VIOLATIONS_AT_MOST."""
    bookings: list[Booking] = []
    bad: list[errors.Violation] = []
    for n, message in enumerate(messages):
        try:
            bookings.append(booking_of(message, f"bookings[{n}]"))
        except errors.InvalidField as refusal:
            bad += refusal.at
            if len(bad) >= VIOLATIONS_AT_MOST:
                raise errors.InvalidField(tuple(bad), at_least=True) from None
    if bad:
        raise errors.InvalidField(tuple(bad))
    return bookings


def edited_fields(paths: Iterable[str]) -> tuple[str, ...]:
    """The columns a mask names: `candidate` and `*` stand for all they hold.

    Raises:
        errors.InvalidField: the mask is empty, or names what is not editable.
    """
    columns: dict[str, None] = {}
    for path in paths:
        if path == "*":
            columns |= dict.fromkeys(EDITABLE_FIELDS.values())
        elif path == "candidate":
            columns |= dict.fromkeys(CANDIDATE)
        elif path in EDITABLE_FIELDS:
            columns[EDITABLE_FIELDS[path]] = None
        else:
            raise errors.invalid("update_mask", f"{path!r} cannot be edited; these can: {', '.join(EDITABLE_FIELDS)}")
    if not columns:
        raise errors.invalid("update_mask", "must name at least one field")
    return tuple(columns)


def edit_of(
    message: session_pb2.Booking,
    columns: tuple[str, ...],
    path: str = "booking",
    *,
    allow_missing_form: bool = False,
) -> Command:
    """The command that writes these columns of a booking."""
    values: dict[str, Any] = booking_of(message, path)._asdict()
    fields = tuple((name, values[name]) for name in columns)
    return Command(Action.UPDATE, fields=fields, allow_missing_form=allow_missing_form)
