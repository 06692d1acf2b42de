"""Setting a session aside that the background sweep cannot move: to EXCEPTION, for an operator to recover.

The state machine is not asked, and nothing is read but single columns: the row may be one that no rule can read.
"""

from __future__ import annotations

from exam_sessions import errors
from exam_sessions.domain.decide import Decision, replace_fields
from exam_sessions.domain.records import Event, Session
from exam_sessions.domain.states import Action, State

REASON = "CLOCK_FAULT"
"""The reason of the event that the history then has."""


def quarantine(session: Session, fault: Exception, now: int) -> Decision:
    """The session in EXCEPTION, its clock stopped, with one event that says why.

    Args:
        session: as it is stored; any column may be damaged.
        fault: what the sweep failed with. Its text is kept where it is a refusal, else only its type.
        now: the time of the change.
    """
    said = str(fault) if isinstance(fault, errors.SessionDamaged) else type(fault).__name__
    message = f"the clock could not move it: {said}"
    stopped = session.pause_start_time or (now if session.start_time and not session.end_time else 0)
    became = replace_fields(
        session,
        {
            "state": int(State.EXCEPTION),
            "exception_message": message,
            "pause_start_time": stopped,
            "due_time": None,
            "open_candidate": None,
            "update_time": now,
            "version": session.version + 1,
        },
    )
    changes: dict[str, tuple[object, object]] = {"exception_message": (session.exception_message, message)}
    if stopped != session.pause_start_time:
        changes["pause_start_time"] = (session.pause_start_time, stopped)
    event = Event(Action.FAIL.value, session.state, became.state, REASON, message, changes=changes)
    written = frozenset({"state", "exception_message", "pause_start_time", "update_time", "version"})
    return Decision(became, (event,), None, written)
