"""The one transition table, and the machine that enforces it. What a move writes besides the state is effects.py's.

The table is the contract of the lifecycle, row by row, held by a `transitions` Machine: one module-level machine
without a model, fired on a light Move. `needs` are guards: methods of Move that raise the telling refusal. `when` are
conditions that pick the row: methods of Move that return a boolean; rows of one action are tried in order.
"""

from __future__ import annotations

import hmac
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from transitions import Machine

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.records import NO_PAPERS
from exam_sessions.domain.scoring import waits_for_marks
from exam_sessions.domain.scripts import script_of
from exam_sessions.domain.states import EDITABLE, NOT_STARTED, TERMINAL, Action, Delivery, State, VoidReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Papers, Release, Script, Session

PIN_TRIES = 5
"""Wrong PINs before the PIN is blocked. Our own decision; the vendors are silent."""

A, S = Action, State
STAYS = "="
BEFORE_KEYCODE = (S.SCHEDULED_BUT_NOT_CREATED, S.SCHEDULED_BUT_NOT_DOWNLOADED, S.SCHEDULED_BUT_LOCKED, S.READY)
BEFORE_UNLOCK = (*BEFORE_KEYCODE, S.REQUIRES_CHECK_IN)
LIVING = tuple(state for state in State if state not in TERMINAL)
RETAKABLE = (S.FINISHED, S.MARKED, S.SCRIPT_VERIFIED)
HANDED_IN = (S.FINISHED, S.AWAITING_MARKING, S.MARKED, S.AWAITING_VERIFICATION, S.SCRIPT_VERIFIED)

Row = dict[str, Any]


def row(
    action: Action, source: State | Iterable[State], dest: State | str, *, needs: str = "", when: str = ""
) -> Row:
    """One row of the table; `needs` and `when` name methods of Move, separated by blanks."""
    sources = [source] if isinstance(source, State) else list(source)
    return {
        "trigger": action.value,
        "source": sources,
        "dest": dest,
        "prepare": needs.split(),
        "conditions": when.split(),
    }


