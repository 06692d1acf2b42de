"""The native transport: against its own echo, against the default transport, and against etcd."""

from __future__ import annotations

from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.bare_rows import BareRows
from benchmark.bench import Side
from benchmark.etcd import Keys, etcd, version
from benchmark.load import Callers
from benchmark.load_sessions import GET, Cohort, reply_size
from benchmark.results import Figure, Missing, median, skipped
from benchmark.servers import echo, service
from benchmark.traffic import SESSIONS, settled_sizes
from exam_sessions.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.processes import Process

CALLERS = 64
KEYS = 5_000
ECHO = "native_echo.py"
NAME = f"Durable transition, native transport, {CALLERS} callers"


def require_native() -> None:
    """Looks whether there is a native transport.

    Raises:
        Missing: there is none.
    """
    if "transport" not in {field.name for field in fields(Settings)}:
        raise Missing("this version of the service has no setting `transport`")
    if find_spec("pygrpc_native") is None:
        raise Missing("no pygrpc-native: run scripts/install test native")


def native(bench: Bench) -> Iterator[Figure]:
    """All figures about the native transport."""
    require_native()
    database = bench.database("native")
    with service(bench.cores, database, transport="native") as real:
        _make_sure(real)
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        cohort = Cohort(real.port, SESSIONS)
        before = _rows(database)
        side = Side("native", real, cohort.moves)
        sizes = settled_sizes(bench, real, cohort) | {GET: reply_size(real.port, next(cohort.reads()))}
        with echo(bench.cores, sizes, program=ECHO) as bare:
            floor = Side("native echo", bare, cohort.look_alikes)
            yield (beside_echo := bench.rate_figure(NAME, side, floor, bench.callers(CALLERS), 0.7))
            yield from _against_rows(bench, side, BareRows(database, cohort.ids, bench.cores), beside_echo)
            readers, read = Side("native", real, cohort.reads), Side("native echo", bare, cohort.reads)
            yield bench.rate_figure(
                f"GetSession, native transport, {CALLERS} callers", readers, read, bench.callers(CALLERS)
            )
        yield _against_default(bench, side)
        try:
            yield from _against_etcd(bench, side)
        except Missing as missing:
            yield skipped(f"{NAME}, against etcd", missing)
        events, requests = (now - then for now, then in zip(_rows(database), before, strict=True))
        yield Figure(
            "Rows those calls left",
            value=f"{events:,} events, {requests:,} request ids",
            floor=f"{cohort.moved:,} calls",
            target="equal",
            met=events == requests == cohort.moved,
        )


def _make_sure(process: Process) -> None:
    """That it is this transport which serves: a setting that nobody reads would change nothing."""
    if "pygrpc_native" not in Path(f"/proc/{process.process.pid}/maps").read_text():
        raise RuntimeError("the service was told to use the native transport and has not loaded it")


def _against_rows(bench: Bench, side: Side, rows: BareRows, beside_echo: Figure) -> Iterator[Figure]:
    """What the database alone takes, and how near to the echo any service that writes these rows can come."""
    yield (figure := bench.rate_figure(f"{NAME}, against the raw driver on its rows", side, rows, Callers(CALLERS)))
    both = (beside_echo, figure)
    echo, writing = (median(run["floor"]["cpu_us_per_call"] for run in one.runs) for one in both)
    yield Figure(
        "Native echo and rows, with nothing between them",
        value=f"{1e6 / (echo + writing):,.0f}/s, {echo + writing:.0f} µs CPU",
        floor=f"native echo, {echo:.0f} µs CPU",
        ratio=echo / (echo + writing),
        notes="reckoned from the processor time of both; nothing is read, decided or said",
    )


def _against_default(bench: Bench, side: Side) -> Figure:
    with service(bench.cores, bench.database("grpcio")) as plain:
        cohort = Cohort(plain.port, SESSIONS)
        floor = Side("grpcio", plain, cohort.moves)
        return bench.rate_figure(f"{NAME}, against grpcio", side, floor, bench.callers(CALLERS))


def _against_etcd(bench: Bench, side: Side) -> Iterator[Figure]:
    keys = Keys(KEYS)
    with etcd(bench.directory, bench.cores) as process:
        floor = Side("etcd", process, keys.transactions)
        notes = f"{version()}, one member, fsync as by default, on the server's core; a transaction compares the "
        notes += f"version of one of {KEYS:,} keys and puts 100 bytes"
        yield bench.rate_figure(f"{NAME}, against etcd", side, floor, bench.callers(CALLERS), 2.0, notes)
        wrong = keys.wrong(process.port)
        yield Figure("etcd's keys", f"{wrong} with another version than puts", target="0", met=not wrong)


def _rows(database: Database) -> list[int]:
    return [database.count("events"), database.count("requests")]
