"""A roster: from the bytes of a CSV file to bookings, with every bad row named by its line. Knows no server.

What a cell may hold is roster_columns.py's, how a file is read csv_file.py's; whether a row may be booked is the
service's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from exam_sessions.cli.csv_file import Fault, Unreadable, read_table, shown, surplus
from exam_sessions.cli.roster_columns import BY_NAME, Column
from exam_sessions.domain.records import Booking

UNIQUE = ("candidate_id", "access_code", "keycode")
"""Columns in which a value may stand once; the fields of a booking have the same names."""

EMPTY = Booking("", "", "", "", "", 0, 0, 0, "", "", "", "", "", "", "", "", 0, 0)


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


def read_roster(data: bytes) -> Roster:
    """Reads a roster, whole: comma, semicolon or tab separated UTF-8, with or without a byte order mark.

    Raises:
        Unreadable: the encoding or the header is wrong, or there are no rows.
    """
    at, names, lines = read_table(data, BY_NAME, "roster")
    if "candidate_id" not in names:
        raise Unreadable(f"line {at} does not name the column candidate_id, which every roster needs")
    columns = [BY_NAME.get(name) for name in names]
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
        raise Unreadable("it has a header but no rows")
    return Roster(tuple(rows), tuple(faults))


def _read(line: int, cells: list[str] | str, columns: list[Column | None]) -> tuple[Booking, list[Fault]]:
    """A row's booking, as far as its cells are good, and what is wrong with the others."""
    if isinstance(cells, str):
        return EMPTY, [Fault(line, "", cells)]
    if beyond := surplus(cells, [column.name if column else "" for column in columns]):
        return EMPTY, [Fault(line, "", beyond)]
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
