"""Databases with many sessions: made where they are used, or kept in a directory and found there the next time."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmark.bulk_fill import BATCH, fill
from benchmark.databases import PostgresDatabase, SqliteFile
from benchmark.load import Callers, Driver
from benchmark.load_sessions import PACKAGE, Cohort
from benchmark.results import Missing
from benchmark.sat_exams import sat_exams
from benchmark.servers import service
from exam_sessions_client.v1 import lifecycle_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmark.bench import Bench
    from benchmark.databases import Database, Postgres

    Fill = Callable[[Bench, SqliteFile, int], float]
    """Fills a database with so many sessions, and returns the seconds it took."""

BYTES_OF_EXAM = 6_000
"""As BYTES, for a session of sat_exams.py."""

BYTES = {"SQLite": 1_400, "PostgreSQL": 1_700}
"""On disk for a session with its event, its indexes, and what is needed while they are built."""


class Stored(NamedTuple):
    """A database with so many sessions, every other one in progress, and the seconds it took to fill; 0 when kept."""

    database: Database
    sessions: int
    seconds: float


def stored_in_sqlite(bench: Bench, count: int, keep: Path | None) -> Stored:
    """A file in `keep`, if it is given, else one of this run's."""
    return _kept_file(bench, "stored", count, keep, BYTES[SqliteFile.kind], _fill)


def _kept_file(bench: Bench, name: str, count: int, keep: Path | None, each: int, fill_it: Fill) -> Stored:
    directory = keep or bench.directory
    directory.mkdir(parents=True, exist_ok=True)
    ready = SqliteFile(directory / f"{name}-{count}.db")
    if ready.path.exists():
        return Stored(ready, count, 0.0)
    _check_room(directory, SqliteFile.kind, count * each)
    # Under its name only once it is whole.
    begun = SqliteFile(directory / f"filling-{count}.db")
    begun.path.unlink(missing_ok=True)
    seconds = fill_it(bench, begun, count)
    begun.path.rename(ready.path)
    begun.log.unlink(missing_ok=True)
    return Stored(ready, count, seconds)


def exams_in_sqlite(bench: Bench, count: int, keep: Path | None) -> Stored:
    """As `stored_in_sqlite`, of sessions with their answers and all their events (sat_exams.py)."""
    return _kept_file(bench, "exams", count, keep, BYTES_OF_EXAM, _fill_with_exams)


def stored_in_postgres(bench: Bench, server: Postgres, count: int, keep: Path | None) -> Stored:
    """A database of a server, whose data is in `keep`, if it is given and the server is ours."""
    name = f"stored-{count}"
    if not keep or not server.ours:
        _check_room(bench.directory, PostgresDatabase.kind, count * BYTES[PostgresDatabase.kind])
        database = server.database(name)
        return Stored(database, count, _fill(bench, database, count))
    place, note = keep / f"postgresql-{count}", keep / f"postgresql-{count}.name"
    _exchange_data(server, place, found=note.exists())
    if note.exists():
        return Stored(server.at(server.url_of(note.read_text()), name), count, 0.0)
    _check_room(keep, PostgresDatabase.kind, count * BYTES[PostgresDatabase.kind])
    database = server.database(name)
    seconds = _fill(bench, database, count)
    note.write_text(database.url.rpartition("/")[2])
    return Stored(database, count, seconds)


def _exchange_data(server: Postgres, place: Path, *, found: bool) -> None:
    """Has the server keep its data in a place of its own, or use what it finds there.

    In the server's folder stays a link, so that the data is not removed with it.
    """
    server.stop()
    data = server.folder / "data"
    if found:
        # Its options for folders and ports are those of this server.
        shutil.copy2(data / "postgresql.conf", place / "postgresql.conf")
        shutil.rmtree(data)
    else:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(data, place)
    owner = server.folder.stat()
    for path in (place, *place.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    data.symlink_to(place.absolute())
    server.restart()


def _check_room(directory: Path, kind: str, needed: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise Missing(
            f"so many sessions in {kind} take up to {needed / 1e9:.0f} GB, and {directory} has {free / 1e9:.0f}; "
            "ask for fewer with --stored, or name another place with --directory or --keep"
        )


def _fill(bench: Bench, database: Database, count: int) -> float:
    began = time.perf_counter()
    with service(bench.cores, database) as process:
        models = Cohort(process.port, 2)
        driver = Driver(process.port, Callers(1))
        finish = lifecycle_service_pb2.FinishSessionRequest(session_id=models.ids[1])
        driver.run([(f"{PACKAGE}.LifecycleService/FinishSession", finish.SerializeToString())])
        driver.close()
    with bench.cores.anywhere():
        fill(database, count, models.ids, bench.count)
    return time.perf_counter() - began


def _fill_with_exams(bench: Bench, database: Database, count: int) -> float:
    began = time.perf_counter()
    with service(bench.cores, database) as process:
        models, releases = sat_exams(process, -(-count // BATCH))
    with bench.cores.anywhere():
        fill(database, count, models, bench.count, releases, whole=True)
    return time.perf_counter() - began
