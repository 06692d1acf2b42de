"""What every database has in common: connections, and what their failures mean.

The databases themselves are sqlite.py and postgres.py; databases.py picks one by its URL. A `Db` is one driver
connection used by one thread at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

from exam_sessions.store.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy import ColumnElement, Engine, Select, SelectBase, Table
    from sqlalchemy.sql import ClauseElement

    from exam_sessions.store.availability import Availability
    from exam_sessions.store.statement import Ask, Parameters


PRODUCTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
"""Names of the products, by SQLAlchemy's names of their dialects."""


class Db(ABC):
    """One connection, one thread at a time."""

    is_in_process: bool
    """Whether statements are answered from memory in microseconds, or the thread has to wait for a server."""

    availability: Availability
    """What is known of the database; the same for all connections of a store."""

    @abstractmethod
    def query(self, statement: Statement, values: Parameters = ()) -> list[Any]:
        """Runs a statement and returns its rows, as the driver gives them."""

    @abstractmethod
    def stream(self, statement: Statement, at_once: int = 2_000) -> Iterator[list[Any]]:
        """Runs a statement without values inside a transaction, and returns its rows some at a time.

        Several streams of a connection may be read in turns.
        """

    @abstractmethod
    def execute(self, statement: Statement, values: Parameters = ()) -> int:
        """Runs a statement once; the number of rows it touched."""

    @abstractmethod
    def query_many(self, asks: Sequence[Ask]) -> list[list[Any]]:
        """Runs several statements in one round trip and returns the rows of each."""

    @abstractmethod
    def execute_many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement of `Store.insert_many` or `Store.update_many` on rows.

        Raises:
            LostRace: a row to be updated is gone, or is not what it was; on PostgreSQL perhaps only with the commit.
        """

    @abstractmethod
    def array_param(self, values: Iterable[str]) -> Any:
        """Returns values as the parameter of a `Store.in_array` condition."""

    @abstractmethod
    def begin(self, *, wait: bool = True) -> None:
        """Begins a transaction that will write; may wait for another process to end its own.

        Raises:
            DatabaseDown: the database does not answer, or is another's for too long.
        """

    @abstractmethod
    def begin_read(self) -> None:
        """Begins a transaction whose reads all see the same moment."""

    @abstractmethod
    def commit(self) -> None:
        """Makes the transaction durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Gives the transaction up, if one is open."""

    def end_read(self) -> None:
        """Ends a transaction that has written nothing, whether it failed or not."""
        self.rollback()

    def forget_deleted(self) -> None:  # noqa: B027 - most databases leave that to their own upkeep
        """Removes from the files what was overwritten or deleted, as far as other connections allow it."""

    @abstractmethod
    def data_version(self) -> int | None:
        """A number that changes when another connection has committed, exact inside a transaction; None: unknown."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connection."""

    def __enter__(self) -> Self:
        """Gives the connection for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Closes the connection."""
        self.close()


