"""PostgreSQL: any number of servers on one database. How its connections are set up, and its own statements.

What one connection does stands in postgres_connection.py.
"""

from __future__ import annotations

import logging
import threading
import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    Text,
    any_,
    bindparam,
    collate,
    column,
    create_engine,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import Grouping

from exam_sessions.store.availability import Availability
from exam_sessions.store.database_errors import Unreachable
from exam_sessions.store.engine import Store
from exam_sessions.store.poolers import refuse_unfit_poolers
from exam_sessions.store.postgres_arrays import CheckedUpdate, SequencedInsert, UnnestStatement
from exam_sessions.store.postgres_check import PostgresCheck
from exam_sessions.store.postgres_connection import PooledDb, PostgresDb, translated
from exam_sessions.store.postgres_driver import LOCK_SHARE, Connector, Limits, milliseconds
from exam_sessions.store.postgres_listener import CHANNEL, Listener
from exam_sessions.store.postgres_pages import damaged_pages
from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import SelectBase
    from sqlalchemy.dialects.postgresql.dml import Insert

    from exam_sessions.store.postgres_driver import Driver
    from exam_sessions.store.statement import Statement

log = logging.getLogger(__name__)

STALE = """
    SELECT relname FROM pg_stat_user_tables
    WHERE schemaname = current_schema() AND n_mod_since_analyze > 2000 + n_live_tup / 5
"""
"""Tables whose statistics are of another time."""


FOLDING = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")
"""Collations that fold the case of all letters, the best first: of ICU, of PostgreSQL 17, of the system."""

COLLATIONS_USABLE = (
    "SELECT collname FROM pg_collation "
    "WHERE collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding())) AND pg_collation_is_visible(oid)"
)


