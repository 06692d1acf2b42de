"""Measures the service against its floors, on this machine, now. Prints a table and writes JSON.

Every figure stands beside its floor, taken by turns in the same run: a bare gRPC handler with messages of the same
size (echo), the raw database driver, pgbench, etcd, the same service with something switched off. The server is
pinned to the first core, the load to the last. Medians of several runs; the ratio is the median of the ratios of
neighbouring runs. What a measure needs and this machine does not have is printed, and the measure skipped.

measures:
  transitions  durable pause and resume, 64 and 16 callers, against the echo
  lone         a lone caller, with and without lingering
  reads        GetSession, 64 callers, against the echo
  tls          GetSession and transitions over TLS, 64 callers, against plain text
  credentials  the same with an API key and with a token, against none
  metrics      the same with metrics, with traces of no call, with a line of log a call, and with all, against none
  batches      BatchCreate of 10,000 against the raw driver, and what other calls wait meanwhile
  pages        ListSessions in a million sessions, page 5,000 against page 1
  footprint    start to ready, resident memory
  cli          `exam-sessions --version` and `sessions show`, against an interpreter that does nothing
  responses    SetResponses of 50 questions, submitted and scored, against the echo
  structured   SetResponses of 50 structured answers, submitted and scored, against the echo
  regrades     RegradeRelease of 10,000 sessions of 50 questions, against the raw driver
  aggregates   counts and scores of a release of 10,000 among a million sessions, against the raw SQL
  marks        100,000 marks of 10,000 papers from a CSV: rows a second, and where the time goes
  many         BatchTransitionSessions of 10,000 ids, against the raw driver
  templates    SubmitFromTemplate, accepted and done
  postgres     durable transitions on PostgreSQL, against the echo and pgbench; two replicas against one
  native       the native transport, against its own echo, the default transport, and etcd
  gateway      a lone caller through Envoy: gRPC, gRPC-Web and REST, against gRPC without it
  overload     what accepted calls wait at half load, and at twice what can be done, on both transports
  watch        500 watchers, 500 events a second: delivery, loss, memory
  hostile      GetSession beside callers that send messages of many tiny elements, and memory meanwhile
only when asked for, since they take long:
  clients      the clients in clients/, built, each against Go's stub alone: calls a second, CPU of the client, lines
  stored       transitions and reads with 10,000,000 stored sessions (--stored) against 10,000, on both databases
  backup       backup of a file of --stored sessions while it is served, and what calls wait; restore, check
  imports      ImportSessions of a million rows, against the raw driver
  capacity     the curves of the capacity page: callers, rows per batch, replicas, the cost of a session's life
  exam-day     whole lives of --candidates at 30, 70 and 90 % of capacity, on both databases: what every verb waits,
               what a candidate costs, memory, and whether anything is lost

Examples:
  scripts/bench                                           everything that is quick enough, a quarter of an hour
  scripts/bench --only watch --runs 1 --seconds 1         does it run at all?
  scripts/bench --only stored --stored 1000000 --keep /var/tmp/stored
  scripts/bench --only capacity --json capacity.json --report docs/capacity
  scripts/bench --report docs/capacity --from capacity.json --from bench.json      only writes the page
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import (
    backups,
    batches,
    capacity,
    clients,
    command_line,
    credentials,
    footprint,
    gateway,
    hostile,
    long_work,
    marking,
    marks_file,
    native,
    observed,
    overload,
    pages,
    postgres,
    regrading,
    secured,
    stored,
    structured,
    template_work,
    traffic,
    watch,
)
from benchmark.bench import Bench
from benchmark.environment import environment
from benchmark.exam_day import measure as exam_day
from benchmark.processes import Cores, machine_busy_seconds
from benchmark.report import report
from benchmark.results import Figure, Missing, as_json, notes, skipped, table
from benchmark.servers import ROOT
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEASURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "transitions": traffic.transitions,
    "lone": traffic.lone,
    "reads": traffic.reads,
    "tls": secured.secured,
    "credentials": credentials.credentials,
    "metrics": observed.observed,
    "batches": batches.batches,
    "pages": pages.pages,
    "footprint": footprint.footprint,
    "cli": command_line.command_line,
    "responses": marking.responses,
    "structured": structured.structured,
    "regrades": regrading.regrades,
    "aggregates": marking.aggregates,
    "marks": marks_file.marks,
    "many": long_work.transitions_of_many,
    "templates": template_work.templates,
    "imports": long_work.imports,
    "postgres": postgres.postgres,
    "native": native.native,
    "gateway": gateway.gateway,
    "overload": overload.overload,
    "watch": watch.watch,
    "hostile": hostile.hostile,
    "stored": stored.stored,
    "backup": backups.backup,
    "capacity": capacity.capacity,
    "clients": clients.clients,
    "exam-day": exam_day.exam_day,
}
LONG = {"stored", "backup", "imports", "capacity", "exam-day", "clients"}
"""Taken only when they are named."""
BUSY = 0.1
"""Share of a core that others may take before the figures are doubtful: two cores are often two halves of one."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", action="append", choices=MEASURES, metavar="NAME", help="one measure; repeatable")
    add("--runs", type=int, default=5, help="pairs of runs of each figure (default: 5)")
    add("--seconds", type=float, default=3.0, help="length of a run of calls (default: 3)")
    add("--connections", type=int, default=4, help="connections that callers share (default: 4)")
    add("--json", type=Path, default=ROOT / "bench.json", help="where to write (default: bench.json)")
    add("--directory", type=Path, help="where the databases go, on a real disk (default: that of temporary files)")
    add(
        "--stored",
        type=int,
        default=10_000_000,
        metavar="N",
        help="sessions of `stored` and `backup` (default: 10000000)",
    )
    add(
        "--candidates",
        type=int,
        default=20_000,
        metavar="N",
        help="of `exam-day`, at 70 %% of capacity (default: 20000)",
    )
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="where the databases of `stored` and `backup` stay, and are found filled next time",
    )
    add("--report", type=Path, metavar="DIR", help="write the capacity page there; without --only, measure nothing")
    add(
        "--from",
        action="append",
        type=Path,
        default=[],
        dest="sources",
        metavar="FILE",
        help="JSON of an earlier run for the page, repeatable; the last has the last word (default: that of --json)",
    )
    return parser.parse_args()


