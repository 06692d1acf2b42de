"""Measures the service against its floors, on this machine, now. Prints a table and writes JSON.

Every figure stands beside its floor, taken by turns in the same run: a bare gRPC handler with messages of the same
size (echo), the raw database driver, the same service with something switched off. The server is pinned to the first
core, the load to the last. Medians of several runs; the ratio is the median of the ratios of neighbouring runs.

measures:
  transitions  durable pause and resume, 64 and 16 callers, against the echo
  lone         a lone caller, with and without lingering
  reads        GetSession, 64 callers, against the echo
  batches      BatchCreate of 10,000 against the raw driver, and what other calls wait meanwhile
  pages        ListSessions in a million sessions, page 5,000 against page 1
  footprint    start to ready, resident memory
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sqlite3
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import batches, footprint, pages, traffic
from benchmark.bench import Bench
from benchmark.figures import Figure, as_json, notes, table
from benchmark.servers import ROOT, Cores, machine_busy_seconds
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEASURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "transitions": traffic.transitions,
    "lone": traffic.lone,
    "reads": traffic.reads,
    "batches": batches.batches,
    "pages": pages.pages,
    "footprint": footprint.footprint,
}
COMMITS = 200
BUSY = 0.1
"""Share of a core that others may take before the figures are doubtful: two cores are often two halves of one."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=MEASURES, metavar="NAME", help="one measure; repeatable")
    parser.add_argument("--runs", type=int, default=5, help="pairs of runs of each figure (default: 5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run of calls (default: 3)")
    parser.add_argument("--connections", type=int, default=4, help="connections that callers share (default: 4)")
    parser.add_argument("--json", type=Path, default=ROOT / "bench.json", help="where to write (default: bench.json)")
    parser.add_argument(
        "--directory",
        type=Path,
        help="where the databases go, on a real disk (default: the system's for temporary files)",
    )
    return parser.parse_args()


def surroundings(directory: Path, cores: Cores) -> dict[str, Any]:
    """What the figures depend on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": f"{model or platform.processor()}, {os.cpu_count()} cores, {platform.system()}",
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "pinned": "no" if cores.server is None else f"server to core {cores.server}, load to core {cores.load}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("grpcio", "uvloop", "protobuf", "protovalidate", "sqlalchemy")},
        "directory": str(directory),
        "commits_per_second": round(commits_per_second(directory)),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def commits_per_second(directory: Path) -> float:
    """What the disk allows: commits of one small row, WAL, synchronous=FULL, one after the other."""
    with sqlite3.connect(directory / "commits.db", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE row (n INTEGER)")
        began = time.perf_counter()
        for n in range(COMMITS):
            db.execute("INSERT INTO row VALUES (?)", (n,))
        took = time.perf_counter() - began
    return COMMITS / took


def main() -> int:
    options, console = arguments(), Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are stopped on the way out
    cores = Cores.here()
    cores.pin_load()
    began, busy, own = time.monotonic(), machine_busy_seconds(), sum(os.times()[:4])
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="exam-sessions-bench-", dir=options.directory) as name:
        about = surroundings(Path(name), cores)
        console.print("\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in about.items()), style="dim")
        try:
            measure(
                options,
                console,
                Bench(options.runs, options.seconds, Path(name), cores, options.connections),
                figures,
            )
        finally:
            # What was measured before something went wrong is not lost.
            options.json.write_text(json.dumps(as_json(figures, about), indent=1) + "\n")
    console.print(table(figures))
    console.print(notes(figures), style="dim", highlight=False)
    took = time.monotonic() - began
    others = (machine_busy_seconds() - busy - sum(os.times()[:4]) + own) / took
    console.print(f"{took:.0f} s; every run in {options.json}; other processes took {others:.0%} of a core meanwhile")
    if others > BUSY:
        console.print("the machine was busy with something else: measure again when it is quiet", style="yellow")
    return 0


def measure(options: argparse.Namespace, console: Console, bench: Bench, figures: list[Figure]) -> None:
    """Takes the measures asked for, one after the other, and shows each figure as it comes."""
    chosen = options.only or list(MEASURES)
    # Drawn only when there is something to say: a bar that moves by itself would take part in the load.
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=len(chosen))
        bench.say = lambda text: progress.update(task, description=text, refresh=True)
        for name in chosen:
            for figure in MEASURES[name](bench):
                figures.append(figure)
                console.print(figure.line(), highlight=False, soft_wrap=True)
            progress.advance(task)


if __name__ == "__main__":
    sys.exit(main())