class PostgresStore(Store):
    """A PostgreSQL database by its URL: `postgresql://user:password@host:5432/exam_sessions`.

    `direct` leads to the same database without a pooler, for what needs a session of its own: notifications, the lock
    of a live server, migrations. Where it is given, `conninfo` may lead to a pooler of transactions.
    """

    def __init__(self, conninfo: Mapping[str, str], limits: Limits, direct: Mapping[str, str] | None = None) -> None:
        self.availability = Availability()
        self._limits, self.silence_s = limits, limits.silence_s
        self._connector = Connector(conninfo, limits, self.availability)
        self._is_pooled = direct is not None
        self._direct = self._connector if direct is None else Connector(direct, limits, self.availability)
        # Positional parameters, so that the rows of a table are a statement's values as they are.
        self.engine = create_engine(
            "postgresql+psycopg://",
            creator=self._direct.connect_for_migrations,
            poolclass=NullPool,
            paramstyle="format",
        )
        self._server = ""
        self._folding: str | None = None
        """The collation by which case is folded; empty for the database's, None until the server was asked."""
        self._liveness: Driver | None = None
        self._notifying: Driver | None = None
        self._check = PostgresCheck(self._connector, self.availability)
        self._lock = threading.Lock()

    def writer(self) -> PostgresDb:
        """A connection that may write."""
        return self._opened(read_only=False)

    def reader(self) -> PostgresDb:
        """A connection that cannot write."""
        return self._opened(read_only=True)

    def _opened(self, *, read_only: bool) -> PostgresDb:
        lock_timeout = milliseconds(self._limits.lock_s * LOCK_SHARE)
        db = (
            PooledDb(self._connector.connect_pooled, self.availability, lock_timeout)
            if self._is_pooled
            else PostgresDb(partial(self._connector.connect, read_only=read_only), self.availability, lock_timeout)
        )
        db.connect()
        return db

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Makes sure first that what needs a session of its own has one. Raises UnfitPooler."""
        try:
            refuse_unfit_poolers(self._connector, self._direct)
        except psycopg.Error as error:
            raise Unreachable(str(error)) from error
        yield

    def check(self) -> None:
        """Asks on a connection of its own. Raises Unreachable, DatabaseDown: as Store."""
        self._check.run(self.silence_s)

    def damaged_pages(self) -> Iterator[str]:
        """By amcheck where it is installed; else it is read."""
        with translated(), self._direct.connect_for_migrations() as driver:
            driver.autocommit = True
            yield from damaged_pages(driver)

    def translated(self) -> AbstractContextManager[None]:
        """By SQLSTATE."""
        return translated()

    def register_liveness(self) -> str:
        """This server's id: the database holds a lock under it for as long as the connection is open."""
        with self._lock, translated():
            self._server = self._server or str(uuid.uuid4())
            if self._liveness and not _answers(self._liveness):
                log.warning("the connection that shows that this server is alive was lost; making another")
                self._liveness.close()
                self._liveness = None
            if self._liveness is None:
                self._liveness = self._direct.connect()
                self._liveness.execute("SELECT pg_advisory_lock(%s::bigint)", (_lock_of(self._server),))
            return self._server

    def is_alive(self, server: str) -> bool:
        """Whether the server of that id still runs."""
        with translated(), self._direct.connect() as driver:
            row = driver.execute("SELECT pg_try_advisory_lock(%s::bigint)", (_lock_of(server),)).fetchone()
            return row is not None and not row[0]

    def in_array(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Compares with an array."""
        return column == any_(bindparam(name, type_=ARRAY(Text)))

    def holds(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """By the rules of Unicode where the server has them, else by those of the database's locale."""
        if self._folding is None:
            with translated(), self._direct.connect() as driver:
                found = {row[0] for row in driver.execute(COLLATIONS_USABLE)}
            self._folding = next((name for name in FOLDING if name in found), "")
        text = collate(Grouping(column), self._folding) if self._folding else column
        return func.strpos(func.lower(text), bindparam(name)) > 0

    def reservation(self, name: str) -> Statement:
        """A lock on the text's hash: two that share it wait for each other, and no more."""
        key = func.hashtextextended(bindparam(name, type_=Text), literal_column("0"))
        return self.statement(select(func.pg_advisory_xact_lock(key)))

    def contains(self, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        """By strpos()."""
        return func.strpos(column, bindparam(name)) > 0

    def octets(self, column: ColumnElement[str]) -> ColumnElement[int]:
        """Known without reading what is stored out of line."""
        return func.octet_length(column)

    def numbered(self, name: str) -> tuple[ColumnElement[str], ColumnElement[int]]:
        """By unnest()."""
        values = func.unnest(bindparam(name, type_=ARRAY(Text)))
        rows = values.table_valued(column("value", Text), with_ordinality="number").render_derived()
        return rows.c.value, rows.c.number

    def in_subquery(self, column: ColumnElement[str], found: SelectBase) -> ColumnElement[bool]:
        """Finds first, then compares with an array.

        A join would lose rows that are to be kept from others: one that was changed while it was waited for is
        judged again, and without what it was joined with.
        """
        return column == any_(func.array(found.scalar_subquery()))

    links_events = False
    notifies = True

    def notify(self, workspaces: Iterable[str]) -> None:
        """By NOTIFY, outside the transactions that write: inside, it would make their commits wait for each other.

        A notification does not wait for the disk: a crash may lose it, like any other.
        """
        with self._lock, translated():
            if self._notifying is None or self._notifying.closed:
                self._notifying = self._direct.connect(synchronous_commit="off")
            for workspace in workspaces:
                self._notifying.execute("SELECT pg_notify(%s, %s)", (CHANNEL, workspace))

    def subscribe(self, on_change: Callable[[str], None]) -> Callable[[], None]:
        """By LISTEN."""
        return Listener(partial(self._direct.connect, read_only=True), on_change, self.availability).end

    def analyze(self) -> None:
        """Has tables analysed that grew: a statement planned for an empty table reads a full one from end to end.

        PostgreSQL does so too, but up to a minute later.
        """
        with translated(), self._direct.connect() as driver:
            for (table,) in driver.execute(STALE).fetchall():
                if table in metadata.tables:
                    driver.execute(f"ANALYZE {table}")

    def insert_many(self, table: Table) -> UnnestStatement:
        """One statement for all rows."""
        columns = list(table.c)
        names = ", ".join(column.name for column in columns)
        text = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest(ROWS)"  # noqa: S608 - our schema's names
        return UnnestStatement(text, columns)

    def insert_numbered(self, table: Table, count: Statement) -> UnnestStatement:
        """One statement, so that the rows are sent without waiting for the count."""
        columns = list(table.c)
        names = ", ".join(column.name for column in columns)
        values = ", ".join(
            "counted.last_sequence - %s::bigint + v.sequence" if column.name == "sequence" else f"v.{column.name}"
            for column in columns
        )
        text = (
            f"WITH counted AS ({count.text}) INSERT INTO {table.name} ({names}) "  # noqa: S608 - our schema's names
            f"SELECT {values} FROM counted, unnest(ROWS) AS v({names})"
        )
        return SequencedInsert(text, columns)

    def update_many(self, table: Table, names: Sequence[str], expected: Sequence[str] = ()) -> UnnestStatement:
        """One statement for all rows.

        It is answered for with the commit, which is sent along with it: so it must fail by itself where a row is
        missed. It divides by zero, which nothing else here does.
        """
        key = [column.name for column in table.primary_key]
        columns = [table.c[name] for name in (*names, *key, *expected)]
        values = ", ".join(f"{name} = v.{name}" for name in names)
        here = " AND ".join(
            [f"{table.name}.{name} = v.{name}" for name in key]
            + [f"{table.name}.{name} = v.expected_{name}" for name in expected]
        )
        fields = ", ".join([*names, *key, *(f"expected_{name}" for name in expected)])
        text = (
            f"WITH written AS (UPDATE {table.name} SET {values} FROM unnest(ROWS) AS v({fields}) "  # noqa: S608 - as above
            f"WHERE {here} RETURNING 1) SELECT 1 / (count(*) = %s::bigint)::int FROM written"
        )
        return CheckedUpdate(text, columns)

    def upsert(self, table: Table) -> Insert:
        """PostgreSQL's own INSERT."""
        return insert(table)

    def close(self) -> None:
        """Lets go of the engine, and is not present any more."""
        self.engine.dispose()
        self._check.close()
        for driver in (self._liveness, self._notifying):
            if driver:
                driver.close()


def _answers(driver: Driver) -> bool:
    try:
        driver.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _lock_of(server: str) -> int:
    """The number under which a server holds its lock: the first 63 bits of its id."""
    return uuid.UUID(server).int >> 65
