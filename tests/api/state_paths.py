"""How a session gets to each of the 21 states: the release it needs, and the calls that lead there."""

from __future__ import annotations

from messages import at, booking, lasting, mask

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2, result_pb2, session_pb2
from serving import Refused, State

FAR_AHEAD = at(4_000_000_000 * 1_000_000)
"""A moment in 2096."""

INVIGILATED = {"invigilated": True}
MODERATED = {"moderated": True}
ON_PAPER = {"delivery": catalog_pb2.DELIVERY_PAPER}

FETCHED = ("CreatePackage", "DownloadSession")
STARTED = (*FETCHED, "EnterKeycode")
FINISHED = (*STARTED, "FinishSession")
MARKED = (*FINISHED, "SendToMarking", "SubmitMarkedSession")

STATE_PATHS = {
    "SCHEDULED_BUT_NOT_CREATED": ({}, ()),
    "SCHEDULED_BUT_NOT_DOWNLOADED": ({}, ("CreatePackage",)),
    "SCHEDULED_BUT_LOCKED": ({"window_start": FAR_AHEAD}, FETCHED),
    "READY": ({}, FETCHED),
    "LOCKED_FOR_INVIGILATOR": (INVIGILATED, STARTED),
    "IN_PROGRESS": ({}, STARTED),
    "PAUSED": ({}, (*STARTED, "PauseSession")),
    "OFFLINE": ({}, (*STARTED, "GoOffline")),
    "FINISHED": ({}, FINISHED),
    "VOIDED": ({}, ("VoidSession",)),
    "MARKED": ({}, MARKED),
    "SCRIPT_VERIFIED": (MODERATED, (*MARKED, "RequestVerification", "VerifySession")),
    "ARCHIVED": ({}, (*MARKED, "ArchiveSession")),
    "LOCKED_BY_PIN": (INVIGILATED, ("SetPin", *STARTED)),
    "AWAITING_MARKING": ({}, (*FINISHED, "SendToMarking")),
    "AWAITING_VERIFICATION": (MODERATED, (*MARKED, "RequestVerification")),
    "AWAITING_UPLOAD": ({}, (*STARTED, "GoOffline", "FinishOffline")),
    "PAPER_RESPONSE_UPLOAD": (ON_PAPER, ()),
    "LOCAL_SCAN_REQUESTED": (ON_PAPER, ("RequestScan",)),
    "REQUIRES_CHECK_IN": ({"requires_check_in": True}, STARTED),
    "EXCEPTION": ({}, (*STARTED, "FailSession")),
}

A = result_pb2.Choice(label="A")
CHOSE_A = result_pb2.QuestionResponse(id="1", response=result_pb2.Response(options=[A]))
LONG_AGO = at(1_700_000_000 * 1_000_000)
"""A moment in 2023."""

ARGUMENTS = {
    "SetPin": {"pin": "qwerty"},
    "EnterPin": {"pin": "QWERTY"},
    "FailSession": {"message": "power cut"},
    "SetExtraTime": {"extra_time": lasting(600), "reason": "a broken arm"},
    "SetAccommodation": {
        "accommodation": session_pb2.Accommodation(time_limit=lasting(86_400)),
        "reason": "a broken arm",
    },
    "SetResponses": {"responses": [result_pb2.ItemResponse(questions=[CHOSE_A])]},
    "AssignItemMarks": {
        "marks": [marking_service_pb2.ItemMark(question_number="1", mark="1")],
        "completion_time": LONG_AGO,
    },
    "AssignItemResponses": {"responses": [marking_service_pb2.PaperResponse(question_number="1", options=[A])]},
    "ScoreResponse": {"question_number": "3", "mark": "2.5"},
    "UnscoreResponse": {"question_number": "3"},
    "RegradeSession": {"message": "a wrong key"},
}
"""What a call needs besides the session; questions are those of forms.mixed."""


def name_of(session):
    """The state of a session, without its prefix."""
    return State.Name(session.state).removeprefix("STATE_")


def move(api, rpc, session, **fields):
    """One action with the arguments it needs."""
    return api.move(rpc, session, **(ARGUMENTS.get(rpc, {}) | fields))


def pin_of(api, session):
    """The PIN of a session, as its invigilator reads it; empty when it has none."""
    try:
        return api.call("GetPin", session_id=session.id).pin
    except Refused as refused:
        if refused.reason != "PIN_NOT_SET":
            raise
        return ""


def walk(api, session, *rpcs):
    """Several actions, one after the other, with the arguments they need."""
    for rpc in rpcs:
        session = move(api, rpc, session)
    return session


def bring_to(api, state, release=None, **fields):
    """A new session in a state; of a new release with the fields the state and the test need, unless one is given."""
    needed, rpcs = STATE_PATHS[state]
    session = walk(api, api.book(release or api.release(**(needed | fields))), *rpcs)
    assert name_of(session) == state
    return session


def edit(api, session, times):
    """Edits a session so often, each time to another centre."""
    for n in range(times):
        fields = {"booking": booking(centre_id=f"c{n}"), "update_mask": mask("centre_id")}
        api.call("UpdateSession", session_id=session.id, **fields)
