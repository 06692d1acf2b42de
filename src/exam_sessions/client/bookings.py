"""What a caller books, and its message."""

from __future__ import annotations

import json
from typing import NamedTuple

from exam_sessions.client.times import put
from exam_sessions_client.v1 import session_pb2

NO_LIMIT = -1
"""A working time that is set to none."""


class Booking(NamedTuple):
    """A session to be booked. An empty code, PIN, id or form is filled in by the service.

    Times are in microseconds since 1970, lengths of time in microseconds, 0 is unset; `annotations` are a JSON object
    of texts. The working time is the candidate's own, NO_LIMIT for none; extra time is given as time or in percent.
    """

    session_id: str = ""
    candidate_id: str = ""
    name_first: str = ""
    name_middle: str = ""
    name_last: str = ""
    gender: int = 0
    grade_level: int = 0
    ethnicity: int = 0
    school_id: str = ""
    district_id: str = ""
    access_code: str = ""
    keycode: str = ""
    pin: str = ""
    external_reference: str = ""
    centre_id: str = ""
    test_form: str = ""
    window_start: int = 0
    window_end: int = 0
    annotations: str = ""
    time_limit: int = 0
    extra_time: int = 0
    extra_percent: int = 0
    extra_reason: str = ""


OWN_TIME = ("time_limit", "extra_time", "extra_percent", "extra_reason")


def message_of(booking: Booking) -> session_pb2.Booking:
    """A booking as it travels."""
    fields = booking._asdict()
    start, end = fields.pop("window_start"), fields.pop("window_end")
    annotations, own_time = fields.pop("annotations"), [fields.pop(name) for name in OWN_TIME]
    own = {name: fields.pop(name) for name in session_pb2.Booking.DESCRIPTOR.fields_by_name if name in fields}
    message = session_pb2.Booking(candidate=session_pb2.Candidate(**fields), **own)
    if annotations:
        message.annotations.update(json.loads(annotations))
    if start:
        put(message.window_start, start)
    if end:
        put(message.window_end, end)
    if any(own_time):
        _fill_accommodation(message.accommodation, *own_time)
    return message


def _fill_accommodation(
    message: session_pb2.BookingAccommodation, time_limit: int, extra_time: int, extra_percent: int, reason: str
) -> None:
    if time_limit == NO_LIMIT:
        message.no_time_limit = True
    elif time_limit:
        put(message.time_limit, time_limit)
    if extra_percent:
        message.extra_time_percent = extra_percent
    elif extra_time:
        put(message.extra_time, extra_time)
    message.extra_time_reason = reason
