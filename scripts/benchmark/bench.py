"""What every measure is given, and the procedure most of them share: pairs of runs, value and floor by turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from benchmark.databases import SqliteFile
from benchmark.load import Callers
from benchmark.results import Figure, median, spread
from benchmark.subjects import Refused, Runner, Side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmark.processes import Cores

__all__ = ["Bench", "Refused", "Runner", "Side"]

WARM_UP = 1.0
Run = dict[str, Any]


class Sided(Protocol):
    """A Side, or what can be run in its place."""

    @property
    def name(self) -> str:
        """What it is called in the figures."""

    def runner(self, callers: Callers) -> Runner:
        """What is run."""


@dataclass
class Bench:
    """How to measure, where the databases go, and who is called with the progress."""

    runs: int
    seconds: float
    directory: Path
    cores: Cores
    connections: int
    say: Callable[[str], object] = print
    count: Callable[[str, float, float], object] = field(default=lambda *_: None)
    """Called with what is under way, how much of it is done, and how much there is."""
    stored: int = 10_000_000
    """Rows of the measure that is about many."""
    candidates: int = 20_000
    """Of the exam day."""
    keep: Path | None = None
    """Where the databases with many rows stay."""

    def database(self, name: str) -> SqliteFile:
        """A new database file."""
        return SqliteFile(self.directory / f"{name}.db")

    def callers(self, count: int) -> Callers:
        """So many callers on the usual number of connections."""
        return Callers(count, min(count, self.connections))

    def pairs(self, name: str, value: Sided, floor: Sided, callers: Callers) -> list[tuple[Run, Run]]:
        """Runs both sides by turns, floor first, after a warm-up of each. The machine's speed drifts; ratios less."""
        runners: list[Runner] = []
        try:
            for side in (floor, value):
                runners.append(side.runner(callers))
                self.say(f"{name}: warming up {runners[-1].name}")
                runners[-1].run(min(WARM_UP, self.seconds))
            done = []
            for n in range(self.runs):
                both = []
                for runner, side in zip(runners, (floor, value), strict=True):
                    self.say(f"{name}: {side.name}, run {n + 1} of {self.runs}")
                    both.append(runner.run(self.seconds))
                done.append((both[1], both[0]))
            return done
        finally:
            for runner in runners:
                runner.close()

    def rate_figure(
        self, name: str, value: Sided, floor: Sided, callers: Callers, at_least: float | None = None, notes: str = ""
    ) -> Figure:
        """A rate beside its floor's, the calls' own notes behind those of the figure."""
        pairs = self.pairs(name, value, floor, callers)
        ratios = [mine["rate"] / its["rate"] for mine, its in pairs]
        ratio = median(ratios)
        mine, its = ([pair[side] for pair in pairs] for side in (0, 1))
        told = [_waits(mine, its), f"ratios {spread(ratios)}", _replies(mine, its), _shares(mine, its), str(callers)]
        return Figure(
            name,
            value=_rate(mine),
            floor=f"{floor.name} {_rate(its)}",
            ratio=ratio,
            target="" if at_least is None else f"≥ {at_least:.2f}",
            met=None if at_least is None else ratio >= at_least,
            notes="; ".join(part for part in (*told, notes) if part),
            runs=[{"value": mine, "floor": its, "ratio": r} for (mine, its), r in zip(pairs, ratios, strict=True)],
        )


def _of(runs: list[Run], key: str) -> float:
    return median(run.get(key, 0.0) for run in runs)


def _rate(runs: list[Run]) -> str:
    """Calls a second and what one costs, that of a database with processes of its own separately."""
    text = f"{_of(runs, 'rate'):,.0f}/s"
    if any("cpu_us_per_call" in run for run in runs):
        text += f", {_of(runs, 'cpu_us_per_call'):.0f} µs CPU"
    if any("database_us_per_call" in run for run in runs):
        text += f", database {_of(runs, 'database_us_per_call'):.0f} µs"
    return text


def _waits(mine: list[Run], its: list[Run]) -> str:
    floor = f" (floor {_of(its, 'p50'):.2f}, {_of(its, 'p99'):.1f})" if "p99" in its[0] else ""
    return f"p50 {_of(mine, 'p50'):.2f} ms, p99 {_of(mine, 'p99'):.1f} ms{floor}"


def _replies(mine: list[Run], its: list[Run]) -> str:
    floor = f" (floor {_of(its, 'message_bytes'):.0f})" if "message_bytes" in its[0] else ""
    return f"reply {_of(mine, 'message_bytes'):.0f} B{floor}"


def _shares(mine: list[Run], its: list[Run]) -> str:
    """How busy each was, so that it can be seen what the limit was."""
    floor = f" (floor {_of(its, 'server_share'):.0%})" if "server_share" in its[0] else ""
    runs = [*mine, *its]
    driver = max(run.get("driver_share", 0.0) for run in runs)
    others = max(run.get("others_share", 0.0) for run in runs)
    return (
        f"server {_of(mine, 'server_share'):.0%} of its core{floor}, driver at most {driver:.0%} of its own, "
        f"other processes at most {others:.0%} of one"
    )
