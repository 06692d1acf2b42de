"""Calls about events: watches, and the stored places of those who work through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.client.channel import Channel
from exam_sessions.client.failures import NoServer
from exam_sessions_client.blocking import end
from exam_sessions_client.failures import CallFailed
from exam_sessions_client.v1 import session_service_pb2, session_service_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from exam_sessions.client.security import Security

Piece = session_service_pb2.WatchSessionsResponse
EventConsumer = session_service_pb2.EventConsumer

HEARTBEAT = 1
"""Seconds of silence after which the service sends a heartbeat on a watch."""


class EventCalls(Channel):
    """Calls about events."""

    def __init__(self, target: str, workspace: str, actor: str, security: Security) -> None:
        super().__init__(target, workspace, actor, security)
        self._events = session_service_pb2_grpc.SessionServiceStub(self._channel)

    def watch(
        self,
        release_ids: Sequence[str] = (),
        session_ids: Sequence[str] = (),
        centre_ids: Sequence[str] = (),
        school_ids: Sequence[str] = (),
        district_ids: Sequence[str] = (),
        **start: Any,
    ) -> Generator[Piece, None, None]:
        """Yields what happens until the watch breaks off.

        Args:
            release_ids: only sessions of these releases; any when empty.
            session_ids: only these sessions; any when empty.
            centre_ids: only sessions at these centres; any when empty.
            school_ids: only sessions of candidates of these schools; any when empty.
            district_ids: only sessions of candidates of these districts; any when empty.
            **start: one of WatchSessionsRequest's ways to begin; without any it begins with a snapshot.

        Raises:
            Refused: the server ended it, with its reason.
            NoServer: the connection broke, or was silent for too long.
        """
        wanted = session_service_pb2.WatchFilter(
            release_ids=release_ids,
            session_ids=session_ids,
            centre_ids=centre_ids,
            school_ids=school_ids,
            district_ids=district_ids,
        )
        request = session_service_pb2.WatchSessionsRequest(workspace_id=self.workspace, filter=wanted, **start)
        request.heartbeat_interval.seconds = HEARTBEAT
        replies: Any = self._events.WatchSessions(request)
        try:
            yield from replies
        except CallFailed as failed:
            if failed.code != "CANCELLED":
                raise self._failure(failed) from None
        finally:
            end(replies)
        raise NoServer(self.target)

    def acknowledge(self, consumer: str, sequence: int, *, rewind: bool = False) -> EventConsumer:
        """Stores how far a consumer has come.

        Args:
            consumer: its name; new ones are made known so.
            sequence: every event up to this one is done with.
            rewind: whether it may go back.
        """
        request = session_service_pb2.AcknowledgeEventsRequest(
            workspace_id=self.workspace, consumer=consumer, sequence=sequence, rewind=rewind
        )
        return self._call(self._events.AcknowledgeEvents, request).consumer

    def consumers(self) -> Sequence[EventConsumer]:
        """The consumers of events, by name."""
        request = session_service_pb2.ListEventConsumersRequest(workspace_id=self.workspace)
        return [row for page in self._pages(self._events.ListEventConsumers, request) for row in page.consumers]