TABLE: tuple[Row, ...] = (
    row(A.CREATE_PACKAGE, S.SCHEDULED_BUT_NOT_CREATED, S.SCHEDULED_BUT_NOT_DOWNLOADED, needs="release_open"),
    row(A.DOWNLOAD, S.SCHEDULED_BUT_NOT_DOWNLOADED, S.READY, needs="release_open", when="window_is_open"),
    row(A.DOWNLOAD, S.SCHEDULED_BUT_NOT_DOWNLOADED, S.SCHEDULED_BUT_LOCKED),
    row(A.OPEN_WINDOW, S.SCHEDULED_BUT_LOCKED, S.READY, needs="release_open window_open"),
    row(
        A.ENTER_KEYCODE,
        (S.SCHEDULED_BUT_LOCKED, S.READY),
        S.REQUIRES_CHECK_IN,
        needs="release_open window_open not_held_offline",
        when="check_in_required",
    ),
    row(A.ENTER_KEYCODE, (S.SCHEDULED_BUT_LOCKED, S.READY), S.LOCKED_BY_PIN, when="pin_required"),
    row(A.ENTER_KEYCODE, (S.SCHEDULED_BUT_LOCKED, S.READY), S.LOCKED_FOR_INVIGILATOR, when="invigilated"),
    row(A.ENTER_KEYCODE, (S.SCHEDULED_BUT_LOCKED, S.READY), S.IN_PROGRESS),
    row(A.CHECK_IN, S.REQUIRES_CHECK_IN, S.LOCKED_BY_PIN, needs="release_open window_open", when="pin_required"),
    row(A.CHECK_IN, S.REQUIRES_CHECK_IN, S.LOCKED_FOR_INVIGILATOR, when="invigilated"),
    row(A.CHECK_IN, S.REQUIRES_CHECK_IN, S.IN_PROGRESS),
    row(A.ENTER_PIN, S.LOCKED_BY_PIN, S.IN_PROGRESS, needs="release_open window_open pin_not_blocked pin_right"),
    row(A.UNLOCK, S.LOCKED_FOR_INVIGILATOR, S.IN_PROGRESS, needs="release_open window_open"),
    row(A.SET_PIN, S.LOCKED_FOR_INVIGILATOR, S.LOCKED_BY_PIN, needs="release_open"),
    row(A.SET_PIN, (*BEFORE_UNLOCK, S.LOCKED_BY_PIN), STAYS, needs="release_open"),
    row(A.REMOVE_PIN, S.LOCKED_BY_PIN, S.LOCKED_FOR_INVIGILATOR, needs="release_open"),
    row(A.REMOVE_PIN, BEFORE_UNLOCK, STAYS, needs="release_open"),
    row(A.PAUSE, S.IN_PROGRESS, S.PAUSED, needs="time_left"),
    row(A.RESUME, S.PAUSED, S.IN_PROGRESS, needs="release_open window_open time_left_after_pause"),
    row(A.GO_OFFLINE, S.IN_PROGRESS, S.OFFLINE, needs="time_left"),
    row(A.RECONNECT, S.OFFLINE, S.IN_PROGRESS, needs="release_open time_left"),
    row(A.FINISH_OFFLINE, S.OFFLINE, S.AWAITING_UPLOAD),
    row(A.UPLOAD, S.AWAITING_UPLOAD, S.FINISHED, needs="within_grace_period"),
    row(A.FINISH, (S.IN_PROGRESS, S.PAUSED), S.FINISHED),
    row(A.SEND_TO_MARKING, S.FINISHED, S.AWAITING_MARKING),
    row(A.SUBMIT_MARKED, S.AWAITING_MARKING, S.MARKED),
    row(A.REQUEST_VERIFICATION, S.MARKED, S.AWAITING_VERIFICATION, needs="release_moderated"),
    row(A.VERIFY, S.AWAITING_VERIFICATION, S.SCRIPT_VERIFIED),
    row(A.ARCHIVE, S.SCRIPT_VERIFIED, S.ARCHIVED),
    row(A.ARCHIVE, S.MARKED, S.ARCHIVED, needs="release_not_moderated"),
    row(A.VOID, LIVING, S.VOIDED, needs="void_reason_fits force_where_held"),
    row(A.RESET, BEFORE_KEYCODE, S.SCHEDULED_BUT_NOT_CREATED, needs="release_open form_is_current"),
    row(A.REQUEST_SCAN, S.PAPER_RESPONSE_UPLOAD, S.LOCAL_SCAN_REQUESTED),
    row(A.RECEIVE_SCAN, S.LOCAL_SCAN_REQUESTED, S.PAPER_RESPONSE_UPLOAD),
    row(A.FAIL, tuple(s for s in LIVING if s is not S.EXCEPTION), S.EXCEPTION),
    row(A.RECOVER, S.EXCEPTION, S.PAPER_RESPONSE_UPLOAD, when="on_paper"),
    row(A.RECOVER, S.EXCEPTION, S.PAUSED, when="attempt_started"),
    row(A.RECOVER, S.EXCEPTION, S.SCHEDULED_BUT_NOT_CREATED),
    row(A.UPDATE, LIVING, STAYS, needs="release_open schedule_editable"),
    row(A.SET_EXTRA_TIME, (*NOT_STARTED, S.PAUSED), STAYS, needs="release_open"),
    row(A.SET_EXTRA_TIME, S.IN_PROGRESS, STAYS, needs="release_open time_left"),
    row(A.ASSIGN_ITEM_MARKS, S.PAPER_RESPONSE_UPLOAD, STAYS, needs="release_open form_known"),
    row(A.ASSIGN_ITEM_RESPONSES, S.PAPER_RESPONSE_UPLOAD, STAYS, needs="release_open form_known"),
    row(A.SET_RESPONSES, S.IN_PROGRESS, STAYS, needs="time_left form_known"),
    row(
        A.SCORE_RESPONSE,
        (S.AWAITING_MARKING, S.MARKED, S.AWAITING_VERIFICATION),
        STAYS,
        needs="release_open form_known",
    ),
    row(A.UNSCORE_RESPONSE, S.AWAITING_MARKING, STAYS, needs="release_open form_known"),
    # Where a script goes that was just handed in, or a paper that is complete; nobody calls it.
    row(A.ROUTE, S.FINISHED, S.AWAITING_MARKING, needs="form_known", when="marks_missing"),
    row(A.ROUTE, S.FINISHED, S.MARKED),
    row(A.ROUTE, S.PAPER_RESPONSE_UPLOAD, S.AWAITING_MARKING, needs="form_known", when="marks_missing"),
    row(A.ROUTE, S.PAPER_RESPONSE_UPLOAD, S.AWAITING_VERIFICATION, when="moderated"),
    row(A.ROUTE, S.PAPER_RESPONSE_UPLOAD, S.MARKED),
    row(A.CLEAR_RESPONSES, (S.IN_PROGRESS, S.PAUSED, *HANDED_IN), S.READY, needs="release_open", when="online"),
    row(A.CLEAR_RESPONSES, (S.IN_PROGRESS, S.PAUSED, *HANDED_IN), S.PAPER_RESPONSE_UPLOAD),
    row(A.REOPEN, HANDED_IN, S.PAPER_RESPONSE_UPLOAD, needs="release_open", when="on_paper"),
    row(A.REOPEN, HANDED_IN, S.PAUSED, needs="time_left_to_reopen", when="clock_is_deferred"),
    row(A.REOPEN, HANDED_IN, S.IN_PROGRESS),
    row(A.RETAKE, RETAKABLE, S.READY, needs="release_open attempts_left", when="online"),
    row(A.RETAKE, RETAKABLE, S.PAPER_RESPONSE_UPLOAD),
)

