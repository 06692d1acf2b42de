"""The client's end of ImportSessions: a stream that takes a roster of any length, a chunk at a time."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import grpc

from exam_sessions.client.bookings import message_of
from exam_sessions.client.channel import BATCH, end, next_of
from exam_sessions.client.failures import NoServer, Refused, read_status
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from exam_sessions.client.bookings import Booking
    from exam_sessions.client.failures import Failure

    Requests = Iterator[session_service_pb2.ImportSessionsRequest]


class Head(NamedTuple):
    """What the first message says of all. The import id (UUID) is the same when the import is done again."""

    workspace_id: str
    release_id: str
    import_id: str
    allow_missing_form: bool = False


class ImportStream:
    """One import, for the length of a block; opened by its first chunk, and again by the next after it broke."""

    def __init__(
        self, dial: Callable[[Requests], Any], read_failure: Callable[[Any], Failure], target: str, head: Head
    ) -> None:
        self._dial, self._read_failure, self._target, self._head = dial, read_failure, target, head
        self._requests: SimpleQueue[session_service_pb2.ImportSessionsRequest | None] = SimpleQueue()
        self._call: Any = None

    def book(self, chunk: int, bookings: Sequence[Booking]) -> Sequence[session_service_pb2.BookedSession]:
        """Books a chunk, all or nothing, and waits for the answer: a chunk is never under way behind a refused one.

        The same chunk under the same number is answered as the first time.

        Raises:
            Refused, NoServer: as every call.
        """
        request = session_service_pb2.ImportSessionsRequest(
            chunk=chunk, bookings=[message_of(booking) for booking in bookings]
        )
        if self._call is None:
            head = self._head
            request.workspace_id, request.release_id, request.import_id = head[:3]
            request.allow_missing_form = head.allow_missing_form
            self._requests = SimpleQueue()
            self._call = self._dial(iter(self._requests.get, None))
        self._requests.put(request)
        reply = self._answer()
        if reply.HasField("refusal"):
            status = reply.refusal
            raise read_status(status) or Refused(str(status.code), "", status.message)
        sessions: Sequence[session_service_pb2.BookedSession] = reply.sessions
        return sessions

    def _answer(self) -> Any:
        try:
            reply = next_of(self._call, BATCH)
        except grpc.RpcError as error:
            self.close()
            if error.code() is grpc.StatusCode.CANCELLED:
                raise NoServer(self._target) from None
            raise self._read_failure(error) from None
        if reply is None:
            self.close()
            raise NoServer(self._target)
        return reply

    def close(self) -> None:
        """Hangs up; what was answered is booked."""
        if self._call is not None:
            self._requests.put(None)
            end(self._call)
            self._call = None

    def __enter__(self) -> Self:
        """Gives the stream for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hangs up."""
        self.close()
