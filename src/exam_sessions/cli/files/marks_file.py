"""A file of marks: from the bytes of a CSV file to one paper for each session. Calls no server.

Whether a question exists, and what it can earn, is the service's to say.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.files.roster_columns import code
from exam_sessions.cli.shared.csv_file import read_table, shown, surplus
from exam_sessions.cli.shared.file_faults import Fault, Unreadable
from exam_sessions.cli.shared.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOT_ATTEMPTED = "N/A"
MARK = re.compile(r"-?[0-9]{1,9}([.][0-9]{1,9})?")
LONGEST_NUMBER = 32
PAST = 1_000_000
"""A moment to check a paper with that does not say when it was completed; it is never written."""


class Mark(NamedTuple):
    """One row: its first line in the file, the question's number, and the mark; None is "not attempted"."""

    line: int
    question: str
    mark: str | None


class MarkedPaper(NamedTuple):
    """The rows of one session, which is named by its id or else by its keycode."""

    session: str
    keycode: str
    """What its keycode has to be; empty when the rows do not say it."""
    completed: int
    """When the paper was completed, in microseconds since 1970."""
    marks: tuple[Mark, ...]

    @property
    def line(self) -> int:
        """Where its first row is."""
        return self.marks[0].line


class MarksFile(NamedTuple):
    """What a file holds: the good papers, everything wrong with the others, and how many rows there are."""

    papers: tuple[MarkedPaper, ...]
    faults: tuple[Fault, ...]
    size: int


def read_marks(data: bytes, completed: int = 0) -> MarksFile:
    """Reads a file of marks, whole; `completed` is when papers were completed of which the file does not say it.

    Raises:
        Unreadable: the encoding or the header is wrong, or there are no rows.
    """
    at, names, lines = read_table(data, COLUMNS, "file of marks")
    missing = [name for name in ("question_number", "mark") if name not in names]
    if not {"keycode", "session_id"} & set(names):
        missing.insert(0, "keycode (or session_id)")
    if missing:
        raise Unreadable(f"line {at} does not name {' and '.join(missing)}, which every file of marks needs")
    grouped: dict[str, list[tuple[Mark, dict[str, Any]]]] = {}
    faults: list[Fault] = []
    size = 0
    for line, cells in lines:
        size += 1
        values, wrong = _read(line, cells, names)
        faults += wrong
        if not wrong:
            mark = Mark(line, values["question_number"], values["mark"])
            grouped.setdefault(values["session_id"] or values["keycode"], []).append((mark, values))
    if not size:
        raise Unreadable("it has a header but no rows")
    papers = []
    for session, rows in grouped.items():
        paper, wrong = _paper(session, rows, completed)
        faults += wrong
        papers.append(paper)
    return MarksFile(tuple(papers), tuple(sorted(faults)), size)


def _read(line: int, cells: list[str] | str, names: list[str]) -> tuple[dict[str, Any], list[Fault]]:
    """A row's values by column, as far as its cells are good, and what is wrong with the others."""
    if isinstance(cells, str):
        return {}, [Fault(line, "", cells)]
    if beyond := surplus(cells, names):
        return {}, [Fault(line, "", beyond)]
    found = dict(zip(names, cells, strict=False))
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in COLUMNS.items():
        try:
            values[name] = value(found.get(name, ""))
        except ValueError as error:
            faults.append(Fault(line, name, str(error)))
    if not faults and not values["session_id"] and not values["keycode"]:
        faults.append(Fault(line, "", "names no session; every row needs its keycode or session_id"))
    return values, faults


def _paper(
    session: str, rows: Sequence[tuple[Mark, dict[str, Any]]], completed: int
) -> tuple[MarkedPaper, list[Fault]]:
    """The rows of a session together, and what is wrong with them only together."""
    faults: list[Fault] = []
    first: dict[str, Mark] = {}
    keycode, said = "", 0
    for mark, values in rows:
        earlier = first.setdefault(mark.question, mark)
        if earlier is not mark:
            reason = f"{shown(mark.question)} is in line {earlier.line} already"
            faults.append(Fault(mark.line, "question_number", reason))
        if values["keycode"] and keycode and values["keycode"] != keycode:
            faults.append(Fault(mark.line, "keycode", f"{values['keycode']} is not {keycode}, as before"))
        if values["completion_time"] and said and values["completion_time"] != said:
            faults.append(Fault(mark.line, "completion_time", "differs from the one before; a paper has one"))
        keycode, said = keycode or values["keycode"], said or values["completion_time"]
    if not (said or completed):
        faults.append(Fault(rows[0][0].line, "completion_time", "is not said; add the column, or give --completed"))
    return MarkedPaper(session, keycode, said or completed or PAST, tuple(first.values())), faults


def _session_id(cell: str) -> str:
    try:
        return str(uuid.UUID(cell)) if cell else ""
    except ValueError:
        raise ValueError(f"{shown(cell)} is not a session's id (a UUID)") from None


def _number(cell: str) -> str:
    if not cell:
        raise ValueError("is empty; every row needs one")
    if len(cell) > LONGEST_NUMBER:
        raise ValueError(f"has {len(cell)} characters, at most {LONGEST_NUMBER} are allowed")
    return cell


def _mark(cell: str) -> str | None:
    if not cell or cell.upper() == NOT_ATTEMPTED:
        return None
    if not MARK.fullmatch(cell):
        raise ValueError(f"{shown(cell)} is not a mark such as 2 or 0.5; {NOT_ATTEMPTED} means not attempted")
    return cell


def _moment(cell: str) -> int:
    return moment(cell) if cell else 0


COLUMNS: dict[str, Callable[[str], Any]] = {
    "keycode": code(16, "A-Za-z0-9", "letters and digits"),
    "session_id": _session_id,
    "question_number": _number,
    "mark": _mark,
    "completion_time": _moment,
}
"""The columns, and the value of a cell of each; it raises ValueError with what is wrong."""