WITHOUT_RPC = frozenset({A.SCHEDULE, A.ROUTE})
"""Actions nobody can call on a session: they are never named as allowed."""

machine = Machine(
    model=None, states=State, initial=None, auto_transitions=False, transitions=list(TABLE), model_attribute="state"
)


class Move:
    """What the machine is fired on: a session about to change, and everything its guards may ask.

    What is to be written besides the session gathers here: the script of the current attempt as it becomes, that of
    an attempt that is closed, and what the history tells of them.
    """

    __slots__ = ("_script", "closed", "command", "now", "papers", "release", "session", "state", "told")

    def __init__(
        self, session: Session, release: Release, command: Command, now: int, papers: Papers = NO_PAPERS
    ) -> None:
        self.session, self.release, self.command, self.now = session, release, command, now
        self.state = state_of(session.state)
        self.papers = papers
        self._script: Script | None = None
        self.closed: Script | None = None
        self.told: dict[str, tuple[object, object]] = {}

    @property
    def script(self) -> Script:
        """The script of the current attempt, as it stands by now."""
        if self._script is None:
            self._script = script_of(self.session, self.papers)
        return self._script

    @script.setter
    def script(self, script: Script) -> None:
        self._script = script

    def written(self) -> tuple[Script, ...]:
        """The scripts that are new or differ from before."""
        if self.closed:
            return (self.closed,)
        script = self._script
        return () if script is None or script == script_of(self.session, self.papers) else (script,)

    def form(self) -> Form:
        """The session's test form. Raises TestFormUnknown."""
        if self.papers.form is None:
            raise errors.TestFormUnknown(self.session.test_form)
        return self.papers.form

    # Guards: silent when satisfied, else the refusal.

    def release_open(self) -> None:
        """The release is not finalized (ItemLogic, /release/finalize)."""
        if self.release.finalized:
            raise errors.ReleaseFinalized(self.release.id)

    def window_open(self) -> None:
        """The window is open now, or the attempt has a deadline of its own."""
        if not self.session.own_deadline and not self.window_is_open():
            start, end = clock.window(self.session, self.release)
            raise errors.WindowClosed(clock.rfc3339(start), clock.rfc3339(end), clock.rfc3339(self.now))

    def not_held_offline(self) -> None:
        """No client holds the session to be sat offline."""
        if self.session.held_offline:
            raise errors.HeldOffline(self.session.client_machine)

    def force_where_held(self) -> None:
        """A session held offline is voided by force only (Surpass, forceLocalVoid)."""
        if not self.command.force:
            self.not_held_offline()

    def pin_not_blocked(self) -> None:
        """Fewer wrong PINs than the limit."""
        if self.session.pin_failures >= PIN_TRIES:
            raise errors.PinBlocked(self.session.pin_failures)

    def pin_right(self) -> None:
        """The PIN is the session's, compared in constant time; a command without a PIN asks only about the rest."""
        pin = self.command.pin
        if pin is not None and not hmac.compare_digest(pin.upper().encode(), self.session.pin.encode()):
            raise errors.WrongPin(PIN_TRIES - self.session.pin_failures - 1)

    def time_left(self) -> None:
        """The running attempt's deadline has not passed."""
        deadline = clock.deadline(self.session, self.release)
        if deadline and self.now >= deadline:
            raise errors.AttemptTimeExpired(clock.rfc3339(deadline))

    def time_left_after_pause(self) -> None:
        """The paused attempt has working time left."""
        left = clock.time_left_while_paused(self.session, self.release)
        if left is not None and left <= 0:
            raise errors.AttemptTimeExpired(clock.rfc3339(self.session.pause_start_time + left))

    def time_left_to_reopen(self) -> None:
        """The window is open and the ended attempt has working time left, or a new deadline is given."""
        if self.command.deadline:
            return
        if not self.window_is_open():
            start, end = clock.window(self.session, self.release)
            raise errors.WindowClosed(clock.rfc3339(start), clock.rfc3339(end), clock.rfc3339(self.now))
        limit = self.release.duration + clock.extra_time(self.session, self.release)
        if self.release.duration and clock.time_elapsed(self.session) >= limit:
            raise errors.AttemptTimeExpired(clock.rfc3339(self.session.end_time))

    def attempts_left(self) -> None:
        """The release allows another attempt."""
        if 0 < self.release.max_attempts <= self.session.attempt:
            raise errors.AttemptsExhausted(self.session.attempt, self.release.max_attempts)

    def form_known(self) -> None:
        """The catalogue holds the session's test form."""
        self.form()

    def within_grace_period(self) -> None:
        """The offline answers come back in time (Surpass, resultsUploadGracePeriod)."""
        until = self.session.end_time + self.release.grace_period
        if self.release.grace_period and self.now > until:
            raise errors.GracePeriodOver(clock.rfc3339(self.session.end_time), clock.rfc3339(until))

    def release_moderated(self) -> None:
        """The release asks for moderation."""
        if not self.release.moderated:
            raise errors.ReleaseNotModerated(self.release.id)

    def release_not_moderated(self) -> None:
        """The release does not ask for moderation."""
        if self.release.moderated:
            raise errors.ModerationRequired(self.release.id)

    def void_reason_fits(self) -> None:
        """NOT_YET_STARTED only before the attempt started, PARTIALLY_COMPLETED only after (Surpass, void reasons).

        On paper nobody but the caller knows whether the candidate began, so either may be said.
        """
        if self.on_paper():
            return
        reason, started = self.command.void_reason, self.attempt_started()
        if (reason is VoidReason.NOT_YET_STARTED and started) or (
            reason is VoidReason.PARTIALLY_COMPLETED and not started
        ):
            raise errors.VoidReasonMismatch(reason.name)

    def form_is_current(self) -> None:
        """The form the caller saw is the session's (Surpass, currentTestFormRef)."""
        if self.command.current_form and self.command.current_form != self.session.test_form:
            raise errors.StaleForm(self.session.test_form)

    def schedule_editable(self) -> None:
        """The edit leaves the schedule alone, or the booking is still editable."""
        if self.command.touches_schedule and self.state not in EDITABLE:
            raise wrong_state(A.UPDATE, self.state)

    # Conditions: which row is taken.

    def window_is_open(self) -> bool:
        """The window is open now."""
        return clock.window_is_open(self.session, self.release, self.now)

    def check_in_required(self) -> bool:
        """The release asks for check-in."""
        return bool(self.release.requires_check_in)

    def pin_required(self) -> bool:
        """The release is invigilated and the session has a PIN."""
        return bool(self.release.invigilated and self.session.pin)

    def invigilated(self) -> bool:
        """The release is invigilated."""
        return bool(self.release.invigilated)

    def on_paper(self) -> bool:
        """The release is delivered on paper."""
        return self.release.delivery == Delivery.PAPER

    def online(self) -> bool:
        """The release is delivered on a computer."""
        return not self.on_paper()

    def clock_is_deferred(self) -> bool:
        """The clock is to wait for the candidate."""
        return self.command.deferred_clock

    def marks_missing(self) -> bool:
        """People still have something to mark."""
        return waits_for_marks(self.form(), self.script)

    def moderated(self) -> bool:
        """The release asks for moderation."""
        return bool(self.release.moderated)

    def attempt_started(self) -> bool:
        """The clock of the current attempt has started."""
        return bool(self.session.start_time)


