"""Rosters of any size, booked one after the other, beside the same rows written by the raw driver."""

from __future__ import annotations

import gc
import time
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import psycopg

from benchmark.batches import RawDriver, rows_of
from benchmark.databases import SqliteFile
from benchmark.load_sessions import BATCH_CREATE, LARGE, PLACEHOLDERS, bookings, create_release
from benchmark.results import Figure, median, spread
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.databases import store_of
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.processes import Process

ROWS_A_RUN = 10_000
BATCHES_AT_MOST = 200
"""In a run, however few rows each has."""


class Rosters:
    """A lone caller who books rosters of one size, as many as make a run, each run in a release of its own."""

    def __init__(self, process: Process, size: int) -> None:
        self.size, self.count = size, max(1, min(BATCHES_AT_MOST, ROWS_A_RUN // size))
        self._process = process
        self._channel = grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE)
        self._call = self._channel.unary_unary(BATCH_CREATE, None, None)
        release, request_id = PLACEHOLDERS
        self._messages = [
            session_service_pb2.BatchCreateSessionsRequest(
                release_id=release, request_id=request_id, bookings=bookings(size, first=n * size)
            ).SerializeToString()
            for n in range(self.count)
        ]

    def book(self) -> tuple[str, float, float]:
        """Books them; the release, the seconds it took, and the processor time of the server."""
        release, of_request = create_release(self._channel), PLACEHOLDERS[1].encode()
        messages = [
            message.replace(PLACEHOLDERS[0].encode(), release.encode()).replace(
                of_request, str(uuid.uuid4()).encode()
            )
            for message in self._messages
        ]
        gc.collect()
        cpu, began = self._process.cpu_seconds(), time.perf_counter()
        for message in messages:
            self._call(message, timeout=120)
        took = time.perf_counter() - began
        return release, took, self._process.cpu_seconds() - cpu

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


class RawPostgres:
    """The same rows into the same tables, by executemany: one transaction each, nothing checked."""

    def __init__(self, database: Database) -> None:
        store = store_of(database.url)
        upgrade(store)
        store.close()
        self._db = psycopg.connect(database.url)

    def insert(self, tables: dict[str, list[tuple[Any, ...]]]) -> float:
        """Inserts the rows; the seconds it took."""
        gc.collect()
        began = time.perf_counter()
        with self._db.cursor() as cursor:
            for name, rows in tables.items():
                places = ",".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {name} VALUES ({places})".encode(), rows)
        self._db.commit()
        return time.perf_counter() - began

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()


def rosters_figure(bench: Bench, process: Process, database: Database, spare: Database, size: int) -> Figure:
    """Rows a second in rosters of one size; `spare` is the raw driver's own database."""
    rosters = Rosters(process, size)
    raw = RawDriver(spare) if isinstance(spare, SqliteFile) else RawPostgres(spare)
    runs: list[dict[str, Any]] = []
    rows = rosters.count * size
    for n in range(bench.runs + 1):  # the first warms both up and is not counted
        bench.say(f"{database.kind}: {rosters.count} rosters of {size:,}, run {n} of {bench.runs}")
        release, took, cpu = rosters.book()
        tables = rows_of(database, release, rows)
        with bench.cores.on_server():
            floor = sum(
                raw.insert({name: of[first : first + size] for name, of in tables.items()})
                for first in range(0, rows, size)
            )
        if n:
            value = {"rate": rows / took, "cpu_us_per_row": cpu / rows * 1e6}
            runs.append({"value": value, "floor": {"rate": rows / floor}, "ratio": floor / took})
    rosters.close()
    raw.close()
    ratios = [run["ratio"] for run in runs]
    cpu = median(run["value"]["cpu_us_per_row"] for run in runs)
    return Figure(
        f"BatchCreate of {size:,} on {database.kind}",
        value=f"{median(run['value']['rate'] for run in runs):,.0f} rows/s, {cpu:.0f} µs CPU a row",
        floor=f"executemany {median(run['floor']['rate'] for run in runs):,.0f} rows/s",
        ratio=median(ratios),
        notes=f"a lone caller, one batch after the other; {rosters.count} in a run; ratios {spread(ratios)}; "
        "the floor on the server's core, one transaction a batch, without validation, request id or transport",
        runs=runs,
        at={"curve": "rows", "series": database.kind, "floor": "executemany", "x": size},
    )