class Store(ABC):
    """A database by its URL."""

    engine: Engine
    """For plain Core and Alembic; the queues own their driver connections."""

    availability: Availability
    """What is known of the database."""

    compiled: Any = None
    """Its repositories, once they are asked for (repositories.py)."""

    silence_s = 2.0
    """Seconds after which a database that has not answered counts as silent."""

    @abstractmethod
    def writer(self) -> Db:
        """A connection that may write. Nothing it commits is acknowledged before it is durable."""

    @abstractmethod
    def reader(self) -> Db:
        """A connection that cannot write."""

    def exists(self) -> bool:
        """Whether there is such a database; True where only connecting would show it."""
        return True

    def version(self) -> str:
        """The product and its version, such as `PostgreSQL 18.1`; once anything has connected."""
        found = ".".join(map(str, self.engine.dialect.server_version_info or ()))
        return f"{PRODUCTS[self.engine.dialect.name]} {found}".strip()

    def is_served(self) -> bool:
        """Whether another server is at work on the database; False where it cannot be found out."""
        return False

    def check_after_unclean_stop(self, seconds: float) -> None:  # noqa: B027 - a database server does it by itself
        """Reads a file that no server has open, and that its last server did not close, before it is used.

        Args:
            seconds: how long that may take; 0 does without.

        Raises:
            DatabaseDamaged: it cannot be read.
        """

    def verify(self) -> None:  # noqa: B027 - a database behind a connection cannot be exchanged
        """Makes sure that what was opened is still what the URL names. Raises DatabaseDown."""

    @abstractmethod
    def translated(self) -> AbstractContextManager[None]:
        """Has what the driver raises meanwhile raised as what it means here: DatabaseDown and its like."""

    def migrating(self) -> AbstractContextManager[None]:
        """Lets one server migrate at a time. PostgreSQL's lock is the migration's own (migrations/env.py)."""
        return nullcontext()

    @abstractmethod
    def check(self) -> None:
        """Finds out whether the database can be read and written, on a connection of its own; one thread at a time.

        Raises:
            Unreachable: it does not answer.
            DatabaseDown: it cannot be read, or not be written.
        """

    @abstractmethod
    def damaged_pages(self) -> Iterator[str]:
        """Reads all that is stored, and says what of it cannot be read or contradicts an index. May take long."""

    @abstractmethod
    def register_liveness(self) -> str:
        """This server's id, by which others of the same database find out whether it runs (`is_alive`)."""

    @abstractmethod
    def is_alive(self, server: str) -> bool:
        """Whether the server of that id still runs."""

    links_events: bool
    """Whether a session's events lead from one to the next instead of being in an index (session_history.py).

    For that the sequence numbers of a transaction's events must be known from the beginning: no other may write.
    """

    binds_every_value = False
    """Whether each value of each row that is inserted is handed over by itself, so that it pays to leave some out."""

    notifies: bool
    """Whether the servers of a database can notify each other."""

    @abstractmethod
    def notify(self, workspaces: Iterable[str]) -> None:
        """Notifies every server of the database of changes in these workspaces."""

    @abstractmethod
    def subscribe(self, on_change: Callable[[str], None]) -> Callable[[], None]:
        """Calls `on_change`, on a thread, with each workspace that is notified, until the result is called.

        Notifications may be lost, as when the connection is.
        """

    @abstractmethod
    def analyze(self) -> None:
        """Updates the database's statistics, so that its plans fit its rows. May take a second."""

    def install_planner_stats(self) -> None:  # noqa: B027 - most databases need none
        """What the database is to take for granted of its rows, once it has its tables. PostgreSQL counts them."""

    @abstractmethod
    def in_array(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Whether the column holds one of the values of the parameter `name`, made by `Db.array_param`.

        Any number of them is one parameter, so that a statement is compiled once.
        """

    def reservation(self, name: str) -> Statement | None:  # noqa: ARG002 - PostgreSQL needs it
        """Locks a text, bound by this name, until the transaction ends; None where one writes at a time anyway."""
        return None

    @abstractmethod
    def holds(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """Whether a text in lower case holds the text a parameter gives, which is in lower case."""

    @abstractmethod
    def contains(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """Whether a text holds the text a parameter gives, byte for byte."""

    @abstractmethod
    def octets(self, column: ColumnElement[str]) -> ColumnElement[int]:
        """How many bytes of UTF-8 a text has."""

    @abstractmethod
    def numbered(self, name: str) -> tuple[ColumnElement[str], ColumnElement[int]]:
        """The values of the parameter `name`, made by `Db.array_param`, as rows: each value and its number from 1."""

    def in_subquery(self, column: ColumnElement[str], found: SelectBase) -> ColumnElement[bool]:
        """Whether the column holds one of the values that a SELECT of one column finds."""
        return column.in_(found)

    @abstractmethod
    def upsert(self, table: Table) -> Any:
        """Returns the dialect's INSERT, which takes `on_conflict_do_update`."""

    @abstractmethod
    def insert_many(self, table: Table) -> Statement:
        """A statement that adds rows, their values in the order of the columns."""

    def insert_numbered(self, table: Table, count: Statement) -> Statement | None:  # noqa: ARG002 - as said
        """As `insert_many`, for rows that count their sequence from 1: `count` reserves them in the same statement.

        None where reserving numbers costs nothing.
        """
        return None

    @abstractmethod
    def update_many(self, table: Table, names: Sequence[str], expected: Sequence[str] = ()) -> Statement:
        """Returns a statement that updates rows found by their primary key.

        Args:
            table: the table.
            names: columns to write.
            expected: columns that must still hold what they held when they were read, or the transaction fails.

        Returns:
            A statement. Its `names` are the columns written, those of the key, and those expected, in the order in
            which it takes their values.
        """

    def for_update(self, rows: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
        """Locks the rows of a SELECT FOR UPDATE, in the order of `key`, so that transactions cannot deadlock."""
        return rows.order_by(key).with_for_update()

    def for_share(self, rows: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
        """Locks the rows of a SELECT FOR SHARE, in the order of `key`."""
        return rows.order_by(key).with_for_update(read=True)

    def statement(self, statement: ClauseElement) -> Statement:
        """A Core statement, compiled for this database."""
        return Statement(statement, self.engine)

    @abstractmethod
    def close(self) -> None:
        """Lets go of the engine, and is not present any more."""
