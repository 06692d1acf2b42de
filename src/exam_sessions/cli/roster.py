"""A roster: from the bytes of a CSV file to bookings, with every bad row named by its line. Knows no server.

What a cell may hold is roster_columns.py's; whether a row may be booked is the service's.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.roster_columns import BY_NAME, Column, column_name, shown, unknown_column
from exam_sessions.domain.records import Booking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST_CELL = 131_072
"""Characters; csv's own limit. Longer cells are a quote that was never closed."""

UNIQUE = ("candidate_id", "access_code", "keycode")
"""Columns in which a value may stand once; the fields of a booking have the same names."""

EMPTY = Booking("", "", "", "", "", 0, 0, 0, "", "", "", "", "", "", "", "", 0, 0)


class Fault(NamedTuple):
    """One thing wrong with a row: the row's first line in the file, the column (empty for all), and the reason."""

    line: int
    column: str
    reason: str


class Row(NamedTuple):
    """One good row: its first line in the file, and the booking it asks for."""

    line: int
    booking: Booking


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds: the good rows, and everything wrong with the others, both in the file's order."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]

    @property
    def size(self) -> int:
        """How many rows the file has, good and bad."""
        return len(self.rows) + len({fault.line for fault in self.faults})


class UnreadableRoster(Exception):  # noqa: N818 - told to people as it is
    """The file as a whole cannot be read; the text says why, and what to do."""


def read_roster(data: bytes) -> Roster:
    """Reads a roster, whole: comma, semicolon or tab separated UTF-8, with or without a byte order mark.

    Raises:
        UnreadableRoster: the encoding or the header is wrong, or there are no rows.
    """
    text = _decoded(data)
    lines = _records(text, _delimiter(text))
    at, header = next(lines, (1, []))
    if isinstance(header, str):
        raise UnreadableRoster(f"line {at}, the header, cannot be read: {header}")
    columns = _columns(at, header)
    rows: list[Row] = []
    faults: list[Fault] = []
    first: dict[tuple[str, str], int] = {}
    for line, cells in lines:
        booking, wrong = _read(line, cells, columns)
        wrong += _repeated(line, booking, first)
        if wrong:
            faults += wrong
        else:
            rows.append(Row(line, booking))
    if not rows and not faults:
        raise UnreadableRoster("it has a header but no rows")
    return Roster(tuple(rows), tuple(faults))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
        raise UnreadableRoster("it is not UTF-8 text (UTF-16, it seems); save it as `CSV UTF-8`")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        bad = [n for n, line in enumerate(data.split(b"\n"), 1) if not _is_utf8(line)]
    named = ", ".join(map(str, bad[:10])) + (f" and {len(bad) - 10} more" if len(bad) > 10 else "")  # noqa: PLR2004
    raise UnreadableRoster(f"it is not UTF-8 text (line{'s' * (len(bad) > 1)} {named}); save it as `CSV UTF-8`")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The delimiter with which the header names the most columns, a comma when none does."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")

    def known(delimiter: str) -> int:
        return sum(column_name(heading.strip().strip('"')) in BY_NAME for heading in header.split(delimiter))

    return max(DELIMITERS, key=known)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The records that are not blank, each with its first line and its cells, or what is wrong with its quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _quoting(str(error))
            continue
        if any(cells):
            yield line, cells


def _quoting(error: str) -> str:
    if "unexpected end of data" in error:
        return 'a quote (") opened in this row is never closed'
    if "field larger" in error:
        return f'a cell has more than {LONGEST_CELL:,} characters; a quote (") is not closed, it seems'
    return f'the quotes are broken ({error}); write a quote inside a value as ""'


def _columns(line: int, header: Sequence[str]) -> list[Column | None]:
    """The column at each place; None where the heading is empty."""
    if not header:
        raise UnreadableRoster("it is empty")
    names = [column_name(heading) for heading in header]
    unknown = [
        unknown_column(heading) for heading, name in zip(header, names, strict=True) if name not in {"", *BY_NAME}
    ]
    if unknown:
        which = "columns" if len(unknown) > 1 else "a column"
        raise UnreadableRoster(
            f"line {line} has {which} that no roster has: {', '.join(unknown)}\nknown are: {', '.join(BY_NAME)}"
        )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UnreadableRoster(f"line {line} has a column more than once: {', '.join(twice)}")
    if "candidate_id" not in names:
        raise UnreadableRoster(f"line {line} does not name the column candidate_id, which every roster needs")
    return [BY_NAME.get(name) for name in names]


def _read(line: int, cells: list[str] | str, columns: list[Column | None]) -> tuple[Booking, list[Fault]]:
    """A row's booking, as far as its cells are good, and what is wrong with the others."""
    if isinstance(cells, str):
        return EMPTY, [Fault(line, "", cells)]
    surplus = cells[len(columns) :] + [cell for cell, column in zip(cells, columns, strict=False) if column is None]
    if any(surplus):
        reason = f"has {len(cells)} cells, the header names {sum(c is not None for c in columns)} columns"
        return EMPTY, [Fault(line, "", f"{reason}; a delimiter inside a value needs quotes around the value")]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for cell, column in zip(cells, columns, strict=False):
        if "\0" in cell and column:
            faults.append(Fault(line, column.name, "holds a NUL character"))
        elif cell and column:
            try:
                values[column.field] = column.value(cell)
            except ValueError as error:
                faults.append(Fault(line, column.name, str(error)))
    booking = EMPTY._replace(**values)
    if not booking.candidate_id and not any(fault.column == "candidate_id" for fault in faults):
        faults.insert(0, Fault(line, "candidate_id", "is empty; every row needs one"))
    if booking.window_start and booking.window_end and booking.window_start >= booking.window_end:
        faults.append(Fault(line, "window_end_dt", "must be later than window_start_dt"))
    return booking, faults


def _repeated(line: int, booking: Booking, first: dict[tuple[str, str], int]) -> list[Fault]:
    """Values that must be unique but stand in an earlier row; codes are in upper case by now."""
    faults = []
    for column in UNIQUE:
        value = getattr(booking, column)
        if value:
            earlier = first.setdefault((column, value), line)
            if earlier != line:
                faults.append(Fault(line, column, f"{shown(value)} is in line {earlier} already"))
    return faults
