"""Side effects of a transition: the columns an action writes besides the state, and the action that follows it.

An effect is called after the machine has changed `context.state`. Which effect belongs to which action is in
transition_table.py; effects on responses are in response_effects.py, those on marks in marking.py, those
that begin attempts in attempt_effects.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain import clock, devices, marking
from exam_sessions.domain.booking import check_accommodation, check_edit
from exam_sessions.domain.commands import Command
from exam_sessions.domain.scoring import is_complete
from exam_sessions.domain.states import Action, FinishReason, State
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from exam_sessions.domain.transition import TransitionContext

Changes = dict[str, Any]
"""Columns of the session and their new values."""
Effect = Callable[["TransitionContext"], Changes]
FollowUp = Callable[["TransitionContext"], Command | None]
"""Given the context as a command has left it: the command that follows in the same transaction, or None."""

BY_PEOPLE = (FinishReason.CANDIDATE, FinishReason.INVIGILATOR)


def start_attempt(context: TransitionContext) -> Changes:
    """The attempt's start time is written once."""
    if context.state is State.IN_PROGRESS and not context.session.start_time:
        return {"start_time": context.now, "pin_failures": 0}
    return {}


def enter_keycode(context: TransitionContext) -> Changes:
    """The start of the attempt, and the device that holds it where the release asks for one device."""
    changes = start_attempt(context)
    if context.release.device_policy > devices.ANY:
        changes["device"] = devices.entered(context.command.entry, context.now)
    return changes


def take_over(context: TransitionContext) -> Changes:
    """Another device in the place of the one that held the session."""
    return {"device": devices.entered(context.command.entry, context.now)}


def allow_take_over(context: TransitionContext) -> Changes:
    """The next device may take the session over."""
    return {"device": devices.with_take_over_allowed(context.session)}


def record_client(context: TransitionContext) -> Changes:
    """The computer that fetched the package, and when."""
    client = context.command.client
    return {
        "client_os": client.os,
        "client_machine": client.machine,
        "client_ip": client.ip,
        "held_offline": int(client.held_offline),
        "download_time": context.now,
    }


def set_pin(context: TransitionContext) -> Changes:
    """The new PIN; wrong ones are counted from 0 again."""
    return {"pin": fold_code(context.command.pin or ""), "pin_failures": 0}


def remove_pin(_: TransitionContext) -> Changes:
    """No PIN."""
    return {"pin": "", "pin_failures": 0}


def start_pause(context: TransitionContext) -> Changes:
    """The start of a pause."""
    return {"pause_start_time": context.now}


def end_pause(context: TransitionContext) -> Changes:
    """Ends a running pause, if there is one, and adds it to the paused time."""
    session = context.session
    if not session.pause_start_time:
        return {}
    paused = max(0, context.now - session.pause_start_time)
    changes = {"pause_start_time": 0, "paused_time": session.paused_time + paused}
    if session.own_deadline > 0:
        changes["own_deadline"] = session.own_deadline + paused
    return changes


def end_attempt(context: TransitionContext) -> Changes:
    """Ends the attempt: at its deadline when that has passed, else now; now and late within the grace period."""
    deadline = clock.deadline(context.session, context.release)
    expired = bool(deadline) and context.now >= deadline
    if expired and context.command.finish_reason in BY_PEOPLE and (late := _late(context)):
        return {"end_time": context.now, "finish_reason": int(context.command.finish_reason), "late_by": late}
    reason = FinishReason.TIME_EXPIRED if expired else context.command.finish_reason
    return {"end_time": deadline if expired else context.now, "finish_reason": int(reason)} | end_pause(context)


def _late(context: TransitionContext) -> int:
    """Microseconds since the deadline, within the online grace period; 0 after it, and before the deadline."""
    if context.now >= clock.accepted_until(context.session, context.release):
        return 0
    return clock.lateness(context.session, context.release, context.now)


def end_offline_hold(_: TransitionContext) -> Changes:
    """The session is not held offline by a client any more."""
    return {"held_offline": 0}


def take_latest_revision(context: TransitionContext) -> Changes:
    """The package holds the newest revision of the form."""
    latest = context.marking_context.latest_revision
    return {"form_revision": latest, "marking_revision": 0} if latest else {}


