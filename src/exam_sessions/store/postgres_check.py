"""Finds out whether a PostgreSQL database can be read and written, on a connection of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from exam_sessions.store.database_errors import DatabaseDown, Unreachable
from exam_sessions.store.postgres_driver import milliseconds
from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from exam_sessions.store.availability import Availability
    from exam_sessions.store.postgres_driver import Connector, Driver


class PostgresCheck:
    """The connection of the last check, which the next one uses again."""

    def __init__(self, connector: Connector, availability: Availability) -> None:
        self._connector, self._availability = connector, availability
        self._driver: Driver | None = None

    def run(self, silence_s: float) -> None:
        """Queries on the connection of the last check, and when that is lost on a new one.

        Args:
            silence_s: seconds after which a database that has not answered counts as silent.

        Raises:
            Unreachable: it does not answer.
            DatabaseDown: it cannot be read, or not be written.
        """
        lock_timeout = milliseconds(silence_s / 3)
        if self._driver and not self._driver.closed:
            if _answers(self._driver, lock_timeout):
                return
            self._availability.connections_lost()
        try:
            self._driver = self._connector.connect_bare()
        except psycopg.Error as error:
            raise Unreachable(str(error)) from error
        self._driver.silence_s = silence_s / 2
        if not _answers(self._driver, lock_timeout):
            raise Unreachable(f"no answer within {self._driver.silence_s:g} s")

    def close(self) -> None:
        """Closes the connection."""
        if self._driver:
            self._driver.close()


def _answers(driver: Driver, lock_timeout: str) -> bool:
    """Whether the connection works. Raises DatabaseDown for what the database says."""
    try:
        _take_locks(driver, lock_timeout)
    except psycopg.Error as error:
        if driver.closed:
            return False
        driver.execute("ROLLBACK")
        raise DatabaseDown(str(error)) from error
    return True


def _take_locks(driver: Driver, lock_timeout: str) -> None:
    """Takes the locks that reads and writes take, and gives them back. Raises psycopg.Error.

    If another has locked the tables, that is found before the database would count as silent.
    """
    if driver.execute("SELECT current_setting('transaction_read_only')").fetchone() == ("on",):
        # Another one may be what this has been.
        driver.close()
        raise DatabaseDown("the database server is a standby: it takes no writes")
    tables = ", ".join(metadata.tables)
    driver.execute(f"BEGIN; SET LOCAL lock_timeout = '{lock_timeout}'; LOCK TABLE {tables} IN ACCESS SHARE MODE")
    driver.execute(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")
    driver.execute("ROLLBACK")
