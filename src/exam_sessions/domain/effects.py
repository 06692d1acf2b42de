"""What a move writes besides the state: one function per action, called after the machine has moved `move.state`.

Whether a move is legal is move.py's, what responses and marks come to is marking.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain import clock, marking
from exam_sessions.domain.booking import check_accommodation, check_edit
from exam_sessions.domain.states import Action, FinishReason, State
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.move import Move

Changes = dict[str, Any]
BY_PEOPLE = (FinishReason.CANDIDATE, FinishReason.INVIGILATOR)


def _start(move: Move) -> Changes:
    """The attempt's start time is written once."""
    if move.state is State.IN_PROGRESS and not move.session.start_time:
        return {"start_time": move.now, "pin_failures": 0}
    return {}


def _download(move: Move) -> Changes:
    client = move.command.client
    return {
        "client_os": client.os,
        "client_machine": client.machine,
        "client_ip": client.ip,
        "held_offline": int(client.held_offline),
        "download_time": move.now,
    }


def _set_pin(move: Move) -> Changes:
    return {"pin": fold_code(move.command.pin or ""), "pin_failures": 0}


def _remove_pin(_: Move) -> Changes:
    return {"pin": "", "pin_failures": 0}


def _pause(move: Move) -> Changes:
    return {"pause_start_time": move.now}


def _close_pause(move: Move) -> Changes:
    """Books a running pause, if there is one."""
    session = move.session
    if not session.pause_start_time:
        return {}
    paused = max(0, move.now - session.pause_start_time)
    changes = {"pause_start_time": 0, "paused_time": session.paused_time + paused}
    if session.own_deadline > 0:
        changes["own_deadline"] = session.own_deadline + paused
    return changes


def _end(move: Move) -> Changes:
    """Ends the attempt: at its deadline when that has passed, else now; now and late within the grace period."""
    deadline = clock.deadline(move.session, move.release)
    expired = bool(deadline) and move.now >= deadline
    if expired and move.command.finish_reason in BY_PEOPLE and (late := _late(move)):
        return {"end_time": move.now, "finish_reason": int(move.command.finish_reason), "late_by": late}
    reason = FinishReason.TIME_EXPIRED if expired else move.command.finish_reason
    return {"end_time": deadline if expired else move.now, "finish_reason": int(reason)} | _close_pause(move)


def _late(move: Move) -> int:
    """How late it is, while the online grace period lasts; 0 after it, and before the deadline."""
    if move.now >= clock.accepted_until(move.session, move.release):
        return 0
    return clock.lateness(move.session, move.release, move.now)


def _release_hold(_: Move) -> Changes:
    return {"held_offline": 0}


def _build(move: Move) -> Changes:
    """The package holds the newest revision of the form."""
    latest = move.papers.latest_revision
    return {"form_revision": latest} if latest else {}


def _extend(move: Move) -> Changes:
    """Extra time takes the place of any given before (Surpass, reasonableAdjustments)."""
    command, session = move.command, move.session
    changes: Changes = {
        "extra_time": 0 if command.extra_percent else command.extra_time,
        "extra_percent": command.extra_percent,
        "extra_reason": command.message,
    }
    if session.own_deadline > 0:
        before, after = (clock.extra_time(s, move.release) for s in (session, session._replace(**changes)))
        changes["own_deadline"] = session.own_deadline + after - before
    return changes


def _accommodate(move: Move) -> Changes:
    """Working time and window of the candidate's own; 0 takes one back."""
    fields = dict(move.command.fields)
    try:
        check_accommodation(move.session, move.release, fields, move.now)
    except errors.InvalidField as refusal:
        raise refusal.under("accommodation") from None
    return fields


def _hold(_: Move) -> Changes:
    return {"held_offline": 1}


