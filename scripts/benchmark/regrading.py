"""RegradeRelease of 10,000 sessions of 50 questions, against the raw driver's update and insert of the same rows."""

from __future__ import annotations

import gc
import itertools
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration

from benchmark.bench import Refused
from benchmark.bulk_fill import fill
from benchmark.load import Callers, Driver
from benchmark.load_sessions import LARGE, Cohort
from benchmark.marking import QUESTIONS, SAVED, create_form, form_of, submissions
from benchmark.results import Figure, median, spread
from benchmark.servers import service
from exam_sessions.commands.regrades import Regrade
from exam_sessions_client.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    marking_service_pb2,
    marking_service_pb2_grpc,
    operation_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import SqliteFile

MANY = 10_000
STEP = Regrade.step_at_most
"""Sessions of a transaction, on both sides."""
TARGET = 4.0


def regrades(bench: Bench) -> Iterator[Figure]:
    """A corrected key, taken over and back again: every run changes every session."""
    database = bench.database("regrade")
    with service(bench.cores, database) as process:
        create_form(process)
        model = Cohort(process.port, 1).ids[0]
    fill(database, MANY + SAVED, [model], bench.count)
    release = database.rows("SELECT release_id FROM sessions LIMIT 1")[0][0]
    runs: list[dict[str, Any]] = []
    with (
        service(bench.cores, database) as process,
        grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE) as channel,
    ):
        bench.say(f"handing {MANY:,} sessions in")
        driver = Driver(process.port, Callers(64, 4))
        driver.run(itertools.islice(submissions(MANY + SAVED), MANY))
        driver.close()
        corrected = catalog_service_pb2.UpdateTestFormRequest(test_form=form_of(shift=1))
        catalog_service_pb2_grpc.CatalogServiceStub(channel).UpdateTestForm(corrected)
        raw: _RawRegrade | None = None
        for n in range(bench.runs + 1):
            bench.say(f"RegradeRelease of {MANY:,}, run {n} of {bench.runs}")
            took = _regrade(channel, release, 2 - n % 2)
            raw = raw or _RawRegrade(bench, database, release)
            with bench.cores.on_server():
                floor = raw.regrade()
            if n:
                runs.append({"value": {"seconds": took}, "floor": {"seconds": floor}, "ratio": took / floor})
        preview = _preview(channel, release, 2 - bench.runs % 2)
        assert raw is not None
        raw.close()
    ratio = median(run["ratio"] for run in runs)
    yield Figure(
        f"RegradeRelease of {MANY:,} sessions, {QUESTIONS} questions",
        value=f"{median(run['value']['seconds'] for run in runs) * 1e3:.0f} ms",
        floor=f"raw update and insert {median(run['floor']['seconds'] for run in runs) * 1e3:.0f} ms",
        ratio=ratio,
        target=f"≤ {TARGET:.1f}",
        met=ratio <= TARGET,
        notes=f"ratios {spread([run['ratio'] for run in runs])}; sessions, attempts, history; "
        f"durable steps of {STEP} on both sides; a preview takes {preview * 1e3:.0f} ms",
        runs=runs,
    )


def _request(release: str, revision: int, *, preview: bool = False) -> marking_service_pb2.RegradeReleaseRequest:
    return marking_service_pb2.RegradeReleaseRequest(
        release_id=release, form_revision=revision, message="a wrong key", validate_only=preview
    )


def _regrade(channel: grpc.Channel, release: str, revision: int) -> float:
    """Seconds from the call to the end of the operation."""
    marking = marking_service_pb2_grpc.MarkingServiceStub(channel)
    operations = operations_pb2_grpc.OperationsStub(channel)
    began = time.perf_counter()
    operation = marking.RegradeRelease(_request(release, revision)).operation
    wait = operations_pb2.WaitOperationRequest(name=operation.name, timeout=Duration(seconds=60))
    ended = operations.WaitOperation(wait, timeout=90)
    took = time.perf_counter() - began
    result = operation_pb2.OperationResult()
    ended.response.Unpack(result)
    if result.regrade.changed_count != MANY:
        raise Refused(f"{result.regrade.changed_count:,} sessions were regraded, not {MANY:,}")
    return took


def _preview(channel: grpc.Channel, release: str, revision: int) -> float:
    """Seconds of a preview."""
    began = time.perf_counter()
    marking_service_pb2_grpc.MarkingServiceStub(channel).RegradeRelease(_request(release, revision, preview=True))
    return time.perf_counter() - began


class _RawRegrade:
    """The same rows, written by the raw driver in a copy of the database."""

    def __init__(self, bench: Bench, database: SqliteFile, release: str) -> None:
        source = sqlite3.connect(database.path)
        self._db = sqlite3.connect(bench.directory / "regrade-raw.db", isolation_level=None)
        source.backup(self._db)
        source.close()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            self._db.execute(f"PRAGMA {pragma}")
        handed_in = "SELECT workspace_id, id FROM sessions WHERE release_id = ? AND score IS NOT NULL ORDER BY id"
        self._keys = self._db.execute(handed_in, (release,)).fetchall()
        self._event = self._db.execute("SELECT * FROM events WHERE action = 'regrade' LIMIT 1").fetchone()
        self._run = 0

    def regrade(self) -> float:
        """Writes them; the seconds it took."""
        self._run += 1
        last = self._db.execute("SELECT max(sequence) FROM events").fetchone()[0]
        points = 10_000 * (self._run % 2 + 20)
        earned = (points, 500_000, 2 * points, self._run % 2)
        sessions, attempts, events = [], [], []
        for n, (workspace, session) in enumerate(self._keys, last + 1):
            sessions.append((*earned, last, last, n, workspace, session))
            attempts.append((*earned, last, workspace, session))
            events.append((workspace, n, session, *self._event[3:]))
        gc.collect()
        began = time.perf_counter()
        for first in range(0, len(events), STEP):
            step = slice(first, first + STEP)
            self._write(sessions[step], attempts[step], events[step])
        return time.perf_counter() - began

    def _write(self, sessions: list[Any], attempts: list[Any], events: list[Any]) -> None:
        db, places = self._db, ",".join("?" * len(self._event))
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "UPDATE sessions SET points = ?, points_max = ?, score = ?, marking_revision = ?, update_time = ?, "
            "version = ?, last_event = ? WHERE workspace_id = ? AND id = ?",
            sessions,
        )
        db.executemany(
            "UPDATE scripts SET points = ?, points_max = ?, score = ?, marking_revision = ?, version = ? "
            "WHERE workspace_id = ? AND session_id = ? AND attempt = 1",
            attempts,
        )
        db.executemany(f"INSERT INTO events VALUES ({places})", events)
        db.execute("COMMIT")

    def close(self) -> None:
        """Closes the database."""
        self._db.close()
