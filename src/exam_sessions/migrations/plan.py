"""What a migration of a database would do, found out without touching it.

A revision declares the tables whose rows it writes (`rewrites`) and those of which it builds an index (`indexes`):
both take time by their rows. Everything else, such as a column with a default, takes none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alembic.script import ScriptDirectory
from sqlalchemy import column, func, inspect, select, table

from exam_sessions.migrations.ownership import UnknownRevision, check_before, connected, newest_revision, revisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.script import Script
    from sqlalchemy import Connection

    from exam_sessions.store.engine import Store


class Step(NamedTuple):
    """One revision that a database does not have yet."""

    revision: str
    summary: str
    rewrites: Sequence[str]
    """Tables whose rows it writes."""
    indexes: Sequence[str]
    """Tables of which it builds an index."""
    rows: int
    """About how many rows these tables have now."""


class Plan(NamedTuple):
    """What brings a database to the newest revision."""

    current: str | None
    """Its revision; None when it is empty or not there."""
    newest: str
    steps: Sequence[Step]


def plan(store: Store) -> Plan:
    """The revisions a database lacks, in their order. Neither a file is made nor anything written.

    Raises:
        NotOurs: its tables are another program's.
        UnknownRevision: its schema is of a newer version.
    """
    newest = newest_revision()
    if not store.exists():
        return Plan(None, newest, [_step(script, {}) for script in _after(None)])
    current = check_before(store)
    if current is not None and current not in revisions():
        raise UnknownRevision(f"it is of revision {current}, and this version's is {newest}")
    scripts = _after(current)
    with connected(store) as connection:
        rows = _rows(connection, {name for script in scripts for name in (*_rewrites(script), *_indexes(script))})
    return Plan(current, newest, [_step(script, rows) for script in scripts])


def _after(current: str | None) -> list[Script]:
    found = [*ScriptDirectory(str(Path(__file__).parent)).walk_revisions()][::-1]
    known = [script.revision for script in found]
    return found[known.index(current) + 1 if current else 0 :]


def _rewrites(script: Script) -> Sequence[str]:
    return getattr(script.module, "rewrites", ())


def _indexes(script: Script) -> Sequence[str]:
    return getattr(script.module, "indexes", ())


def _step(script: Script, rows: dict[str, int]) -> Step:
    rewrites, indexes = _rewrites(script), _indexes(script)
    count = sum(rows.get(name, 0) for name in {*rewrites, *indexes})
    return Step(script.revision, script.doc.splitlines()[0], rewrites, indexes, count)


def _rows(connection: Connection, names: set[str]) -> dict[str, int]:
    """About how many rows tables have; those that are not there are left out."""
    there = names & set(inspect(connection).get_table_names())
    if connection.dialect.name == "postgresql":
        relations = table("pg_class", column("relname"), column("reltuples"))
        query = select(relations.c.relname, relations.c.reltuples).where(relations.c.relname.in_(there))
        estimates = {name: int(number) for name, number in connection.execute(query) if number >= 0}
    else:
        estimates = {}
    for name in there - estimates.keys():
        estimates[name] = connection.scalar(select(func.count()).select_from(table(name))) or 0
    return estimates