def _void(move: Move) -> Changes:
    command = move.command
    changes: Changes = {"void_reason": int(command.void_reason), "void_message": command.message, "held_offline": 0}
    if move.session.score is not None:
        # No credit, and not in the statistics (Surpass, Voiding a test).
        changes |= {"points": None, "points_max": None, "score": None}
    return changes | _close_pause(move)


def _check_form(move: Move, reference: str) -> None:
    """Refuses a new form that the catalogue does not hold, unless it is said that it will follow."""
    if not move.papers.latest_revision and not move.command.allow_missing_form:
        raise errors.TestFormNotFound(reference)


def _reset(move: Move) -> Changes:
    """Raises TestFormNotFound."""
    if move.command.updated_form:
        _check_form(move, move.command.updated_form)
    return _rewind(move)


def _rewind(move: Move) -> Changes:
    """Forgets the client and the wrong PINs, so that the package is built and fetched afresh."""
    return {
        "client_os": "",
        "client_machine": "",
        "client_ip": "",
        "held_offline": 0,
        "download_time": 0,
        "pin_failures": 0,
        "exception_message": "",
        "test_form": move.command.updated_form or move.session.test_form,
        "form_revision": move.papers.latest_revision,
    }


def _fail(move: Move) -> Changes:
    """Keeps the message, and stops the clock of a running attempt; at its deadline, when that has passed."""
    return {"exception_message": move.command.message} | clock.stop(move.session, move.release, move.now)


def _recover(move: Move) -> Changes:
    """Back to a paused attempt whose clock stood still since it failed or ended, or back to the booking."""
    session = move.session
    if move.state is State.SCHEDULED_BUT_NOT_CREATED:
        return _rewind(move)
    changes: Changes = {"exception_message": "", "held_offline": 0, "end_time": 0, "finish_reason": 0}
    changes |= marking.take_back(move)
    if move.state is State.PAUSED:
        changes["pause_start_time"] = session.pause_start_time or session.end_time or move.now
    return changes


def _update(move: Move) -> Changes:
    """Raises InvalidField, TestFormNotFound."""
    named = dict(move.command.fields)
    fields = check_edit(move.session, move.release, named)
    form = named.get("test_form")
    if form and form != move.session.test_form:
        _check_form(move, str(form))
    return fields | {"form_revision": move.papers.latest_revision} if "test_form" in fields else fields


EFFECTS: dict[Action, Callable[[Move], Changes]] = {
    Action.CREATE_PACKAGE: _build,
    Action.DOWNLOAD: _download,
    Action.ENTER_KEYCODE: _start,
    Action.CHECK_IN: _start,
    Action.ENTER_PIN: _start,
    Action.UNLOCK: _start,
    Action.SET_PIN: _set_pin,
    Action.REMOVE_PIN: _remove_pin,
    Action.PAUSE: _pause,
    Action.RESUME: _close_pause,
    Action.GO_OFFLINE: _hold,
    Action.RECONNECT: _release_hold,
    Action.FINISH_OFFLINE: _end,
    Action.UPLOAD: marking.take_offline_answers,
    Action.FINISH: _end,
    Action.VOID: _void,
    Action.RESET: _reset,
    Action.FAIL: _fail,
    Action.RECOVER: _recover,
    Action.UPDATE: _update,
    Action.SET_EXTRA_TIME: _extend,
    Action.SET_ACCOMMODATION: _accommodate,
    Action.SUBMIT_MARKED: marking.scored,
    Action.SET_RESPONSES: marking.set_responses,
    Action.ASSIGN_ITEM_MARKS: marking.assign_item_marks,
    Action.ASSIGN_ITEM_RESPONSES: marking.assign_item_responses,
    Action.CLEAR_RESPONSES: marking.clear_responses,
    Action.SCORE_RESPONSE: marking.score_response,
    Action.UNSCORE_RESPONSE: marking.unscore_response,
    Action.REOPEN: marking.reopen,
    Action.RETAKE: marking.retake,
    Action.ROUTE: marking.route,
}
