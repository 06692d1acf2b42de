"""What comes out: figures with their floors, targets and verdicts, as a table and as JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


SKIPPED = "skipped"


class Missing(RuntimeError):  # noqa: N818 - as in src, a fact
    """What a figure needs is not on this machine; says what, and where it is to be had."""


@dataclass
class Figure:
    """One line of the result: what was measured, beside what it is measured against, in the same run."""

    name: str
    value: str
    floor: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    """None where nothing is asked for, only stated."""
    notes: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)
    measure: str = ""
    """The measure it belongs to."""
    at: dict[str, Any] = field(default_factory=dict)
    """Where it stands on a curve, for the report: its curve, its series, its place."""

    def verdict(self) -> str:
        """The word for the last column."""
        return {True: "[green]met[/]", False: "[bold red]missed[/]", None: ""}[self.met]

    def line(self) -> str:
        """The figure in one line, without its notes."""
        ratio = "" if self.ratio is None else f"ratio {self.ratio:.2f}"
        wanted = f"target {self.target}" if self.target else ""
        parts = (
            self.value,
            self.floor,
            ratio,
            wanted,
            self.verdict() or (self.notes if self.value == SKIPPED else ""),
        )
        return f"[bold]{self.name}[/]: " + " | ".join(part for part in parts if part)


def skipped(name: str, why: object) -> Figure:
    """In the place of a figure that could not be taken."""
    return Figure(name, value=SKIPPED, notes=str(why))


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """From the lowest to the highest."""
    return f"{min(values):,.{digits}f}-{max(values):,.{digits}f}"


def table(figures: list[Figure]) -> Table:
    """The figures as people read them."""
    out = Table(show_lines=True)
    for name in ("", "measure", "value", "floor", "ratio", "target", "verdict"):
        out.add_column(name, justify="right" if name == "ratio" else "left")
    for n, f in enumerate(figures, 1):
        ratio = "" if f.ratio is None else f"{f.ratio:.2f}"
        out.add_row(str(n), f.name, f.value, f.floor, ratio, f.target, f.verdict())
    return out


def notes(figures: list[Figure]) -> str:
    """What stands behind each figure, by its number in the table."""
    return "\n".join(f"{n:>2}  {f.notes}" for n, f in enumerate(figures, 1) if f.notes)


def as_json(figures: list[Figure], environment: dict[str, Any]) -> dict[str, Any]:
    """The figures as programs read them, with every run."""
    return {"surroundings": environment, "figures": [asdict(figure) for figure in figures]}
