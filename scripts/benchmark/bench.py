"""What every measure is given, and the procedure most of them share: pairs of runs, value and floor by turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.figures import Figure, median, spread
from benchmark.load import Callers, Driver, Run
from benchmark.servers import Cores, Database, machine_busy_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmark.load import Call
    from benchmark.servers import Process

WARM_UP = 1.0


class Refused(RuntimeError):  # noqa: N818 - as in src, a fact
    """Calls of the load were refused, so that the figure would be about something else."""


class Side(NamedTuple):
    """One side of a pair: a server, and the calls it is asked."""

    name: str
    process: Process
    calls: Callable[[], Iterator[Call]]


@dataclass
class Bench:
    """How to measure, where the databases go, and whom to tell what is being done."""

    runs: int
    seconds: float
    directory: Path
    cores: Cores
    connections: int
    say: Callable[[str], object] = print

    def database(self, name: str) -> Database:
        """A new database file."""
        return Database(self.directory / f"{name}.db")

    def callers(self, count: int) -> Callers:
        """So many callers on the usual number of connections."""
        return Callers(count, min(count, self.connections))

    def pairs(
        self, name: str, value: Side, floor: Side, callers: Callers
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Runs both sides by turns, floor first, after a warm-up of each. The machine's speed drifts; ratios less."""
        drivers = [Driver(side.process.port, callers) for side in (floor, value)]
        try:
            for driver, side in zip(drivers, (floor, value), strict=True):
                self.say(f"{name}: warming up {side.name} (pid {side.process.process.pid})")
                driver.run(side.calls(), WARM_UP)
            done = []
            for n in range(self.runs):
                both = []
                for driver, side in zip(drivers, (floor, value), strict=True):
                    self.say(f"{name}: {side.name}, run {n + 1} of {self.runs}")
                    both.append(self._run(driver, side))
                done.append((both[1], both[0]))
            return done
        finally:
            for driver in drivers:
                driver.close()

    def _run(self, driver: Driver, side: Side) -> dict[str, Any]:
        before, busy_before = side.process.cpu_seconds(), machine_busy_seconds()
        run: Run = driver.run(side.calls(), self.seconds)
        cpu, busy = side.process.cpu_seconds() - before, machine_busy_seconds() - busy_before
        if run.errors:
            raise Refused(f"{side.name}: {run.errors} of {run.ended} calls were refused: {driver.first_error}")
        return run._asdict() | {
            "cpu_us_per_call": cpu / run.ended * 1e6,
            "server_share": cpu / run.seconds,
            "others_share": max(0.0, busy / run.seconds - cpu / run.seconds - run.driver_share),
        }

    def rate_figure(self, name: str, value: Side, floor: Side, callers: Callers, at_least: float) -> Figure:
        """A rate beside its floor's."""
        pairs = self.pairs(name, value, floor, callers)
        ratios = [mine["rate"] / its["rate"] for mine, its in pairs]
        ratio = median(ratios)

        def of(side: int, key: str) -> float:
            return median(pair[side][key] for pair in pairs)

        driver = max(run["driver_share"] for pair in pairs for run in pair)
        others = max(run["others_share"] for pair in pairs for run in pair)
        server_shares = [median(run[side]["server_share"] for run in pairs) for side in (0, 1)]
        notes = (
            f"p50 {of(0, 'p50'):.2f} ms, p99 {of(0, 'p99'):.1f} ms (floor {of(1, 'p50'):.2f}, {of(1, 'p99'):.1f}); "
            f"ratios {spread(ratios)}; reply {of(0, 'message_bytes'):.0f} B (floor {of(1, 'message_bytes'):.0f}); "
            f"server {server_shares[0]:.0%} of its core (floor {server_shares[1]:.0%}), driver at most {driver:.0%} "
            f"of its own, other processes at most {others:.0%} of one; {callers}"
        )
        return Figure(
            name,
            value=f"{of(0, 'rate'):,.0f}/s, {of(0, 'cpu_us_per_call'):.0f} µs CPU",
            floor=f"{floor.name} {of(1, 'rate'):,.0f}/s, {of(1, 'cpu_us_per_call'):.0f} µs CPU",
            ratio=ratio,
            target=f"≥ {at_least:.2f}",
            met=ratio >= at_least,
            notes=notes,
            runs=[{"value": mine, "floor": its, "ratio": r} for (mine, its), r in zip(pairs, ratios, strict=True)],
        )
