"""Item marks that were checked against a form before, by the question and the text they came in.

The marks of the papers of one form are few. To look ten of them up takes 1 us, to check each takes 6 us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    MarkRow = tuple[str, str | None]
    """The number of a question and its mark as a decimal; None is "not attempted"."""

KNOWN_AT_MOST = 5_000
"""Marks known of one form."""


class KnownMarks:
    """The marks known of one form, which one thread works with at a time."""

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks: dict[MarkRow, int | None] = {}

    def of(self, rows: Sequence[MarkRow]) -> dict[str, int | None] | None:
        """The marks of a paper, in marks.UNIT, by the number of the question.

        None where one of them is not known, or a question comes twice.
        """
        known = self._marks
        try:
            found = {row[0]: known[row] for row in rows}
        except KeyError:
            return None
        return found if len(found) == len(rows) else None

    def add(self, number: str, text: str | None, mark: int | None) -> None:
        """Stores a mark that fits the form."""
        if len(self._marks) >= KNOWN_AT_MOST:
            self._marks.clear()
        self._marks[number, text] = mark
