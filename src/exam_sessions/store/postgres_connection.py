"""One connection to PostgreSQL: transactions as pipelines, and what its failures mean."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from exam_sessions.store.database_errors import (
    DatabaseDamaged,
    DatabaseDown,
    DatabaseFull,
    LockedOut,
    LostRace,
    UniqueViolation,
    Unreachable,
    WorkspaceIsClosed,
)
from exam_sessions.store.engine import Db
from exam_sessions.store.postgres_arrays import UnnestStatement, texts
from exam_sessions.store.postgres_driver import POOLED_SET_UP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from exam_sessions.store.availability import Availability
    from exam_sessions.store.postgres_driver import Driver
    from exam_sessions.store.statement import Ask, Parameters, Statement

IMPATIENT = "200ms"
"""How long a lock is waited for while others wait in vain."""

IDLE = "60s"
"""How long a transaction of ours may be left open, where the next is another session's."""


_STREAMS = itertools.count()
"""Numbers of cursors: no two of a transaction have the same name."""


@contextlib.contextmanager
def _connecting() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise Unreachable(str(error)) from error


INSUFFICIENT_RESOURCES = "53000"
"""SQLSTATE. Those of its class that mean memory, connections or a configured limit have codes of their own."""

MEANINGS: tuple[tuple[type[psycopg.Error], type[Exception]], ...] = (
    (psycopg.errors.DeadlockDetected, LostRace),
    # A value no column can hold is a fault of the value, and would be one on another day too.
    (psycopg.errors.DataError, ValueError),
    (psycopg.errors.DataCorrupted, DatabaseDamaged),
    (psycopg.errors.IndexCorrupted, DatabaseDamaged),
    (psycopg.errors.DiskFull, DatabaseFull),
    (psycopg.errors.LockNotAvailable, LockedOut),
)
"""What failures mean, where it is more than that the database does not answer."""


def meaning_of(error: psycopg.Error) -> Exception:
    """What a failure of psycopg's means to us."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return UniqueViolation(error.diag.constraint_name or "")
    if isinstance(error, psycopg.errors.NotNullViolation) and error.diag.column_name == "last_sequence":
        # Only a closed workspace has no next sequence number (store/events.py).
        return WorkspaceIsClosed("the workspace is closed")
    if isinstance(error, psycopg.errors.DivisionByZero):
        # Nothing divides but an UPDATE that does not find its rows as they were read (PostgresStore.update_many).
        return LostRace("a row is not what it was when it was read")
    if error.sqlstate == INSUFFICIENT_RESOURCES:
        return DatabaseFull(str(error))
    kind = next((meaning for failure, meaning in MEANINGS if isinstance(error, failure)), DatabaseDown)
    return kind(str(error))


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Has what psycopg raises meanwhile raised as what it means to us."""
    try:
        yield
    except psycopg.Error as error:
        raise meaning_of(error) from error


