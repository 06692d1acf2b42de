"""What an accommodation comes to: the deadline it leads to, and the warning that the window cuts the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain import clock
from exam_sessions.rpc.times import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.commands.batch import Standing
    from exam_sessions.v1 import lifecycle_service_pb2, operation_pb2

    Warned = (
        lifecycle_service_pb2.SetExtraTimeResponse
        | lifecycle_service_pb2.AccommodatedSession
        | operation_pb2.RowOutcome
    )


def warn_of_window(message: Warned, cut: int) -> None:
    """Writes how much of the time the end of the window takes away, and what to do; nothing when it takes none."""
    if cut:
        put(message.cut_by_window, cut)
        seconds = -(-cut // 1_000_000)
        message.warning = f"the window closes {seconds} s before the time is over; move window_end to give it"


def cut_of(standing: Standing) -> int:
    """How much of a session's time the end of its window takes away, as of its last change."""
    return clock.cut_by_window(*standing, standing.session.update_time)


def fill_accommodated(
    reply: lifecycle_service_pb2.BatchTransitionSessionsResponse, standings: Iterable[Standing]
) -> None:
    """Writes what an accommodation came to for each of many."""
    for standing in standings:
        row = reply.sessions.add()
        row.session_id = standing.session.id
        if deadline := clock.deadline(*standing):
            put(row.deadline, deadline)
        warn_of_window(row, cut_of(standing))
