"""What becomes of a session when a command is applied: the new record and the history it leaves, or a refusal.

`decide` is the whole of it. It fires the machine (move.py); what a move writes besides the state is effects.py's.
Booking a new session is booking.py's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.commands import Command
from exam_sessions.domain.effects import EFFECTS
from exam_sessions.domain.machine import WITHOUT_RPC, state_of, wrong_state
from exam_sessions.domain.move import Move, fire
from exam_sessions.domain.records import NO_PAPERS, Event, Papers, Release, Script, Session
from exam_sessions.domain.scoring import is_complete
from exam_sessions.domain.scripts import is_sound, kept_scripts, script_of, with_script
from exam_sessions.domain.states import EDITABLE, OPEN, Action, FinishReason, State

Changes = dict[str, Any]

PLACES = {name: place for place, name in enumerate(Session._fields)}
NULLABLE = frozenset(name for name, value in Session._field_defaults.items() if value is None)
"""Columns in which a zero is not the same as nothing."""

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
    scripts: tuple[Script, ...] = ()
    """Scripts that are new or differ from before."""
    wiped: bool = False
    """Whether no script of the session is left."""


def decide(session: Session, release: Release, command: Command, now: int, papers: Papers = NO_PAPERS) -> Decision:
    """Applies a command to a session at a moment, which must not lie before its last change (clock.moment).

    `papers` are needed by the actions of NEEDS_PAPERS.

    Raises:
        errors.Refusal: a rule says no; nothing is to be written.
    """
    if command.action is Action.DELETE:
        return _delete(session, release, papers)
    if command.action in LEADS_ON:
        return _led_on(session, release, command, now, papers)
    try:
        became, event, changed, scripts = _hop(session, release, command, now, papers)
    except errors.WrongPin as refusal:
        return _wrong_pin(session, refusal, now)
    return Decision(settle(became, release, now), (event,), None, changed, scripts, command.all_attempts)


def _led_on(session: Session, release: Release, command: Command, now: int, papers: Papers) -> Decision:
    """A command and what follows of itself, each hop with its own row of history."""
    events: list[Event] = []
    columns: frozenset[str] = ALWAYS
    written: dict[int, Script] = {}
    following: Command | None = command
    while following:
        session, event, changed, scripts = _hop(session, release, following, now, papers)
        events.append(event)
        columns |= changed
        for script in scripts:
            written[script.attempt] = script
            papers = Papers(papers.form, with_script(papers.scripts, script), papers.latest_revision)
        following = _following(session, following, papers)
    return Decision(settle(session, release, now), tuple(events), None, columns, tuple(written.values()))


def _following(session: Session, command: Command, papers: Papers) -> Command | None:
    """What follows a command of itself; None when nothing does."""
    if command.action is Action.SET_RESPONSES:
        return HAND_IN if command.submit else None
    if papers.form is None or command.action is Action.ROUTE:
        return None
    if command.action in PAPER_ENTRIES and not is_complete(papers.form, script_of(session, papers.scripts)):
        return None
    return ROUTE


HAND_IN = Command(Action.FINISH, finish_reason=FinishReason.CANDIDATE)
ROUTE = Command(Action.ROUTE)

LEADS_ON = frozenset(
    {
        Action.SET_RESPONSES,
        Action.FINISH,
        Action.UPLOAD,
        Action.ASSIGN_ITEM_MARKS,
        Action.ASSIGN_ITEM_RESPONSES,
    }
)
"""Actions that others may follow in the same moment."""

PAPER_ENTRIES = frozenset({Action.ASSIGN_ITEM_MARKS, Action.ASSIGN_ITEM_RESPONSES})

NEEDS_PAPERS = LEADS_ON | {
    Action.CREATE_PACKAGE,
    Action.RESET,
    Action.UPDATE,
    Action.DELETE,
    Action.CLEAR_RESPONSES,
    Action.REOPEN,
    Action.RETAKE,
    Action.RECOVER,
    Action.SCORE_RESPONSE,
    Action.UNSCORE_RESPONSE,
    Action.SUBMIT_MARKED,
}
"""Actions that ask about the test form or the scripts."""

NEEDS_LATEST = frozenset({Action.CREATE_PACKAGE, Action.RESET, Action.RECOVER, Action.UPDATE})
"""Actions that take the newest revision of a form."""


Hop = tuple[Session, Event, frozenset[str], tuple[Script, ...]]
"""A session after one move, not settled yet, its row of history, the columns in which it may differ, and scripts."""


def _hop(session: Session, release: Release, command: Command, now: int, papers: Papers) -> Hop:
    """One move of the machine, and what it writes."""
    move = Move(session, release, command, now, papers)
    before = move.state
    after = int(fire(move))
    effect = EFFECTS.get(command.action)
    changes: Changes = effect(move) if effect else {}
    told = _told(session, changes)
    if move.told:
        told |= move.told
    actor = SYSTEM if command.action is Action.ROUTE else ""
    reason = _reason(command, changes)
    event = Event(command.action.value, int(before), after, reason, command.message, actor, told)
    became = altered(session, {**changes, "state": after, "update_time": now, "version": session.version + 1})
    return became, event, ALWAYS.union(changes), move.written()


SYSTEM = "system"
"""The actor of what the service does by itself."""


def settle(session: Session, release: Release, now: int) -> Session:
    """The session with its derived columns worked out anew: when the clock must look, and the open-session mark."""
    is_open = state_of(session.state) in OPEN and not release.allow_multiple_open_sessions
    due, opened = clock.look_time(session, release, now), session.candidate_id if is_open else None
    if session.due_time == due and session.open_candidate == opened and session.draft is None:
        return session
    return altered(session, {"due_time": due, "open_candidate": opened, "draft": None})


def opens(session: Session, became: Session) -> bool:
    """Whether a change makes the session the only one its candidate may have open."""
    return became.open_candidate is not None and session.open_candidate is None


def due_command(session: Session, release: Release, now: int) -> Command | None:
    """What the clockwork has to do to the session now; None when it came too early or too late."""
    if session.state == State.SCHEDULED_BUT_LOCKED:
        may_open = clock.window_is_open(session, release, now) and not release.finalized
        return Command(Action.OPEN_WINDOW) if may_open else None
    if release.finalized and session.state in clock.UNDER_WAY:
        action = Action.FINISH_OFFLINE if session.state == State.OFFLINE else Action.FINISH
        return Command(action, finish_reason=FinishReason.RELEASE_FINALIZED)
    until = clock.accepted_until(session, release)
    if not until or now < until:
        return None
    ends = {State.IN_PROGRESS: Action.FINISH, State.OFFLINE: Action.FINISH_OFFLINE}.get(state_of(session.state))
    return Command(ends, finish_reason=FinishReason.TIME_EXPIRED) if ends else None


def explain(
    session: Session, release: Release, now: int, papers: Papers = NO_PAPERS, *, another_open: bool = False
) -> dict[Action, State | errors.Refusal]:
    """For every action that can be called: the state it would lead to now, or the refusal it would get.

    `another_open` says whether the candidate has another session open, which no session can know of itself.
    """
    verdicts: dict[Action, State | errors.Refusal] = {}
    if isinstance(session.update_time, int):
        now = clock.moment(now, session.update_time)
    for action in Action:
        if action in WITHOUT_RPC:
            continue
        try:
            became = decide(session, release, Command(action), now, papers).session or session
            if another_open and opens(session, became):
                verdicts[action] = errors.CandidateHasOpenSession(session.candidate_id)
            else:
                verdicts[action] = state_of(became.state)
        except errors.Refusal as refusal:
            verdicts[action] = refusal
        except (TypeError, ValueError, OverflowError):
            if is_sound(session):
                raise
            verdicts[action] = errors.SessionDamaged(session.id, "row")
    return verdicts


def altered(session: Session, changes: Changes) -> Session:
    """A session with other values in some columns: as `_replace`, in half the time."""
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


def _delete(session: Session, release: Release, papers: Papers) -> Decision:
    state = state_of(session.state)
    if state not in EDITABLE:
        raise wrong_state(Action.DELETE, state)
    if release.finalized:
        raise errors.ReleaseFinalized(release.id)
    # The last row of the history keeps the whole booking, so that nothing is lost with the record.
    kept: dict[str, tuple[object, object]] = {
        name: (value, None)
        for name, value in session._asdict().items()
        if name not in {"pin", "last_event"} and (value or (value is not None and name in NULLABLE))
    }
    if papers.scripts:
        kept["scripts"] = (kept_scripts(papers.scripts), None)
    return Decision(None, (Event(Action.DELETE.value, session.state, 0, changes=kept),))
