"""Tables that fit: as wide as the screen, without one that nothing is cut for, or as CSV.

On a narrow screen columns are left out, the least important first. Where that is not enough, a row becomes a block.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

LONGEST_WORD = 30
"""Columns up to which a word is kept whole: every state is shorter."""

BROKEN_TO = 16
"""Columns that are left for text with longer words."""

BETWEEN = 2
"""Blanks between two columns."""

UNBOUNDED = 1_000_000
"""Columns of output that no screen limits."""


def _lines(text: Text) -> list[str]:
    return text.plain.split("\n")


def _width(text: Text) -> int:
    return max(map(cell_len, _lines(text)))


def _longest_word(text: Text) -> int:
    return max((cell_len(word) for word in text.plain.split()), default=0)


class FittingTable:
    """Rows under headings, in the house's style.

    Args:
        headings: of the columns.
        whole: columns whose cells are never broken.
        spare: columns that may be left out on a narrow screen, the first of them first.
    """

    def __init__(self, headings: Sequence[str], whole: Collection[str] = (), spare: Sequence[str] = ()) -> None:
        self.headings = list(headings)
        self._whole = [heading in whole for heading in headings]
        self._spare = [self.headings.index(name) for name in spare]
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Adds a row: one cell for each column. Give text of others as Text."""
        self._rows.append(tuple(Text(cell) if isinstance(cell, str) else cell for cell in cells))

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The table as it fits."""
        yield self.fitted(options.max_width)

    def left_out(self, width: int) -> list[str]:
        """The headings of the columns that do not fit; none where each row becomes a block."""
        kept = self._kept(width)
        return [heading for n, heading in enumerate(self.headings) if kept and n not in kept]

    def fitted(self, width: int) -> Table:
        """The table in a width."""
        kept = self._kept(width)
        if not kept:
            return self._blocks()
        made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, BETWEEN, 0, 0))
        for n, room in zip(kept, self._rooms(kept, width), strict=True):
            made.add_column(self.headings[n], overflow="fold", width=room, no_wrap=self._whole[n])
        for row in self._rows:
            made.add_row(*(row[n] for n in kept))
        return made

    def csv(self) -> str:
        """All columns as CSV with a header."""
        written = io.StringIO()
        rows = ([cell.plain for cell in row] for row in self._rows)
        csv.writer(written, lineterminator="\n").writerows([self.headings, *rows])
        return written.getvalue()

    def _natural(self, n: int) -> int:
        return max((cell_len(self.headings[n]), *(_width(row[n]) for row in self._rows)))

    def _least(self, n: int) -> int:
        """How narrow a column may be."""
        if self._whole[n]:
            return self._natural(n)
        longest = max((_longest_word(row[n]) for row in self._rows), default=0)
        longest = longest if longest <= LONGEST_WORD else BROKEN_TO
        return max(_longest_word(Text(self.headings[n])), longest)

    def _kept(self, width: int) -> list[int]:
        """The columns that fit; none when not even the most important do."""
        kept = list(range(len(self.headings)))
        least = [self._least(n) for n in kept]
        for spare in (*self._spare, None):
            if sum(least[n] for n in kept) + BETWEEN * (len(kept) - 1) <= width:
                return kept
            if spare is not None:
                kept.remove(spare)
        return []

    def _rooms(self, kept: Sequence[int], width: int) -> list[int]:
        """The width of each column: the least, and the rest goes to the narrowest of those that need more."""
        rooms = [self._least(n) for n in kept]
        wanted = [self._natural(n) for n in kept]
        left = min(width - BETWEEN * (len(kept) - 1) - sum(rooms), sum(wanted))
        while left > 0 and (hungry := [n for n, room in enumerate(rooms) if room < wanted[n]]):
            share = max(1, left // len(hungry))
            for n in hungry:
                given = min(share, wanted[n] - rooms[n], left)
                rooms[n], left = rooms[n] + given, left - given
        return rooms

    def _blocks(self) -> Table:
        """Each row as names and values, with an empty line between rows."""
        made = Table.grid(padding=(0, BETWEEN))
        made.add_column(style="bold", no_wrap=True)
        made.add_column(overflow="fold")
        for number, row in enumerate(self._rows):
            if number:
                made.add_row("", "")
            for heading, cell in zip(self.headings, row, strict=True):
                if cell.plain:
                    made.add_row(heading, cell)
        return made


class Facts:
    """Names and values, one a line; a value that is empty is left out."""

    def __init__(self, rows: Iterable[tuple[str, str | Text]]) -> None:
        self._rows = [(name, Text(value) if isinstance(value, str) else value) for name, value in rows if value]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The table as it fits."""
        yield self.fitted(options.max_width)

    def fitted(self, _: int) -> Table:
        """The table: values are broken where they must."""
        made = Table.grid(padding=(0, BETWEEN))
        made.add_column(style="dim", no_wrap=True)
        made.add_column(overflow="fold")
        for name, value in self._rows:
            made.add_row(name, value)
        return made

    def csv(self) -> str:
        """The names as a header, the values as a row."""
        written = io.StringIO()
        rows = [(name, value.plain) for name, value in self._rows if name]
        csv.writer(written, lineterminator="\n").writerows(zip(*rows, strict=True))
        return written.getvalue()
