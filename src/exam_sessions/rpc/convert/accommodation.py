"""Accommodations as messages, and their effect: a deadline, and the warning that the window cuts the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.records import NO_LIMIT
from exam_sessions.rpc.convert.times import micros, put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.records import Session, SessionWithRelease
    from exam_sessions_client.v1 import lifecycle_service_pb2, operation_pb2, session_pb2

    Warned = (
        lifecycle_service_pb2.SetExtraTimeResponse
        | lifecycle_service_pb2.SetAccommodationResponse
        | lifecycle_service_pb2.AccommodatedSession
        | operation_pb2.RowOutcome
    )


def accommodation_of(message: session_pb2.Accommodation) -> tuple[tuple[str, int], ...]:
    """The columns of a session that an accommodation writes, and their values.

    Raises:
        errors.InvalidField: it says nothing.
    """
    found = []
    if message.WhichOneof("working_time"):
        limit = micros(message, "time_limit", "accommodation.time_limit")
        found.append(("time_limit", NO_LIMIT if message.no_time_limit else limit))
    for group, name in (("opening", "window_start"), ("closing", "window_end")):
        if message.WhichOneof(group):
            found.append((name, micros(message, name, f"accommodation.{name}")))
    if not found:
        raise errors.invalid("accommodation", "must give a working time, or an end of the window, at least")
    return tuple(found)


def fill_accommodation(message: session_pb2.Session, session: Session) -> None:
    """Writes the working time and the window that are the session's own; nothing where it has none."""
    own = message.accommodation
    if session.time_limit > 0:
        put(own.time_limit, session.time_limit)
    elif session.time_limit:
        own.no_time_limit = True
    if session.window_start:
        put(own.window_start, session.window_start)
    if session.window_end:
        put(own.window_end, session.window_end)


def warn_of_window(message: Warned, cut: int) -> None:
    """Writes how much of the time the end of the window takes away, and what to do; nothing when it takes none."""
    if cut:
        put(message.cut_by_window, cut)
        seconds = -(-cut // 1_000_000)
        message.warning = f"the window closes {seconds} s before the time is over; move window_end to give it"


def cut_of(pair: SessionWithRelease) -> int:
    """How much of a session's time the end of its window takes away, as of its last change."""
    return clock.cut_by_window(*pair, pair.session.update_time)


def fill_accommodated(
    reply: lifecycle_service_pb2.BatchTransitionSessionsResponse, pairs: Iterable[SessionWithRelease]
) -> None:
    """Writes what an accommodation came to for each of many."""
    for pair in pairs:
        row = reply.sessions.add()
        row.session_id = pair.session.id
        if deadline := clock.deadline(*pair):
            put(row.deadline, deadline)
        warn_of_window(row, cut_of(pair))
