"""The client's end of ImportSessions: a stream that takes a roster of any length, a chunk at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from exam_sessions.client.bookings import message_of
from exam_sessions.client.channel import BATCH
from exam_sessions.client.failures import NoServer, Refused, read_status
from exam_sessions_client.blocking import DuplexCall, end, read
from exam_sessions_client.failures import CallFailed
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from exam_sessions.client.bookings import Booking
    from exam_sessions.client.failures import Failure


class Head(NamedTuple):
    """What the first message says of all. The import id (UUID) is the same when the import is done again."""

    workspace_id: str
    release_id: str
    import_id: str
    allow_missing_form: bool = False


class ImportStream:
    """One import, for the length of a block; opened by its first chunk, and again by the next after it broke."""

    def __init__(self, method: Any, read_failure: Callable[[CallFailed], Failure], target: str, head: Head) -> None:
        self._method, self._read_failure, self._target, self._head = method, read_failure, target, head
        self._stream: DuplexCall | None = None

    def book(self, chunk: int, bookings: Sequence[Booking]) -> Sequence[session_service_pb2.BookedSession]:
        """Books a chunk, all or nothing, and waits for the answer: a chunk is never under way behind a refused one.

        The same chunk under the same number is answered as the first time.

        Raises:
            Refused, NoServer: as every call.
        """
        request = session_service_pb2.ImportSessionsRequest(
            chunk=chunk, bookings=[message_of(booking) for booking in bookings]
        )
        if self._stream is None:
            head = self._head
            request.workspace_id, request.release_id, request.import_id = head[:3]
            request.allow_missing_form = head.allow_missing_form
            self._stream = DuplexCall(self._method)
        self._stream.send(request)
        reply = self._answer(self._stream)
        if reply.HasField("refusal"):
            status = reply.refusal
            raise read_status(status) or Refused(str(status.code), "", status.message)
        sessions: Sequence[session_service_pb2.BookedSession] = reply.sessions
        return sessions

    def _answer(self, stream: DuplexCall) -> Any:
        try:
            reply = read(stream.call, BATCH)
        except CallFailed as failed:
            self.close()
            if failed.code == "CANCELLED":
                raise NoServer(self._target) from None
            raise self._read_failure(failed) from None
        if reply is None:
            self.close()
            raise NoServer(self._target)
        return reply

    def close(self) -> None:
        """Hangs up; what was answered is booked."""
        if self._stream is not None:
            end(self._stream.call)
            self._stream = None

    def __enter__(self) -> Self:
        """Gives the stream for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hangs up."""
        self.close()
