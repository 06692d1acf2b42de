"""Windows, deadlines and paused time, as arithmetic on records. `now` always comes from outside.

Deadline = the earlier of the window's end and start + working time + extra time + paused time (contract, section 6),
window and working time being the candidate's own where there are any, else the release's (contract, section 8). An
attempt that was reopened with a deadline of its own ends then, and one reopened without limit has none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from exam_sessions.domain.records import AttemptRecord, Release, Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = 253_402_300_799_999_999
"""The end of the year 9999: no message can hold a later one."""
RUNNING = (State.IN_PROGRESS, State.OFFLINE)
UNDER_WAY = (State.IN_PROGRESS, State.PAUSED, State.OFFLINE)
"""Also the states a finalized release submits from (ItemLogic, /release/finalize)."""


def rfc3339(moment: int) -> str:
    """A moment as people read it, to the millisecond; empty when unset."""
    if not moment:
        return ""
    return (EPOCH + timedelta(microseconds=moment)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(moment: int) -> int:
    """The UTC day of a moment, in days since 1970."""
    return moment // 86_400_000_000


def moment(now: int, last_change: int) -> int:
    """The time of a change of what was changed last at another time: time stands still until a clock has caught up.

    A last change outside of the range of Timestamp is damage, and delays nothing.
    """
    return last_change if now < last_change <= LAST_MOMENT else now


def window(session: Session, release: Release) -> tuple[int, int]:
    """Start and end of the session's window: its own where it has one, else the release's. 0 is open."""
    return session.window_start or release.window_start, session.window_end or release.window_end


def window_is_open(session: Session, release: Release, now: int) -> bool:
    """Whether the session may be opened now."""
    start, end = window(session, release)
    return start <= now and (not end or now < end)


def deadline(session: Session, release: Release) -> int:
    """When the clock ends the running attempt; 0 without a limit, before the start, while paused or after the end."""
    if not session.start_time or session.pause_start_time or session.end_time:
        return 0
    if session.own_deadline < 0:
        return 0
    if session.own_deadline:
        return min(LAST_MOMENT, max(session.start_time, session.own_deadline))
    end = session.window_end or release.window_end
    # As working_time, whose call is a quarter of this.
    working = session.time_limit or release.duration
    if working > 0:
        limit = session.start_time + working + extra_time(session, release) + session.paused_time
        end = min(end, limit) if end else limit
    # A window may be moved to before the start; no attempt ends before it began.
    return max(session.start_time, end) if end else 0


def working_time(session: Session, release: Release) -> int:
    """Working time of an attempt, extra time apart: the candidate's own or the release's; 0 without a limit."""
    return max(0, session.time_limit or release.duration)


def accepted_until(session: Session, release: Release) -> int:
    """Until when answers of the running attempt are taken, and when the clock ends it; 0 without a limit.

    Online that is the deadline and the grace period of the release on top; offline the deadline.
    """
    end = deadline(session, release)
    if not release.online_grace_period or not end or session.state != State.IN_PROGRESS:
        return end
    return min(LAST_MOMENT, end + release.online_grace_period)


def lateness(session: Session, release: Release, now: int) -> int:
    """How long the deadline of the running attempt has passed; 0 when it has not."""
    end = deadline(session, release)
    return max(0, now - end) if end else 0


def extra_time(session: Session, release: Release) -> int:
    """Time added for the candidate: as such, or in percent of the working time."""
    if session.extra_percent:
        return working_time(session, release) * session.extra_percent // 100
    return session.extra_time


def cut_by_window(session: Session, release: Release, now: int) -> int:
    """How much of the attempt's working time the end of the window takes away.

    Before the start it is reckoned as if the candidate began now, or when the window opens.
    """
    start, end = window(session, release)
    working = working_time(session, release)
    if not end or not working or session.own_deadline:
        return 0
    begin = session.start_time or max(now, start)
    paused = session.paused_time
    if session.pause_start_time:
        paused += now - session.pause_start_time
    return max(0, begin + working + extra_time(session, release) + paused - end)


def time_left_while_paused(session: Session, release: Release) -> int | None:
    """Working time a paused attempt has left; None without a limit."""
    if session.own_deadline < 0:
        return None
    if session.own_deadline:
        return session.own_deadline - session.pause_start_time
    working = working_time(session, release)
    if not working:
        return None
    worked = session.pause_start_time - session.start_time - session.paused_time
    return working + extra_time(session, release) - worked


def time_elapsed(attempt: Session | AttemptRecord) -> int:
    """Working time of an ended attempt, pauses left out; 0 before it has ended."""
    if not attempt.end_time or not attempt.start_time:
        return 0
    # A window moved behind a pause that is over may have ended the attempt before it.
    return max(0, attempt.end_time - attempt.start_time - attempt.paused_time)


def stop_clock(session: Session, release: Release, now: int) -> dict[str, int]:
    """The columns that stop the clock of a running attempt, at its deadline when that has passed; none else."""
    if not session.start_time or session.end_time or session.pause_start_time:
        return {}
    return {"pause_start_time": min(now, deadline(session, release) or now)}


def next_check_time(session: Session, release: Release, now: int) -> int | None:
    """When the clock checks the session next: when it must, or sooner if that is stored already; None when never.

    A check that finds nothing due stores the next time. Removing the deadline from an index with every pause, and
    inserting another with every resume, costs twice what the rest of a pause does on PostgreSQL.
    """
    must, planned = due_time(session, release, now), session.due_time
    if session.state in UNDER_WAY and planned is not None and now < planned and (must is None or planned < must):
        return planned
    return must


def due_time(session: Session, release: Release, now: int) -> int | None:
    """When the clock must check the session next; None when never."""
    if session.state in RUNNING:
        return now if release.finalized else accepted_until(session, release) or None
    if session.state == State.PAUSED:
        return now if release.finalized else None
    if session.state == State.SCHEDULED_BUT_LOCKED:
        start, end = window(session, release)
        never = release.finalized or (end and (end <= start or end <= now))
        return None if never else start
    return None
