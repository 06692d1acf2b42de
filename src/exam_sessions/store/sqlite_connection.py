"""A connection to a SQLite file, and what SQLite's failures mean."""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import orjson

from exam_sessions.store.database_errors import (
    DatabaseDamaged,
    DatabaseDown,
    DatabaseFull,
    DatabaseReplaced,
    LockedOut,
    LostRace,
    UniqueViolation,
    WorkspaceIsClosed,
)
from exam_sessions.store.engine import Db
from exam_sessions.store.sqlite_library import sqlite3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from exam_sessions.store.availability import Availability
    from exam_sessions.store.sqlite_checkpoints import Checkpoints
    from exam_sessions.store.sqlite_files import SqliteFiles
    from exam_sessions.store.statement import Ask, Parameters, Statement

BUSY_S = 5.0
"""How long a writer waits for another process's transaction, in seconds."""

IMPATIENT_S = 0.2
"""How long while others wait in vain, in seconds."""

FORGET_MS = 500
"""How long readers are waited for before the log is emptied, in milliseconds."""

BUSY_PAUSE_S = 0.002
"""Seconds between two tries."""


MEANINGS: dict[int, type[DatabaseDown]] = {
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_IOERR_SHMSIZE: DatabaseFull,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: DatabaseDamaged,
    sqlite3.SQLITE_IOERR_CORRUPTFS: DatabaseDamaged,
    sqlite3.SQLITE_READONLY_DBMOVED: DatabaseReplaced,
}
"""What SQLite's codes mean, extended or primary, where it is more than that the database does not answer."""


def _meaning(error: sqlite3.Error) -> DatabaseDown:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return MEANINGS.get(code, MEANINGS.get(code & 0xFF, DatabaseDown))(str(error))


def cause_of(files: SqliteFiles, error: sqlite3.Error) -> DatabaseDown:
    """What an error means; most that follow from another file in the place of ours do not say so."""
    try:
        files.check()
    except DatabaseDown as cause:
        return cause
    return _meaning(error)


def _violated(error: sqlite3.IntegrityError) -> LostRace:
    """What a constraint means that a statement would break."""
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_NOTNULL:
        # Nothing else can be NULL but the next sequence number of a closed workspace (store/events.py).
        return WorkspaceIsClosed("the workspace is closed")
    return UniqueViolation(str(error))


@contextmanager
def translated(meaning: Callable[[sqlite3.Error], DatabaseDown] = _meaning) -> Iterator[None]:
    """Has failures of SQLite raised as what they mean: LostRace, or what `meaning` gives."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise _violated(error) from error
    except sqlite3.DatabaseError as error:
        raise meaning(error) from error


class SqliteDb(Db):
    """One connection, one thread."""

    is_in_process = True

    def __init__(
        self,
        driver: sqlite3.Connection,
        files: SqliteFiles,
        availability: Availability,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """`checkpoints` are those of a connection that writes."""
        self._driver, self._files, self.availability = driver, files, availability
        self._checkpoints = checkpoints

    def _meaning(self, error: sqlite3.Error) -> DatabaseDown:
        return cause_of(self._files, error)

    def query(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """The rows a statement gives."""
        try:
            # Most values are in the driver's order, in a tuple.
            bound = values if type(values) is tuple else statement.bind(values)
            return self._driver.execute(statement.text, bound).fetchall()
        except sqlite3.IntegrityError as error:
            raise _violated(error) from error
        except sqlite3.DatabaseError as error:
            raise self._meaning(error) from error

    def stream(self, statement: Statement, at_once: int = 2_000) -> Iterator[list[Any]]:
        """By a cursor of its own."""
        with translated(self._meaning):
            cursor = self._driver.execute(statement.text, statement.bind({}))
            while rows := cursor.fetchmany(at_once):
                yield rows

    def query_many(self, asks: Sequence[Ask]) -> list[list[Any]]:
        """One after the other: each is answered from memory."""
        return [self.query(statement, values) for statement, values in asks]

    def execute(self, statement: Statement, values: Parameters = ()) -> int:
        """Runs a statement once; the number of rows it touched."""
        with translated(self._meaning):
            return self._driver.execute(statement.text, statement.bind(values)).rowcount

    def execute_many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement once per row. Raises LostRace when it does not find one of them."""
        if not rows:
            return
        with translated(self._meaning):
            touched = self._driver.executemany(statement.text, rows).rowcount
        if touched != len(rows):
            raise LostRace("a row is not what it was when it was read")

    def array_param(self, values: Iterable[str]) -> str:
        """A JSON array. The standard library takes 2 us for one value, and ten times as long for ten thousand."""
        return orjson.dumps(list(values)).decode()

    def begin(self, *, wait: bool = True) -> None:
        """Begins a transaction that will write; may wait for another process to end its own.

        Raises:
            DatabaseDown: another process keeps its transaction open, for longer than BUSY_S where we wait.
            DatabaseReplaced, DatabaseDamaged: the files are not those that were opened, or not whole.
        """
        self.rollback()  # where that was not possible when it was asked for
        self._files.check_file()
        self._files.check_log()
        end = 0.0
        while True:
            try:
                self._driver.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or not wait:
                    raise self._meaning(error) from error
                end = end or time.monotonic() + (IMPATIENT_S if self.availability.is_impatient else BUSY_S)
                if time.monotonic() > end:
                    self.availability.lock_not_available(error)
                    raise LockedOut(str(error)) from error
                time.sleep(BUSY_PAUSE_S)
            else:
                return

    def data_version(self) -> int:
        """A number that changes when another connection has committed; exact inside a transaction."""
        try:
            return int(self._driver.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise self._meaning(error) from error

    def forget_deleted(self) -> None:
        """Copies the log, which holds old pages, into the file and empties it, unless another connection reads it."""
        with self._checkpoints.lock if self._checkpoints else nullcontext(), suppress(sqlite3.DatabaseError):
            self._driver.execute(f"PRAGMA busy_timeout={FORGET_MS}")
            try:
                self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._driver.execute("PRAGMA busy_timeout=0")

    def begin_read(self) -> None:
        """Begins a transaction whose reads all see the same moment. Raises DatabaseDown."""
        self._files.check_file()
        with translated(self._meaning):
            self._driver.execute("BEGIN")

    def commit(self) -> None:
        """Makes the transaction durable: in the file that the URL names, not in one that was removed meanwhile.

        Raises:
            DatabaseDown: it may not be durable.
        """
        with translated(self._meaning):
            self._driver.execute("COMMIT")
        self._files.check_committed()
        if self._checkpoints:
            self._checkpoints.committed(self._driver, *self._files.log_length())

    def rollback(self) -> None:
        """Gives the transaction up, if one is open. One that cannot be given up is so when the next begins."""
        if self._driver.in_transaction:
            with suppress(sqlite3.DatabaseError):
                self._driver.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the connection."""
        if self._checkpoints:
            self._checkpoints.close()
        self._driver.close()
