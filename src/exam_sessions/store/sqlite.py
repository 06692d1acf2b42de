"""SQLite: a file, any number of readers, one writer. How its connections are set up (sqlite_connection.py)."""

from __future__ import annotations

import glob
import logging
import os
import uuid
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    create_engine,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import NullPool

from exam_sessions.store import sqlite_pages
from exam_sessions.store.availability import Availability
from exam_sessions.store.database_errors import DatabaseDamaged, DatabaseDown
from exam_sessions.store.engine import Store
from exam_sessions.store.file_lock import lock, try_lock
from exam_sessions.store.schema import metadata
from exam_sessions.store.sqlite_checkpoints import AT_MOST, Checkpoints
from exam_sessions.store.sqlite_clean_stop import mark_served, stopped_cleanly
from exam_sessions.store.sqlite_connection import BUSY_S, SqliteDb, cause_of, translated
from exam_sessions.store.sqlite_files import SqliteFiles
from exam_sessions.store.sqlite_library import sqlite3
from exam_sessions.store.sqlite_statistics import planner_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import URL
    from sqlalchemy.dialects.sqlite.dml import Insert

    from exam_sessions.store.statement import Statement

log = logging.getLogger(__name__)

WRITER_CACHE_KIB, READER_CACHE_KIB = 32_768, 8_192
"""Pages that a connection keeps, in KiB, filled as the file grows; a server has one writer and three readers.

With twice and four times as much they kept 104 MiB more, and a session read at random took 31 us instead of 34.
"""

VALUE, EXPECTED = "value_of_", "expected_"
"""Prefix that keeps the parameters of an UPDATE apart from the names of its columns."""


