"""What the commands that begin an attempt anew, or another one, write: clear, retake, reopen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.attempts import attempts_for_history, with_responses
from exam_sessions.domain.clock import LAST_MOMENT
from exam_sessions.domain.marking import NO_SCORE, drop_scores, take_back, write_marks
from exam_sessions.domain.records import NO_LIMIT, Unreadable
from exam_sessions.domain.response_effects import write_responses
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.transition import TransitionContext

Changes = dict[str, Any]

FRESH_CLOCK: Changes = {
    "start_time": 0,
    "end_time": 0,
    "finish_reason": 0,
    "pause_start_time": 0,
    "paused_time": 0,
    "own_deadline": 0,
    "late_by": 0,
    "pin_failures": 0,
    "held_offline": 0,
    "exception_message": "",
    "device": None,
}
"""What an attempt begins with."""


def clear_responses(context: TransitionContext) -> Changes:
    """Begins the attempt anew (ExamSpark, Reset Session); what is removed is recorded in full.

    The count of writes goes on, so that a write from before is still late.
    """
    if context.command.all_attempts:
        return _clear_all(context)
    if isinstance(unreadable := context.attempt_record.responses, Unreadable):
        context.attempt_record, context.extra_changes["responses"] = (
            with_responses(context.attempt_record, {}),
            (unreadable.raw, {}),
        )
    write_responses(context, dict.fromkeys(context.attempt_record.responses))
    write_marks(context, {})
    dropped = drop_scores(context)
    return FRESH_CLOCK | {"responses_revision": context.session.responses_revision + 1} | dropped


def _clear_all(context: TransitionContext) -> Changes:
    """Begins again with the first attempt, and keeps the record of none."""
    if context.marking_context.attempts:
        context.extra_changes["scripts"] = (attempts_for_history(context.marking_context.attempts), None)
    return FRESH_CLOCK | {
        "attempt": 1,
        "responses_revision": context.session.responses_revision + 1,
        "marking_progress": 0,
        **NO_SCORE,
    }


def retake(context: TransitionContext) -> Changes:
    """Keeps the attempt as it is, with its clock, and begins the next (ExamSpark, Retake Session).

    The count of writes belongs to the attempt and begins again at 0.
    """
    session = context.session
    context.closed = context.attempt_record._replace(
        start_time=session.start_time,
        end_time=session.end_time,
        finish_reason=session.finish_reason,
        paused_time=session.paused_time,
        late_by=session.late_by,
    )
    return FRESH_CLOCK | {"attempt": session.attempt + 1, "responses_revision": 0, "marking_progress": 0}


def reopen(context: TransitionContext) -> Changes:
    """Opens a handed-in attempt again (ExamSpark, Reopen Session): responses stay, scores go, no time has passed.

    On paper the marks entered stay, for there they are what was uploaded.

    Raises:
        errors.InvalidField: the new deadline is not in the future.
    """
    session, command = context.session, context.command
    if command.deadline and command.deadline <= context.now:
        raise errors.invalid("deadline", "must be in the future")
    changes = take_back(context) | {"end_time": 0, "finish_reason": 0}
    if context.on_paper():
        return changes
    away = max(0, context.now - session.end_time)
    changes |= {"paused_time": session.paused_time + away, "own_deadline": _new_deadline(command, context.now)}
    if context.state is State.PAUSED:
        changes["pause_start_time"] = context.now
    return changes


def _new_deadline(command: Command, now: int) -> int:
    """The deadline that a reopening gives the attempt; 0 when it gives none."""
    if command.no_limit:
        return NO_LIMIT
    return min(LAST_MOMENT, now + command.time_from_now) if command.time_from_now else command.deadline
