"""Output of the command line: results on stdout, messages about them on stderr, a remedy with every failure."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from exam_sessions.cli.shared.hints import complete_commands
from exam_sessions.cli.shared.output import Output, output, zone_name
from exam_sessions.cli.shared.tables import UNBOUNDED, Facts, FittingTable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from types import FrameType

    from rich.console import ConsoleOptions, RenderableType

    from exam_sessions.cli.shared.file_faults import Fault

OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that a terminal obeys in place of showing them: controls, escapes, and those that turn lines around."""

LEFT_OUT: dict[int, None] = dict.fromkeys(character for character in OBEYED if chr(character) not in "\n\t")

ESCAPED = {character: f"\\u{character:04x}" for character in (*LEFT_OUT, 0x2028, 0x2029)}
"""In JSON also what some readers take for the end of a line."""


def visible(text: str) -> str:
    """A text of others without what a terminal would obey; line breaks and tabs stay."""
    return text if text.isprintable() else text.translate(LEFT_OUT)


def escaped(json: str) -> str:
    """JSON that means the same, with what a terminal would obey written as escapes."""
    return json if json.isprintable() else json.translate(ESCAPED)


class Screen(Console):
    """A console that shows what it is given: nothing of it is markup, and nothing is obeyed by the terminal."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """What is written, piece by piece; only rich's own control codes are left as they are."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


out = Screen()
err = Screen(stderr=True)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

NAMED_AT_MOST = 1_000
"""Bad rows of a file that are named; each costs half a millisecond, and people read no more."""

REFUSED, MISUSED = 1, 2
"""Exit codes: refused by the service or by the system; the command was wrong."""

STYLES = {"NOT_STARTED": "cyan", "IN_PROGRESS": "green", "COMPLETE": "blue", "VOID": "red"}
"""Colours by maturity."""


_aside: ContextVar[bool] = ContextVar("aside", default=False)


@contextmanager
def on_stderr() -> Iterator[None]:
    """Has what a block prints as a result go to stderr: it is about the result."""
    before = _aside.set(True)
    try:
        yield
    finally:
        _aside.reset(before)


def show(what: FittingTable | Facts | Table) -> None:
    """Prints a table of results: as wide as a terminal, else never broken; or as CSV."""
    screen = err if _aside.get() else out
    if isinstance(what, Table):
        screen.print(what)
    elif output() is Output.CSV:
        screen.print(Text(what.csv().removesuffix("\n")), soft_wrap=True)
    elif screen.is_terminal and output() is not Output.WIDE:
        screen.print(what)
        if isinstance(what, FittingTable) and (left_out := what.left_out(screen.width)):
            note(f"not shown: {', '.join(left_out)}; a wider terminal or -o wide has all", "dim")
    else:
        whole = Screen(stderr=screen.stderr, width=UNBOUNDED)
        whole.file = screen.file
        whole.print(what, crop=False)


def say(what: str | Text, style: str = "") -> None:
    """Prints a line of text as a result; nothing in it is taken for markup."""
    screen = err if _aside.get() else out
    screen.print(Text(what, style=style) if isinstance(what, str) else what, soft_wrap=True)


def deliver(lines: Iterable[str]) -> None:
    """Writes lines to stdout and flushes it. Raises BrokenPipeError when its reader is gone."""
    sys.stdout.flush()
    left = "".join(f"{visible(line)}\n" for line in lines).encode(sys.stdout.encoding, sys.stdout.errors or "strict")
    while left:
        # With PYTHONUNBUFFERED this is a file: it takes a part when a signal comes, and print loses the rest.
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


@contextmanager
def ctrl_c_after() -> Iterator[None]:
    """Raises KeyboardInterrupt at the end of a block that writes, not in it: what was written is then on record.

    In the block it is raised by a second Ctrl-C, and where the reader of stdout has left no room to write.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _: FrameType | None) -> None:
        if held or not _has_room():
            raise KeyboardInterrupt
        held.append(number)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


def _has_room() -> bool:
    """Whether stdout takes more without waiting for its reader."""
    try:
        handle, poll = sys.stdout.fileno(), select.poll()
    except (OSError, AttributeError):
        # Nothing to poll: Windows has no poll.
        return True
    poll.register(handle, select.POLLOUT)
    return bool(poll.poll(0))


def check_reader() -> None:
    """Raises BrokenPipeError when stdout is a pipe whose reader has gone, without writing to it."""
    try:
        handle, poll = sys.stdout.fileno(), select.poll()
    except (OSError, AttributeError):
        # As above.
        return
    poll.register(handle, 0)
    if any(happened & select.POLLERR for _, happened in poll.poll(0)):
        raise BrokenPipeError


@contextmanager
def until_the_reader_leaves() -> Iterator[None]:
    """Ends a block quietly when the reader of stdout has closed it: that is no error."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(what: str | Text, style: str = "") -> None:
    """Prints a line about the result, on stderr."""
    err.print(Text(complete_commands(what), style=style) if isinstance(what, str) else what, soft_wrap=True)


def fail(what: str, hint: str = "", status: int = REFUSED) -> NoReturn:
    """Says what went wrong and what to do next, and ends the command."""
    note(Text.assemble(("error: ", "bold red"), complete_commands(what)))
    if hint:
        note(Text.assemble(("next:  ", "bold"), complete_commands(hint)))
    raise typer.Exit(status)


def confirm(outcome: str) -> None:
    """Asks a person; a program must have said --yes."""
    if not sys.stdin.isatty():
        fail(outcome, "say --yes if that is what you want", MISUSED)
    note(outcome)
    if not typer.confirm("Do it?", err=True):
        fail("nothing was changed")


def reject(name: str, faults: Sequence[Fault], where: str, hint: str) -> NoReturn:
    """Names the bad rows of a file, one a line, and ends the command."""
    for line, column, reason in faults[:NAMED_AT_MOST]:
        note(Text.assemble((f"{name}:{line}: ", "bold"), (f"{column}: " if column else "", "cyan"), reason))
    if len(faults) > NAMED_AT_MOST:
        note(f"and {len(faults) - NAMED_AT_MOST:,} more")
    rows = len({fault.line for fault in faults})
    fail(f"{len(faults):,} problem{'s' * (len(faults) > 1)} in {rows:,} {where}", hint)


def table(*headings: str, whole: Collection[str] = (), spare: Sequence[str] = ()) -> FittingTable:
    """An empty table; `(UTC)` in a heading becomes the zone in which times are shown.

    Columns named in `whole` are never broken, those in `spare` are left out first. Give text of others as Text.
    """

    def zoned(names: Iterable[str]) -> list[str]:
        return [name.replace("(UTC)", f"({zone_name()})") for name in names]

    return FittingTable(zoned(headings), zoned(whole), zoned(spare))


def facts(rows: Iterable[tuple[str, str | Text]]) -> Facts:
    """Names and values, one a line; a value that is empty is left out."""
    return Facts(rows)


def coloured(state: str, maturity: str) -> Text:
    """A state in the colour of its maturity."""
    return Text(state, style=STYLES.get(maturity, ""))