def set_extra_time(context: TransitionContext) -> Changes:
    """Extra time takes the place of any given before (Surpass, reasonableAdjustments)."""
    command, session = context.command, context.session
    changes: Changes = {
        "extra_time": 0 if command.extra_percent else command.extra_time,
        "extra_percent": command.extra_percent,
        "extra_reason": command.message,
    }
    if session.own_deadline > 0:
        before, after = (clock.extra_time(s, context.release) for s in (session, session._replace(**changes)))
        changes["own_deadline"] = session.own_deadline + after - before
    return changes


def set_accommodation(context: TransitionContext) -> Changes:
    """Working time and window of the candidate's own; 0 removes one. Raises InvalidField."""
    fields = dict(context.command.fields)
    try:
        check_accommodation(context.session, context.release, fields, context.now)
    except errors.InvalidField as refusal:
        raise refusal.under("accommodation") from None
    return fields


def hold_offline(_: TransitionContext) -> Changes:
    """A client holds the session offline."""
    return {"held_offline": 1}


def void(context: TransitionContext) -> Changes:
    """The reason, and the end of a running pause; a voided session has no score (Surpass, Voiding a test)."""
    command = context.command
    changes: Changes = {"void_reason": int(command.void_reason), "void_message": command.message, "held_offline": 0}
    if context.session.score is not None:
        # No credit, and not in the statistics.
        changes |= marking.NO_SCORE
    return changes | end_pause(context)


def _check_form(context: TransitionContext, reference: str) -> None:
    """Refuses a new form that the catalogue does not hold, unless the command allows it. Raises TestFormNotFound."""
    if not context.marking_context.latest_revision and not context.command.allow_missing_form:
        raise errors.TestFormNotFound(reference)


def reset(context: TransitionContext) -> Changes:
    """Back to the booking, with another form where one is given. Raises TestFormNotFound."""
    if context.command.updated_form:
        _check_form(context, context.command.updated_form)
    return _rewind(context)


def _rewind(context: TransitionContext) -> Changes:
    """Clears the client and the wrong PINs, so that the package is built and downloaded again."""
    return {
        "client_os": "",
        "client_machine": "",
        "client_ip": "",
        "held_offline": 0,
        "download_time": 0,
        "pin_failures": 0,
        "exception_message": "",
        "test_form": context.command.updated_form or context.session.test_form,
        "form_revision": context.marking_context.latest_revision,
        "marking_revision": 0,
        "device": None,
    }


def fail(context: TransitionContext) -> Changes:
    """The message, and what stops the clock of a running attempt: at its deadline, when that has passed."""
    return {"exception_message": context.command.message} | clock.stop_clock(
        context.session, context.release, context.now
    )


def recover(context: TransitionContext) -> Changes:
    """Back to a paused attempt whose clock is stopped since it failed or ended, or back to the booking."""
    session = context.session
    if context.state is State.SCHEDULED_BUT_NOT_CREATED:
        return _rewind(context)
    changes: Changes = {"exception_message": "", "held_offline": 0, "end_time": 0, "finish_reason": 0}
    changes |= marking.take_back(context)
    if context.state is State.PAUSED:
        changes["pause_start_time"] = session.pause_start_time or session.end_time or context.now
    return changes


def update(context: TransitionContext) -> Changes:
    """The edited fields, and the newest revision of a new form. Raises InvalidField, TestFormNotFound."""
    named = dict(context.command.fields)
    fields = check_edit(context.session, context.release, named)
    form = named.get("test_form")
    if form and form != context.session.test_form:
        _check_form(context, str(form))
    if "test_form" not in fields:
        return fields
    return fields | {"form_revision": context.marking_context.latest_revision, "marking_revision": 0}


SUBMIT = Command(Action.FINISH, finish_reason=FinishReason.CANDIDATE)
ROUTE = Command(Action.ROUTE)


def submit_when_asked(context: TransitionContext) -> Command | None:
    """Responses that are to be submitted are followed by the end of the attempt."""
    return SUBMIT if context.command.submit else None


def route_when_form_known(context: TransitionContext) -> Command | None:
    """An attempt that has ended goes on to marking, where its form has questions."""
    return None if context.marking_context.form is None else ROUTE


def route_when_complete(context: TransitionContext) -> Command | None:
    """A paper goes on once every question has a mark or a scored response, or is marked as not attempted."""
    form = context.marking_context.form
    return ROUTE if form and is_complete(form, context.attempt_record) else None
