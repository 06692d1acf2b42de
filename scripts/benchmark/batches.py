"""BatchCreate of 10,000: against the raw driver on the same rows, and what other calls wait while one and ten run."""

from __future__ import annotations

import gc
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc

from benchmark.load_sessions import BATCH_CREATE, LARGE, PLACEHOLDERS, Cohort, bookings, create_release
from benchmark.probe import Probe, Window
from benchmark.results import Figure, median, spread
from benchmark.servers import service
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.databases import store_of
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database, SqliteFile
    from benchmark.processes import Process

ROWS = 10_000
AT_MOST = 2.3
WAIT_BELOW, WAIT_RATIO = 50.0, 8.0
"""What others may wait at most: milliseconds, and times the 99th percentile of the quiet seconds before."""
TOGETHER = (1, 10)
"""Batches that are sent at the same time."""
SESSIONS = 1_000
"""In progress while the batches come, for the probes."""
QUIET = 1.0
"""Seconds before each batch in which the probes have the server to themselves."""


class Batches:
    """A caller who books rosters of 10,000, each in a release of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._channel = grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE)
        self._call = self._channel.unary_unary(BATCH_CREATE, None, None)
        release, request_id = PLACEHOLDERS
        request = session_service_pb2.BatchCreateSessionsRequest(
            release_id=release, request_id=request_id, bookings=bookings(ROWS)
        )
        # Serialized once: it would keep the probes, which share this process, from looking at the clock.
        self._message = request.SerializeToString()

    def book(self) -> tuple[str, float, float, float]:
        """Books one; its release, when it began and ended, and the processor time the server took."""
        release = create_release(self._channel)
        message = self._message
        for placeholder, own in zip(PLACEHOLDERS, (release, str(uuid.uuid4())), strict=True):
            message = message.replace(placeholder.encode(), own.encode())
        cpu = self._process.cpu_seconds()
        began = time.perf_counter()
        self._call(message, timeout=120)
        ended = time.perf_counter()
        return release, began, ended, self._process.cpu_seconds() - cpu

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


class RawDriver:
    """The same rows into the same tables, by executemany: one transaction, synchronous=FULL, nothing checked."""

    def __init__(self, database: SqliteFile) -> None:
        store = store_of(database.url)
        upgrade(store)
        store.close()
        self._db = sqlite3.connect(database.path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            self._db.execute(f"PRAGMA {pragma}")

    def insert(self, tables: dict[str, list[tuple[Any, ...]]]) -> float:
        """Inserts the rows; the seconds it took."""
        statements = {
            name: f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})" for name, rows in tables.items()
        }
        gc.collect()
        began = time.perf_counter()
        self._db.execute("BEGIN IMMEDIATE")
        for name, rows in tables.items():
            self._db.executemany(statements[name], rows)
        self._db.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        """Closes the database."""
        self._db.close()


def batches(bench: Bench) -> Iterator[Figure]:
    """Both figures about BatchCreate."""
    database = bench.database("batches")
    with service(bench.cores, database) as process:
        yield _against_raw_driver(bench, process, database)
    with service(bench.cores, bench.database("waiting")) as process:
        yield from _what_others_wait(bench, process)


def _against_raw_driver(bench: Bench, process: Process, database: SqliteFile) -> Figure:
    caller, raw = Batches(process), RawDriver(bench.database("raw"))
    runs: list[dict[str, Any]] = []
    for n in range(bench.runs + 1):  # the first warms both up and is not counted
        bench.say(f"BatchCreate of {ROWS:,} and executemany, run {n} of {bench.runs}")
        release, began, ended, cpu = caller.book()
        tables = rows_of(database, release, ROWS)
        with bench.cores.on_server():
            floor = raw.insert(tables)
        if n:
            took = ended - began
            runs.append(
                {"value": {"seconds": took, "cpu_seconds": cpu}, "floor": {"seconds": floor}, "ratio": took / floor}
            )
    caller.close()
    raw.close()
    ratio = median(run["ratio"] for run in runs)
    cpu = median(run["value"]["cpu_seconds"] for run in runs)
    return Figure(
        f"BatchCreate of {ROWS:,}",
        value=f"{median(run['value']['seconds'] for run in runs) * 1e3:.0f} ms, {cpu / ROWS * 1e6:.0f} µs CPU a row",
        floor=f"executemany {median(run['floor']['seconds'] for run in runs) * 1e3:.0f} ms",
        ratio=ratio,
        target=f"≤ {AT_MOST:.1f}",
        met=ratio <= AT_MOST,
        notes=f"ratios {spread([run['ratio'] for run in runs])}; both with history rows, durable; the floor on the "
        "server's core, without validation, request id or transport",
        runs=runs,
    )


def rows_of(database: Database, release: str, count: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows a release's batches left: sessions and history, in the order of their keys, as they were written."""
    orders = {"sessions": "id", "events": "sequence"}
    found = {
        table: database.rows(f"SELECT * FROM {table} WHERE release_id = '{release}' ORDER BY {order}")
        for table, order in orders.items()
    }
    for table, rows in found.items():
        if len(rows) != count:
            raise RuntimeError(f"batches of {count} left {len(rows)} {table}")
    return found


def _what_others_wait(bench: Bench, process: Process) -> Iterator[Figure]:
    bench.say("what others wait: walking sessions into progress")
    cohort = Cohort(process.port, SESSIONS)
    _book_together(process, 1)
    for together in TOGETHER:
        probe = Probe(process.port, {"GetSession": cohort.reads(), "Durable transition": cohort.moves()})
        windows: list[Window] = []
        for n in range(bench.runs):
            bench.say(f"what others wait: {together} x {ROWS:,} rows, run {n + 1} of {bench.runs}")
            time.sleep(QUIET)
            windows.append(_book_together(process, together))
        time.sleep(QUIET)
        probe.stop()
        for name in probe.names:
            yield _waits(probe, name, windows, together)


def _book_together(process: Process, count: int) -> Window:
    """Books so many rosters at once; when the first was sent and the last answered."""
    callers = [Batches(process) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        booked = list(pool.map(Batches.book, callers))
    for caller in callers:
        caller.close()
    return min(began for _, began, _, _ in booked), max(ended for _, _, ended, _ in booked)


def _waits(probe: Probe, name: str, windows: list[Window], together: int) -> Figure:
    inside = [probe.waits(name, window) for window in windows]
    quiet = probe.waits_outside(name, windows)
    quiet_p99 = quiet[int(len(quiet) * 0.99)]
    longest = [max(waits) for waits in inside]
    every = sorted(wait for waits in inside for wait in waits)
    return Figure(
        f"{name} while {'BatchCreate' if together == 1 else f'{together} BatchCreates'} of {ROWS:,} run",
        value=f"at most {max(longest):.1f} ms",
        floor=f"quiet p99 {quiet_p99:.1f} ms",
        ratio=max(longest) / quiet_p99,
        target=f"≤ {WAIT_RATIO:.0f}, < {WAIT_BELOW:.0f} ms",
        met=max(longest) < min(WAIT_BELOW, WAIT_RATIO * quiet_p99),
        notes=f"p50 {every[len(every) // 2]:.1f} ms, p99 {every[int(len(every) * 0.99)]:.1f} ms; "
        f"longest of each of {len(windows)} runs {spread(longest, 0)} ms, median {median(longest):.0f}; "
        f"quiet p50 {quiet[len(quiet) // 2]:.1f}, longest {max(quiet):.1f} ms; "
        f"{len(every)} calls in {sum(b - a for a, b in windows):.1f} s of batches",
        runs=[{"value": {"waits_ms": waits}} for waits in inside],
    )
