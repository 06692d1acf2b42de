"""Whether a database is this service's: before its first migration nobody else's, after the last one complete."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from exam_sessions.store.engine import Store

NAMED = 5
"""Tables and columns a message names."""

OF_MIGRATIONS = "alembic_version"

COLUMNS = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    "postgresql": (
        "SELECT t.relname, c.attname FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid"
        " WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')"
        " AND c.attnum > 0 AND NOT c.attisdropped"
    ),
}
"""The columns of every table, by dialect. SQLAlchemy's inspector reads what is not asked for too: on SQLite with a
statement for each table, which took 5 ms of each start."""


class NotOurs(Exception):  # noqa: N818 - a condition the command line explains
    """The tables are another program's, or not all there. The text says which."""


class UnknownRevision(Exception):  # noqa: N818 - as above
    """The schema is of a revision that this version does not have."""


class OlderRevision(Exception):  # noqa: N818 - as above
    """The schema is of a revision before this version's."""


@contextmanager
def connected(store: Store) -> Iterator[Connection]:
    """A connection of the engine for the length of a block. Raises DatabaseDown for what the database says."""
    try:
        with store.engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        with store.translated():
            raise error.orig or error from error


def check_before(store: Store) -> str | None:
    """The revision of a database; None of one without, once it has been found to have no tables in the way.

    Raises:
        NotOurs: it has. On SQLite any table is one too many: the file is another program's.
    """
    with connected(store) as connection:
        # In this order: a server that migrates at the same time commits both at once.
        tables = set(inspect(connection).get_table_names()) - {OF_MIGRATIONS}
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision or not tables:
            return revision
        foreign = tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)
    if foreign:
        raise NotOurs(f"it holds tables that this service did not make: {_some(foreign)}")
    return None


def tables_of(store: Store) -> dict[str, int]:
    """The tables in a database that would be in the way of this service's, and how many rows each has."""
    with connected(store) as connection:
        tables = set(inspect(connection).get_table_names())
        if connection.dialect.name != "sqlite":
            tables &= {*metadata.tables, OF_MIGRATIONS}
        count = select(func.count())
        return {name: connection.scalar(count.select_from(Table(name, MetaData()))) or 0 for name in sorted(tables)}


def check_after(store: Store) -> str | None:
    """The revision of a database, once it has been found to have every table and column of the newest.

    Raises:
        NotOurs: it does not.
    """
    with connected(store) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        found: dict[str, set[str]] = {}
        for table, column in connection.execute(text(COLUMNS[connection.dialect.name])):
            found.setdefault(table, set()).add(column)
    missing = [name for name in metadata.tables if name not in found]
    if missing:
        raise NotOurs(f"it lacks tables that its revision has: {_some(missing)}")
    missing = [
        f"{name}.{column.name}"
        for name, table in metadata.tables.items()
        for column in table.columns
        if column.name not in found[name]
    ]
    if missing:
        raise NotOurs(f"it lacks columns that its revision has: {_some(missing)}")
    return revision


def check_is_newest(store: Store) -> None:
    """Makes sure that a database has the newest revision's schema.

    Raises:
        NotOurs: it has no schema of this service's.
        UnknownRevision, OlderRevision: its revision is another.
    """
    revision, newest = check_before(store), newest_revision()
    if revision is None:
        raise NotOurs("it is empty")
    if revision not in revisions():
        raise UnknownRevision(f"it is of revision {revision}, and this version's is {newest}")
    if revision != newest:
        raise OlderRevision(f"it is of revision {revision}, and this version's is {newest}")


def revisions() -> list[str]:
    """The revisions that this version has, the oldest first."""
    found = ScriptDirectory(str(Path(__file__).parent)).walk_revisions()
    return [script.revision for script in found][::-1]


@cache
def newest_revision() -> str:
    """The revision that this version migrates to."""
    head = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    assert head is not None
    return head


def _some(names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more
