"""Twelve steps that every client of the service goes through, at 127.0.0.1:50051 or the address given."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from exam_sessions_client import Client, CallFailed, Reason, Refused, new_id
from exam_sessions_client.v1 import catalog_service_pb2 as catalog
from exam_sessions_client.v1 import lifecycle_service_pb2 as lifecycle
from exam_sessions_client.v1 import marking_service_pb2 as marking
from exam_sessions_client.v1 import session_service_pb2 as sessions
from exam_sessions_client.v1.catalog_pb2 import Release
from exam_sessions_client.v1.operation_pb2 import OperationResult
from exam_sessions_client.v1.result_pb2 import Choice, ItemResponse, QuestionResponse, Response
from exam_sessions_client.v1.session_pb2 import Action, Booking, Candidate, Session, State
from exam_sessions_client.v1.test_form_pb2 import Option, Question, TestForm

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 10_000


def main(target: str) -> None:
    token, ca = os.environ.get("EXAM_SESSIONS_TOKEN"), os.environ.get("EXAM_SESSIONS_CA")
    with Client(target, actor="example", token=token, ca=ca) as client:
        health = client.health.Check(HealthCheckRequest())
        say(1, f"health: {HealthCheckResponse.ServingStatus.Name(health.status)}")

        release = catalogue(client)
        say(2, f"catalogue: a form of two questions, and the release {release.name!r}")

        batch = client.sessions.BatchCreateSessions(
            sessions.BatchCreateSessionsRequest(release_id=release.id, bookings=bookings("b", MANY))
        )
        say(3, f"batch: {len(batch.sessions):,} sessions booked in one call")

        listed = 0
        criteria = sessions.SessionFilter(release_ids=[release.id])
        for _ in client.list_sessions(sessions.ListSessionsRequest(page_size=1000, filter=criteria)):
            listed += 1
        say(4, f"pages: {listed:,} sessions listed")

        before = sequence_now(client)
        session = life(client, batch.sessions[0])
        points = session.points
        say(5, f"a life: {State.Name(session.state)} with {points.actual} of {points.max} points")

        try:
            client.lifecycle.PauseSession(lifecycle.PauseSessionRequest(session_id=session.id))
        except Refused as refused:
            say(6, f"a refusal: {refused.reason}, {refused.facts}")
        else:
            sys.exit("a marked session was paused")

        booking = bookings("once", 1)[0]
        asked = sessions.CreateSessionRequest(release_id=release.id, booking=booking, request_id=new_id())
        first = client.sessions.CreateSession(asked)
        second = client.sessions.CreateSession(asked)
        say(7, f"a replay: the same request gave the same session: {first.session.id == second.session.id}")

        try:
            client.lifecycle.CreatePackage(
                lifecycle.CreatePackageRequest(session_id=first.session.id, etag="another")
            )
        except Refused as refused:
            if refused.reason != Reason.STALE_SESSION:
                raise
            say(8, f"compare and set: {refused}")
        else:
            sys.exit("an etag of somewhere else was taken")

        say(9, f"a watch, begun again in its middle: {watched(client, before, session.id)}")

        booked = 0
        chunks = [bookings(f"import-{n}", 500) for n in range(3)]
        for answer in client.import_sessions(release.id, chunks):
            booked = answer.booked_count
        say(10, f"an import: {booked:,} sessions in 3 chunks")

        result = packages(client, release.id)
        say(11, f"an operation: {result.succeeded_count:,} packages were created, {result.failed_count} were not")

        say(12, f"a deadline: {deadline(client, release.id)}; a cancel: {canceled(client)}")


def catalogue(client: Client) -> Release:
    questions = [
        Question(number="1", options=[Option(label="A"), Option(label="B")], keys=["0"]),
        Question(number="2", available_mark="4"),
    ]
    form = client.catalog.CreateTestForm(
        catalog.CreateTestFormRequest(test_form=TestForm(reference=f"python-{new_id()}", questions=questions))
    )
    release = Release(name=f"Python {new_id()}", test_form=form.test_form.reference)
    release.window_start.FromDatetime(datetime.now(UTC) - timedelta(hours=1))
    release.window_end.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    release.duration.FromTimedelta(timedelta(minutes=30))
    reply = client.catalog.CreateRelease(catalog.CreateReleaseRequest(release=release))
    return reply.release


def life(client: Client, booked: sessions.BookedSession) -> Session:
    """Takes a session from its booking to its marks."""
    calls, id_ = client.lifecycle, booked.id
    calls.CreatePackage(lifecycle.CreatePackageRequest(session_id=id_))
    calls.DownloadSession(lifecycle.DownloadSessionRequest(session_id=id_))
    calls.EnterKeycode(lifecycle.EnterKeycodeRequest(keycode=booked.keycode))
    responses = [
        response("1", Response(options=[Choice(label="A")])),
        response("2", Response(text="Because.")),
    ]
    client.marking.SetResponses(marking.SetResponsesRequest(session_id=id_, responses=responses))
    calls.FinishSession(lifecycle.FinishSessionRequest(session_id=id_))
    client.marking.ScoreResponse(marking.ScoreResponseRequest(session_id=id_, question_number="2", mark="3"))
    client.marking.SubmitMarkedSession(marking.SubmitMarkedSessionRequest(session_id=id_))
    reply = client.sessions.GetSession(sessions.GetSessionRequest(session_id=id_))
    return reply.session


def response(question: str, response: Response) -> ItemResponse:
    return ItemResponse(questions=[QuestionResponse(id=question, response=response)])


def sequence_now(client: Client) -> int:
    """The sequence that the events of the workspace have reached."""
    request = sessions.WatchSessionsRequest(now=True, heartbeat_interval=Duration(nanos=100_000_000))
    with closing(client.watch(request)) as pieces:
        for piece in pieces:
            if piece.sequence:
                return piece.sequence
    return 0


def watched(client: Client, sequence: int, session_id: str) -> list[str]:
    """What happened to a session: two events, and the others by a watch that begins behind them."""
    actions: list[str] = []
    while len(actions) < 7:
        request = sessions.WatchSessionsRequest(
            start_sequence=sequence + 1, filter=sessions.WatchFilter(session_ids=[session_id])
        )
        with closing(client.watch(request)) as pieces:
            for piece in pieces:
                for event in piece.events:
                    if event.sequence <= sequence:
                        sys.exit("an event came twice")
                    actions.append(Action.Name(event.action))
                    sequence = event.sequence
                if len(actions) >= 2:
                    break
    return actions


def packages(client: Client, release_id: str) -> OperationResult:
    """Creates the packages of a release, as an operation."""
    waiting = sessions.SessionFilter(release_ids=[release_id], states=[State.STATE_SCHEDULED_BUT_NOT_CREATED])
    asked = lifecycle.BatchTransitionSessionsRequest(action=Action.ACTION_CREATE_PACKAGE, filter=waiting)
    reply = client.lifecycle.BatchTransitionSessions(asked)
    ended = client.wait(reply.operation)
    result = OperationResult()
    ended.response.Unpack(result)
    return result


def deadline(client: Client, release_id: str) -> str:
    """How a call ends that has a millisecond for the work of many."""
    request = sessions.BatchCreateSessionsRequest(release_id=release_id, bookings=bookings("late", MANY))
    try:
        client.sessions.BatchCreateSessions(request, timeout=0.001)
    except CallFailed as failed:
        return failed.code
    return "OK"


def canceled(client: Client) -> str:
    """How a call ends whose caller goes away."""
    replies: Any = client.sessions.WatchSessions(sessions.WatchSessionsRequest(now=True))
    replies.cancel()
    try:
        for _ in replies:
            pass
    except CallFailed as failed:
        return failed.code
    return "OK"


def bookings(prefix: str, count: int) -> Sequence[Booking]:
    return [Booking(candidate=Candidate(candidate_id=f"{prefix}-{n}")) for n in range(count)]


def say(step: int, text: str) -> None:
    sys.stdout.write(f"{step:2}  {text}\n")


if __name__ == "__main__":
    main((*sys.argv[1:], "127.0.0.1:50051")[0])
