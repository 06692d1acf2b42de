"""The sessions under load: booked and walked into progress through the API, and the calls that are made on them."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING

import grpc

from benchmark.load import Callers, Driver
from exam_sessions_client.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    lifecycle_service_pb2,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.message import Message

    from benchmark.load import Call

PACKAGE = "/exam_sessions.v1"
GET = f"{PACKAGE}.SessionService/GetSession"
LIST = f"{PACKAGE}.SessionService/ListSessions"
BATCH_CREATE = f"{PACKAGE}.SessionService/BatchCreateSessions"
PAUSE = f"{PACKAGE}.LifecycleService/PauseSession"
RESUME = f"{PACKAGE}.LifecycleService/ResumeSession"
PLACEHOLDERS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
LARGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
LAST_NAMES = ("Abara", "Nowak", "Lindqvist", "Okafor", "Tanaka", "Silva", "Haddad", "Kowalczyk")
FIRST_NAMES = ("Ada", "Bo", "Carmen", "Dmitri", "Esi", "Farid", "Grace", "Hugo", "Ines", "Jun")


def bookings(count: int, school: str = "S-0417", first: int = 0) -> Iterator[session_pb2.Booking]:
    """A roster with the fields ItemLogic's has; `first` is the number of the first candidate."""
    for n in range(first, first + count):
        candidate = session_pb2.Candidate(
            candidate_id=f"C{n:08d}",
            name_first=FIRST_NAMES[n % len(FIRST_NAMES)],
            name_last=LAST_NAMES[n // 7 % len(LAST_NAMES)],
            gender=1 + n % 3,  # type: ignore[arg-type]
            grade_level=1 + n % 12,  # type: ignore[arg-type]
            school_id=school,
            district_id="D-12",
        )
        yield session_pb2.Booking(candidate=candidate, centre_id="K-03", external_reference=f"R{n:07d}")


def create_release(channel: grpc.Channel) -> str:
    """A new release without window or duration, online, nobody at the door; its id."""
    request = catalog_service_pb2.CreateReleaseRequest(
        release=catalog_pb2.Release(name="Biology, spring", test_form="BIO-1"),
        allow_missing_form=True,
        allow_duplicate_name=True,
    )
    return catalog_service_pb2_grpc.CatalogServiceStub(channel).CreateRelease(request).release.id


def book(port: int, count: int, first: int = 0) -> list[session_service_pb2.BookedSession]:
    """A new release with so many sessions, in batches of at most 10,000."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE) as channel:
        release_id = create_release(channel)
        sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        booked: list[session_service_pb2.BookedSession] = []
        rows = bookings(count, first=first)
        while chunk := list(itertools.islice(rows, 10_000)):
            request = session_service_pb2.BatchCreateSessionsRequest(
                release_id=release_id, bookings=chunk, request_id=str(uuid.uuid4())
            )
            booked += sessions.BatchCreateSessions(request).sessions
        return booked


class Sessions:
    """Sessions in progress, and the endless calls on them."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self.moved = 0
        self._moves = self.look_alikes()

    def reads(self) -> Iterator[Call]:
        """GetSession of one session after the other, for ever."""
        requests = [session_service_pb2.GetSessionRequest(session_id=i).SerializeToString() for i in self.ids]
        return zip(itertools.repeat(GET), itertools.cycle(requests))

    def moves(self) -> Iterator[Call]:
        """Pause of every session, resume of every session, and again, each with a new request id, for ever.

        The next run goes on where the last one ended, so every call is legal. Between two calls on one session all
        the others are called, so the two are never under way together. `moved` counts what was taken.
        """
        for call in self._moves:
            self.moved += 1
            yield call

    def round(self) -> Iterator[Call]:
        """One call of `moves` for each session."""
        return itertools.islice(self.moves(), len(self.ids))

    def look_alikes(self) -> Iterator[Call]:
        """Calls like those of `moves`, for an echo."""
        message = lifecycle_service_pb2.PauseSessionRequest(session_id=PLACEHOLDERS[0], request_id=PLACEHOLDERS[1])
        before, _, rest = message.SerializeToString().partition(PLACEHOLDERS[0].encode())
        between, _, after = rest.partition(PLACEHOLDERS[1].encode())
        starts = [before + session_id.encode() + between for session_id in self.ids]
        for path in itertools.cycle((PAUSE, RESUME)):
            for start in starts:
                yield path, start + str(uuid.uuid4()).encode() + after


class Cohort(Sessions):
    """Sessions of one release, booked together on one server and walked into progress."""

    def __init__(self, port: int, count: int, first: int = 0) -> None:
        booked = book(port, count, first)
        super().__init__([session.id for session in booked])
        driver = Driver(port, Callers(64))
        pb = lifecycle_service_pb2
        _walk(driver, "CreatePackage", [pb.CreatePackageRequest(session_id=s.id) for s in booked])
        _walk(driver, "DownloadSession", [pb.DownloadSessionRequest(session_id=s.id) for s in booked])
        _walk(driver, "EnterKeycode", [pb.EnterKeycodeRequest(keycode=s.keycode) for s in booked])
        driver.close()


def _walk(driver: Driver, method: str, requests: Iterable[Message]) -> None:
    run = driver.run((f"{PACKAGE}.LifecycleService/{method}", request.SerializeToString()) for request in requests)
    if run.errors:
        raise RuntimeError(f"{run.errors} of {run.ended} {method} were refused: {driver.first_error}")


def reply_size(port: int, call: Call) -> int:
    """The size of a call's reply, by making it."""
    path, request = call
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE) as channel:
        return len(channel.unary_unary(path, None, None)(request))
