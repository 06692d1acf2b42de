"""A roster: from the bytes of a CSV file to bookings, with every bad row named by its line. No calls of a server.

What a cell may hold is roster_columns.py's, how a file is read csv_file.py's; whether a row may be booked is the
service's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.files.roster_columns import BY_NAME, Column
from exam_sessions.cli.files.roster_format import OWN, RosterFormat
from exam_sessions.cli.files.school_words import is_damaged, unquoted
from exam_sessions.cli.shared.csv_file import read_table, shown, surplus
from exam_sessions.cli.shared.file_faults import Fault, Unreadable
from exam_sessions.client.bookings import Booking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNIQUE = ("candidate_id", "access_code", "keycode")
"""Columns in which a value may stand once; the fields of a booking have the same names."""

IDS = frozenset({"candidate_id", "school_id", "district_id", "external_reference", "centre_id"})
"""Fields of a booking in which spreadsheets damage long numbers and leading zeros."""

REPAIR = "have the column written as text, or take it as it is with --keep-odd-ids"

EMPTY = Booking()


class Row(NamedTuple):
    """One good row: its first line in the file, and its booking."""

    line: int
    booking: Booking


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds: the good rows, and everything wrong with the others, both in the file's order."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    passed_over: tuple[str, ...] = ()
    """Columns a roster has no use for."""
    left_out: int = 0
    """How many rows are none of the roster's."""
    booked: Mapping[str, str] = field(default_factory=dict)
    """The sessions that the file says candidates have, by candidate."""

    @property
    def size(self) -> int:
        """How many rows the file has, good and bad."""
        return len(self.rows) + len({fault.line for fault in self.faults})


def read_roster(data: bytes, form: RosterFormat = OWN, *, keep_odd_ids: bool = False) -> Roster:
    """Reads a roster, whole: comma, semicolon or tab separated UTF-8, with or without a byte order mark.

    Ids that a spreadsheet has damaged are faults unless `keep_odd_ids`.

    Raises:
        Unreadable: the encoding or the header is wrong, or there are no rows.
    """
    known = form.columns or BY_NAME
    at, names, lines = read_table(data, known, "roster", form.ignored, takes_any=form.takes_any)
    every = [form.column_of(name) for name in names]
    found = [
        "" if name == form.gives_way and every.count(column) > 1 else column
        for name, column in zip(names, every, strict=True)
    ]
    columns = [form.reader_of(name) for name in found]
    twice = sorted({name for name in found if name and found.count(name) > 1})
    if twice:
        raise Unreadable(f"line {at} has several columns that stand for {', '.join(twice)}")
    if "candidate_id" not in found:
        wanted = next((name for name, column in form.columns.items() if column == "candidate_id"), "candidate_id")
        raise Unreadable(f"line {at} does not name the column {wanted}, which every roster needs")
    if form.unwanted and form.unwanted in names:
        raise Unreadable(
            f"line {at} names a column {form.unwanted}, though another file was given that says the same"
        )
    rows: list[Row] = []
    faults: list[Fault] = []
    left_out = 0
    first: dict[tuple[str, str], int] = {}
    booked: dict[str, str] = {}
    ids = [(index, column.name) for index, column in enumerate(columns) if column and column.field in IDS]
    by_heading = form.left_out is not None or "session_id" in names
    for line, cells in lines:
        by_name = dict(zip(names, cells, strict=False)) if by_heading and not isinstance(cells, str) else {}
        if form.left_out and by_name and form.left_out(by_name):
            left_out += 1
            continue
        booking, wrong = _read(line, cells, columns, names)
        if form.instead_of_empty and not isinstance(cells, str):
            booking = _filled(line, booking, wrong, form.instead_of_empty(by_name))
        wrong += [] if keep_odd_ids else _damaged(line, cells, ids)
        wrong += _repeated(line, booking, first)
        if by_name.get("session_id"):
            booked[booking.candidate_id] = by_name["session_id"].lower()
        if wrong:
            faults += wrong
        else:
            rows.append(Row(line, booking))
    if not rows and not faults:
        raise Unreadable("it has a header but no rows" if not left_out else "none of its rows is a student's")
    passed = tuple(name for name, column in zip(names, columns, strict=True) if name and column is None)
    return Roster(tuple(rows), tuple(faults), passed, left_out, booked)


def _damaged(line: int, cells: list[str] | str, ids: Sequence[tuple[int, str]]) -> list[Fault]:
    """The ids that a spreadsheet has damaged; one behind an apostrophe is meant."""
    return [
        Fault(line, name, f"{shown(cells[index])} is what a spreadsheet makes of an id; {REPAIR}")
        for index, name in ids
        if index < len(cells) and is_damaged(cells[index])
    ]


def _read(
    line: int, cells: list[str] | str, columns: Sequence[Column | None], names: Sequence[str]
) -> tuple[Booking, list[Fault]]:
    """A row's booking, as far as its cells are good, and what is wrong with the others."""
    if isinstance(cells, str):
        return EMPTY, [Fault(line, "", cells)]
    if beyond := surplus(cells, names):
        return EMPTY, [Fault(line, "", beyond)]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for cell, column in zip(cells, columns, strict=False):
        if "\0" in cell and column:
            faults.append(Fault(line, column.name, "holds a NUL character"))
        elif cell and column:
            try:
                values[column.field] = column.value(unquoted(cell) if "'" in cell else cell)
            except ValueError as error:
                faults.append(Fault(line, column.name, str(error)))
    if "extra_time" in values:
        values["extra_time"], values["extra_percent"] = values["extra_time"]
    booking = EMPTY._replace(**values)
    if not booking.candidate_id and not any(fault.column == "candidate_id" for fault in faults):
        faults.insert(0, Fault(line, "candidate_id", "is empty; every row needs one"))
    if booking.window_start and booking.window_end and booking.window_start >= booking.window_end:
        faults.append(Fault(line, "window_end_dt", "must be later than window_start_dt"))
    return booking, faults


def _filled(line: int, booking: Booking, faults: list[Fault], more: Mapping[str, str]) -> Booking:
    """The booking with cells from another file where its own are empty; what is wrong with them is added."""
    for name, cell in more.items():
        column = BY_NAME[name]
        if getattr(booking, column.field):
            continue
        try:
            booking = booking._replace(**{column.field: column.value(cell)})
        except ValueError as error:
            faults.append(Fault(line, name, str(error)))
    return booking


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
