"""What a command makes of a session: the new record and the rows of its history, or a refusal.

`decide` fires the state machine (transition_table.py) and applies the effect of the action. Booking a new session is
in booking.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.attempts import UNREADABLE, cause_of, with_attempt
from exam_sessions.domain.commands import Command
from exam_sessions.domain.devices import holder_of, is_of, shown_changes, with_another_token
from exam_sessions.domain.records import NO_MARKING_CONTEXT, AttemptRecord, Event, MarkingContext, Release, Session
from exam_sessions.domain.states import OPEN, STATE_BY_CODE, Action, FinishReason, State
from exam_sessions.domain.transition import ActionResult, TransitionContext
from exam_sessions.domain.transition_table import ACTIONS, TABLE, ActionRow, machine

Changes = dict[str, Any]

FIELD_INDEX = {name: index for index, name in enumerate(Session._fields)}
STATE, UPDATE_TIME, VERSION = map(Session._fields.index, ("state", "update_time", "version"))

ALWAYS = frozenset({"state", "update_time", "version"})
"""Columns every transition writes."""


class Decision(NamedTuple):
    """What is to be written: the session as it becomes (None when deleted) and one event per transition.

    With a `refusal` the caller is refused although something is written (a wrong PIN is counted).
    """

    session: Session | None
    events: tuple[Event, ...]
    refusal: errors.Refusal | None = None
    changed: frozenset[str] = frozenset()
    """Columns that may differ from before, besides those of `with_derived_columns`."""
    attempts: tuple[AttemptRecord, ...] = ()
    """Scripts that are new or differ from before."""
    wiped: bool = False
    """Whether the records of all attempts are deleted."""


def decide(
    session: Session,
    release: Release,
    command: Command,
    now: int,
    marking_context: MarkingContext = NO_MARKING_CONTEXT,
) -> Decision:
    """Applies a command to a session at a moment, which must not lie before its last change (clock.moment).

    `marking_context` are needed by the actions with `needs_form`.

    Raises:
        errors.Refusal: a rule says no; nothing is to be written.
    """
    row = ACTIONS[command.action]
    context = TransitionContext(session, release, command, now, marking_context)
    if row.followed_by:
        return _decide_chain(row, context)
    if row.decided_by:
        return _decided(context, row.decided_by(context, machine))
    if session.device is not None and command.action is Action.ENTER_KEYCODE and session.state in OPEN:
        device = holder_of(session, release)
        if device is not None:
            if is_of(device, command.entry.presented):
                return Decision(session, ())
            row, context.command = ACTIONS[Action.TAKE_OVER], command._replace(action=Action.TAKE_OVER)
    try:
        event, changed, attempts = _apply_transition(row, context)
    except errors.WrongPin as refusal:
        return _wrong_pin(session, refusal, now)
    became = with_derived_columns(context.session, release, now)
    return Decision(became, (event,), None, ALWAYS.union(changed), attempts, command.all_attempts)


def _decide_chain(row: ActionRow, context: TransitionContext) -> Decision:
    """A command and the actions that follow it in the same transaction, each with its own row of history."""
    events: list[Event] = []
    columns = set(ALWAYS)
    while True:
        event, changed, attempts = _apply_transition(row, context)
        events.append(event)
        columns.update(changed)
        following = row.followed_by(context) if row.followed_by else None
        if following is None:
            break
        row, context.command = ACTIONS[following.action], following
    for record in attempts:
        with_attempt(context.marking_context.attempts, record)  # Raises where the number of one is none.
    became = with_derived_columns(context.session, context.release, context.now)
    return Decision(became, tuple(events), None, frozenset(columns), attempts)


Applied = tuple[Event, Iterable[str], tuple[AttemptRecord, ...]]
"""The event of a transition, the columns that its effect writes, and the attempt records that differ from before."""


def _apply_transition(row: ActionRow, context: TransitionContext) -> Applied:
    """Fires the machine once and applies the effect of the action: to the session of the context, and its attempt.

    Derived columns are left as they are.
    """
    session, command = context.session, context.command
    before = int(context.state)
    machine.fire(context)
    after = int(context.state)
    changes: Changes = row.effect(context) if row.effect else {}
    attempts = context.written()
    columns, recorded = _changed(session, changes)
    if context.extra_changes:
        recorded |= context.extra_changes
        context.extra_changes = {}
    actor = SYSTEM_ACTOR if row.by_system else ""
    event = Event(row.action._value_, before, after, _reason(command, changes), command.message, actor, recorded)
    columns[STATE], columns[UPDATE_TIME], columns[VERSION] = after, context.now, session.version + 1
    context.session = tuple.__new__(Session, columns)
    return event, changes, attempts


def _decided(context: TransitionContext, result: ActionResult) -> Decision:
    """What is to be written of a session whose action is decided in its own way."""
    session, changes = context.session, result.changes
    if changes is None:
        return Decision(None, result.events)
    if not result.events:
        return Decision(session, ())
    version = session.version + len(result.events)
    kept = {"state": int(context.state), "update_time": context.now, "version": version}
    became = with_derived_columns(replace_fields(session, changes | kept), context.release, context.now)
    return Decision(became, result.events, None, ALWAYS.union(changes), result.attempts)


REPEATED = "REPEATED_REQUEST"
"""Why a device got another token: it repeated the request that it entered with."""


def renew_token(session: Session, release: Release, request_id: str, digest: str, now: int) -> Decision | None:
    """A further token for the device that holds an open session, which its first reply may not have reached.

    Returns:
        None where the session is not open, or not held by the device that entered with this request.
    """
    device = with_another_token(session, release, request_id, digest)
    if device is None or session.state not in OPEN:
        return None
    event = Event(Action.ENTER_KEYCODE.value, session.state, session.state, REPEATED)
    became = replace_fields(session, {"device": device, "update_time": now, "version": session.version + 1})
    return Decision(became, (event,), None, ALWAYS | {"device"})


SYSTEM_ACTOR = "system"
"""The actor of what the service does by itself."""


def with_derived_columns(session: Session, release: Release, now: int) -> Session:
    """The session with due_time and open_candidate as they follow from the other columns."""
    is_open = session.state in OPEN and not release.allow_multiple_open_sessions
    due, opened = clock.next_check_time(session, release, now), session.candidate_id if is_open else None
    if session.due_time == due and session.open_candidate == opened and session.draft is None:
        return session
    return replace_fields(session, {"due_time": due, "open_candidate": opened, "draft": None})


def becomes_open(session: Session, became: Session) -> bool:
    """Whether a change makes the session the only one its candidate may have open."""
    return became.open_candidate is not None and session.open_candidate is None


def due_command(session: Session, release: Release, now: int) -> Command | None:
    """What the scheduler has to do to the session now; None when it came too early or too late."""
    if session.state == State.SCHEDULED_BUT_LOCKED:
        may_open = clock.window_is_open(session, release, now) and not release.finalized
        return Command(Action.OPEN_WINDOW) if may_open else None
    if release.finalized and session.state in clock.UNDER_WAY:
        action = Action.FINISH_OFFLINE if session.state == State.OFFLINE else Action.FINISH
        return Command(action, finish_reason=FinishReason.RELEASE_FINALIZED)
    until = clock.accepted_until(session, release)
    if not until or now < until:
        return None
    ends = {State.IN_PROGRESS: Action.FINISH, State.OFFLINE: Action.FINISH_OFFLINE}.get(STATE_BY_CODE[session.state])
    return Command(ends, finish_reason=FinishReason.TIME_EXPIRED) if ends else None


def explain(
    session: Session,
    release: Release,
    now: int,
    marking_context: MarkingContext = NO_MARKING_CONTEXT,
    *,
    another_open: bool = False,
) -> dict[Action, State | errors.Refusal]:
    """For every action that can be called: the state it would lead to now, or the refusal it would get.

    `another_open` says whether the candidate has another session open, which is not in the session.
    """
    verdicts: dict[Action, State | errors.Refusal] = {}
    if isinstance(session.update_time, int):
        now = clock.moment(now, session.update_time)
    for action in (row.action for row in TABLE if row.has_rpc):
        try:
            became = decide(session, release, Command(action), now, marking_context).session or session
            if another_open and becomes_open(session, became):
                verdicts[action] = errors.CandidateHasOpenSession(session.candidate_id)
            else:
                verdicts[action] = STATE_BY_CODE[became.state]
        except errors.Refusal as refusal:
            verdicts[action] = refusal
        except UNREADABLE as fault:
            cause = cause_of(fault, session, marking_context.attempts)
            if not isinstance(cause, errors.Refusal):
                raise
            verdicts[action] = cause
    return verdicts


def replace_fields(session: Session, changes: Changes) -> Session:
    """A session with other values in some columns: as `_replace`, in a third of the time."""
    columns = list(session)
    for name, value in changes.items():
        columns[FIELD_INDEX[name]] = value
    return tuple.__new__(Session, columns)


def _changed(session: Session, changes: Changes) -> tuple[list[Any], dict[str, tuple[object, object]]]:
    """The columns as they become, and the fields that change, before and after, without secrets."""
    columns: list[Any] = list(session)
    recorded: dict[str, tuple[object, object]] = {}
    for name, value in changes.items():
        index = FIELD_INDEX[name]
        before = columns[index]
        if before != value:
            recorded[name] = (before, value)
        columns[index] = value
    if "pin" in recorded:
        recorded["pin"] = ("***", "***")
    if "device" in recorded:
        recorded |= shown_changes(*recorded.pop("device"))
    return columns, recorded


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