def main() -> int:
    options, console = arguments(), Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are stopped on the way out
    measured = bool(options.only or not options.report)
    if measured:
        run(options, console)
    if options.report:
        own = [options.json] if measured or not options.sources else []
        sources = [*options.sources, *own]
        if absent := [str(file) for file in sources if not file.exists()]:
            console.print(f"no {', '.join(absent)}: measure first, with scripts/bench --only capacity", style="red")
            return 2
        console.print(f"wrote {report(options.report, sources)}")
    return 0


def run(options: argparse.Namespace, console: Console) -> None:
    """Takes the measures, and shows and writes what came out."""
    cores = Cores.here()
    cores.pin_load()
    began, busy, own = time.monotonic(), machine_busy_seconds(), sum(os.times()[:4])
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="exam-sessions-bench-", dir=options.directory) as name:
        directory = Path(name)
        about = environment(directory, cores)
        console.print("\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in about.items()), style="dim")
        bench = Bench(options.runs, options.seconds, directory, cores, options.connections)
        bench.stored, bench.keep, bench.candidates = options.stored, options.keep, options.candidates
        try:
            measure(options.only or [name for name in MEASURES if name not in LONG], console, bench, figures)
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


def measure(names: list[str], console: Console, bench: Bench, figures: list[Figure]) -> None:
    """Takes the measures named, one after the other, and shows each figure as it comes."""
    # Drawn only when there is something to say: a bar that moves by itself would take part in the load.
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        part = progress.add_task("", visible=False)

        def say(text: str) -> None:
            progress.update(part, visible=False)
            progress.update(task, description=text, refresh=True)

        def count(text: str, done: float, total: float) -> None:
            progress.update(part, description=text, completed=done, total=total, visible=True, refresh=True)

        bench.say, bench.count = say, count
        for name in names:
            for figure in taken(name, bench):
                figures.append(figure)
                console.print(figure.line(), highlight=False, soft_wrap=True)
            progress.advance(task)


def taken(name: str, bench: Bench) -> Iterator[Figure]:
    """The figures of a measure, or one that says why it was skipped."""
    try:
        for figure in MEASURES[name](bench):
            yield replace(figure, measure=name)
    except Missing as missing:
        yield replace(skipped(name, missing), measure=name)


if __name__ == "__main__":
    sys.exit(main())
