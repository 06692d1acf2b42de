"""A database as an operator sees it: read, damaged, locked and taken away from outside the server."""

from __future__ import annotations

import re
import shutil
import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg

from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store import schema
from exam_sessions.store.databases import store_of
from serving import until

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import DatabaseServer

TABLES = tuple(schema.metadata.tables)
OF_WORKSPACE = "SELECT * FROM {} WHERE workspace_id = ?"


def migrate(url):
    """Brings the database at a URL to the newest schema."""
    with closing(store_of(url)) as store:
        upgrade(store)


class Database(ABC):
    """A database, gone when the block ends. Values stand in statements as `?`."""

    url: str

    @abstractmethod
    def read(self, sql, *values):
        """Rows, read on a connection of one's own."""

    def rows_of(self, workspace, tables):
        """Every row of a workspace in some tables, by table."""
        return {table: self.read(OF_WORKSPACE.format(table), workspace) for table in tables}

    @abstractmethod
    def write(self, sql, *values):
        """Writes past the server; the number of rows written."""

    @abstractmethod
    def locked_for_writing(self):
        """Keeps every writer waiting for the length of a block, as a long transaction of another process would."""

    @abstractmethod
    def is_being_written(self):
        """Whether somebody has a transaction open in which something was written."""

    @abstractmethod
    def definition(self):
        """What it says of each of its tables and indexes, by name, without the table of the migrations."""

    @contextmanager
    def unusable(self):
        """Takes every table away, so that the database refuses whatever is asked of it."""
        for table in TABLES:
            self.write(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            for table in TABLES:
                self.write(f"ALTER TABLE {table}_away RENAME TO {table}")

    @abstractmethod
    def full(self, server):
        """Leaves no room for what `server` writes, for the length of a block."""

    @abstractmethod
    def damaged(self, server):
        """Damages what `server` reads when it books a session, for good."""

    @abstractmethod
    def drop(self):
        """Removes it."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()


class SqliteDatabase(Database):
    """A file in a directory: a copy of `template`, or made when it is opened."""

    def __init__(self, directory: Path, template: Path | None = None) -> None:
        self.path = directory / "exam-sessions.db"
        self.url = f"sqlite:///{self.path}"
        if template:
            shutil.copyfile(template, self.path)

    def read(self, sql, *values):
        with closing(self._reader()) as db:
            return db.execute(sql, values).fetchall()

    def rows_of(self, workspace, tables):
        # A connection reads the whole schema first, which takes longer than the rows.
        with closing(self._reader()) as db:
            return {table: db.execute(OF_WORKSPACE.format(table), (workspace,)).fetchall() for table in tables}

    def _reader(self):
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)

    def write(self, sql, *values):
        with closing(sqlite3.connect(self.path)) as db, db:
            return db.execute(sql, values).rowcount

    @contextmanager
    def locked_for_writing(self):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    def is_being_written(self):
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=0)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

    @contextmanager
    def full(self, server):
        driver = server.app.service._writing._db._driver
        room = driver.execute("PRAGMA max_page_count").fetchone()[0]
        driver.execute("PRAGMA max_page_count=1")  # as many as there are
        yield
        driver.execute(f"PRAGMA max_page_count={room}")

    @contextmanager
    def damaged(self, server):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page = db.execute("PRAGMA page_size").fetchone()[0]
            roots = db.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'releases'").fetchall()
        with self.path.open("r+b") as file:
            for (root,) in roots:
                file.seek((root - 1) * page)
                file.write(b"\xde" * page)
        server.app.service._writing._db._driver.execute("PRAGMA shrink_memory")  # what it read before is forgotten
        yield

    def definition(self):
        ours = "sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        said = self.read(f"SELECT name, type, sql FROM sqlite_master WHERE {ours}")
        return {
            name: (self.read(f"PRAGMA table_xinfo({name})"), "WITHOUT ROWID" in sql)
            if kind == "table"
            else re.sub(r'[\s"]+', " ", sql).strip()
            for name, kind, sql in said
            if name != "alembic_version"
        }

    def drop(self):
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()


class PostgresqlDatabase(Database):
    """A database of a server that others use too: with the newest schema, or empty."""

    def __init__(self, server: DatabaseServer, *, empty: bool = False) -> None:
        self._server = server
        self.url = server.new_database(template=None if empty else server.template(migrate))
        self._connection: psycopg.Connection | None = None

    @property
    def programs(self):
        """Where the server's programs are."""
        return getattr(self._server, "binaries", "")

    def read(self, sql, *values):
        return self._run(sql, values).fetchall()

    def write(self, sql, *values):
        return self._run(sql, values).rowcount

    @contextmanager
    def locked_for_writing(self):
        with psycopg.connect(self.url) as db:
            until(lambda: locked(db))
            yield
            db.rollback()

    def is_being_written(self):
        with psycopg.connect(self.url) as db:
            return not locked(db)

    @contextmanager
    def full(self, server):
        with self._refusing("53100"):
            yield

    @contextmanager
    def damaged(self, server):
        with self._refusing("XX001"):
            yield

    @contextmanager
    def _refusing(self, sqlstate):
        """Has the database refuse every new session with this code."""
        self.write(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{sqlstate}'; END $$"
        )
        self.write("CREATE TRIGGER refusing BEFORE INSERT ON sessions EXECUTE FUNCTION refuse()")
        yield
        self.write("DROP FUNCTION refuse CASCADE")

    def definition(self):
        indexes = self.read("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
        columns = self.read(
            "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position"
        )
        said = dict(indexes) | {name: [c[1:] for c in columns if c[0] == name] for name, *_ in columns}
        ours = "reloptions IS NOT NULL AND relnamespace = 'public'::regnamespace"
        said |= dict(self.read(f"SELECT 'WITH of ' || relname, reloptions FROM pg_class WHERE {ours}"))
        return {name: told for name, told in said.items() if not name.startswith("alembic_version")}

    def drop(self):
        if self._connection:
            self._connection.close()
        self._server.drop_database(self.url)

    def _run(self, sql, values):
        # Connecting takes longer than most of what is asked here, so the connection is kept.
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True)
        try:
            return self._connection.execute(sql.replace("?", "%s"), values)
        except psycopg.OperationalError:
            if not self._connection.closed:
                raise
        return self._run(sql, values)  # the server was away in the meantime


def locked(db):
    """Whether all tables are ours to write from now on; reads go on. Who waited for them might wait in a ring."""
    try:
        db.execute(f"LOCK TABLE {', '.join(TABLES)} IN EXCLUSIVE MODE NOWAIT")
    except psycopg.errors.LockNotAvailable:
        db.rollback()
        return False
    return True
