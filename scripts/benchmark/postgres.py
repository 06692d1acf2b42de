"""The service on PostgreSQL: against the echo, against pgbench on the same rows, and two replicas against one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmark.bench import Side
from benchmark.bulk_fill import fill
from benchmark.databases import running_postgres
from benchmark.load import Callers, Driver
from benchmark.load_sessions import GET, Cohort, reply_size
from benchmark.pgbench import CLIENTS, Pgbench
from benchmark.processes import Replicas
from benchmark.results import Figure, Missing, skipped
from benchmark.servers import echo, service
from benchmark.traffic import SESSIONS, settled_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Postgres

CALLERS = 64
REPLICAS = "Durable transition on PostgreSQL, two replicas"


def postgres(bench: Bench) -> Iterator[Figure]:
    """All figures about PostgreSQL."""
    with running_postgres(bench.directory, bench.cores) as server:
        yield from _against_floors(bench, server)
        yield replicas(bench, server)


def _against_floors(bench: Bench, server: Postgres) -> Iterator[Figure]:
    name = f"Durable transition on PostgreSQL, {CALLERS} callers"
    database = server.database("transitions")
    with service(bench.cores, database) as real:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        cohort = Cohort(real.port, SESSIONS)
        side = Side("service", real, cohort.moves, database)
        sizes = settled_sizes(bench, real, cohort) | {GET: reply_size(real.port, next(cohort.reads()))}
        with echo(bench.cores, sizes) as bare:
            floor = Side("echo", bare, cohort.look_alikes)
            yield bench.rate_figure(name, side, floor, bench.callers(CALLERS), 0.6, str(server))
            readers, read = Side("service", real, cohort.reads, database), Side("echo", bare, cohort.reads)
            yield bench.rate_figure(
                f"GetSession on PostgreSQL, {CALLERS} callers", readers, read, bench.callers(CALLERS)
            )
        try:
            rows = _pgbench(bench, server)
        except Missing as missing:
            yield skipped(f"{name}, against pgbench", missing)
            return
        notes = f"{server}; pgbench with {CLIENTS} clients on the service's core, latency is its average"
        yield bench.rate_figure(f"{name}, against pgbench", side, rows, bench.callers(CALLERS), 0.5, notes)
        if not server.ours:
            return
        rows.around = lambda: _spread_out(bench, server)
        notes = f"{notes}; for pgbench PostgreSQL has every core"
        yield bench.rate_figure(f"{name}, pgbench on every core", side, rows, bench.callers(CALLERS), notes=notes)


@contextmanager
def _spread_out(bench: Bench, server: Postgres) -> Iterator[None]:
    """Lets PostgreSQL and the load run on whichever core is free."""
    server.place(bench.cores.every)
    try:
        with bench.cores.anywhere():
            yield
    finally:
        server.place({bench.cores.load} if bench.cores.load is not None else ())


def _pgbench(bench: Bench, server: Postgres) -> Pgbench:
    """Pgbench on a database of its own, with as many sessions and with the indexes of the service."""
    database = server.database("pgbench")
    with service(bench.cores, database) as process:
        cohort = Cohort(process.port, 1)
        driver = Driver(process.port, Callers(1))
        for _ in range(2):
            driver.run(cohort.round())
        driver.close()
    fill(database, SESSIONS, cohort.ids, bench.count)
    return Pgbench(database, SESSIONS, bench.cores, bench.directory / "pgbench.sql")


def replicas(bench: Bench, server: Postgres) -> Figure:
    """Two servers of one database, each on a core of its own, against the first of them alone."""
    cores, callers = bench.cores, Callers(2 * CALLERS, max(2, bench.connections))
    database = server.database("replicas")
    with service(cores, database) as first, service(cores.for_second(), database) as second:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        cohort = Cohort(first.port, SESSIONS)

        figure = bench.rate_figure(
            REPLICAS,
            Side("two", Replicas([first, second]), cohort.moves, database, lambda: _spread_out(bench, server)),
            Side("one", first, cohort.moves, database),
            callers,
            1.3,
            f"{server} with one; with two, it and the load on whichever core is free; the replicas on cores "
            f"{cores.server} and {cores.second}, asked by the same callers",
        )
    figure.at = {"curve": "replicas", "series": "PostgreSQL"}
    return figure
