"""Calls about marks and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.client.channel import Channel, which
from exam_sessions.client.times import put
from exam_sessions_client.v1 import marking_service_pb2, session_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence


Session = session_pb2.Session
SessionResults = marking_service_pb2.GetSessionResultsResponse


class MarkingCalls(Channel):
    """Calls about marks and results in one workspace of a server."""

    def assign_item_marks(
        self,
        session: str,
        marks: Sequence[tuple[str, str | None]],
        completed: int,
        request_id: str = "",
        *,
        validate_only: bool = False,
    ) -> Session:
        """Enters marks of a paper.

        Args:
            session: id, keycode, or RELEASE_ID/CODE.
            marks: question numbers, each with its mark as a decimal, or None for "not attempted".
            completed: when the paper was completed, in microseconds since 1970.
            request_id: a UUID that makes a repetition of this call return the first answer; empty is none.
            validate_only: whether to check only.
        """
        rows = [marking_service_pb2.ItemMark(question_number=number, mark=mark) for number, mark in marks]
        request = marking_service_pb2.AssignItemMarksRequest(
            marks=rows, request_id=request_id, validate_only=validate_only, **which(session)
        )
        put(request.completion_time, completed)
        return self._call(self._rpc.marking.AssignItemMarks, request).session

    def results(self, session: str, attempt: int = 0, *, deciding: bool = False) -> SessionResults:
        """Returns what an attempt of a session earned.

        Args:
            session: id, keycode, or RELEASE_ID/CODE.
            attempt: its number; 0 is the current one.
            deciding: whether the attempt that counts is meant, where `attempt` is 0.
        """
        chosen = marking_service_pb2.ATTEMPT_SELECTION_DECIDING if deciding else 0
        request = marking_service_pb2.GetSessionResultsRequest(
            attempt=attempt,
            selection=chosen,  # type: ignore[arg-type]
            **which(session),
        )
        return self._call(self._rpc.marking.GetSessionResults, request)

    def score_response(
        self, session_id: str, question_number: str, mark: str, message: str = "", *, request_id: str = ""
    ) -> Session:
        """Gives a question the mark of a person; returns the session as it is then.

        Args:
            session_id: the session.
            question_number: the question's number in the form.
            mark: an exact decimal.
            message: why; kept in the history.
            request_id: a UUID that makes a repetition of this call return the first answer; empty is none.
        """
        request = marking_service_pb2.ScoreResponseRequest(
            session_id=session_id,
            question_number=question_number,
            mark=mark,
            message=message,
            request_id=request_id,
        )
        return self._call(self._rpc.marking.ScoreResponse, request).session

    def unscore_response(
        self, session_id: str, question_number: str, message: str = "", *, request_id: str = ""
    ) -> Session:
        """Takes the mark of a person back, with arguments as above; returns the session as it is then."""
        request = marking_service_pb2.UnscoreResponseRequest(
            session_id=session_id,
            question_number=question_number,
            message=message,
            request_id=request_id,
        )
        return self._call(self._rpc.marking.UnscoreResponse, request).session
