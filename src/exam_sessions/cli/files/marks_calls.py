"""Papers of a file of marks in calls of many: what a call holds, and what a refusal says in the file's words."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.batches import batches_of
from exam_sessions.cli.shared.file_faults import Fault
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import Refused, Violation
from exam_sessions.client.marking import Paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exam_sessions.cli.files.marks_file import Mark, MarkedPaper
    from exam_sessions.client.client import Client
    from exam_sessions.client.marking import PaperOutcome

PAPERS_AT_ONCE = 128
"""Papers of one call: four whole groups of those in which the service enters them."""

ROWS_AT_ONCE = 2_000
"""Marks of one call."""

MARKS_OF_A_PAPER = 500
"""Marks of one paper, the most the service takes; more than that are more questions than a form has."""

AT = re.compile(r"marks\[(\d+)\](?:\.(.+))?")
OF_A_PAPER = re.compile(r"papers\[(\d+)\](?:\.(.+))?")
ABOUT_A_PAPER = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "ABORTED"}
"""Codes of refusals that another paper may not meet."""

COLUMN = {"UNKNOWN_QUESTION": "question_number", "MARK_ABOVE_AVAILABLE": "mark", "MARK_TOO_FINE": "mark"}


class Part(NamedTuple):
    """Marks of a paper, as many as one call takes."""

    paper: MarkedPaper
    marks: tuple[Mark, ...]
    request_id: str


def parts_of(paper: MarkedPaper, request_id: str) -> list[Part]:
    """The parts in which a paper can be checked."""
    starts = range(0, len(paper.marks), MARKS_OF_A_PAPER)
    return [Part(paper, paper.marks[at : at + MARKS_OF_A_PAPER], request_id) for at in starts]


def calls_of(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """The parts, as many at a time as one call holds."""
    return batches_of(parts, lambda part: len(part.marks), rows_at_most=PAPERS_AT_ONCE, size_at_most=ROWS_AT_ONCE)


def send(client: Client, call: Sequence[Part], *, validate_only: bool = False) -> list[PaperOutcome | Refused]:
    """What becomes of each part of a call. One that breaks a rule of requests keeps no other out.

    Raises:
        Refused: the service refuses what is about no paper.
        NoServer: nothing answers.
    """
    outcomes: dict[int, PaperOutcome | Refused] = {}
    left = list(range(len(call)))
    while left:
        papers = [_paper_of(call[n]) for n in left]
        try:
            found = retry(partial(client.assign_marks_of, papers, validate_only=validate_only))
        except Refused as refused:
            broken = _by_paper(refused)
            outcomes |= {left[n]: refusal for n, refusal in broken.items()}
            left = [at for n, at in enumerate(left) if n not in broken]
            continue
        outcomes |= zip(left, found, strict=True)
        break
    return [outcomes[n] for n in range(len(call))]


def _paper_of(part: Part) -> Paper:
    marks = [(mark.question, mark.mark) for mark in part.marks]
    return Paper(part.paper.session, marks, part.paper.completed, part.request_id)


def _by_paper(refused: Refused) -> dict[int, Refused]:
    """The refusal of a call as that of its papers. Raises it when it is of none."""
    found: dict[int, list[Violation]] = {}
    for violation in refused.violations:
        if at := OF_A_PAPER.fullmatch(violation.field):
            inner = Violation(at[2] or "", violation.description, violation.reason)
            found.setdefault(int(at[1]), []).append(inner)
    if not found:
        raise refused
    return {
        n: Refused(refused.code, refused.reason, refused.message, refused.facts, tuple(violations))
        for n, violations in found.items()
    }


def faults_of(refused: Refused, part: Part) -> list[Fault]:
    """What a refusal of a part says, in the file's words. Raises the refusal when it is about no paper."""
    if refused.code not in ABOUT_A_PAPER:
        raise refused
    faults = []
    for violation in refused.violations:
        if at := AT.fullmatch(violation.field):
            column = at[2] or COLUMN.get(violation.reason, "")
            faults.append(Fault(part.marks[int(at[1])].line, column, violation.description))
        else:
            faults.append(Fault(part.paper.line, violation.field, violation.description))
    return faults or [Fault(part.paper.line, "", str(refused))]


def rest_of(part: Part, refused: Refused) -> Part | None:
    """The marks that a refusal does not name, to be asked about again; None when it names none, or all."""
    named = {int(found[1]) for row in refused.violations if (found := AT.fullmatch(row.field))}
    marks = tuple(mark for n, mark in enumerate(part.marks) if n not in named) if named else ()
    return part._replace(marks=marks) if marks else None
