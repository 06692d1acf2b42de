"""Calls about events: watches, and the stored places of those who work through them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from exam_sessions.client.channel import Channel
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from exam_sessions.client.failures import Failure
    from exam_sessions_client.failures import CallFailed

    Resume = Callable[[session_service_pb2.WatchSessionsRequest, int, Failure], float]


Piece = session_service_pb2.WatchSessionsResponse
WatchRequest = session_service_pb2.WatchSessionsRequest
EventConsumer = session_service_pb2.EventConsumer

HEARTBEAT = 1
"""Seconds of silence after which the service sends a heartbeat on a watch."""


class EventCalls(Channel):
    """Calls about events."""

    def watch(
        self,
        release_ids: Sequence[str] = (),
        session_ids: Sequence[str] = (),
        resume: Resume | None = None,
        centre_ids: Sequence[str] = (),
        school_ids: Sequence[str] = (),
        district_ids: Sequence[str] = (),
        **start: Any,
    ) -> Generator[Piece, None, None]:
        """Yields what happens until the watch breaks off, or without an end where `resume` has it go on.

        Args:
            release_ids: only sessions of these releases; any when empty.
            session_ids: only these sessions; any when empty.
            resume: that of the Python client's `watch`; it is given Refused or NoServer.
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
        request = WatchRequest(filter=wanted, **start)
        request.heartbeat_interval.seconds = HEARTBEAT

        def resumed(request: WatchRequest, failures: int, failed: CallFailed) -> float:
            failure = self._failure(failed)
            if resume is None:
                raise failure
            return resume(request, failures, failure)

        with self._calling(), closing(self._rpc.watch(request, resumed)) as pieces:
            yield from pieces

    def acknowledge(self, consumer: str, sequence: int, *, rewind: bool = False) -> EventConsumer:
        """Stores how far a consumer has come.

        Args:
            consumer: its name; new ones are made known so.
            sequence: every event up to this one is done with.
            rewind: whether it may go back.
        """
        request = session_service_pb2.AcknowledgeEventsRequest(consumer=consumer, sequence=sequence, rewind=rewind)
        return self._call(self._rpc.sessions.AcknowledgeEvents, request).consumer

    def consumers(self) -> Sequence[EventConsumer]:
        """The consumers of events, by name."""
        request = session_service_pb2.ListEventConsumersRequest()
        return [row for page in self._pages(self._rpc.sessions.ListEventConsumers, request) for row in page.consumers]
