"""PostgreSQL: any number of servers on one database. How its connections are set up and what its failures mean."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import ARRAY, ColumnElement, Table, Text, any_, bindparam, create_engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import NullPool

from exam_sessions.store.engine import DatabaseDown, Db, Parameters, Statement, Store, UniqueViolation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import URL
    from sqlalchemy.dialects.postgresql.dml import Insert

log = logging.getLogger(__name__)

CONNECT_S = 3
"""How long a connection may take to come about, in seconds."""

SETTINGS = {
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "synchronous_commit": "on",
}
"""For every connection: nobody waits for ever, and nothing is acknowledged before it is durable."""

Driver = psycopg.Connection[tuple[Any, ...]]


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise UniqueViolation(error.diag.constraint_name or "") from error
    except psycopg.Error as error:
        raise DatabaseDown(str(error)) from error


class PostgresDb(Db):
    """One connection, made anew when it was lost: a server that comes back is used at once."""

    answers_at_once = False

    def __init__(self, connect: Callable[[], Driver]) -> None:
        self._connect = connect
        self._connected: Driver | None = None

    @property
    def _driver(self) -> Driver:
        if self._connected is None or self._connected.closed:
            self._connected = self._connect()
        return self._connected

    def rows(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """The rows a statement gives."""
        with _translated():
            return self._driver.execute(statement.text, statement.ordered(values), prepare=True).fetchall()

    def run(self, statement: Statement, values: Parameters = ()) -> int:
        """Runs a statement once; the number of rows it touched."""
        with _translated():
            return self._driver.execute(statement.text, statement.ordered(values), prepare=True).rowcount

    def run_many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement once per row, without waiting for one answer before the next is sent."""
        with _translated(), self._driver.cursor() as cursor:
            cursor.executemany(statement.text, rows)

    def listed(self, values: Iterable[str]) -> list[str]:
        """An array."""
        return list(values)

    def begin(self, *, wait: bool = True) -> None:  # noqa: ARG002 - nobody has to wait for a turn to begin
        """Begins a transaction that will write. Raises DatabaseDown."""
        self._execute("BEGIN")

    def begin_read(self) -> None:
        """Begins a transaction whose reads all see the same moment."""
        self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Makes the transaction durable."""
        with _translated():
            # A server asked to commit what has failed answers that it rolled back, and calls that a success.
            if self._driver.execute("COMMIT").statusmessage != "COMMIT":
                raise DatabaseDown("the transaction had failed")

    def rollback(self) -> None:
        """Gives the transaction up, if one is open. With the connection lost it is given up already."""
        driver = self._connected
        if driver and not driver.closed and driver.info.transaction_status is not TransactionStatus.IDLE:
            with contextlib.suppress(psycopg.Error):
                driver.execute("ROLLBACK")

    def others_commits(self) -> None:
        """PostgreSQL does not say."""

    def close(self) -> None:
        """Closes the connection."""
        if self._connected:
            self._connected.close()

    def _execute(self, text: str) -> None:
        with _translated():
            self._driver.execute(text)


class PostgresStore(Store):
    """A PostgreSQL database by its URL: `postgresql://user:password@host:5432/exam_sessions`."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Positional parameters, so that the rows of a table are a statement's values as they are.
        driver = url.set(drivername="postgresql+psycopg")
        self.engine = create_engine(driver, poolclass=NullPool, paramstyle="format")
        self._server = ""
        self._presence: Driver | None = None
        self._lock = threading.Lock()

    def writer(self) -> PostgresDb:
        """A connection that may write."""
        return self._opened(read_only=False)

    def reader(self) -> PostgresDb:
        """A connection that cannot write."""
        return self._opened(read_only=True)

    def _opened(self, *, read_only: bool) -> PostgresDb:
        db = PostgresDb(lambda: self._connect(read_only=read_only))
        with _translated():
            db.rollback()
        return db

    def _connect(self, *, read_only: bool) -> Driver:
        settings = SETTINGS | {"default_transaction_read_only": "on" if read_only else "off"}
        driver = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_S,
            options=" ".join(f"-c {name}={value}" for name, value in settings.items()),
            application_name="exam-sessions",
        )
        driver.prepare_threshold = 0
        # One type for whole numbers, whatever their size: a statement is prepared once for each combination of types.
        driver.adapters.register_dumper(int, Int8BinaryDumper)
        return driver

    def presence(self) -> str:
        """This server's id: the database holds a lock under it for as long as the connection lives."""
        with self._lock, _translated():
            self._server = self._server or str(uuid.uuid4())
            if self._presence and not _answers(self._presence):
                log.warning("the connection that shows this server's presence was lost; making another")
                self._presence.close()
                self._presence = None
            if self._presence is None:
                self._presence = self._connect(read_only=False)
                self._presence.execute("SELECT pg_advisory_lock(%s::bigint)", (_lock_of(self._server),))
            return self._server

    def is_alive(self, server: str) -> bool:
        """Whether the server of that id still runs."""
        with _translated(), self._connect(read_only=False) as driver:
            row = driver.execute("SELECT pg_try_advisory_lock(%s::bigint)", (_lock_of(server),)).fetchone()
            return row is not None and not row[0]

    def among(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """Compares with an array."""
        return column == any_(bindparam(name, type_=ARRAY(Text)))

    def upsert(self, table: Table) -> Insert:
        """PostgreSQL's own INSERT."""
        return insert(table)

    def close(self) -> None:
        """Lets go of the engine, and is not present any more."""
        self.engine.dispose()
        if self._presence:
            self._presence.close()


def _answers(driver: Driver) -> bool:
    try:
        driver.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _lock_of(server: str) -> int:
    """The number a server's presence is locked under: the first 63 bits of its id."""
    return uuid.UUID(server).int >> 65
