"""Calls about sessions.

Calls about releases and test forms are in catalog.py, those about marks and results in marking.py, those about
operations in operations.py, watches and consumers of events in events.py; how a call is made is in channel.py, and
how the connection is made safe in security.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from grpc_health.v1 import health_pb2

from exam_sessions.client.access import AccessCalls
from exam_sessions.client.bookings import message_of
from exam_sessions.client.candidates import CandidateCalls
from exam_sessions.client.catalog import CatalogCalls
from exam_sessions.client.channel import BATCH, PAGE, which
from exam_sessions.client.events import EventCalls
from exam_sessions.client.import_stream import ImportStream
from exam_sessions.client.lockouts import LockoutCalls
from exam_sessions.client.marking import MarkingCalls
from exam_sessions.client.operations import OperationCalls
from exam_sessions.client.workspaces import WorkspaceCalls
from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exam_sessions.client.bookings import Booking
    from exam_sessions.client.messages import SessionStatistics

Session = session_pb2.Session
SessionEvent = session_pb2.SessionEvent
BookedSession = session_service_pb2.BookedSession
Explanation = lifecycle_service_pb2.ExplainSessionResponse

AT_ONCE = 3.0
"""Seconds a server may take to say how it is; one that needs longer is not well."""


class Client(
    CatalogCalls, LockoutCalls, MarkingCalls, EventCalls, OperationCalls, AccessCalls, CandidateCalls, WorkspaceCalls
):
    """Calls in one workspace of the server at `target` (host:port, or unix:path), in the name of `actor`.

    Every method raises Refused when the service says no, and NoServer when nothing answers: HandshakeFailed when the
    two sides do not agree about TLS.

    Args:
        target: the server.
        workspace: the workspace.
        actor: who calls.
        security: the fields of Security, such as `ca` and `token`.

    Raises:
        ValueError: what is given does not belong together, or the token would go to another machine in plain text.
    """

    def health(self, name: str = "") -> str:
        """The status of the server, or of the service with this name: SERVING, NOT_SERVING or UNKNOWN."""
        reply = self._call(self._rpc.health.Check, health_pb2.HealthCheckRequest(service=name), timeout=AT_ONCE)
        status: str = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
        return status

    def server_version(self) -> str:
        """The version of the server; empty where it is too old to say."""
        request = lifecycle_service_pb2.GetStateMachineRequest()
        return self._call(self._rpc.lifecycle.GetStateMachine, request).server_version

    # Sessions.

    def book(
        self,
        release_id: str,
        bookings: Sequence[Booking],
        request_id: str = "",
        *,
        validate_only: bool = False,
        allow_missing_form: bool = False,
    ) -> Sequence[BookedSession]:
        """Books up to 10,000 sessions, all or nothing.

        Args:
            release_id: the release.
            bookings: what to book.
            request_id: a UUID that makes a repetition of this call return the first answer; empty is none.
            validate_only: whether to check only; the refusal is the same.
            allow_missing_form: whether bookings may name test forms that the catalogue does not hold.

        Returns:
            Id, keycode, access code and candidate id of each, in the order of the bookings.

        Raises:
            Refused: a row is refused; its violations name the bad rows as bookings[i].
            NoServer: nothing answers.
        """
        request = session_service_pb2.BatchCreateSessionsRequest(
            release_id=release_id,
            bookings=[message_of(booking) for booking in bookings],
            request_id=request_id,
            validate_only=validate_only,
            allow_missing_form=allow_missing_form,
        )
        return self._call(self._rpc.sessions.BatchCreateSessions, request, timeout=BATCH).sessions

    def open_import(self, release_id: str, import_id: str, *, allow_missing_form: bool = False) -> ImportStream:
        """An import of any length, chunk by chunk. The import id (UUID) is the same when it is done again."""
        begin = partial(
            self._rpc.import_sessions,
            release_id,
            import_id=import_id,
            allow_missing_form=allow_missing_form,
            ahead=1,
        )
        return ImportStream(begin, self._calling)

    def session(self, session: str) -> Session:
        """The session with this id or keycode, in FULL view."""
        request = session_service_pb2.GetSessionRequest(**which(session))
        return self._call(self._rpc.sessions.GetSession, request).session

    def sessions_by_id(self, session_ids: Sequence[str], *, full: bool = False) -> Sequence[Session]:
        """The sessions with these ids, up to 1,000, in BASIC or FULL view; refused when one of them is not there."""
        view = session_service_pb2.SESSION_VIEW_FULL if full else session_service_pb2.SESSION_VIEW_BASIC
        request = session_service_pb2.BatchGetSessionsRequest(session_ids=session_ids, view=view)
        return self._call(self._rpc.sessions.BatchGetSessions, request).sessions

    def sessions(
        self,
        release_ids: Sequence[str] = (),
        states: Sequence[int] = (),
        candidate_ids: Sequence[str] = (),
        page: int = PAGE,
        *,
        whole: bool = False,
        **criteria_besides: Any,
    ) -> Iterator[Session]:
        """Yields the sessions that match every criterion given, oldest first, read page by page.

        Args:
            release_ids: releases, at most 1,000; any when empty.
            states: numbers of State; any when empty.
            candidate_ids: candidates; any when empty.
            page: rows of a page.
            whole: whether in FULL view; else in BASIC view.
            **criteria_besides: other fields of SessionFilter.
        """
        criteria = session_service_pb2.SessionFilter(
            release_ids=release_ids, candidate_ids=candidate_ids, **criteria_besides
        )
        criteria.states.extend(states)  # type: ignore[arg-type]
        request = session_service_pb2.ListSessionsRequest(
            filter=criteria,
            page_size=min(page, PAGE),
            view=session_service_pb2.SESSION_VIEW_FULL if whole else session_service_pb2.SESSION_VIEW_BASIC,
        )
        for found in self._pages(self._rpc.sessions.ListSessions, request):
            yield from found.sessions

    def sessions_with_results(self, release_ids: Sequence[str], states: Sequence[int] = ()) -> Iterator[Session]:
        """The sessions of these releases, oldest first, with what the attempt that counts has earned."""
        criteria = session_service_pb2.SessionFilter(release_ids=release_ids)
        criteria.states.extend(states)  # type: ignore[arg-type]
        request = session_service_pb2.ListSessionsRequest(filter=criteria, page_size=PAGE, show_results=True)
        for found in self._pages(self._rpc.sessions.ListSessions, request):
            yield from found.sessions

    def count(self, release_ids: Sequence[str] = (), states: Sequence[int] = ()) -> int:
        """How many sessions match."""
        criteria = session_service_pb2.SessionFilter(release_ids=release_ids)
        criteria.states.extend(states)  # type: ignore[arg-type]
        request = session_service_pb2.ListSessionsRequest(filter=criteria, page_size=1, show_total_size=True)
        return self._call(self._rpc.sessions.ListSessions, request).total_size

    def aggregate(self, release_id: str) -> SessionStatistics:
        """How many sessions of a release are in which state, and their scores."""
        request = session_service_pb2.AggregateSessionsRequest(release_ids=[release_id])
        return self._call(self._rpc.sessions.AggregateSessions, request).total

    def update_session(self, session_id: str, edits: Mapping[str, str], etag: str, request_id: str) -> Session:
        """Edits a booking; the session as it became. `edits` are new values by their paths in Booking."""
        request = session_service_pb2.UpdateSessionRequest(session_id=session_id, etag=etag, request_id=request_id)
        request.update_mask.paths.extend(edits)
        request.booking.SetInParent()
        for path, value in edits.items():
            inner, _, name = path.rpartition(".")
            setattr(request.booking.candidate if inner else request.booking, name, value)
        return self._call(self._rpc.sessions.UpdateSession, request).session

    def history(self, session: str, page: int = PAGE) -> Iterator[SessionEvent]:
        """The events of the session with this id or keycode, oldest first; by id also of a deleted one."""
        request = session_service_pb2.ListSessionEventsRequest(page_size=page, **which(session))
        for found in self._pages(self._rpc.sessions.ListSessionEvents, request):
            yield from found.events

    def explain(self, session: str) -> Explanation:
        """What the session with this id or keycode may do now, and why it may not do the rest."""
        request = lifecycle_service_pb2.ExplainSessionRequest(**which(session))
        return self._call(self._rpc.lifecycle.ExplainSession, request)

    def transition(self, rpc: str, session: str, **fields: Any) -> Session:
        """One action, by the name of its RPC, on the session with this id or keycode.

        A request id (UUID) makes the repetition of this very call return the first answer.
        """
        marks = hasattr(marking_service_pb2, f"{rpc}Request")
        service = marking_service_pb2 if marks else lifecycle_service_pb2
        stub = self._rpc.marking if marks else self._rpc.lifecycle
        request = getattr(service, f"{rpc}Request")(**which(session) | fields)
        moved: Session = self._call(getattr(stub, rpc), request).session
        return moved

    def enter_keycode(self, session: str, device_label: str = "", attempt_token: str = "") -> tuple[Session, str]:
        """Enters a keycode as a candidate's device.

        Args:
            session: keycode, or RELEASE_ID/CODE.
            device_label: what the device says it is.
            attempt_token: the token it has of the session already, for instance after a reload.

        Returns:
            The session, and the token to send with every further call of the attempt, as `attempt_token` of
            `transition`; empty where the release does not ask for one device.
        """
        request = lifecycle_service_pb2.EnterKeycodeRequest(
            device_label=device_label, attempt_token=attempt_token, **which(session)
        )
        reply = self._call(self._rpc.lifecycle.EnterKeycode, request)
        return reply.session, reply.attempt_token

    def pin(self, session: str) -> str:
        """The PIN of the session with this id or keycode. Each call leaves a row of history."""
        request = lifecycle_service_pb2.GetPinRequest(**which(session))
        return self._call(self._rpc.lifecycle.GetPin, request).pin

    def set_pin(self, session: str, pin: str = "") -> str:
        """Sets the PIN of the session with this id or keycode, one the service draws when it is empty; the PIN."""
        request = lifecycle_service_pb2.SetPinRequest(pin=pin, **which(session))
        return self._call(self._rpc.lifecycle.SetPin, request).pin