STATES = {int(state): state for state in State}


def state_of(code: int) -> State:
    """The state of a stored code; a damaged one is an exception, so that an operator can still deal with it."""
    return STATES.get(code, State.EXCEPTION)


def sources_of(action: Action) -> frozenset[State]:
    """The states an action is legal in, guards aside."""
    if action is A.DELETE:
        return EDITABLE
    event = machine.events.get(action.value)
    return frozenset(State[name] for name in event.transitions) if event else frozenset()


ALLOWED: dict[State, tuple[Action, ...]] = {
    state: tuple(action for action in Action if action not in WITHOUT_RPC and state in sources_of(action))
    for state in State
}
"""The actions that are legal in each state, guards aside."""

TELLING = {
    A.RESET: errors.SessionNotResettable,
    A.UPDATE: errors.SessionNotEditable,
    A.DELETE: errors.SessionNotEditable,
    A.VOID: errors.SessionNotVoidable,
    A.ASSIGN_ITEM_MARKS: errors.PaperResponseUploadRequired,
    A.ASSIGN_ITEM_RESPONSES: errors.PaperResponseUploadRequired,
}


def wrong_state(action: Action, state: State) -> errors.InvalidTransition:
    """The refusal of an action that is not legal in a state: the more telling type where there is one."""
    kind = TELLING.get(action, errors.InvalidTransition)
    return kind(state.name, action.value, tuple(a.value for a in ALLOWED[state]))


