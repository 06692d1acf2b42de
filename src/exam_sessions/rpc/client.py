"""The command line's side of the wire: typed calls, pages walked to their end.

Takes records of the domain and gives messages; words for people and files are the command line's.
"""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from exam_sessions.rpc.failures import NoServer, read_failure
from exam_sessions.rpc.times import put
from exam_sessions.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from types import TracebackType

    from google.protobuf.message import Message

    from exam_sessions.domain.records import Booking

Release = catalog_pb2.Release
Session = session_pb2.Session
SessionEvent = session_pb2.SessionEvent
BookedSession = session_service_pb2.BookedSession
Piece = session_service_pb2.WatchSessionsResponse
EventConsumer = session_service_pb2.EventConsumer
Explanation = lifecycle_service_pb2.ExplainSessionResponse

PAGE = 1_000
"""Rows of a page: the most the service gives."""

SOON = 30.0
"""Seconds a call may take."""

BATCH = 120.0
"""Seconds a batch may take."""

AT_ONCE = 3.0
"""Seconds a server may take to say how it is; one that needs longer is not well."""

HEARTBEAT = 1
"""Seconds of silence after which a watch asks for a sign of life."""

SILENCE = 20.0
"""Seconds a watch may be silent before it is given up: the server, or the way to it, is gone without a word."""

OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)

Reply = TypeVar("Reply")


