"""Deleting a session: what the last row of its history keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.attempts import attempts_for_history
from exam_sessions.domain.records import Event, Session
from exam_sessions.domain.transition import ActionResult

if TYPE_CHECKING:
    from exam_sessions.domain.transition import SessionMachine, TransitionContext

NULLABLE = frozenset(name for name, value in Session._field_defaults.items() if value is None)
"""Columns in which a zero is not the same as nothing."""

NOT_KEPT = frozenset({"pin", "last_event", "device"})


def delete(context: TransitionContext, machine: SessionMachine) -> ActionResult:
    """The end of a session. The whole booking is kept in its history, so that nothing is lost with the record.

    Raises:
        errors.Refusal: the release or the state does not allow it.
    """
    machine.fire(context)
    session, attempts = context.session, context.marking_context.attempts
    kept: dict[str, tuple[object, object]] = {
        name: (value, None)
        for name, value in session._asdict().items()
        if name not in NOT_KEPT and (value or (value is not None and name in NULLABLE))
    }
    if attempts:
        kept["scripts"] = (attempts_for_history(attempts), None)
    return ActionResult(None, (Event(context.command.action.value, session.state, 0, changes=kept),))
