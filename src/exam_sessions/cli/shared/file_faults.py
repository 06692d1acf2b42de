"""What is wrong with a file that people give: with the whole of it, or with one row."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with a row: the row's first line in the file, the column (empty for all), and the reason."""

    line: int
    column: str
    reason: str


class Unreadable(Exception):  # noqa: N818 - shown to people as it is
    """The file as a whole cannot be read; the text says why, and what to do."""
