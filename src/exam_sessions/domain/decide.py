"""What becomes of a session when a command is applied: the new record and the history it leaves, or a refusal.

`decide` is the whole of it. It fires the machine (machine.py) and works out what the move writes besides the state.
Booking a new session is booking.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.booking import check_edit
from exam_sessions.domain.commands import Command
from exam_sessions.domain.machine import WITHOUT_RPC, Move, fire, state_of, wrong_state
from exam_sessions.domain.records import Event, Release, Session
from exam_sessions.domain.states import EDITABLE, OPEN, Action, FinishReason, State

if TYPE_CHECKING:
    from collections.abc import Callable

Changes = dict[str, Any]

PLACES = {name: place for place, name in enumerate(Session._fields)}
ALWAYS = frozenset({"state", "update_time", "version"})
"""Columns every move writes."""


class Decision(NamedTuple):
    """What is to be written: the session as it becomes (None when deleted) and one event per hop.

    With a `refusal` the caller is refused although something is written (a wrong PIN is counted).
    """

    session: Session | None
    events: tuple[Event, ...]
    refusal: errors.Refusal | None = None
    changed: frozenset[str] = frozenset()
    """Columns that may differ from before, besides those that `settle` works out."""


def decide(session: Session, release: Release, command: Command, now: int) -> Decision:
    """Applies a command to a session at a moment.

    Raises:
        errors.Refusal: a rule says no; nothing is to be written.
    """
    if command.action is Action.DELETE:
        return _delete(session, release)
    move = Move(session, release, command, now)
    before = move.state
    try:
        after = fire(move)
    except errors.WrongPin as refusal:
        return _wrong_pin(session, refusal, now)
    effect = EFFECTS.get(command.action)
    changes: Changes = effect(move) if effect else {}
    told = _told(session, changes)
    event = Event(command.action.value, int(before), int(after), _reason(command, changes), command.message, "", told)
    became = _changed(session, changes | {"state": int(after), "update_time": now, "version": session.version + 1})
    return Decision(settle(became, release, now), (event,), None, ALWAYS.union(changes))


def settle(session: Session, release: Release, now: int) -> Session:
    """The session with its derived columns worked out anew: when the clock must look, and the open-session mark."""
    is_open = state_of(session.state) in OPEN and not release.allow_multiple_open_sessions
    due, opened = clock.due_time(session, release, now), session.candidate_id if is_open else None
    if session.due_time == due and session.open_candidate == opened and session.draft is None:
        return session
    return session._replace(due_time=due, open_candidate=opened, draft=None)


def opens(session: Session, became: Session) -> bool:
    """Whether a change makes the session the only one its candidate may have open."""
    return became.open_candidate is not None and session.open_candidate is None


def due_command(session: Session, release: Release, now: int) -> Command | None:
    """What the clockwork has to do to the session now; None when it came too early or too late."""
    if session.state == State.SCHEDULED_BUT_LOCKED:
        may_open = clock.window_is_open(session, release, now) and not release.finalized
        return Command(Action.OPEN_WINDOW) if may_open else None
    deadline = clock.deadline(session, release)
    if not deadline or now < deadline:
        return None
    action = {State.IN_PROGRESS: Action.FINISH, State.OFFLINE: Action.FINISH_OFFLINE}.get(state_of(session.state))
    return Command(action, finish_reason=FinishReason.TIME_EXPIRED) if action else None


def explain(
    session: Session, release: Release, now: int, *, another_open: bool = False
) -> dict[Action, State | errors.Refusal]:
    """For every action that can be called: the state it would lead to now, or the refusal it would get.

    `another_open` says whether the candidate has another session open, which no session can know of itself.
    """
    verdicts: dict[Action, State | errors.Refusal] = {}
    for action in Action:
        if action in WITHOUT_RPC or action is Action.SCHEDULE:
            continue
        try:
            became = decide(session, release, Command(action), now).session or session
            if another_open and opens(session, became):
                verdicts[action] = errors.CandidateHasOpenSession(session.candidate_id)
            else:
                verdicts[action] = state_of(became.state)
        except errors.Refusal as refusal:
            verdicts[action] = refusal
    return verdicts


def _changed(session: Session, changes: Changes) -> Session:
    """As `_replace`, in half the time."""
    row = list(session)
    for name, value in changes.items():
        row[PLACES[name]] = value
    return Session._make(row)


def _told(session: Session, changes: Changes) -> dict[str, tuple[object, object]]:
    """The fields that change, before and after, without secrets."""
    told: dict[str, tuple[object, object]] = {
        name: (old, value) for name, value in changes.items() if (old := session[PLACES[name]]) != value
    }
    if "pin" in told:
        told["pin"] = ("***", "***")
    return told


def _reason(command: Command, changes: Changes) -> str:
    if command.action is Action.VOID:
        return command.void_reason.name
    finish = changes.get("finish_reason")
    return FinishReason(finish).name if finish else ""


def _wrong_pin(session: Session, refusal: errors.WrongPin, now: int) -> Decision:
    failures = session.pin_failures + 1
    event = Event(
        Action.ENTER_PIN.value,
        session.state,
        session.state,
        refusal.reason,
        changes={"pin_failures": (session.pin_failures, failures)},
    )
    # The version stays: a stranger's typing must not make the invigilator's etag stale.
    became = session._replace(pin_failures=failures, update_time=now)
    return Decision(became, (event,), refusal, frozenset({"pin_failures", "update_time"}))


def _delete(session: Session, release: Release) -> Decision:
    state = state_of(session.state)
    if state not in EDITABLE:
        raise wrong_state(Action.DELETE, state)
    if release.finalized:
        raise errors.ReleaseFinalized(release.id)
    # The last row of the history keeps the whole booking, so that nothing is lost with the record.
    kept: dict[str, tuple[object, object]] = {
        name: (value, None) for name, value in session._asdict().items() if value and name != "pin"
    }
    return Decision(None, (Event(Action.DELETE.value, session.state, 0, changes=kept),))


# What a move writes besides the state. Each is called after the machine has moved `move.state`.


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
    return {"pin": (move.command.pin or "").upper(), "pin_failures": 0}


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
    return {"pause_start_time": 0, "paused_time": session.paused_time + paused}


def _end(move: Move) -> Changes:
    """Ends the attempt: at its deadline when that has passed, else now."""
    deadline = clock.deadline(move.session, move.release)
    expired = bool(deadline) and move.now >= deadline
    reason = FinishReason.TIME_EXPIRED if expired else move.command.finish_reason
    return {"end_time": deadline if expired else move.now, "finish_reason": int(reason)} | _close_pause(move)


def _release_hold(_: Move) -> Changes:
    return {"held_offline": 0}


def _hold(_: Move) -> Changes:
    return {"held_offline": 1}


def _void(move: Move) -> Changes:
    command = move.command
    changes: Changes = {"void_reason": int(command.void_reason), "void_message": command.message, "held_offline": 0}
    return changes | _close_pause(move)


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
    if move.state is State.PAUSED:
        changes["pause_start_time"] = session.pause_start_time or session.end_time or move.now
    return changes


def _update(move: Move) -> Changes:
    return check_edit(move.session, move.release, dict(move.command.fields))


EFFECTS: dict[Action, Callable[[Move], Changes]] = {
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
    Action.UPLOAD: _release_hold,
    Action.FINISH: _end,
    Action.VOID: _void,
    Action.RESET: _rewind,
    Action.FAIL: _fail,
    Action.RECOVER: _recover,
    Action.UPDATE: _update,
}
