"""The progress bar of long work: rows done, rows a second, time left. Only on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from exam_sessions.cli.shared.console import err

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

    Advance = Callable[[int], None]
    """Called with how many rows were dealt with since the last call."""


class _Rate(ProgressColumn):
    """Rows a second, once they are known."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {self._unit}/s" if speed else "", style="cyan")


@contextmanager
def bar(what: str, rows: int, unit: str = "rows") -> Iterator[Advance]:
    """A bar on stderr for the length of a block; it stays when the work was watched, and is silent elsewhere."""
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        _Rate(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=err, disable=not (rows and err.is_interactive)) as progress:
        task = progress.add_task(what, total=rows)
        yield lambda done: progress.advance(task, done)
