"""The exam of the day, its candidates booked, and the bytes of each call they make."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

import grpc

from benchmark.exam_day.timetable import ITEMS, LARGEST_SAVE, OPTIONS, Candidate, Verb
from benchmark.load_sessions import LARGE, PACKAGE, bookings
from exam_sessions_client.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    marking_service_pb2,
    result_pb2,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    test_form_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.message import Message

    from benchmark.exam_day.timetable import Step
    from benchmark.load import Call

FORM = "DAY-1"
CHUNK = 1_000
"""Rows in a message of the import."""
PIN = "QWERTY"
ATTEMPT = 1
KINDS: dict[Verb | None, dict[str, bool]] = {
    None: {},
    Verb.CHECK_IN: {"requires_check_in": True},
    Verb.PIN: {"invigilated": True},
    Verb.UNLOCK: {"invigilated": True},
}
"""What the release of a candidate asks for who passes such a door."""
PLAIN = {
    Verb.PACKAGE: lifecycle_service_pb2.CreatePackageRequest,
    Verb.DOWNLOAD: lifecycle_service_pb2.DownloadSessionRequest,
    Verb.CHECK_IN: lifecycle_service_pb2.CheckInSessionRequest,
    Verb.UNLOCK: lifecycle_service_pb2.UnlockSessionRequest,
    Verb.PAUSE: lifecycle_service_pb2.PauseSessionRequest,
    Verb.RESUME: lifecycle_service_pb2.ResumeSessionRequest,
}
SET_RESPONSES = f"{PACKAGE}.MarkingService/SetResponses"
RESULTS = f"{PACKAGE}.MarkingService/GetSessionResults"


class Booked(NamedTuple):
    """A candidate's session."""

    id: str
    keycode: str


def key_of(question: int) -> int:
    """The right option of a question."""
    return question % OPTIONS


def open_exam(port: int, candidates: list[Candidate]) -> dict[int, Booked]:
    """The form, a release for each door, and the roster of each imported; sessions by the candidate's number."""
    booked: dict[int, Booked] = {}
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE) as channel:
        catalog = catalog_service_pb2_grpc.CatalogServiceStub(channel)
        catalog.CreateTestForm(catalog_service_pb2.CreateTestFormRequest(test_form=_form()))
        for door, asked in KINDS.items():
            release = catalog_pb2.Release(name=f"Exam day, {door or 'no door'}", test_form=FORM, **asked)  # type: ignore[arg-type]
            request = catalog_service_pb2.CreateReleaseRequest(release=release)
            roster = [candidate for candidate in candidates if candidate.door == door]
            for candidate, session in _imported(channel, catalog.CreateRelease(request).release.id, roster):
                booked[candidate.number] = session
        pins = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
        for candidate in candidates:
            if candidate.door == Verb.PIN:
                pins.SetPin(lifecycle_service_pb2.SetPinRequest(session_id=booked[candidate.number].id, pin=PIN))
    return booked


def _form() -> test_form_pb2.TestForm:
    form = test_form_pb2.TestForm(reference=FORM, name="Exam day")
    for n in range(ITEMS * LARGEST_SAVE):
        question = form.questions.add(id=f"question-{n:04d}", item_id=f"item-{n // LARGEST_SAVE:04d}")
        for option in range(OPTIONS):
            question.options.add().id = f"option-{n:04d}-{option}"
        question.keys.append(f"option-{n:04d}-{key_of(n)}")
    return form


def _imported(channel: grpc.Channel, release_id: str, roster: list[Candidate]) -> Iterator[tuple[Candidate, Booked]]:
    """A roster by ImportSessions, each candidate with the session that was booked."""
    stub = session_service_pb2_grpc.SessionServiceStub(channel)
    left = iter(roster)
    for reply in stub.ImportSessions(_chunks(release_id, roster)):
        if reply.HasField("refusal"):
            raise RuntimeError(f"the roster was refused: {reply.refusal}")
        for session in reply.sessions:
            yield next(left), Booked(session.id, session.keycode)


def _chunks(release_id: str, roster: list[Candidate]) -> Iterator[session_service_pb2.ImportSessionsRequest]:
    about = {"release_id": release_id, "import_id": str(uuid.uuid4())}
    for n, first in enumerate(range(0, len(roster), CHUNK)):
        rows = [_booking(candidate) for candidate in roster[first : first + CHUNK]]
        yield session_service_pb2.ImportSessionsRequest(chunk=n, bookings=rows, **(about if n == 0 else {}))  # type: ignore[arg-type]


def _booking(candidate: Candidate) -> session_pb2.Booking:
    booking = next(bookings(1, first=candidate.number))
    booking.centre_id = candidate.centre
    return booking


def call_of(step: Step, session: Booked, request_id: str) -> Call:
    """The method's path and the request of a step."""
    if step.verb == Verb.RESULT:
        request: Message = marking_service_pb2.GetSessionResultsRequest(session_id=session.id)
        return RESULTS, request.SerializeToString()
    if step.verb in {Verb.SAVE, Verb.REPEAT, Verb.SUBMIT}:
        request = marking_service_pb2.SetResponsesRequest(
            session_id=session.id,
            request_id=request_id,
            responses=_responses(step),
            submit_for_scoring=step.verb == Verb.SUBMIT,
            attempt=ATTEMPT,
        )
        return SET_RESPONSES, request.SerializeToString()
    if step.verb == Verb.KEYCODE:
        request = lifecycle_service_pb2.EnterKeycodeRequest(keycode=session.keycode, request_id=request_id)
    elif step.verb == Verb.PIN:
        request = lifecycle_service_pb2.EnterPinRequest(session_id=session.id, pin=PIN, request_id=request_id)
    else:
        request = PLAIN[step.verb](session_id=session.id, request_id=request_id)
    return f"{PACKAGE}.LifecycleService/{step.verb}", request.SerializeToString()


def _responses(step: Step) -> Iterable[result_pb2.ItemResponse]:
    if not step.answers:
        return []
    questions = [
        result_pb2.QuestionResponse(
            id=f"question-{question:04d}", response=result_pb2.Response(options=[result_pb2.Choice(index=option)])
        )
        for question, option in step.answers
    ]
    return [result_pb2.ItemResponse(item_id=f"item-{step.item:04d}", questions=questions)]
