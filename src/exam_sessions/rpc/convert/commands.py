"""From the request of each action's RPC to its command (COMMAND_FOR_RPC), and additions to its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.commands import Client, Command, fail, regrade, reset, void
from exam_sessions.domain.devices import DeviceEntry, digest_of
from exam_sessions.domain.states import Action, FinishReason, VoidReason
from exam_sessions.domain.texts import flaw_of
from exam_sessions.execution.random_codes import new_pin
from exam_sessions.rpc.convert.accommodation import accommodation_of, cut_of, warn_of_window
from exam_sessions.rpc.convert.response_cache import answers_of, paper_answer_of, reader_of
from exam_sessions.rpc.convert.times import micros
from exam_sessions.rpc.decoding.request_decoder import RequestReader
from exam_sessions_client.v1 import lifecycle_service_pb2 as pb
from exam_sessions_client.v1 import marking_service_pb2 as marking

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.records import SessionWithRelease

A = Action


def _download(request: pb.DownloadSessionRequest) -> Command:
    client = request.client
    return Command(A.DOWNLOAD, client=Client(client.os, client.machine, client.ip, client.held_offline))


ENTERED = Command(A.ENTER_KEYCODE)


def _enter_keycode(request: pb.EnterKeycodeRequest) -> Command:
    label = request.device_label
    if not (label or request.attempt_token):
        return ENTERED
    if flaw := flaw_of(label, is_name=True):
        raise errors.invalid("device_label", flaw)
    return Command(A.ENTER_KEYCODE, entry=DeviceEntry(label, digest_of(request.attempt_token)))


def _enter_pin(request: pb.EnterPinRequest) -> Command:
    # A check that writes nothing must not distinguish right from wrong: codes could be guessed with it.
    pin = None if request.validate_only else request.pin
    return Command(A.ENTER_PIN, pin=pin, token_digest=digest_of(request.attempt_token))


def _finish(request: pb.FinishSessionRequest) -> Command:
    # An invigilator has no token; one that is given is compared all the same.
    reason, digest = FinishReason(request.reason or FinishReason.CANDIDATE), digest_of(request.attempt_token)
    by_staff = reason is FinishReason.INVIGILATOR and not digest
    return Command(A.FINISH, finish_reason=reason, token_digest=None if by_staff else digest)


def _upload(request: pb.UploadSessionRequest) -> Command:
    return Command(A.UPLOAD, responses=answers_of(request), token_digest=digest_of(request.attempt_token))


def _by_device(action: Action) -> Callable[[Any], Command]:
    """What a candidate's device does, and nothing besides."""
    without = Command(action, token_digest="")

    def command_of(request: Any) -> Command:
        token = request.attempt_token
        return without._replace(token_digest=digest_of(token)) if token else without

    return command_of


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
        token_digest=digest_of(request.attempt_token),
    )


def item_marks_of(request: marking.AssignItemMarksRequest | marking.PaperMarks) -> Command:
    """The command of a paper. Raises InvalidField."""
    return Command(
        A.ASSIGN_ITEM_MARKS,
        # No mark that is set is empty, by its rule; and to ask whether each is set takes as long as all else.
        marks=tuple([(row.question_number, row.mark or None) for row in request.marks]),
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
    "EnterKeycode": _enter_keycode,
    "CheckInSession": Command(A.CHECK_IN),
    "EnterPin": _enter_pin,
    "UnlockSession": Command(A.UNLOCK),
    "AllowTakeOver": Command(A.ALLOW_TAKE_OVER),
    "SetPin": lambda r: Command(A.SET_PIN, pin=r.pin or new_pin()),
    "RemovePin": Command(A.REMOVE_PIN),
    "GetPin": Command(A.GET_PIN),
    "PauseSession": Command(A.PAUSE),
    "ResumeSession": Command(A.RESUME),
    "GoOffline": _by_device(A.GO_OFFLINE),
    "ReconnectSession": _by_device(A.RECONNECT),
    "FinishOffline": _by_device(A.FINISH_OFFLINE),
    "UploadSession": _upload,
    "FinishSession": _finish,
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
    "AssignItemMarks": item_marks_of,
    "AssignItemResponses": _assign_item_responses,
    "ClearResponses": lambda r: Command(A.CLEAR_RESPONSES, message=r.message, all_attempts=r.all_attempts),
    "ScoreResponse": _score_response,
    "UnscoreResponse": _unscore_response,
    "RegradeSession": lambda r: regrade(r.form_revision, r.message),
}
"""The command of each RPC, or what makes it from the request."""

DISCLOSING = frozenset({"SetPin", "GetPin"})
"""The only RPCs whose reply shows a PIN."""

ENTRY = "EnterKeycode"
"""The only RPC whose reply shows an attempt token."""

CUSTOM_PARSERS: dict[str, RequestReader] = {
    "UploadSession": RequestReader(reader_of(pb.UploadSessionRequest), counts=True),
    "SetResponses": RequestReader(reader_of(marking.SetResponsesRequest), counts=True),
}
"""What reads a request, where it is not read as its message says."""


def _warn_of_window(reply: pb.SetExtraTimeResponse | pb.SetAccommodationResponse, pair: SessionWithRelease) -> None:
    warn_of_window(reply, cut_of(pair))


REPLY_EXTRAS: dict[str, Callable[[Any, SessionWithRelease], None]] = {
    "SetExtraTime": _warn_of_window,
    "SetAccommodation": _warn_of_window,
}
"""What an action's reply holds besides the session."""
