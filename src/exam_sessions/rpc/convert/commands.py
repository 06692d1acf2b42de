"""What each action's RPC asks for: one line in MOVES, from request to command; and what one adds to its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.domain.commands import Client, Command, fail, regrade, reset, void
from exam_sessions.domain.states import Action, FinishReason, VoidReason
from exam_sessions.execution.random_codes import new_pin
from exam_sessions.rpc.convert.accommodation import accommodation_of, cut_of, warn_of_window
from exam_sessions.rpc.convert.response_cache import answers_of, paper_answer_of, reader_of
from exam_sessions.rpc.convert.times import micros
from exam_sessions.v1 import lifecycle_service_pb2 as pb
from exam_sessions.v1 import marking_service_pb2 as marking

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.records import SessionWithRelease

A = Action


def _download(request: pb.DownloadSessionRequest) -> Command:
    client = request.client
    return Command(A.DOWNLOAD, client=Client(client.os, client.machine, client.ip, client.held_offline))


def _enter_pin(request: pb.EnterPinRequest) -> Command:
    # A check that writes nothing must not tell right from wrong: it would be a way to guess.
    return Command(A.ENTER_PIN, pin=None if request.validate_only else request.pin)


def _void(request: pb.VoidSessionRequest) -> Command:
    return void(VoidReason(request.reason or VoidReason.AUTO), request.message, force=request.force)


def _reopen(request: pb.ReopenSessionRequest) -> Command:
    return Command(
        A.REOPEN,
        deferred_clock=request.deferred_clock,
        deadline=micros(request, "deadline", "deadline"),
        time_from_now=micros(request, "time_from_now", "time_from_now"),
        no_limit=request.no_limit,
        message=request.message,
    )


def _set_extra_time(request: pb.SetExtraTimeRequest) -> Command:
    extra = micros(request, "extra_time", "extra_time", zero=0)
    return Command(
        A.SET_EXTRA_TIME, extra_time=extra, extra_percent=request.extra_time_percent, message=request.reason
    )


def _set_accommodation(request: pb.SetAccommodationRequest) -> Command:
    return Command(A.SET_ACCOMMODATION, fields=accommodation_of(request.accommodation), message=request.reason)


def _set_responses(request: marking.SetResponsesRequest) -> Command:
    return Command(
        A.SET_RESPONSES,
        responses=answers_of(request),
        submit=request.submit_for_scoring,
        attempt=request.attempt,
        revision=request.revision,
    )


def _assign_item_marks(request: marking.AssignItemMarksRequest) -> Command:
    return Command(
        A.ASSIGN_ITEM_MARKS,
        marks=tuple((row.question_number, row.mark if row.HasField("mark") else None) for row in request.marks),
        completion_time=micros(request, "completion_time", "completion_time"),
    )


def _assign_item_responses(request: marking.AssignItemResponsesRequest) -> Command:
    answers = [paper_answer_of(row, f"responses[{n}]") for n, row in enumerate(request.responses)]
    moment = micros(request, "completion_time", "completion_time")
    return Command(A.ASSIGN_ITEM_RESPONSES, paper_responses=tuple(answers), completion_time=moment)


def _score_response(request: marking.ScoreResponseRequest) -> Command:
    marks = ((request.question_number, request.mark),)
    return Command(A.SCORE_RESPONSE, marks=marks, message=request.message)


def _unscore_response(request: marking.UnscoreResponseRequest) -> Command:
    return Command(A.UNSCORE_RESPONSE, marks=((request.question_number, None),), message=request.message)


COMMAND_FOR_RPC: dict[str, Command | Callable[[Any], Command]] = {
    "CreatePackage": Command(A.CREATE_PACKAGE),
    "DownloadSession": _download,
    "OpenWindow": Command(A.OPEN_WINDOW),
    "EnterKeycode": Command(A.ENTER_KEYCODE),
    "CheckInSession": Command(A.CHECK_IN),
    "EnterPin": _enter_pin,
    "UnlockSession": Command(A.UNLOCK),
    "SetPin": lambda r: Command(A.SET_PIN, pin=r.pin or new_pin()),
    "RemovePin": Command(A.REMOVE_PIN),
    "GetPin": Command(A.GET_PIN),
    "PauseSession": Command(A.PAUSE),
    "ResumeSession": Command(A.RESUME),
    "GoOffline": Command(A.GO_OFFLINE),
    "ReconnectSession": Command(A.RECONNECT),
    "FinishOffline": Command(A.FINISH_OFFLINE),
    "UploadSession": lambda r: Command(A.UPLOAD, responses=answers_of(r)),
    "FinishSession": lambda r: Command(A.FINISH, finish_reason=FinishReason(r.reason or FinishReason.CANDIDATE)),
    "SendToMarking": Command(A.SEND_TO_MARKING),
    "SubmitMarkedSession": Command(A.SUBMIT_MARKED),
    "RequestVerification": Command(A.REQUEST_VERIFICATION),
    "VerifySession": Command(A.VERIFY),
    "ArchiveSession": Command(A.ARCHIVE),
    "VoidSession": _void,
    "ResetSession": lambda r: reset(r.current_form, r.updated_form, allow_missing_form=r.allow_missing_form),
    "RequestScan": Command(A.REQUEST_SCAN),
    "ReceiveScan": Command(A.RECEIVE_SCAN),
    "FailSession": lambda r: fail(r.message),
    "RecoverSession": Command(A.RECOVER),
    "ReopenSession": _reopen,
    "RetakeSession": Command(A.RETAKE),
    "SetExtraTime": _set_extra_time,
    "SetAccommodation": _set_accommodation,
    "SetResponses": _set_responses,
    "AssignItemMarks": _assign_item_marks,
    "AssignItemResponses": _assign_item_responses,
    "ClearResponses": lambda r: Command(A.CLEAR_RESPONSES, message=r.message, all_attempts=r.all_attempts),
    "ScoreResponse": _score_response,
    "UnscoreResponse": _unscore_response,
    "RegradeSession": lambda r: regrade(r.form_revision, r.message),
}
"""The command of each RPC, or what makes it from the request."""

DISCLOSING = frozenset({"SetPin", "GetPin"})
"""The only RPCs whose reply shows a PIN."""

CUSTOM_PARSERS: dict[str, Callable[[bytes], Any]] = {
    "UploadSession": reader_of(pb.UploadSessionRequest),
    "SetResponses": reader_of(marking.SetResponsesRequest),
}
"""What reads a request, where it is not read as its message says."""


def _warn_of_window(reply: pb.SetExtraTimeResponse | pb.SetAccommodationResponse, pair: SessionWithRelease) -> None:
    warn_of_window(reply, cut_of(pair))


REPLY_EXTRAS: dict[str, Callable[[Any, SessionWithRelease], None]] = {
    "SetExtraTime": _warn_of_window,
    "SetAccommodation": _warn_of_window,
}
"""What an action's reply holds besides the session."""
