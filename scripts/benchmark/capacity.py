"""The curves of the capacity page: callers, rows per batch, replicas, and what a session costs all its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark import native, postgres
from benchmark.bench import Side
from benchmark.databases import running_postgres
from benchmark.load_sessions import Cohort
from benchmark.results import Figure, Missing, skipped
from benchmark.rosters import rosters_figure
from benchmark.servers import echo, service
from benchmark.session_cost import session_cost
from benchmark.traffic import SESSIONS, settled_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database

    NewDatabase = Callable[[str], Database]
    """Makes an empty database of one kind."""

CALLERS = (1, 4, 16, 64, 256)
ROWS = (1, 10, 100, 1_000, 10_000)


def capacity(bench: Bench) -> Iterator[Figure]:
    """Everything `--report` draws, for each database and transport there is."""
    yield from _of(bench, bench.database)
    try:
        native.require_native()
        yield from _by_callers(bench, bench.database("callers-native"), "SQLite, native", "native", native.ECHO)
    except Missing as missing:
        yield skipped("Capacity with the native transport", missing)
    try:
        with running_postgres(bench.directory, bench.cores) as server:
            yield from _of(bench, server.database)
            yield postgres.replicas(bench, server)
    except Missing as missing:
        yield skipped("Capacity with PostgreSQL", missing)


def _of(bench: Bench, new: NewDatabase) -> Iterator[Figure]:
    database = new("callers")
    yield from _by_callers(bench, database, database.kind, "grpcio", "echo.py")
    yield from _by_rows(bench, new)
    yield session_cost(bench, new("lives"))


def _by_callers(bench: Bench, database: Database, series: str, transport: str, program: str) -> Iterator[Figure]:
    with service(bench.cores, database, transport=transport) as real:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        cohort = Cohort(real.port, SESSIONS)
        with echo(bench.cores, settled_sizes(bench, real, cohort), program=program) as bare:
            for count in CALLERS:
                figure = bench.rate_figure(
                    f"Durable transition on {series}, {count} caller{'s' * (count > 1)}",
                    Side("service", real, cohort.moves, database),
                    Side("echo", bare, cohort.look_alikes),
                    bench.callers(count),
                )
                floor = f"echo, {transport}"
                figure.at = {"curve": "callers", "series": series, "floor": floor, "x": count}
                yield figure


def _by_rows(bench: Bench, new: NewDatabase) -> Iterator[Figure]:
    database, spare = new("rosters"), new("raw")
    with service(bench.cores, database) as process:
        for size in ROWS:
            yield rosters_figure(bench, process, database, spare, size)
