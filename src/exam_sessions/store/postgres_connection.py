"""One connection to PostgreSQL: transactions as pipelines, and what its failures mean."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from exam_sessions.store.arrays import ManyRows, texts
from exam_sessions.store.engine import (
    DatabaseDamaged,
    DatabaseDown,
    DatabaseFull,
    Db,
    LostRace,
    Parameters,
    Statement,
    UniqueViolation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Driver = psycopg.Connection[tuple[Any, ...]]

INSUFFICIENT_RESOURCES = "53000"
"""SQLSTATE. Those of its class that mean memory, connections or a configured limit have codes of their own."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Has what psycopg raises meanwhile raised as what it means to us."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise UniqueViolation(error.diag.constraint_name or "") from error
    except psycopg.errors.DeadlockDetected as error:
        raise LostRace(str(error)) from error
    except psycopg.errors.DivisionByZero as error:
        # Nothing divides but an UPDATE that does not find its rows as they were read (PostgresStore.update_many).
        raise LostRace("a row is not what it was when it was read") from error
    except psycopg.errors.DataError as error:
        # A value no column can hold is a fault of the value, and would be one on another day too.
        raise ValueError(str(error)) from error
    except psycopg.errors.DiskFull as error:
        raise DatabaseFull(str(error)) from error
    except (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted) as error:
        raise DatabaseDamaged(str(error)) from error
    except psycopg.Error as error:
        kind = DatabaseFull if error.sqlstate == INSUFFICIENT_RESOURCES else DatabaseDown
        raise kind(str(error)) from error


class PostgresDb(Db):
    """One connection, made anew when it was lost: a server that comes back is used at once.

    A transaction is a pipeline: what gives no rows is only sent, and answered for with the next that does, or with
    the commit.
    """

    answers_at_once = False

    def __init__(self, connect: Callable[[], Driver]) -> None:
        self._connect = connect
        self._connected: Driver | None = None
        self._pipeline: psycopg.Pipeline | None = None
        self._transaction = contextlib.ExitStack()

    def connect(self) -> None:
        """Makes sure that there is a connection. Raises DatabaseDown."""
        with translated():
            self._driver.pgconn  # noqa: B018 - asking for it makes it

    @property
    def _driver(self) -> Driver:
        if self._connected is None or self._connected.closed:
            self._connected = self._connect()
        return self._connected

    def rows(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """The rows a statement gives."""
        with translated():
            return self._driver.execute(statement.text, statement.ordered(values), prepare=True).fetchall()

    def rows_of(self, asks: Sequence[tuple[Statement, Parameters]]) -> list[list[Any]]:
        """All are sent before the first is answered."""
        with translated(), self._driver.pipeline():
            asked = [self._driver.execute(one.text, one.ordered(values), prepare=True) for one, values in asks]
            return [cursor.fetchall() for cursor in asked]

    def run(self, statement: Statement, values: Parameters = ()) -> int:
        """Runs a statement once; the number of rows it touched."""
        with translated():
            cursor = self._driver.execute(statement.text, statement.ordered(values), prepare=True)
            if self._pipeline:
                self._pipeline.sync()
            return cursor.rowcount

    def run_many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """One statement for all rows."""
        assert isinstance(statement, ManyRows)
        if not rows:
            return
        with translated():
            self._driver.execute(statement.text, statement.parameters(rows), prepare=True)

    def listed(self, values: Iterable[str]) -> str:
        """An array."""
        return texts(list(values))

    def begin(self, *, wait: bool = True) -> None:  # noqa: ARG002 - nobody has to wait for a turn to begin
        """Begins a transaction that will write. Raises DatabaseDown."""
        self._begin("BEGIN")

    def begin_read(self) -> None:
        """Begins a transaction whose reads all see the same moment."""
        self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _begin(self, text: str) -> None:
        with translated():
            self._pipeline = self._transaction.enter_context(self._driver.pipeline())
            self._driver.execute(text)

    def commit(self) -> None:
        """Makes the transaction durable."""
        with translated():
            answer = self._driver.execute("COMMIT")
            self._end_pipeline()
            # A server asked to commit what has failed answers that it rolled back, and calls that a success.
            if answer.statusmessage != "COMMIT":
                raise DatabaseDown("the transaction had failed")

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

    def others_commits(self) -> None:
        """PostgreSQL does not say."""

    def close(self) -> None:
        """Closes the connection."""
        if self._connected:
            self._connected.close()