class SqliteStore(Store):
    """A SQLite file by its URL: `sqlite:///exam-sessions.db`."""

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise ValueError(f"database_url must name a SQLite file, such as sqlite:///exam-sessions.db, not {url}")
        if url.query or "\0" in url.database:
            raise ValueError("database_url must be sqlite:/// and the path of a file, without parameters")
        self.path = Path(url.database).absolute()
        self._files = SqliteFiles(self.path)
        self._server = ""
        self._liveness: BinaryIO | None = None
        self.availability = Availability()
        self.engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)

    def writer(self) -> SqliteDb:
        """A connection that may write. Nothing it commits is acknowledged before it is on disk."""
        self._files.opening()
        with translated():
            driver = sqlite3.connect(
                self.path,
                isolation_level=None,
                check_same_thread=False,
                timeout=BUSY_S,
                cached_statements=256,
            )
            driver.execute("PRAGMA journal_mode=WAL")
            # From here on `begin` does the waiting, so that it can be switched off.
            driver.execute("PRAGMA busy_timeout=0")
            driver.execute("PRAGMA synchronous=FULL")
            # What is deleted or overwritten is zeroed in its page; distributions build SQLite so, but not all do.
            driver.execute("PRAGMA secure_delete=ON")
            driver.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            driver.create_function("lowered", 1, str.lower, deterministic=True)
            driver.execute(f"PRAGMA wal_autocheckpoint={AT_MOST}")
            # Opens the log.
            driver.execute("SELECT 1 FROM sqlite_schema").fetchone()
        if not os.access(self.path, os.W_OK):
            # SQLite says so with the first change only, which migrations need not make.
            driver.close()
            raise DatabaseDown("the file may not be written")
        self._files.opened()
        return SqliteDb(driver, self._files, self.availability, Checkpoints(self.path, self._files))

    def reader(self) -> SqliteDb:
        """A connection that cannot write."""
        self._files.check_file()
        with translated(partial(cause_of, self._files)):
            driver = sqlite3.connect(
                f"{self.path.as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=BUSY_S,
                cached_statements=256,
            )
            driver.execute(f"PRAGMA cache_size=-{READER_CACHE_KIB}")
            driver.create_function("lowered", 1, str.lower, deterministic=True)
            driver.execute("SELECT 1 FROM sqlite_schema").fetchone()
        self._files.check_file()
        return SqliteDb(driver, self._files, self.availability)

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.exists()

    def check_after_unclean_stop(self, seconds: float) -> None:
        """By SQLite's quick_check; what is not done in time is said in the log."""
        if not seconds or stopped_cleanly(self.path) or self.is_served():
            return
        log.info("%s was not closed when it was served last: it is checked", self.path)
        fault = sqlite_pages.quick_fault(self.path, seconds)
        if fault is None:
            log.warning("%s is served without having been checked: that takes more than %g s", self.path, seconds)
        elif fault:
            raise DatabaseDamaged(f"{fault}; it was not closed when it was served last, or is a copy made meanwhile")

    def is_served(self) -> bool:
        """Whether another server is at work on the file."""
        signs = self.path.parent.glob(f"{glob.escape(self.path.name)}-server-*")
        ids = [sign.name.removeprefix(f"{self.path.name}-server-") for sign in signs]
        return any(self.is_alive(server) for server in ids if server != self._server)

    def verify(self) -> None:
        """Looks at the file and at those beside it. Raises DatabaseReplaced, DatabaseDamaged."""
        self._files.check()

    def translated(self) -> AbstractContextManager[None]:
        """By SQLite's codes."""
        return translated()

    def check(self) -> None:
        """Reads every table, on a connection made for it. Raises DatabaseDown."""
        self.verify()
        tables = " UNION ALL ".join(f"SELECT * FROM (SELECT 1 FROM {table} LIMIT 1)" for table in metadata.tables)  # noqa: S608
        with closing(self.reader()) as db:
            db.query(self.statement(text(tables)))

    def damaged_pages(self) -> Iterator[str]:
        """By SQLite's integrity_check."""
        with translated():
            yield from sqlite_pages.damaged_pages(self.path)

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Servers that start together on one file wait for the one that migrates it."""
        sign = self.path.with_name(f"{self.path.name}-migration")
        with sign.open("wb") as held:
            lock(held)
            try:
                yield
            finally:
                # Windows removes no file that is open.
                with suppress(PermissionError):
                    sign.unlink(missing_ok=True)

    def register_liveness(self) -> str:
        """This server's id, by which others of the same file find out whether it runs (`is_alive`)."""
        if self._liveness is None:
            self._server = str(uuid.uuid4())
            self._liveness = self._sign_of(self._server).open("wb")
            # The system lets go of the lock when the process ends, however it ends.
            lock(self._liveness)
            mark_served(self.path, served=True)
        return self._server

    def is_alive(self, server: str) -> bool:
        """Whether the server of that id still runs."""
        try:
            with self._sign_of(server).open("rb") as sign:
                if not try_lock(sign):
                    return True
        except FileNotFoundError:
            return False
        self._sign_of(server).unlink(missing_ok=True)
        return False

    def _sign_of(self, server: str) -> Path:
        return self.path.with_name(f"{self.path.name}-server-{server}")

    links_events = True
    binds_every_value = True
    notifies = False

    def notify(self, workspaces: Iterable[str]) -> None:
        """Processes on one file look by themselves."""

    def subscribe(self, on_change: Callable[[str], None]) -> Callable[[], None]:  # noqa: ARG002 - there are no notifications
        """Never calls."""
        return lambda: None

    def analyze(self) -> None:
        """Nothing: its plans never change (`install_planner_stats`)."""

    def install_planner_stats(self) -> None:
        """Has SQLite take every table for a large one, whatever is in it.

        Without statistics it takes a workspace for ten rows, and reads all of it to find one session by keycode; with
        those of the moment, its plans would change under way.
        """
        with translated(), closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as driver:
            wanted = sorted(planner_statistics())
            known = driver.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone()
            if known and driver.execute("SELECT * FROM sqlite_stat1 ORDER BY tbl, idx").fetchall() == wanted:
                # Nothing to write: a server that starts need not wait for one that is at work on the file.
                return
            driver.execute("ANALYZE sqlite_schema")
            driver.execute("BEGIN IMMEDIATE")
            driver.execute("DELETE FROM sqlite_stat1")
            driver.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", wanted)
            driver.execute("COMMIT")

    def in_array(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Unpacks a JSON array."""
        return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))

    def holds(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """By a function of ours: its own lower() converts ASCII only."""
        return func.instr(func.lowered(column), bindparam(name)) > 0

    def contains(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """By instr()."""
        return func.instr(column, bindparam(name)) > 0

    def octets(self, column: ColumnElement[str]) -> ColumnElement[int]:
        """As bytes; octet_length() is not in every SQLite that Python comes with."""
        return func.length(cast(column, LargeBinary))

    def numbered(self, name: str) -> tuple[ColumnElement[str], ColumnElement[int]]:
        """Unpacks a JSON array."""
        rows = func.json_each(bindparam(name)).table_valued(column("key", Integer), column("value", Text))
        return rows.c.value, rows.c.key + literal_column("1")

    def upsert(self, table: Table) -> Insert:
        """SQLite's own INSERT."""
        return insert(table)

    def insert_many(self, table: Table) -> Statement:
        """Run once per row, which is as fast as can be."""
        return self.statement(insert(table))

    def update_many(self, table: Table, names: Sequence[str], expected: Sequence[str] = ()) -> Statement:
        """Run once per row."""
        key = [column.name for column in table.primary_key]
        values: dict[str, Any] = {name: bindparam(f"{VALUE}{name}") for name in names}
        here = [table.c[name] == bindparam(f"{VALUE}{name}") for name in key]
        here += [table.c[name] == bindparam(f"{EXPECTED}{name}") for name in expected]
        statement = self.statement(update(table).values(values).where(*here))
        statement.names = tuple(name.removeprefix(VALUE).removeprefix(EXPECTED) for name in statement.names)
        return statement

    def for_update(self, rows: Select[Any], key: ColumnElement[Any]) -> Select[Any]:  # noqa: ARG002 - as Store
        """The SELECT itself: there is one writer."""
        return rows

    def for_share(self, rows: Select[Any], key: ColumnElement[Any]) -> Select[Any]:  # noqa: ARG002 - as Store
        """The SELECT itself: there is one writer."""
        return rows

    def close(self) -> None:
        """Lets go of the engine, and is not present any more."""
        self.engine.dispose()
        self._files.release()
        if self._liveness:
            self._sign_of(self._server).unlink(missing_ok=True)
            self._liveness.close()
            with suppress(DatabaseDown):  # another file in its place is not written to
                self._files.check_file()
                if not self.is_served():
                    mark_served(self.path, served=False)
