"""The one transition table, and the machine that enforces it. What a move writes besides the state is effects.py's.

The table is the contract of the lifecycle, row by row, held by a `transitions` Machine: one module-level machine
without a model, fired on a light Move (move.py). `needs` are guards: methods of Move that raise the telling refusal.
`when` are conditions that pick the row: methods of Move that return a boolean; rows of one action are tried in order.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from transitions import Machine

from exam_sessions import errors
from exam_sessions.domain.states import EDITABLE, NOT_STARTED, TERMINAL, Action, Delivery, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.records import Release

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
    row(A.GET_PIN, (*BEFORE_UNLOCK, S.LOCKED_BY_PIN, S.LOCKED_FOR_INVIGILATOR), STAYS, needs="pin_set"),
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
    row(A.SET_EXTRA_TIME, (*NOT_STARTED, S.PAUSED), STAYS, needs="release_open working_time_for_percent"),
    row(A.SET_EXTRA_TIME, S.IN_PROGRESS, STAYS, needs="release_open time_left working_time_for_percent"),
    row(A.SET_ACCOMMODATION, (*NOT_STARTED, S.PAUSED), STAYS, needs="release_open"),
    row(A.SET_ACCOMMODATION, S.IN_PROGRESS, STAYS, needs="release_open time_left"),
    row(A.ASSIGN_ITEM_MARKS, S.PAPER_RESPONSE_UPLOAD, STAYS, needs="release_open form_known"),
    row(A.ASSIGN_ITEM_RESPONSES, S.PAPER_RESPONSE_UPLOAD, STAYS, needs="release_open form_known"),
    row(A.SET_RESPONSES, S.IN_PROGRESS, STAYS, needs="answers_are_taken form_known"),
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
