"""The words of the contract: states, maturities, actions, and the small enumerations stored with a session.

Numbers of State are Surpass's codes (SDK, SurpassApiExamState); 17 and 21 do not exist there. Numbers of the others
are those of the protos. What leads from one state to another is in transition_table.py.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class State(IntEnum):
    """Where a session rests."""

    SCHEDULED_BUT_NOT_CREATED = 1
    SCHEDULED_BUT_NOT_DOWNLOADED = 2
    SCHEDULED_BUT_LOCKED = 3
    READY = 4
    LOCKED_FOR_INVIGILATOR = 5
    IN_PROGRESS = 6
    PAUSED = 7
    OFFLINE = 8
    FINISHED = 9
    VOIDED = 10
    MARKED = 11
    SCRIPT_VERIFIED = 12
    ARCHIVED = 13
    LOCKED_BY_PIN = 14
    AWAITING_MARKING = 15
    AWAITING_VERIFICATION = 16
    AWAITING_UPLOAD = 18
    PAPER_RESPONSE_UPLOAD = 19
    LOCAL_SCAN_REQUESTED = 20
    REQUIRES_CHECK_IN = 22
    EXCEPTION = 99


class Maturity(IntEnum):
    """ExamSpark's coarse flag, derived from the state, never stored."""

    NOT_STARTED = 1
    IN_PROGRESS = 2
    COMPLETE = 3
    VOID = 4


class Action(StrEnum):
    """The verbs, in the order of the contract; the name of an RPC, a history row and a log line."""

    SCHEDULE = "schedule"
    CREATE_PACKAGE = "create_package"
    DOWNLOAD = "download"
    OPEN_WINDOW = "open_window"
    ENTER_KEYCODE = "enter_keycode"
    CHECK_IN = "check_in"
    ENTER_PIN = "enter_pin"
    UNLOCK = "unlock"
    SET_PIN = "set_pin"
    REMOVE_PIN = "remove_pin"
    GET_PIN = "get_pin"
    PAUSE = "pause"
    RESUME = "resume"
    GO_OFFLINE = "go_offline"
    RECONNECT = "reconnect"
    FINISH_OFFLINE = "finish_offline"
    UPLOAD = "upload"
    FINISH = "finish"
    SEND_TO_MARKING = "send_to_marking"
    SUBMIT_MARKED = "submit_marked"
    REQUEST_VERIFICATION = "request_verification"
    VERIFY = "verify"
    ARCHIVE = "archive"
    VOID = "void"
    RESET = "reset"
    ASSIGN_ITEM_MARKS = "assign_item_marks"
    ASSIGN_ITEM_RESPONSES = "assign_item_responses"
    REQUEST_SCAN = "request_scan"
    RECEIVE_SCAN = "receive_scan"
    SET_RESPONSES = "set_responses"
    CLEAR_RESPONSES = "clear_responses"
    REOPEN = "reopen"
    RETAKE = "retake"
    FAIL = "fail"
    RECOVER = "recover"
    UPDATE = "update"
    DELETE = "delete"
    ROUTE = "route"
    SCORE_RESPONSE = "score_response"
    UNSCORE_RESPONSE = "unscore_response"
    SET_EXTRA_TIME = "set_extra_time"
    SET_ACCOMMODATION = "set_accommodation"
    REGRADE = "regrade"
    ALLOW_TAKE_OVER = "allow_take_over"
    TAKE_OVER = "take_over"
    ERASE = "erase"


class FinishReason(IntEnum):
    """Who ended an attempt; 0 while it has not ended."""

    CANDIDATE = 1
    INVIGILATOR = 2
    TIME_EXPIRED = 3
    RELEASE_FINALIZED = 4


class VoidReason(IntEnum):
    """Why a session was annulled; 0 while it is not. 1 to 4 are Surpass's own codes (SurpassApiVoidReason)."""

    ABSENT = 1
    WITHDRAWN = 2
    PARTIALLY_COMPLETED = 3
    OTHER = 4
    NOT_YET_STARTED = 5
    AUTO = 6


