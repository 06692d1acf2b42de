"""CSV as people have it: from the bytes of a file to its header and its rows, each with its line.

What the columns are and what a cell may hold is roster.py's and marks_file.py's.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

from exam_sessions.cli.shared.file_faults import Unreadable
from exam_sessions.cli.shared.input_file import UnreadableText, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
SEP_LINE = re.compile(r'"?sep=[,;\t]"?(?=[\r\n])', re.IGNORECASE)
"""A line that says how the columns are separated, which the header says too."""

WIDEST = 1_000
"""Columns of a header; with more it is no header."""

NAMED = 5
"""Unknown columns that a message names."""

LONGEST_HEADER = 65_536
"""Characters of the header that the delimiter is looked for in."""

LONGEST_CELL = 131_072
"""Characters; csv's own limit. Longer cells are a quote that was never closed."""


def read_table(
    data: bytes, known: Collection[str], what: str, ignored: Collection[str] = (), *, takes_any: bool = False
) -> tuple[int, list[str], Iterator[tuple[int, list[str] | str]]]:
    """The header's line, the names of its columns (empty for an empty heading), and the rows.

    A row has its first line, and its cells or what is wrong with its quotes. The file is comma, semicolon or tab
    separated UTF-8, with or without a byte order mark; `what` is what it should be. Columns that are `ignored` may
    be there beside those that are known, with `takes_any` any other.

    Raises:
        Unreadable: the encoding or the header is wrong.
    """
    try:
        text = text_of(data, "CSV UTF-8")
    except UnreadableText as error:
        raise Unreadable(str(error)) from error
    # The first line may be Excel's way to name the delimiter; the lines after it keep their numbers.
    if named := SEP_LINE.match(text):
        text = text[named.end() :]
    rows = _records(text, _delimiter(text, {*known, *ignored}))
    line, header = next(rows, (1, []))
    if isinstance(header, str):
        raise Unreadable(f"line {line}, the header, cannot be read: {header}")
    return line, _names(line, header, known, what, None if takes_any else ignored), rows


def surplus(cells: list[str], names: Sequence[str]) -> str:
    """What is wrong with cells that no column is named for; empty when they are empty."""
    if len(cells) <= len(names) and "" not in names:
        return ""
    beyond = cells[len(names) :] + [cell for cell, name in zip(cells, names, strict=False) if not name]
    if not any(beyond):
        return ""
    reason = f"has {len(cells)} cells, the header names {sum(bool(name) for name in names)} columns"
    return f"{reason}; a delimiter inside a value needs quotes around the value"


def shown(cell: str) -> str:
    """A cell in quotes, as short as a message needs it."""
    return repr(cell if len(cell) <= 40 else f"{cell[:37]}...")  # noqa: PLR2004 - half a line


def column_name(heading: str) -> str:
    """A heading as a column's name: in lower case, with `_` for spaces and hyphens."""
    return re.sub(r"[\s-]+", "_", heading.strip().lower())


def _names(
    line: int, header: Sequence[str], known: Collection[str], what: str, ignored: Collection[str] | None
) -> list[str]:
    """The names of the columns; others than those known and ignored are refused, unless any is ignored (None)."""
    if not header:
        raise Unreadable("it is empty")
    if len(header) > WIDEST:
        raise Unreadable(f"line {line}, the header, names {len(header):,} columns; no {what} has so many")
    names = [column_name(heading) for heading in header]
    named_so = {"", *known, *(ignored or ())}
    unknown = [heading for heading, name in zip(header, names, strict=True) if name not in named_so]
    if unknown and ignored is not None:
        which = "columns" if len(unknown) > 1 else "a column"
        named = ", ".join(_unknown(heading, known) for heading in unknown[:NAMED])
        named += f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        raise Unreadable(f"line {line} has {which} that no {what} has: {named}; known are: {', '.join(known)}")
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise Unreadable(f"line {line} has a column more than once: {', '.join(twice)}")
    return names


def _unknown(heading: str, known: Collection[str]) -> str:
    """What to say of a heading that is no column, with the column it resembles."""
    near = difflib.get_close_matches(column_name(heading), known, n=1, cutoff=0.6)
    return f"{shown(heading)} (did you mean {near[0]}?)" if near else shown(heading)


def _delimiter(text: str, known: Collection[str]) -> str:
    """The delimiter with which the header names the most columns, a comma when none does."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")

    def named(delimiter: str) -> int:
        return sum(
            column_name(heading.strip().strip('"')) in known for heading in header[:LONGEST_HEADER].split(delimiter)
        )

    return max(DELIMITERS, key=named)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The records that are not blank, each with its first line and its cells, or what is wrong with its quotes.

    A quote that is never closed takes all that follows into its cell: with it the records end.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = list(map(str.strip, next(reader)))
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _quoting(str(error))
            if _is_open(str(error)):
                return
            continue
        if any(cells):
            yield line, cells


def _is_open(error: str) -> bool:
    return "unexpected end of data" in error or "field larger" in error


def _quoting(error: str) -> str:
    if "unexpected end of data" in error:
        return 'a quote (") opened in this row is never closed'
    if "field larger" in error:
        return f'a cell has more than {LONGEST_CELL:,} characters; a quote (") is not closed, it seems'
    return f'the quotes are broken ({error}); write a quote inside a value as ""'
