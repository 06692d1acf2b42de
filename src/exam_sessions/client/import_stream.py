"""An import that is handed its chunks one by one, each when the one before it is booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.client.bookings import message_of
from exam_sessions.client.failures import NoServer, refusal_of
from exam_sessions_client.failures import CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager

    from exam_sessions.client.bookings import Booking
    from exam_sessions_client.v1.session_service_pb2 import BookedSession, ImportSessionsResponse


class ImportStream:
    """One import, to be closed at the end. The stream is the Python client's, which begins it again by itself."""

    def __init__(
        self,
        begin: Callable[..., Generator[ImportSessionsResponse, None, None]],
        calling: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._begin, self._calling = begin, calling
        self._answers: Generator[ImportSessionsResponse, None, None] | None = None

    def book(self, chunk: int, bookings: Sequence[Booking]) -> Sequence[BookedSession]:
        """Books a chunk, all or nothing, and waits for the answer: a chunk is never under way behind a refused one.

        The same chunk under the same number is answered as the first time.

        Raises:
            Refused, NoServer: as every call.
        """
        self._number, self._bookings = chunk, [message_of(booking) for booking in bookings]
        if self._answers is None:
            # Asked for the next chunk when the one before it is answered.
            chunks, numbers = iter(lambda: self._bookings, None), iter(lambda: self._number, None)
            self._answers = self._begin(chunks, numbers=numbers)
        try:
            with self._calling():
                reply = next(self._answers)
        except CallFailed as failed:
            self.close()
            if isinstance(failed, NoServer):
                failed.may_return = False  # it was waited for
            raise
        if reply.HasField("refusal"):
            raise refusal_of(reply.refusal)
        return reply.sessions

    def close(self) -> None:
        """Hangs up; what was answered is booked."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None
