"""Marks of papers on their way in: what an earlier run left, what would be refused, the writing. Prints nothing.

Papers are sent by BatchAssignItemMarks, each under a request id made from the session and everything the file says of
it. So

- a call whose answer was lost is sent again and answered from memory;
- what an earlier run wrote is known by the session's history, which keeps the request id for good;
- a paper that was corrected in the file has another id, and is written.
"""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.cli.files.importer import Rejected
from exam_sessions.cli.files.marks_calls import Part, calls_of, faults_of, parts_of, rest_of, send
from exam_sessions.cli.shared.file_faults import Fault
from exam_sessions.cli.shared.in_flight import in_flight
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exam_sessions.cli.files.marks_file import MarkedPaper
    from exam_sessions.cli.shared.progress import Advance
    from exam_sessions.client.client import Client, SessionEvent
    from exam_sessions.client.marking import PaperOutcome

FAMILY = uuid.UUID("0b9d1c86-5f0e-5d41-8a0b-6a2f6c0d7e13")
"""The namespace of the request ids. Never to change: earlier runs are recognised by it."""

BATCHES_IN_FLIGHT = 4
"""Calls of many papers under way at a time."""


class Looked(NamedTuple):
    """What is known of the session of a paper."""

    session_id: str
    keycode: str
    is_known: bool = False
    """Whether an earlier run wrote the paper."""


class MarksImporter:
    """The papers of one file on their way in.

    Methods that call the service may raise Refused and NoServer; `advance` is called with the rows they dealt with.
    With `again` papers are written that an earlier run wrote.
    """

    def __init__(self, client: Client, papers: Sequence[MarkedPaper], *, again: bool = False) -> None:
        self._client = client
        self._salt = str(uuid.uuid4()) if again else ""
        self._request_ids: dict[int, str] = {}
        """By the papers' lines."""
        self.left = list(papers)
        """The papers still to be written."""
        self.known = 0
        """How many papers an earlier run wrote."""
        self.written: list[PaperOutcome] = []
        """What became of the papers written."""
        self.entered = 0
        """The rows written."""

    @property
    def rows(self) -> int:
        """How many rows are still to be written."""
        return sum(len(paper.marks) for paper in self.left)

    def check(self, advance: Advance) -> list[Fault]:
        """Everything the service would refuse, which it is asked without writing; finds what is written already."""
        refused, looked = self._checked(advance)
        faults: list[Fault] = []
        first: dict[str, MarkedPaper] = {}
        new: list[MarkedPaper] = []
        for paper in self.left:
            session = looked.get(paper.line)
            if session is None:
                faults += refused[paper.line]
                continue
            other = first.setdefault(session.session_id, paper)
            if other is not paper:
                early, late = sorted((other, paper), key=lambda one: one.line)
                faults.append(Fault(late.line, "", f"is the session of line {early.line}; name it one way"))
            if paper.keycode and paper.keycode not in {session.keycode, paper.session}:
                faults.append(Fault(paper.line, "keycode", f"is not the session's, {session.keycode}"))
            elif not session.is_known:
                faults += dict.fromkeys(refused.get(paper.line, ()))
            if session.is_known:
                self.known += 1
            else:
                new.append(paper)
        self.left = sorted(new, key=lambda paper: paper.line)
        return sorted(faults)

    def _checked(self, advance: Advance) -> tuple[dict[int, list[Fault]], dict[int, Looked]]:
        """What is refused of papers, and what is known of their sessions, both by the papers' lines.

        A refusal names as many rows as fit; the rest is asked about again.
        """
        refused: dict[int, list[Fault]] = {}
        looked: dict[int, Looked] = {}
        suspects: dict[int, MarkedPaper] = {}
        parts: Iterable[Part] = (part for paper in self.left for part in parts_of(paper, self._request_id(paper)))
        tell: Advance | None = advance
        while parts:
            rest: list[Part] = []
            for part, outcome in self._sent(parts, validate_only=True, advance=tell):
                paper = part.paper
                if isinstance(outcome, Refused):
                    refused.setdefault(paper.line, []).extend(faults_of(outcome, part))
                    rest += filter(None, [rest_of(part, outcome)])
                    if outcome.code != "NOT_FOUND":
                        suspects[paper.line] = paper
                    continue
                looked[paper.line] = Looked(outcome.session_id, outcome.keycode)
                if outcome.changed_before:
                    suspects[paper.line] = paper
            parts, tell = rest, None
        for paper, session in in_flight(self._look, suspects.values()):
            if session:
                looked[paper.line] = session
        return refused, looked

    def write(self, advance: Advance) -> None:
        """Writes the papers.

        Raises:
            Rejected: papers that the check found good are refused now; all others are written.
        """
        faults: list[Fault] = []
        done: set[int] = set()
        parts = (Part(paper, paper.marks, self._request_id(paper)) for paper in self.left)
        try:
            for part, outcome in self._sent(parts, advance=advance):
                if isinstance(outcome, Refused):
                    faults += faults_of(outcome, part)
                else:
                    done.add(part.paper.line)
                    self.written.append(outcome)
                    self.entered += len(part.marks)
        finally:
            self.left = [paper for paper in self.left if paper.line not in done]
        if faults:
            raise Rejected(sorted(faults))

    def _sent(
        self, parts: Iterable[Part], *, validate_only: bool = False, advance: Advance | None = None
    ) -> Iterator[tuple[Part, PaperOutcome | Refused]]:
        """Parts with what became of each, as the answers come. They are taken as calls are sent."""
        sending = partial(send, self._client, validate_only=validate_only)
        for call, outcomes in in_flight(sending, calls_of(parts), BATCHES_IN_FLIGHT):
            if advance:
                advance(sum(len(part.marks) for part in call))
            yield from zip(call, outcomes, strict=True)

    def _look(self, paper: MarkedPaper) -> Looked | None:
        """The session of a paper, and whether an earlier run wrote the paper; None without such a session."""
        try:
            session = retry(partial(self._client.session, paper.session))
        except Refused as refused:
            if refused.code != "NOT_FOUND":
                raise
            return None
        is_known = session.update_time != session.create_time and self._is_written(paper, session.id)
        return Looked(session.id, session.keycode, is_known)

    def _is_written(self, paper: MarkedPaper, session_id: str) -> bool:
        request_id = self._request_id(paper)
        return any(event.request_id == request_id for event in retry(partial(self._history, session_id)))

    def _history(self, session_id: str) -> list[SessionEvent]:
        return list(self._client.history(session_id))

    def _request_id(self, paper: MarkedPaper) -> str:
        if (known := self._request_ids.get(paper.line)) is not None:
            return known
        said = [(mark.question, mark.mark) for mark in paper.marks]
        content = [self._client.workspace, paper.session, paper.completed, said, self._salt]
        made = self._request_ids[paper.line] = str(uuid.uuid5(FAMILY, json.dumps(content)))
        return made
