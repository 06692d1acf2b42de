"""Marks of papers on their way in: what an earlier run left, what would be refused, the writing. Prints nothing.

A paper is one AssignItemMarks call, under a request id made from the session and everything the call says. So

- a call whose answer was lost is sent again and answered from memory;
- what an earlier run wrote is known by the session's history, which keeps the request id for good;
- a paper that was corrected in the file has another id, and is written.
"""

from __future__ import annotations

import json
import re
import uuid
from functools import partial
from typing import TYPE_CHECKING

from exam_sessions.cli.files.importer import Rejected
from exam_sessions.cli.shared.file_faults import Fault
from exam_sessions.cli.shared.in_flight import in_flight
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.cli.files.marks_file import Mark, MarkedPaper
    from exam_sessions.cli.shared.progress import Advance
    from exam_sessions.client.client import Client, Session, SessionEvent

FAMILY = uuid.UUID("0b9d1c86-5f0e-5d41-8a0b-6a2f6c0d7e13")
"""The namespace of the request ids. Never to change: earlier runs are recognised by it."""

ASKED_AT_ONCE = 500
"""Marks of one call, the most the service takes; more than that are more questions than a form has."""

AT = re.compile(r"marks\[(\d+)\](?:\.(.+))?")
ABOUT_A_SCRIPT = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "ABORTED"}
"""Codes of refusals that another paper may not meet."""

COLUMN = {"UNKNOWN_QUESTION": "question_number", "MARK_ABOVE_AVAILABLE": "mark", "MARK_TOO_FINE": "mark"}


class MarksImporter:
    """The papers of one file on their way in.

    Methods that call the service may raise Refused and NoServer; `advance` is called with the rows they dealt with.
    With `again` papers are written that an earlier run wrote.
    """

    def __init__(self, client: Client, papers: Sequence[MarkedPaper], *, again: bool = False) -> None:
        self._client = client
        self._salt = str(uuid.uuid4()) if again else ""
        self.left = list(papers)
        """The papers still to be written."""
        self.known = 0
        """Scripts an earlier run wrote."""
        self.written: list[Session] = []
        """The sessions written, as they are now."""
        self.entered = 0
        """The rows written."""

    @property
    def rows(self) -> int:
        """How many rows are still to be written."""
        return sum(len(paper.marks) for paper in self.left)

    def check(self, advance: Advance) -> list[Fault]:
        """Everything the service would refuse, which it is asked without writing; finds what is written already."""
        faults: list[Fault] = []
        first: dict[str, MarkedPaper] = {}
        new: list[MarkedPaper] = []
        for paper, (session_id, is_known, wrong) in in_flight(self._check, self.left):
            advance(len(paper.marks))
            faults += wrong
            if session_id:
                other = first.setdefault(session_id, paper)
                if other is not paper:
                    early, late = sorted((other, paper), key=lambda one: one.line)
                    faults.append(Fault(late.line, "", f"is the session of line {early.line}; name it one way"))
            if is_known:
                self.known += 1
            else:
                new.append(paper)
        self.left = sorted(new, key=lambda paper: paper.line)
        return sorted(faults)

    def write(self, advance: Advance) -> None:
        """Writes the papers.

        Raises:
            Rejected: papers that the check found good are refused now; all others are written.
        """
        faults: list[Fault] = []
        done: set[int] = set()
        try:
            for paper, (session, wrong) in in_flight(self._write, self.left):
                advance(len(paper.marks))
                faults += wrong
                if session:
                    done.add(paper.line)
                    self.written.append(session)
                    self.entered += len(paper.marks)
        finally:
            self.left = [paper for paper in self.left if paper.line not in done]
        if faults:
            raise Rejected(sorted(faults))

    def _check(self, paper: MarkedPaper) -> tuple[str, bool, list[Fault]]:
        """The session's id, whether the paper is written already, and what is wrong with it."""
        try:
            session = retry(partial(self._client.session, paper.session))
        except Refused as refused:
            return "", False, _faults(refused, paper, paper.marks)
        if paper.keycode and paper.keycode != session.keycode:
            return session.id, False, [Fault(paper.line, "keycode", f"is not the session's, {session.keycode}")]
        if session.update_time != session.create_time and self._is_written(paper, session.id):
            return session.id, True, []
        return session.id, False, self._refused(paper)

    def _is_written(self, paper: MarkedPaper, session_id: str) -> bool:
        request_id = self._request_id(paper)
        return any(event.request_id == request_id for event in retry(partial(self._history, session_id)))

    def _history(self, session_id: str) -> list[SessionEvent]:
        return list(self._client.history(session_id))

    def _refused(self, paper: MarkedPaper) -> list[Fault]:
        """What the service refuses of a paper. It names as many rows as fit; the rest is asked about again."""
        faults: list[Fault] = []
        for at in range(0, len(paper.marks), ASKED_AT_ONCE):
            part = paper.marks[at : at + ASKED_AT_ONCE]
            while part:
                try:
                    retry(partial(self._assign, paper, part, validate_only=True))
                    break
                except Refused as refused:
                    faults += _faults(refused, paper, part)
                    named = {int(found[1]) for row in refused.violations if (found := AT.fullmatch(row.field))}
                    part = tuple(mark for n, mark in enumerate(part) if n not in named) if named else ()
        return list(dict.fromkeys(faults))

    def _write(self, paper: MarkedPaper) -> tuple[Session | None, list[Fault]]:
        try:
            return retry(partial(self._assign, paper, paper.marks)), []
        except Refused as refused:
            return None, _faults(refused, paper, paper.marks)

    def _assign(self, paper: MarkedPaper, marks: Sequence[Mark], *, validate_only: bool = False) -> Session:
        rows = [(mark.question, mark.mark) for mark in marks]
        request_id = "" if validate_only else self._request_id(paper)
        return self._client.assign_item_marks(
            paper.session, rows, paper.completed, request_id, validate_only=validate_only
        )

    def _request_id(self, paper: MarkedPaper) -> str:
        said = [(mark.question, mark.mark) for mark in paper.marks]
        content = [self._client.workspace, paper.session, paper.completed, said, self._salt]
        return str(uuid.uuid5(FAMILY, json.dumps(content)))


def _faults(refused: Refused, paper: MarkedPaper, marks: Sequence[Mark]) -> list[Fault]:
    """What a refusal of a paper says, in the file's words. Raises the refusal when it is about no paper."""
    if refused.code not in ABOUT_A_SCRIPT:
        raise refused
    faults = []
    for violation in refused.violations:
        if at := AT.fullmatch(violation.field):
            column = at[2] or COLUMN.get(violation.reason, "")
            faults.append(Fault(marks[int(at[1])].line, column, violation.description))
        else:
            faults.append(Fault(paper.line, violation.field, violation.description))
    return faults or [Fault(paper.line, "", str(refused))]
