"""How the command line speaks: results on stdout, everything about them on stderr, a way out of every failure."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rich.console import RenderableType

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

WIDE = 160
"""Columns of output that goes to a file or another program, where nothing need fit a screen."""

REFUSED, MISUSED = 1, 2
"""Exit codes: the service or the surroundings said no; the command was wrong."""

STYLES = {"NOT_STARTED": "cyan", "IN_PROGRESS": "green", "COMPLETE": "blue", "VOID": "red"}
"""Colours by maturity."""


def show(what: RenderableType) -> None:
    """Prints a result."""
    fixed = out.is_terminal or "COLUMNS" in os.environ
    out.print(what, width=None if fixed else WIDE)


def say(what: str | Text, style: str = "") -> None:
    """Prints a line of text as a result; nothing in it is taken for markup."""
    out.print(Text(what, style=style) if isinstance(what, str) else what, soft_wrap=True)


def deliver(lines: Iterable[str]) -> None:
    """Writes lines to stdout as they are, and sees them off. Raises BrokenPipeError when nobody reads them."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def check_reader() -> None:
    """Raises BrokenPipeError when stdout is a pipe whose reader has gone, without writing to it."""
    try:
        handle = sys.stdout.fileno()
    except OSError:
        return
    poll = select.poll()
    poll.register(handle, 0)
    if any(happened & select.POLLERR for _, happened in poll.poll(0)):
        raise BrokenPipeError


@contextmanager
def until_the_reader_leaves() -> Iterator[None]:
    """Ends a block quietly when whoever reads stdout has seen enough: that is no error."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(what: str | Text, style: str = "") -> None:
    """Prints a line about the result, on stderr."""
    err.print(Text(what, style=style) if isinstance(what, str) else what, soft_wrap=True)


def fail(what: str, hint: str = "", status: int = REFUSED) -> NoReturn:
    """Says what went wrong and what to do next, and ends the command."""
    note(Text.assemble(("error: ", "bold red"), what))
    if hint:
        note(Text.assemble(("next:  ", "bold"), hint))
    raise typer.Exit(status)


def table(*headings: str, whole: Collection[str] = ()) -> Table:
    """An empty table in the house's style; columns named in `whole` are never broken. Give text of others as Text."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in whole)
    return made


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Names and values, one a line; a value that is empty is left out."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in rows:
        if value:
            made.add_row(name, value if isinstance(value, Text) else Text(value))
    return made


def coloured(state: str, maturity: str) -> Text:
    """A state in the colour of its maturity."""
    return Text(state, style=STYLES.get(maturity, ""))
