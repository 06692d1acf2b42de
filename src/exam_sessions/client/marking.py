"""Calls about marks and results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.client.channel import BATCH, Channel, which
from exam_sessions.client.failures import Refused, refusal_of
from exam_sessions.client.times import put
from exam_sessions_client.v1 import marking_service_pb2, session_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence


Session = session_pb2.Session
SessionResults = marking_service_pb2.GetSessionResultsResponse
PaperOutcome = marking_service_pb2.PaperOutcome


class Paper(NamedTuple):
    """The marks of one paper."""

    session: str
    """Id, keycode, or RELEASE_ID/CODE."""
    marks: Sequence[tuple[str, str | None]]
    """Question numbers, each with its mark as a decimal, or None for "not attempted"."""
    completed: int
    """When the paper was completed, in microseconds since 1970."""
    request_id: str
    """A UUID that makes a repetition of this paper return the first answer."""


class MarkingCalls(Channel):
    """Calls about marks and results in one workspace of a server."""

    def assign_marks_of(
        self, papers: Sequence[Paper], *, validate_only: bool = False
    ) -> list[PaperOutcome | Refused]:
        """Enters the marks of up to 500 papers, each for itself.

        Args:
            papers: the papers, with at most 20,000 marks together.
            validate_only: whether to check only.

        Returns:
            What became of each paper, in their order: its session, or why it was refused.
        """
        request = marking_service_pb2.BatchAssignItemMarksRequest(validate_only=validate_only)
        for paper in papers:
            row = request.papers.add(request_id=paper.request_id, **which(paper.session))
            put(row.completion_time, paper.completed)
            for number, mark in paper.marks:
                row.marks.add(question_number=number, mark=mark)
        found = self._call(self._rpc.marking.BatchAssignItemMarks, request, timeout=BATCH).papers
        return [refusal_of(row.refusal) if row.HasField("refusal") else row for row in found]

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
