"""The table of actions: from which states, behind which guards and with which effect, and the machine built from it.

Rows are in the order of the contract. An action with several transitions from one state tries them in the order of
the table; the guards are in the first of them, so that they are called once.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import attempt_effects, effects, marking, response_effects
from exam_sessions.domain import guards as g
from exam_sessions.domain.deletion import delete
from exam_sessions.domain.regrade import regrade
from exam_sessions.domain.states import EDITABLE_STATES, NOT_STARTED, OPEN, SUBMITTED, TERMINAL, Action, State
from exam_sessions.domain.transition import (
    DELETED,
    STAYS,
    Condition,
    DecidedBy,
    Guard,
    GuardedTransition,
    SessionMachine,
    TransitionContext,
    TransitionRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

A, S = Action, State
BEFORE_KEYCODE = (S.SCHEDULED_BUT_NOT_CREATED, S.SCHEDULED_BUT_NOT_DOWNLOADED, S.SCHEDULED_BUT_LOCKED, S.READY)
DOWNLOADED = (S.SCHEDULED_BUT_LOCKED, S.READY)
BEFORE_UNLOCK = (*BEFORE_KEYCODE, S.REQUIRES_CHECK_IN)
NON_TERMINAL = tuple(state for state in State if state not in TERMINAL)
RETAKABLE = (S.FINISHED, S.MARKED, S.SCRIPT_VERIFIED)
MARKABLE = tuple(state for state in SUBMITTED if state is not S.AWAITING_MARKING)
HELD = tuple(state for state in State if state in OPEN)
CLEARABLE = (S.IN_PROGRESS, S.PAUSED, *SUBMITTED)


class ActionRow(NamedTuple):
    """An action and all that is to be known of it. A column that is not given is off."""

    action: Action
    transitions: tuple[TransitionRow, ...] = ()
    effect: effects.Effect | None = None
    """What is written besides the state."""
    decided_by: DecidedBy | None = None
    """Decides the action, with several events or with the end of the session; None: a transition and its effect."""
    followed_by: effects.FollowUp | None = None
    """Which action follows in the same transaction; None where none ever does."""
    refusal: type[errors.InvalidTransition] = errors.InvalidTransition
    """The refusal in a state the action is not legal in."""
    needs_form: bool = False
    """Reads the test form or the attempt records."""
    form_is_optional: bool = False
    """With needs_form: a session without a form needs no attempt records either, not even earlier ones."""
    needs_revised_form: bool = False
    """Takes the revision of the form to mark by."""
    needs_latest_revision: bool = False
    """Takes the newest revision of a form."""
    for_many: bool = False
    """Takes nothing for each session, or the same for all: BatchTransitionSessions takes it."""
    reports_deadline: bool = False
    """Its reply has the deadline it leads to."""
    has_rpc: bool = True
    """Can be called on a session, and is then named as allowed."""
    by_system: bool = False
    """Follows another action, by the service itself."""


def row(
    sources: State | Iterable[State],
    target: State | str | None,
    *guards: Guard,
    when: Condition | None = None,
) -> TransitionRow:
    """One row of transitions: guards are called in their order, then the condition `when`."""
    from_states = (sources,) if isinstance(sources, State) else tuple(sources)
    return TransitionRow(from_states, target, guards, (when,) if when else ())


def schedule_editable(context: TransitionContext) -> None:
    """The edit leaves the schedule alone, or the booking is still editable.

    A guard that is not in guards.py, because its refusal names what the table allows.
    """
    if context.command.touches_schedule and context.state not in EDITABLE_STATES:
        raise refusal_in_state(A.UPDATE, context.state)


# Laid out by hand: an action and what it writes in one line where they fit, each row of transitions
# in a line of its own where there are several.
# fmt: off
TABLE: tuple[ActionRow, ...] = (
    ActionRow(A.SCHEDULE, has_rpc=False),
    ActionRow(A.CREATE_PACKAGE, (row(S.SCHEDULED_BUT_NOT_CREATED, S.SCHEDULED_BUT_NOT_DOWNLOADED, g.release_open),),
        effects.take_latest_revision, needs_form=True, needs_latest_revision=True, for_many=True),
    ActionRow(A.DOWNLOAD, (
        row(S.SCHEDULED_BUT_NOT_DOWNLOADED, S.READY, g.release_open, when=g.window_is_open),
        row(S.SCHEDULED_BUT_NOT_DOWNLOADED, S.SCHEDULED_BUT_LOCKED),
    ), effects.record_client, for_many=True),
    ActionRow(A.OPEN_WINDOW, (row(S.SCHEDULED_BUT_LOCKED, S.READY, g.release_open, g.window_open),), for_many=True),
    ActionRow(A.ENTER_KEYCODE, (
        row(DOWNLOADED, S.REQUIRES_CHECK_IN, g.release_open, g.window_open, g.not_held_offline,
            when=g.check_in_required),
        row(DOWNLOADED, S.LOCKED_BY_PIN, when=g.pin_required),
        row(DOWNLOADED, S.LOCKED_FOR_INVIGILATOR, when=g.invigilated),
        row(DOWNLOADED, S.IN_PROGRESS),
    ), effects.enter_keycode),
    ActionRow(A.CHECK_IN, (
        row(S.REQUIRES_CHECK_IN, S.LOCKED_BY_PIN, g.release_open, g.window_open, when=g.pin_required),
        row(S.REQUIRES_CHECK_IN, S.LOCKED_FOR_INVIGILATOR, when=g.invigilated),
        row(S.REQUIRES_CHECK_IN, S.IN_PROGRESS),
    ), effects.start_attempt, for_many=True),
    ActionRow(A.ENTER_PIN, (
        row(S.LOCKED_BY_PIN, S.IN_PROGRESS, g.release_open, g.token_present, g.window_open, g.pin_not_blocked,
            g.pin_right),
    ), effects.start_attempt),
    ActionRow(A.UNLOCK, (row(S.LOCKED_FOR_INVIGILATOR, S.IN_PROGRESS, g.release_open, g.window_open),),
        effects.start_attempt, for_many=True),
    ActionRow(A.SET_PIN, (
        row(S.LOCKED_FOR_INVIGILATOR, S.LOCKED_BY_PIN, g.release_open),
        row((*BEFORE_UNLOCK, S.LOCKED_BY_PIN), STAYS, g.release_open),
    ), effects.set_pin),
    ActionRow(A.REMOVE_PIN, (
        row(S.LOCKED_BY_PIN, S.LOCKED_FOR_INVIGILATOR, g.release_open),
        row(BEFORE_UNLOCK, STAYS, g.release_open),
    ), effects.remove_pin, for_many=True),
    ActionRow(A.GET_PIN, (row((*BEFORE_UNLOCK, S.LOCKED_BY_PIN, S.LOCKED_FOR_INVIGILATOR), STAYS, g.pin_set),)),
    ActionRow(A.PAUSE, (row(S.IN_PROGRESS, S.PAUSED, g.time_left),), effects.start_pause, for_many=True),
    ActionRow(A.RESUME, (row(S.PAUSED, S.IN_PROGRESS, g.release_open, g.window_open, g.time_left_after_pause),),
        effects.end_pause, for_many=True),
    ActionRow(A.GO_OFFLINE, (row(S.IN_PROGRESS, S.OFFLINE, g.token_present, g.time_left),),
        effects.hold_offline, for_many=True),
    ActionRow(A.RECONNECT, (row(S.OFFLINE, S.IN_PROGRESS, g.token_present, g.release_open, g.time_left),),
        effects.end_offline_hold, for_many=True),
    ActionRow(A.FINISH_OFFLINE, (row(S.OFFLINE, S.AWAITING_UPLOAD, g.token_present),),
        effects.end_attempt, for_many=True),
    ActionRow(A.UPLOAD, (row(S.AWAITING_UPLOAD, S.FINISHED, g.token_present, g.within_grace_period),),
        response_effects.take_offline_answers, followed_by=effects.route_when_form_known,
        needs_form=True, form_is_optional=True, for_many=True),
    ActionRow(A.FINISH, (row((S.IN_PROGRESS, S.PAUSED), S.FINISHED, g.token_present),),
        effects.end_attempt, followed_by=effects.route_when_form_known,
        needs_form=True, form_is_optional=True, for_many=True),
    ActionRow(A.SEND_TO_MARKING, (row(S.FINISHED, S.AWAITING_MARKING),), for_many=True),
    ActionRow(A.SUBMIT_MARKED, (row(S.AWAITING_MARKING, S.MARKED),),
        marking.scored, needs_form=True, form_is_optional=True, for_many=True),
    ActionRow(A.REQUEST_VERIFICATION, (row(S.MARKED, S.AWAITING_VERIFICATION, g.release_moderated),), for_many=True),
    ActionRow(A.VERIFY, (row(S.AWAITING_VERIFICATION, S.SCRIPT_VERIFIED),), for_many=True),
    ActionRow(A.ARCHIVE, (
        row(S.SCRIPT_VERIFIED, S.ARCHIVED),
        row(S.MARKED, S.ARCHIVED, g.release_not_moderated),
    ), for_many=True),
    ActionRow(A.VOID, (row(NON_TERMINAL, S.VOIDED, g.void_reason_fits, g.force_where_held),),
        effects.void, refusal=errors.SessionNotVoidable, for_many=True),
    ActionRow(A.RESET, (row(BEFORE_KEYCODE, S.SCHEDULED_BUT_NOT_CREATED, g.release_open, g.form_is_current),),
        effects.reset, refusal=errors.SessionNotResettable,
        needs_form=True, needs_latest_revision=True, for_many=True),
    ActionRow(A.ASSIGN_ITEM_MARKS, (row(S.PAPER_RESPONSE_UPLOAD, STAYS, g.release_open, g.form_known),),
        marking.assign_item_marks, followed_by=effects.route_when_complete,
        refusal=errors.PaperResponseUploadRequired, needs_form=True),
    ActionRow(A.ASSIGN_ITEM_RESPONSES, (row(S.PAPER_RESPONSE_UPLOAD, STAYS, g.release_open, g.form_known),),
        marking.assign_item_responses, followed_by=effects.route_when_complete,
        refusal=errors.PaperResponseUploadRequired, needs_form=True),
    ActionRow(A.REQUEST_SCAN, (row(S.PAPER_RESPONSE_UPLOAD, S.LOCAL_SCAN_REQUESTED),), for_many=True),
    ActionRow(A.RECEIVE_SCAN, (row(S.LOCAL_SCAN_REQUESTED, S.PAPER_RESPONSE_UPLOAD),), for_many=True),
    ActionRow(A.SET_RESPONSES, (row(S.IN_PROGRESS, STAYS, g.token_present, g.answers_are_taken, g.form_known),),
        response_effects.set_responses, followed_by=effects.submit_when_asked,
        needs_form=True, form_is_optional=True),
    ActionRow(A.CLEAR_RESPONSES, (
        row(CLEARABLE, S.READY, g.release_open, when=g.online),
        row(CLEARABLE, S.PAPER_RESPONSE_UPLOAD),
    ), attempt_effects.clear_responses, needs_form=True, for_many=True),
    ActionRow(A.REOPEN, (
        row(SUBMITTED, S.PAPER_RESPONSE_UPLOAD, g.release_open, when=g.on_paper),
        row(SUBMITTED, S.PAUSED, g.time_left_to_reopen, when=g.clock_is_deferred),
        row(SUBMITTED, S.IN_PROGRESS),
    ), attempt_effects.reopen, needs_form=True, for_many=True),
    ActionRow(A.RETAKE, (
        row(RETAKABLE, S.READY, g.release_open, g.attempts_left, when=g.online),
        row(RETAKABLE, S.PAPER_RESPONSE_UPLOAD),
    ), attempt_effects.retake, needs_form=True, for_many=True),
    ActionRow(A.FAIL, (row((state for state in NON_TERMINAL if state is not S.EXCEPTION), S.EXCEPTION),),
        effects.fail, for_many=True),
    ActionRow(A.RECOVER, (
        row(S.EXCEPTION, S.PAPER_RESPONSE_UPLOAD, when=g.on_paper),
        row(S.EXCEPTION, S.PAUSED, when=g.attempt_started),
        row(S.EXCEPTION, S.SCHEDULED_BUT_NOT_CREATED),
    ), effects.recover, needs_form=True, needs_latest_revision=True, for_many=True),
    ActionRow(A.UPDATE, (row(NON_TERMINAL, STAYS, g.release_open, schedule_editable),),
        effects.update, refusal=errors.SessionNotEditable, needs_form=True, needs_latest_revision=True),
    ActionRow(A.DELETE, (row(EDITABLE_STATES, DELETED, g.release_open),), decided_by=delete,
        refusal=errors.SessionNotEditable, needs_form=True, for_many=True),
    # Where an attempt goes that was just handed in, or a paper that is complete; a follow-up only.
    ActionRow(A.ROUTE, (
        row(S.FINISHED, S.AWAITING_MARKING, g.form_known, when=g.marks_missing),
        row(S.FINISHED, S.MARKED),
        row(S.PAPER_RESPONSE_UPLOAD, S.AWAITING_MARKING, g.form_known, when=g.marks_missing),
        row(S.PAPER_RESPONSE_UPLOAD, S.AWAITING_VERIFICATION, when=g.moderated),
        row(S.PAPER_RESPONSE_UPLOAD, S.MARKED),
    ), marking.route, has_rpc=False, by_system=True),
    ActionRow(A.SCORE_RESPONSE, (
        row((S.AWAITING_MARKING, S.MARKED, S.AWAITING_VERIFICATION), STAYS, g.release_open, g.form_known),
    ), marking.score_response, needs_form=True),
    ActionRow(A.UNSCORE_RESPONSE, (row(S.AWAITING_MARKING, STAYS, g.release_open, g.form_known),),
        marking.unscore_response, needs_form=True),
    ActionRow(A.SET_EXTRA_TIME, (
        row((*NOT_STARTED, S.PAUSED), STAYS, g.release_open, g.working_time_for_percent),
        row(S.IN_PROGRESS, STAYS, g.release_open, g.time_left, g.working_time_for_percent),
    ), effects.set_extra_time, for_many=True, reports_deadline=True),
    ActionRow(A.SET_ACCOMMODATION, (
        row((*NOT_STARTED, S.PAUSED), STAYS, g.release_open),
        row(S.IN_PROGRESS, STAYS, g.release_open, g.time_left),
    ), effects.set_accommodation, for_many=True, reports_deadline=True),
    ActionRow(A.REGRADE, (
        row(MARKABLE, S.AWAITING_MARKING, g.form_known, g.revision_fits, when=g.marks_become_missing),
        row(MARKABLE, STAYS),
        row(S.AWAITING_MARKING, STAYS, g.form_known, g.revision_fits, when=g.marks_stay_missing),
        row(S.AWAITING_MARKING, S.AWAITING_VERIFICATION, when=g.moderated_on_paper),
        row(S.AWAITING_MARKING, S.MARKED),
    ), decided_by=regrade, needs_form=True, needs_revised_form=True),
    ActionRow(A.ALLOW_TAKE_OVER, (row(HELD, STAYS, g.held_by_device),), effects.allow_take_over, for_many=True),
    # The result of EnterKeycode from another device while a device holds the session (decide.py).
    ActionRow(A.TAKE_OVER, (row(HELD, STAYS, g.held_by_device, g.may_take_over),), effects.take_over, has_rpc=False),
    # Moves no session: it is recorded in the history by the erasure of a candidate (erasure.py), whatever the state.
    ActionRow(A.ERASE, has_rpc=False),
)
# fmt: on

ACTIONS: dict[Action, ActionRow] = {row.action: row for row in TABLE}
"""The table by action."""


def sources_of(action: Action) -> frozenset[State]:
    """The states an action is legal in, guards aside."""
    return frozenset(chain.from_iterable(row.sources for row in ACTIONS[action].transitions))


ALLOWED: dict[State, tuple[Action, ...]] = {
    state: tuple(row.action for row in TABLE if row.has_rpc and state in sources_of(row.action)) for state in State
}
"""The actions that are legal in each state, guards aside."""


def refusal_in_state(action: Action, state: State) -> errors.InvalidTransition:
    """The refusal of an action that is not legal in a state: of the action's own type where it has one."""
    return ACTIONS[action].refusal(state.name, action.value, tuple(a.value for a in ALLOWED[state]))


machine = SessionMachine(refusal_in_state)
for _row in TABLE:
    machine.add_action(_row.action, _row.transitions)


class TransitionDescription(NamedTuple):
    """One transition as it is shown to people and clients."""

    action: Action
    source: State
    target: State
    condition: str
    """Names of the conditions that pick it; empty when it has none."""


def transitions_of_machine() -> list[TransitionDescription]:
    """Every transition between two states, by action and source. Deleting a session leads to no state."""
    return [
        TransitionDescription(
            Action(name),
            State[transition.source],
            transition.target,
            " and ".join(condition.__name__ for condition in transition.predicates),
        )
        for name, event in machine.events.items()
        for transition in chain.from_iterable(event.transitions.values())
        if isinstance(transition, GuardedTransition) and transition.target is not None
    ]