class Client:
    """Calls in one workspace of the server at `target` (host:port), in the name of `actor`.

    Every method raises Refused when the service says no, and NoServer when nothing answers.
    """

    def __init__(self, target: str, workspace: str, actor: str) -> None:
        self.target, self.workspace = target, workspace
        self._metadata = (("x-actor", actor),)
        self._channel = grpc.insecure_channel(target, options=OPTIONS)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self._lifecycle = lifecycle_service_pb2_grpc.LifecycleServiceStub(self._channel)
        self._catalog = catalog_service_pb2_grpc.CatalogServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        """Gives the client for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hangs up."""
        self._channel.close()

    def health(self) -> str:
        """What the server says of itself: SERVING, NOT_SERVING or UNKNOWN."""
        reply = self._call(self._health.Check, health_pb2.HealthCheckRequest(), AT_ONCE)
        status: str = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
        return status

    # Releases.

    def release(self, release_id: str) -> Release:
        """The release with this id."""
        request = catalog_service_pb2.GetReleaseRequest(workspace_id=self.workspace, release_id=release_id)
        return self._call(self._catalog.GetRelease, request).release

    def releases(self, name: str = "") -> Iterator[Release]:
        """The releases of exactly this name, oldest first; all without one."""
        request = catalog_service_pb2.ListReleasesRequest(workspace_id=self.workspace, name=name, page_size=PAGE)
        for page in self._pages(self._catalog.ListReleases, request):
            yield from page.releases

    def create_release(
        self,
        name: str,
        *,
        window_start: int = 0,
        window_end: int = 0,
        duration: int = 0,
        grace_period: int = 0,
        paper: bool = False,
        **fields: Any,
    ) -> Release:
        """A new release. Times and durations are in microseconds, 0 is unset; `fields` are Release's other fields."""
        delivery = catalog_pb2.DELIVERY_PAPER if paper else catalog_pb2.DELIVERY_ONLINE
        release = Release(name=name, delivery=delivery, **fields)
        times = (
            (release.window_start, window_start),
            (release.window_end, window_end),
            (release.duration, duration),
            (release.grace_period, grace_period),
        )
        for target, micros in times:
            if micros:
                put(target, micros)
        request = catalog_service_pb2.CreateReleaseRequest(
            workspace_id=self.workspace, release=release, request_id=str(uuid.uuid4())
        )
        return self._call(self._catalog.CreateRelease, request).release

    # Sessions.

    def book(
        self, release_id: str, bookings: Sequence[Booking], request_id: str = "", *, validate_only: bool = False
    ) -> Sequence[BookedSession]:
        """Books up to 10,000 sessions, all or nothing; with `validate_only` none, but the refusal is the same.

        A request id (UUID) makes the repetition of this very call return the first answer.
        """
        request = session_service_pb2.BatchCreateSessionsRequest(
            workspace_id=self.workspace,
            release_id=release_id,
            bookings=[_message(booking) for booking in bookings],
            request_id=request_id,
            validate_only=validate_only,
        )
        return self._call(self._sessions.BatchCreateSessions, request, BATCH).sessions

    def session(self, session: str) -> Session:
        """The session with this id or keycode, in FULL view."""
        request = session_service_pb2.GetSessionRequest(workspace_id=self.workspace, **_which(session))
        return self._call(self._sessions.GetSession, request).session

    def named(self, session_ids: Sequence[str]) -> Sequence[Session]:
        """The sessions with these ids, up to 1,000, in BASIC view; refused when one of them is not there."""
        view = session_service_pb2.SESSION_VIEW_BASIC
        request = session_service_pb2.BatchGetSessionsRequest(
            workspace_id=self.workspace, session_ids=session_ids, view=view
        )
        return self._call(self._sessions.BatchGetSessions, request).sessions

    def sessions(
        self,
        release_ids: Sequence[str] = (),
        states: Sequence[int] = (),
        candidate_ids: Sequence[str] = (),
        page: int = PAGE,
    ) -> Iterator[Session]:
        """The sessions that match every criterion given, oldest first, in BASIC view, read page by page."""
        criteria = session_service_pb2.SessionFilter(release_ids=release_ids, candidate_ids=candidate_ids)
        criteria.states.extend(states)  # type: ignore[arg-type]
        request = session_service_pb2.ListSessionsRequest(
            workspace_id=self.workspace, filter=criteria, page_size=min(page, PAGE)
        )
        for found in self._pages(self._sessions.ListSessions, request):
            yield from found.sessions

    def count(self, release_ids: Sequence[str] = (), states: Sequence[int] = ()) -> int:
        """How many sessions match."""
        criteria = session_service_pb2.SessionFilter(release_ids=release_ids)
        criteria.states.extend(states)  # type: ignore[arg-type]
        request = session_service_pb2.ListSessionsRequest(
            workspace_id=self.workspace, filter=criteria, page_size=1, show_total_size=True
        )
        return self._call(self._sessions.ListSessions, request).total_size

    def history(self, session: str, page: int = PAGE) -> Iterator[SessionEvent]:
        """The events of the session with this id or keycode, oldest first; by id also of a deleted one."""
        request = session_service_pb2.ListSessionEventsRequest(
            workspace_id=self.workspace, page_size=page, **_which(session)
        )
        for found in self._pages(self._sessions.ListSessionEvents, request):
            yield from found.events

    def explain(self, session: str) -> Explanation:
        """What the session with this id or keycode may do now, and why it may not do the rest."""
        request = lifecycle_service_pb2.ExplainSessionRequest(workspace_id=self.workspace, **_which(session))
        return self._call(self._lifecycle.ExplainSession, request)

    def move(self, rpc: str, session: str, **fields: Any) -> Session:
        """One action of LifecycleService, by the name of its RPC, on the session with this id or keycode."""
        kind = getattr(lifecycle_service_pb2, f"{rpc}Request")
        request = kind(workspace_id=self.workspace, request_id=str(uuid.uuid4()), **_which(session), **fields)
        moved: Session = self._call(getattr(self._lifecycle, rpc), request).session
        return moved

    # Events.

    def watch(
        self, release_ids: Sequence[str] = (), session_ids: Sequence[str] = (), **start: Any
    ) -> Generator[Piece, None, None]:
        """What happens, piece by piece, until the watch breaks off: it always ends with Refused or NoServer.

        `start` is one of WatchSessionsRequest's ways to begin; without any it begins with a snapshot.
        """
        wanted = session_service_pb2.WatchFilter(release_ids=release_ids, session_ids=session_ids)
        request = session_service_pb2.WatchSessionsRequest(workspace_id=self.workspace, filter=wanted, **start)
        request.heartbeat_interval.seconds = HEARTBEAT
        call: Any = self._sessions.WatchSessions(request, metadata=self._metadata)
        try:
            while piece := _next(call):
                yield piece
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise read_failure(error, self.target) from None
        finally:
            call.cancel()
        raise NoServer(self.target)

    def acknowledge(self, consumer: str, sequence: int, *, rewind: bool = False) -> EventConsumer:
        """Stores how far a consumer has come; back only with `rewind`."""
        request = session_service_pb2.AcknowledgeEventsRequest(
            workspace_id=self.workspace, consumer=consumer, sequence=sequence, rewind=rewind
        )
        return self._call(self._sessions.AcknowledgeEvents, request).consumer

    def consumers(self) -> Sequence[EventConsumer]:
        """Everybody who works through the events, by name."""
        request = session_service_pb2.ListEventConsumersRequest(workspace_id=self.workspace)
        return self._call(self._sessions.ListEventConsumers, request).consumers

    def _pages(self, method: Callable[..., Reply], request: Any) -> Iterator[Reply]:
        while True:
            reply: Any = self._call(method, request)
            yield reply
            if not reply.next_page_token:
                return
            request.page_token = reply.next_page_token

    def _call(self, method: Callable[..., Reply], request: Message, timeout: float = SOON) -> Reply:
        try:
            return method(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise read_failure(error, self.target) from None


def _next(call: Any) -> Piece | None:
    """The next piece of a watch, which is cancelled when it is silent for too long; None at its end."""
    silence = threading.Timer(SILENCE, call.cancel)
    silence.start()
    try:
        piece: Piece | None = next(call, None)
    finally:
        silence.cancel()
    return piece


def _which(session: str) -> dict[str, str]:
    """The field that names a session: its id when it is a UUID, else its keycode."""
    try:
        uuid.UUID(session)
    except ValueError:
        return {"keycode": session}
    return {"session_id": session}


def _message(booking: Booking) -> session_pb2.Booking:
    fields = booking._asdict()
    start, end = fields.pop("window_start"), fields.pop("window_end")
    own = {name: fields.pop(name) for name in session_pb2.Booking.DESCRIPTOR.fields_by_name if name in fields}
    message = session_pb2.Booking(candidate=session_pb2.Candidate(**fields), **own)
    if start:
        put(message.window_start, start)
    if end:
        put(message.window_end, end)
    return message