class PostgresDb(Db):
    """One connection, made anew when it was lost: a server that comes back is used at once.

    A transaction is a pipeline: what gives no rows is only sent, and answered for with the next that does, or with
    the commit.
    """

    is_in_process = False

    _prepares = True

    def __init__(self, connect: Callable[[], Driver], availability: Availability, lock_timeout: str) -> None:
        self._connect, self.availability = connect, availability
        self._connected: Driver | None = None
        self._pipeline: psycopg.Pipeline | None = None
        self._transaction = contextlib.ExitStack()
        self._lock_timeouts = lock_timeout, IMPATIENT
        self._is_impatient = self._has_failed = False
        self._warning = ""
        self._era = availability.era

    def connect(self) -> None:
        """Makes sure that there is a connection. Raises DatabaseDown."""
        self._driver.pgconn  # noqa: B018 - asking for it makes it

    @property
    def _driver(self) -> Driver:
        """The connection. Raises Unreachable when there is none to be had."""
        if self.availability.unreachable:
            raise Unreachable(self.availability.unreachable)
        driver = self._connected
        if self._pipeline:
            if driver is None or driver.closed:
                raise DatabaseDown("the connection was lost with the transaction open")
        elif driver is None or driver.closed or self._era != self.availability.era:
            self.close()
            self._era, self._is_impatient = self.availability.era, False
            with _connecting():
                driver = self._connected = self._connect()
            driver.add_notice_handler(self._warned)
        return driver

    def _warned(self, warning: psycopg.errors.Diagnostic) -> None:
        self._warning = warning.message_primary or self._warning

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """As `translated`, and draws the conclusions for this connection, or for all."""
        try:
            yield
        except psycopg.Error as error:
            self._has_failed = True
            if isinstance(error, psycopg.errors.LockNotAvailable):
                self.availability.lock_not_available(error)
            elif isinstance(error, psycopg.errors.ReadOnlySqlTransaction) and self._connected:
                # The server has become a standby; another may be what it was.
                self._connected.close()
            raise meaning_of(error) from error

    def _adapt_patience(self) -> None:
        """Waits for locks as long as others do: outside of a transaction, which would take it back."""
        if self._is_impatient is not self.availability.is_impatient:
            self._is_impatient = not self._is_impatient
            self._driver.execute(f"SET lock_timeout = '{self._lock_timeouts[self._is_impatient]}'")

    def query(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """The rows a statement gives."""
        with self._translated():
            if self._pipeline is None:
                self._adapt_patience()
            return self._driver.execute(statement.text, statement.bind(values), prepare=self._prepares).fetchall()

    def stream(self, statement: Statement, at_once: int = 2_000) -> Iterator[list[Any]]:
        """By a cursor of the server's, planned for all of its rows."""
        name = f"rows_{next(_STREAMS)}"
        with self._translated():
            self._driver.execute("SET LOCAL cursor_tuple_fraction = 1")
            self._driver.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {statement.text}", statement.bind({}))
            while rows := self._driver.execute(f"FETCH {at_once} FROM {name}").fetchall():
                yield rows
            self._driver.execute(f"CLOSE {name}")

    def query_many(self, asks: Sequence[Ask]) -> list[list[Any]]:
        """All are sent before the first is answered; a transaction is a pipeline already."""
        with self._translated(), contextlib.nullcontext() if self._pipeline else self._driver.pipeline():
            ask, prepares = self._driver.execute, self._prepares
            asked = [ask(one.text, one.bind(values), prepare=prepares) for one, values in asks]
            return [cursor.fetchall() for cursor in asked]

    def execute(self, statement: Statement, values: Parameters = ()) -> int:
        """Runs a statement once; the number of rows it touched."""
        with self._translated():
            cursor = self._driver.execute(statement.text, statement.bind(values), prepare=self._prepares)
            if self._pipeline:
                self._pipeline.sync()
            return cursor.rowcount

    def execute_many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """One statement for all rows."""
        assert isinstance(statement, UnnestStatement)
        if not rows:
            return
        with self._translated():
            self._driver.execute(statement.text, statement.parameters(rows), prepare=self._prepares)

    def array_param(self, values: Iterable[str]) -> str:
        """An array."""
        return texts(list(values))

    def begin(self, *, wait: bool = True) -> None:  # noqa: ARG002 - a transaction begins at once
        """Begins a transaction that will write. Raises DatabaseDown."""
        self._begin("BEGIN")

    def begin_read(self) -> None:
        """Begins a transaction whose reads all see the same moment."""
        self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _begin(self, text: str) -> None:
        with self._translated():
            self._adapt_patience()
            self._has_failed = False
            self._pipeline = self._transaction.enter_context(self._driver.pipeline())
            try:
                self._driver.execute(text)
            except psycopg.Error:
                self.rollback()
                raise

    def commit(self) -> None:
        """Makes the transaction durable."""
        with self._translated():
            self._warning = ""
            answer = self._driver.execute("COMMIT")
            self._end_pipeline()
            # A server asked to commit what has failed answers that it rolled back, and calls that a success; as well,
            # with a warning, when an administrator ended the wait for the standby.
            if answer.statusmessage != "COMMIT" or self._warning:
                raise DatabaseDown(self._warning or "the transaction had failed")

    def _end_pipeline(self) -> None:
        """Waits for every answer that is still to come."""
        self._pipeline = None
        self._transaction.close()

    def rollback(self) -> None:
        """Gives the transaction up, if one is open. With the connection lost it is given up already."""
        driver = self._connected
        with contextlib.suppress(psycopg.Error):
            self._end_pipeline()
        if driver and not driver.closed and driver.info.transaction_status is not TransactionStatus.IDLE:
            with contextlib.suppress(psycopg.Error):
                driver.execute("ROLLBACK")

    def end_read(self) -> None:
        """By COMMIT, sent before the answers are waited for.

        After a ROLLBACK psycopg has the server drop every prepared statement: to prepare them again took as long
        as a read.
        """
        if self._pipeline and self._connected and not self._has_failed:
            with contextlib.suppress(psycopg.Error):
                self._connected.execute("COMMIT")
        self.rollback()

    def data_version(self) -> None:
        """PostgreSQL does not say."""

    def close(self) -> None:
        """Closes the connection."""
        if self._connected:
            self._connected.close()


class PooledDb(PostgresDb):
    """A connection through a pooler that has each transaction done by any session: nothing outlives a transaction.

    Statements are not prepared, every read is a transaction, and settings are made in each.
    """

    _prepares = False

    def query(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """The rows a statement gives."""
        if self._pipeline:
            return super().query(statement, values)
        self.begin_read()
        try:
            return super().query(statement, values)
        finally:
            self.end_read()

    def _begin(self, text: str) -> None:
        super()._begin(text)
        lock_timeout = self._lock_timeouts[self.availability.is_impatient]
        with self._translated():
            try:
                self._driver.execute(POOLED_SET_UP, (lock_timeout, IDLE))
            except psycopg.Error:
                self.rollback()
                raise

    def _adapt_patience(self) -> None:
        """Each transaction is given it."""
