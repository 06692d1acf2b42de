"""A file of marks: from the bytes of a CSV file to one paper for each session. Calls no server.

Whether a question exists, and what it can earn, is the service's to say.
"""

from __future__ import annotations

import re
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.files.roster_columns import code
from exam_sessions.cli.shared.csv_file import read_table, shown, surplus
from exam_sessions.cli.shared.file_faults import Fault, Unreadable
from exam_sessions.cli.shared.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    columns = _columns_of(names)
    papers: dict[str, _PaperSoFar] = {}
    faults: list[Fault] = []
    size = 0
    for line, cells in lines:
        size += 1
        values = _read(line, cells, names, columns, faults)
        if values is None:
            continue
        keycode, session_id, question, mark, time = values
        session = session_id or keycode
        paper = papers.get(session)
        if paper is None:
            paper = papers[session] = _PaperSoFar(line)
        paper.add(line, keycode, question, mark, time, faults)
    if not size:
        raise Unreadable("it has a header but no rows")
    made = [paper.made(session, completed, faults) for session, paper in papers.items()]
    return MarksFile(tuple(made), tuple(sorted(faults)), size)


def _columns_of(names: Sequence[str]) -> list[tuple[int, Callable[[str], Any]]]:
    """Where the cell of each of COLUMNS is, and its value; the one behind the last is that of a column not there.

    Values are kept, because cells come again and again: with it 100,000 rows are read in a third of the time.
    """
    return [(names.index(name) if name in names else len(names), cache(value)) for name, value in COLUMNS.items()]


def _read(
    line: int,
    cells: list[str] | str,
    names: list[str],
    columns: Sequence[tuple[int, Callable[[str], Any]]],
    faults: list[Fault],
) -> list[Any] | None:
    """The values of a row in the order of COLUMNS; None when something is wrong, which is added to `faults`."""
    if isinstance(cells, str):
        faults.append(Fault(line, "", cells))
        return None
    if beyond := surplus(cells, names):
        faults.append(Fault(line, "", beyond))
        return None
    cells += [""] * (len(names) + 1 - len(cells))
    try:
        values = [value(cells[at]) for at, value in columns]
    except ValueError:
        faults += _faults_of(line, cells, columns)
        return None
    if not (values[0] or values[1]):
        faults.append(Fault(line, "", "names no session; every row needs its keycode or session_id"))
        return None
    return values


def _faults_of(
    line: int, cells: Sequence[str], columns: Sequence[tuple[int, Callable[[str], Any]]]
) -> Iterator[Fault]:
    for name, (at, value) in zip(COLUMNS, columns, strict=True):
        try:
            value(cells[at])
        except ValueError as error:
            yield Fault(line, name, str(error))


class _PaperSoFar:
    """The rows of a session that have been read. What is wrong with them only together is added to `faults`."""

    __slots__ = ("completed", "keycode", "line", "marks")

    def __init__(self, line: int) -> None:
        self.line, self.keycode, self.completed = line, "", 0
        self.marks: dict[str, Mark] = {}

    def add(
        self, line: int, keycode: str, question: str, mark: str | None, completed: int, faults: list[Fault]
    ) -> None:
        """One more row."""
        earlier = self.marks.get(question)
        if earlier is None:
            self.marks[question] = Mark(line, question, mark)
        else:
            faults.append(Fault(line, "question_number", f"{shown(question)} is in line {earlier.line} already"))
        if keycode != self.keycode:
            if keycode and self.keycode:
                faults.append(Fault(line, "keycode", f"{keycode} is not {self.keycode}, as before"))
            self.keycode = self.keycode or keycode
        if completed != self.completed:
            if completed and self.completed:
                faults.append(Fault(line, "completion_time", "differs from the one before; a paper has one"))
            self.completed = self.completed or completed

    def made(self, session: str, completed: int, faults: list[Fault]) -> MarkedPaper:
        """The paper; `completed` is when it was completed where no row says it."""
        when = self.completed or completed
        if not when:
            faults.append(Fault(self.line, "completion_time", "is not said; add the column, or give --completed"))
        return MarkedPaper(session, self.keycode, when or PAST, tuple(self.marks.values()))


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
