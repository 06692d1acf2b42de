"""One transition of a session: what its guards and effects see, and how the state machine is fired.

The machine is a `transitions.Machine` with an event and a transition class of our own, through the extension points
that the library has for it. Which transitions there are is in transition_table.py, the guards are in guards.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from transitions import Event as MachineEvent
from transitions import Machine, Transition

from exam_sessions import errors
from exam_sessions.domain.attempts import current_attempt_of
from exam_sessions.domain.records import NO_MARKING_CONTEXT
from exam_sessions.domain.states import STATE_BY_CODE, Action, Delivery, State

if TYPE_CHECKING:
    from collections import defaultdict

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Event, MarkingContext, Release, Session


class TransitionContext:
    """A session in a transition, with everything its guards and effects may read; the model the machine is fired on.

    One context serves a command and the actions that follow it: session and attempt are as the last one left them.
    Effects leave here what is to be written besides the session: the record of the current attempt, that of an
    attempt that is closed, and changes for the history that are not columns of the session.
    """

    __slots__ = (
        "_attempt_record",
        "_stored",
        "closed",
        "command",
        "extra_changes",
        "marking_context",
        "now",
        "release",
        "session",
        "state",
    )

    def __init__(
        self,
        session: Session,
        release: Release,
        command: Command,
        now: int,
        marking_context: MarkingContext = NO_MARKING_CONTEXT,
    ) -> None:
        self.session, self.release, self.command, self.now = session, release, command, now
        self.state = STATE_BY_CODE[session.state]
        self.marking_context = marking_context
        self._attempt_record: AttemptRecord | None = None
        self._stored: AttemptRecord | None = None
        self.closed: AttemptRecord | None = None
        self.extra_changes: dict[str, tuple[object, object]] = {}

    @property
    def attempt_record(self) -> AttemptRecord:
        """The record of the current attempt, with what effects have written so far."""
        if self._attempt_record is None:
            self._attempt_record = self._stored = current_attempt_of(self.session, self.marking_context.attempts)
        return self._attempt_record

    @attempt_record.setter
    def attempt_record(self, attempt_record: AttemptRecord) -> None:
        self._attempt_record = attempt_record

    def written(self) -> tuple[AttemptRecord, ...]:
        """The attempt records that are new or differ from before."""
        if self.closed:
            return (self.closed,)
        attempt_record, stored = self._attempt_record, self._stored
        return (
            ()
            if attempt_record is None or attempt_record is stored or attempt_record == stored
            else (attempt_record,)
        )

    def form(self) -> Form:
        """The session's test form. Raises TestFormUnknown."""
        if self.marking_context.form is None:
            raise errors.TestFormUnknown(self.session.test_form)
        return self.marking_context.form

    def on_paper(self) -> bool:
        """Whether the release is delivered on paper."""
        return self.release.delivery == Delivery.PAPER


Guard = Callable[[TransitionContext], None]
"""Returns when satisfied, else raises the refusal."""

Condition = Callable[[TransitionContext], bool]
"""Whether a transition is the one to take, where an action has several from one state."""


class ActionResult(NamedTuple):
    """The result of an action that is decided in its own way; without events nothing is written."""

    changes: dict[str, Any] | None
    """Columns of the session and their new values, besides those of every change; None: the session is deleted."""
    events: tuple[Event, ...]
    attempts: tuple[AttemptRecord, ...] = ()
    """Scripts that differ from before."""


DecidedBy = Callable[[TransitionContext, "SessionMachine"], ActionResult]
"""Fires the machine, where the action takes a transition, and says what is to be written."""


class TransitionRow(NamedTuple):
    """Transitions that differ in their source only."""

    sources: tuple[State, ...]
    target: State | str | None
    """A state, STAYS or DELETED."""
    guards: tuple[Guard, ...]
    conditions: tuple[Condition, ...]


STAYS = "="
"""The target of a transition that leaves the state as it is, in the notation of the library."""
DELETED = None
"""The target of a transition after which there is no session any more."""


class GuardedTransition(Transition):
    """One transition from one state: guards, predicates, and the target; None where the session is deleted."""

    def __init__(
        self,
        source: str,
        dest: str | None,
        conditions: list[Condition],
        *callbacks: object,
        guards: tuple[Guard, ...] = (),
    ) -> None:
        """A transition as Machine.add_transition creates it.

        Args:
            source: name of the state it leaves.
            dest: name of the state it enters.
            conditions: all must hold for it to be taken.
            callbacks: what the library would call besides; none may be given, for ActionEvent calls none.
            guards: called before the conditions.
        """
        if any(callbacks):
            raise TypeError("a transition takes guards and conditions, and no callbacks")
        super().__init__(source, dest or source)
        self.guards, self.predicates = guards, tuple(conditions)
        self.target = State[dest] if dest else None


class ActionEvent(MachineEvent):
    """All transitions of one action. Triggering it calls guards and conditions, and nothing else.

    The library's own Event makes an EventData, a partial and chains of callbacks for each call, for 8 microseconds;
    this one costs 0.3.
    """

    transitions: defaultdict[str, list[GuardedTransition]]  # type: ignore[assignment]

    # Without the library's *args and **kwargs, which would cost 0.1 us.
    def trigger(self, model: Any) -> bool:
        """Moves a TransitionContext to the target of the first transition whose conditions hold.

        Args:
            model: the TransitionContext; its state is changed.

        Returns:
            Whether there was such a transition; where not, nothing is changed.

        Raises:
            errors.Refusal: by a guard; nothing is changed.
        """
        # The property `name` of an enumeration costs as much as all the rest.
        for transition in self.transitions.get(model.state._name_, ()):
            for guard in transition.guards:
                guard(model)
            for holds in transition.predicates:
                if not holds(model):
                    break
            else:
                if transition.target is not None:
                    model.state = transition.target
                return True
        return False


class SessionMachine(Machine):
    """The state machine of all sessions: it has no model of its own, and is fired on a TransitionContext."""

    event_cls = ActionEvent
    transition_cls = GuardedTransition

    def __init__(self, refusal_in_state: Callable[[Action, State], errors.InvalidTransition]) -> None:
        """A machine without actions; `refusal_in_state` makes the refusal of an action not legal in a state."""
        super().__init__(model=None, states=State, initial=None, auto_transitions=False)
        self.refusal_in_state = refusal_in_state

    def add_action(self, action: Action, rows: tuple[TransitionRow, ...]) -> None:
        """Adds an action and its transitions, to be tried in this order."""
        self.events[action] = self.event_cls(action, self)
        for row in rows:
            self.add_transition(action, list(row.sources), row.target, list(row.conditions), guards=row.guards)

    def fire(self, context: TransitionContext) -> None:
        """Moves a context by the action of its command: its state becomes the new one.

        Raises:
            errors.Refusal: a guard's; nothing is changed.
            errors.InvalidTransition: the action is not legal in the state; nothing is changed.
        """
        action = context.command.action
        if not self.events[action].trigger(context):
            raise self.refusal_in_state(action, context.state)