class Delivery(IntEnum):
    """How a test reaches the candidate."""

    ONLINE = 1
    PAPER = 2


class AttemptStrategy(IntEnum):
    """Which attempt of a session counts (ExamSpark, attemptResolutionStrategy)."""

    HIGHEST = 1
    LATEST = 2
    FIRST = 3
    AVERAGE = 4


class DevicePolicy(IntEnum):
    """What a second device of the same candidate may do."""

    ANY = 1
    """There are no attempt tokens."""
    ONE_DEVICE = 2
    """It is refused until an invigilator allows the take-over."""
    LAST_DEVICE = 3
    """It takes the session over, unless the first works offline."""


class Finalized(IntEnum):
    """How far the finalizing of a release has come (ItemLogic, /release/finalize)."""

    OPEN = 0
    SUBMITTING = 1
    """Locked; the scheduler submits what is in progress."""
    CLOSED = 2
    """Nothing is in progress any more; the statistics are shown."""


class OperationKind(IntEnum):
    """What an operation does."""

    TEMPLATE = 1
    TRANSITION = 2
    REGRADE = 3
    ERASE = 4
    RETENTION = 5


class OperationStatus(IntEnum):
    """How far an operation has come (Learnosity, jobs)."""

    QUEUED = 1
    RUNNING = 2
    HALTED = 3
    COMPLETED = 4


OPERATION_UNDER_WAY = (OperationStatus.QUEUED, OperationStatus.RUNNING)
"""How far an operation has come that has not ended."""


class StateByCode(dict[int, State]):
    """The states by their stored codes. A damaged code is EXCEPTION, so that an operator can still deal with it."""

    def __missing__(self, code: int) -> State:
        """EXCEPTION."""
        return State.EXCEPTION


STATE_BY_CODE = StateByCode({int(state): state for state in State})
"""A look-up, because each transition needs several; `in` says whether a code is a state's."""


S = State
NOT_STARTED = (
    S.SCHEDULED_BUT_NOT_CREATED,
    S.SCHEDULED_BUT_NOT_DOWNLOADED,
    S.SCHEDULED_BUT_LOCKED,
    S.READY,
    S.REQUIRES_CHECK_IN,
    S.LOCKED_FOR_INVIGILATOR,
    S.LOCKED_BY_PIN,
)
COMPLETE = (
    S.FINISHED,
    S.AWAITING_MARKING,
    S.MARKED,
    S.AWAITING_VERIFICATION,
    S.SCRIPT_VERIFIED,
    S.ARCHIVED,
)
EDITABLE_STATES = frozenset({S.SCHEDULED_BUT_NOT_CREATED, S.SCHEDULED_BUT_NOT_DOWNLOADED})
"""States in which the schedule may be edited and the booking deleted (Surpass, TestSchedule API)."""

SUBMITTED = (S.FINISHED, S.AWAITING_MARKING, S.MARKED, S.AWAITING_VERIFICATION, S.SCRIPT_VERIFIED)
"""States of attempts that were handed in and are kept."""

TERMINAL = frozenset({S.VOIDED, S.ARCHIVED})
"""States nothing leaves."""

OPEN = frozenset(
    {
        S.REQUIRES_CHECK_IN,
        S.LOCKED_FOR_INVIGILATOR,
        S.LOCKED_BY_PIN,
        S.IN_PROGRESS,
        S.PAUSED,
        S.OFFLINE,
        S.AWAITING_UPLOAD,
    }
)
"""States in which a candidate has a session open: from the keycode until the answers are in."""


def maturity_of(state: State) -> Maturity:
    """The maturity of a state (ExamSpark, Exam Session; NOT_STARTED and VOID are our additions)."""
    if state in NOT_STARTED:
        return Maturity.NOT_STARTED
    if state in COMPLETE:
        return Maturity.COMPLETE
    return Maturity.VOID if state is S.VOIDED else Maturity.IN_PROGRESS


MATURITY = {int(state): maturity_of(state) for state in State}
"""Maturity by state code."""
