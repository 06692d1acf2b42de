"""A session about to change: what the machine is fired on, its guards and conditions, and how it is fired.

Which rows there are is machine.py's, what a move writes is effects.py's.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.machine import machine, state_of, wrong_state
from exam_sessions.domain.records import NO_PAPERS
from exam_sessions.domain.scoring import waits_for_marks
from exam_sessions.domain.scripts import script_of
from exam_sessions.domain.states import EDITABLE, Action, Delivery, State, VoidReason
from exam_sessions.domain.texts import fold_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Papers, Release, Script, Session

PIN_TRIES = 5
"""Wrong PINs before the PIN is blocked. Our own decision; the vendors are silent."""


class Move:
    """What the machine is fired on: a session about to change, and everything its guards may ask.

    What is to be written besides the session gathers here: the script of the current attempt as it becomes, that of
    an attempt that is closed, and what the history tells of them.
    """

    __slots__ = ("_script", "_stored", "closed", "command", "now", "papers", "release", "session", "state", "told")

    def __init__(
        self, session: Session, release: Release, command: Command, now: int, papers: Papers = NO_PAPERS
    ) -> None:
        self.session, self.release, self.command, self.now = session, release, command, now
        self.state = state_of(session.state)
        self.papers = papers
        self._script: Script | None = None
        self._stored: Script | None = None
        self.closed: Script | None = None
        self.told: dict[str, tuple[object, object]] = {}

    @property
    def script(self) -> Script:
        """The script of the current attempt, as it stands by now."""
        if self._script is None:
            self._script = self._stored = script_of(self.session, self.papers.scripts)
        return self._script

    @script.setter
    def script(self, script: Script) -> None:
        self._script = script

    def written(self) -> tuple[Script, ...]:
        """The scripts that are new or differ from before."""
        if self.closed:
            return (self.closed,)
        script, stored = self._script, self._stored
        return () if script is None or script is stored or script == stored else (script,)

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

    def pin_set(self) -> None:
        """The session has a PIN."""
        if not self.session.pin:
            raise errors.PinNotSet

    def pin_not_blocked(self) -> None:
        """Fewer wrong PINs than the limit."""
        if self.session.pin_failures >= PIN_TRIES:
            raise errors.PinBlocked(self.session.pin_failures)

    def pin_right(self) -> None:
        """The PIN is the session's, compared in constant time; a command without a PIN asks only about the rest."""
        pin = self.command.pin
        if pin is not None and not hmac.compare_digest(fold_code(pin).encode(), self.session.pin.encode()):
            raise errors.WrongPin(PIN_TRIES - self.session.pin_failures - 1)

    def time_left(self) -> None:
        """The running attempt's deadline has not passed."""
        deadline = clock.deadline(self.session, self.release)
        if deadline and self.now >= deadline:
            raise errors.AttemptTimeExpired(clock.rfc3339(deadline))

    def answers_are_taken(self) -> None:
        """The running attempt's deadline has not passed, or the online grace period after it has not."""
        until = clock.accepted_until(self.session, self.release)
        if until and self.now >= until:
            raise errors.AttemptTimeExpired(clock.rfc3339(clock.deadline(self.session, self.release)))

    def working_time_for_percent(self) -> None:
        """Extra time in percent is of a working time that is limited."""
        if self.command.extra_percent and not clock.working_time(self.session, self.release):
            raise errors.NoWorkingTime(self.release.id)

    def time_left_after_pause(self) -> None:
        """The paused attempt has working time left."""
        left = clock.time_left_while_paused(self.session, self.release)
        if left is not None and left <= 0:
            raise errors.AttemptTimeExpired(clock.rfc3339(self.session.pause_start_time + left))

    def time_left_to_reopen(self) -> None:
        """The window is open and the ended attempt has working time left, or a new deadline, or none, is given."""
        if self.command.gives_deadline:
            return
        if not self.window_is_open():
            start, end = clock.window(self.session, self.release)
            raise errors.WindowClosed(clock.rfc3339(start), clock.rfc3339(end), clock.rfc3339(self.now))
        working = clock.working_time(self.session, self.release)
        limit = working + clock.extra_time(self.session, self.release)
        if working and clock.time_elapsed(self.session) >= limit:
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
        until = self.session.end_time + max(0, self.release.grace_period)
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
            raise wrong_state(Action.UPDATE, self.state)

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