def compiled() -> dict[tuple[Action, State], tuple[CompiledRow, ...]]:
    """The machine's rows by action and state, with their guards and conditions looked up.

    Firing the machine itself costs 8 microseconds of the 40 a durable transition takes; walking these rows costs one.
    A test walks every pair both ways.
    """
    rows: dict[tuple[Action, State], tuple[CompiledRow, ...]] = {}
    for name, event in machine.events.items():
        for source, transitions in event.transitions.items():
            rows[Action(name), State[source]] = tuple(
                CompiledRow(
                    tuple(getattr(Move, str(guard)) for guard in transition.prepare),
                    tuple(getattr(Move, str(condition.func)) for condition in transition.conditions),
                    State[str(transition.dest)],
                )
                for transition in transitions
            )
    return rows


class CompiledRow(NamedTuple):
    """One transition: guards that may raise, conditions that must hold, and where it leads."""

    guards: tuple[Callable[[Move], None], ...]
    conditions: tuple[Callable[[Move], bool], ...]
    dest: State


COMPILED = compiled()


def fire(move: Move) -> State:
    """Moves the Move by its command's action and returns the new state; raises the refusal that stands in the way."""
    action = move.command.action
    for guards, conditions, dest in COMPILED.get((action, move.state), ()):
        for guard in guards:
            guard(move)
        if all(condition(move) for condition in conditions):
            move.state = dest
            return dest
    raise wrong_state(action, move.state)


def first_state(release: Release) -> State:
    """Where a new booking begins."""
    return S.PAPER_RESPONSE_UPLOAD if release.delivery == Delivery.PAPER else S.SCHEDULED_BUT_NOT_CREATED


def transitions_of_machine() -> list[tuple[Action, State, State, str]]:
    """Every transition the machine holds: action, from, to, and the conditions that pick it."""
    found = []
    for action in Action:
        event = machine.events.get(action.value)
        for transition in chain.from_iterable(event.transitions.values()) if event else ():
            conditions = " and ".join(str(condition.func) for condition in transition.conditions)
            found.append((action, State[transition.source], State[str(transition.dest)], conditions))
    return found
