"""Marking handed-in attempts by another revision of their form. What a revision must have is revisions.py's.

Marks given by people stay; what the machine marks is computed anew by the one scoring function. An attempt that
another has followed cannot be marked by people any more, so what it lacks counts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain import scoring
from exam_sessions.domain.attempts import marking_revision_of, with_attempt, with_total, without_total
from exam_sessions.domain.marking import MARKED_STATES, deciding_columns
from exam_sessions.domain.records import AttemptRecord, Event
from exam_sessions.domain.revisions import check_revision
from exam_sessions.domain.states import STATE_BY_CODE, SUBMITTED, TERMINAL, Action
from exam_sessions.domain.transition import ActionResult

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Session
    from exam_sessions.domain.transition import SessionMachine, TransitionContext

FieldChanges = dict[str, tuple[object, object]]

REASON = "FORM_REVISION"
"""The reason in the history of every attempt that is marked by another revision."""

EARNED = ("points", "points_max", "score")


def regrade(context: TransitionContext, machine: SessionMachine) -> ActionResult:
    """Marks every handed-in attempt of the session by `context.marking_context.revised`, and moves `context.state`.

    Raises:
        errors.InvalidTransition: no attempt is handed in, or the session is voided or archived.
        errors.TestFormNotFound: the catalogue does not hold the revision.
        errors.Refusal: one of the attempts cannot be marked by it (check_revision); none is.
    """
    session, before = context.session, context.state
    revised = _revised(context, machine)
    earlier = handed_in_before(session, context.marking_context.attempts)
    earlier = [record for record in earlier if record.test_form == revised.reference]
    handed_in = before in SUBMITTED and session.test_form == revised.reference
    if before in TERMINAL or not (handed_in or earlier):
        raise machine.refusal_in_state(Action.REGRADE, before)
    for record in earlier:
        check_revision(context.marking_context, record)
    if handed_in:
        machine.fire(context)
    changed = [pair for record in earlier if (pair := (record, _marked(revised, record)))[0] != pair[1]]
    if handed_in:
        current = context.attempt_record
        became = _marked(revised, current, scored=context.state in MARKED_STATES)
        if became != current:
            changed.append((current, became))
    return _entered(context, changed, revised, handed_in=handed_in)


def handed_in_before(session: Session, attempts: tuple[AttemptRecord, ...]) -> list[AttemptRecord]:
    """The marked attempts that others have followed."""
    return [record for record in attempts if record.attempt != session.attempt and record.points is not None]


def _revised(context: TransitionContext, machine: SessionMachine) -> Form:
    """The revision to mark by: without one, as when it is asked what would be legal, the form itself."""
    revised = context.marking_context.revised
    if revised is None:
        if context.command.form_revision:
            raise errors.TestFormNotFound(context.session.test_form)
        if context.marking_context.form is None and context.state not in SUBMITTED:
            raise machine.refusal_in_state(Action.REGRADE, context.state)
        return context.form()
    return revised


def _marked(revised: Form, record: AttemptRecord, *, scored: bool = True) -> AttemptRecord:
    """An attempt as it is by a revision; `scored` says whether every mark is in."""
    marking = 0 if revised.revision == record.form_revision else revised.revision
    marked = with_total(record, scoring.total_of(revised, record)) if scored else without_total(record)
    return marked if marked.marking_revision == marking else marked._replace(marking_revision=marking)


def _entered(
    context: TransitionContext, changed: list[tuple[AttemptRecord, AttemptRecord]], revised: Form, *, handed_in: bool
) -> ActionResult:
    session = context.session
    attempts = context.marking_context.attempts
    for _, became in changed:
        attempts = with_attempt(attempts, became)
    changes: dict[str, Any] = dict(deciding_columns(context.release.attempt_strategy, attempts))
    if handed_in:
        current = changed[-1][1] if changed and changed[-1][1].attempt == session.attempt else context.attempt_record
        changes["marking_revision"] = current.marking_revision
        changes["marking_progress"] = scoring.marking_progress(revised, current)
    recorded: FieldChanges = {
        name: (old, value) for name, value in changes.items() if (old := getattr(session, name)) != value
    }
    if not recorded and not changed:
        return ActionResult({}, ())
    if "marking_revision" in recorded:
        recorded["marking_revision"] = (marking_revision_of(session), revised.revision)
    return ActionResult(changes, _events(context, changed, recorded), tuple(became for _, became in changed))


def _events(
    context: TransitionContext, changed: list[tuple[AttemptRecord, AttemptRecord]], recorded: FieldChanges
) -> tuple[Event, ...]:
    """One row of history for each attempt; the last has what becomes of the session."""
    before, after, command = int(STATE_BY_CODE[context.session.state]), int(context.state), context.command
    several = context.session.attempt > 1
    if not several:
        return (Event(command.action.value, before, after, REASON, command.message, "", recorded),)
    accounts = [_account(old, new) for old, new in changed] or [{}]
    accounts[-1] |= recorded
    last = len(accounts) - 1
    return tuple(
        Event(command.action.value, before, after if n == last else before, REASON, command.message, changes=account)
        for n, account in enumerate(accounts)
    )


def _account(old: AttemptRecord, new: AttemptRecord) -> FieldChanges:
    """What changes of one of several attempts."""
    prefix = f"attempts[{old.attempt}]."
    recorded: FieldChanges = {
        prefix + name: (was, becomes)
        for name in EARNED
        if (was := getattr(old, name)) != (becomes := getattr(new, name))
    }
    was_by, is_by = marking_revision_of(old), marking_revision_of(new)
    if was_by != is_by:
        recorded[prefix + "marking_revision"] = (was_by, is_by)
    return recorded
