"""What `check` can ask in SQL: each query finds the workspace and the name of what does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, exists, func, literal_column, select

from exam_sessions.domain.invariants import Rule
from exam_sessions.store.schema import (
    consumers,
    events,
    metadata,
    operations,
    outcomes,
    pins,
    releases,
    sessions,
    test_forms,
    workspaces,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select

    Query = tuple[Rule, Select[Any], str]

EMPTY: ColumnElement[str] = literal_column("''")


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column read from its table, not from an index that should be unique and may be damaged."""
    return column.concat(EMPTY)


def _duplicates(table: Table, *names: str) -> Select[Any]:
    """Values that several rows have in columns that must be unique together."""
    columns = [table.c[name] for name in names]
    here = [_unindexed(column) for column in columns]
    last = columns[-1]
    query = select(func.min(columns[0]), func.min(last)).where(last.is_not(None)).group_by(*here)
    return query.having(func.count() > literal_column("1"))


def _without(table: Table, subject: str, other: Table, *pairs: tuple[str, str]) -> Select[Any]:
    """Rows that name a row of another table which is not there."""
    named = [table.c[one] == other.c[of_other] for one, of_other in (("workspace_id", "workspace_id"), *pairs)]
    return select(table.c.workspace_id, table.c[subject]).where(~exists().where(*named))


def _unregistered(table: Table) -> Select[Any]:
    known = exists().where(workspaces.c.workspace_id == table.c.workspace_id)
    return select(table.c.workspace_id, literal_column(f"'{table.name}'")).where(~known).distinct()


def _negative(table: Table, subject: str, *names: str) -> Iterator[Query]:
    """Counters and times below 0."""
    for name in names:
        query = select(table.c.workspace_id, table.c[subject]).where(table.c[name] < literal_column("0"))
        yield Rule.ROWS, query, f"{name} of {table.name} is below 0"


def _queries() -> Iterator[Query]:
    codes = {
        "keycode": ("workspace_id", "keycode"),
        "access code": ("workspace_id", "release_id", "access_code"),
        "candidate": ("workspace_id", "release_id", "candidate_id"),
        "candidate with an open session": ("workspace_id", "open_candidate"),
    }
    for name, columns in codes.items():
        yield Rule.CODES, _duplicates(sessions, *columns), f"several sessions have this {name}"
    of_operation = _without(outcomes, "operation_id", operations, ("operation_id", "id"))
    yield Rule.ORPHANS, of_operation, "an outcome of this operation is stored, and the operation is not"
    of_release = _without(pins, "release_id", releases, ("release_id", "id"))
    yield Rule.ORPHANS, of_release, "a PIN of this release is stored, and the release is not"
    for table in (releases, sessions, events, test_forms, consumers, operations):
        yield Rule.ORPHANS, _unregistered(table), "rows of this table are of a workspace that is not registered"
    c, w = consumers.c, workspaces.c
    ahead = select(c.workspace_id, c.name).join(workspaces, w.workspace_id == c.workspace_id)
    yield Rule.CONSUMERS, ahead.where(c.sequence > w.last_sequence), "it has come further than the events"
    o = operations.c
    wrong = (o.failed > o.done) | (o.done < literal_column("0")) | (o.failed < literal_column("0"))
    yield Rule.OPERATIONS, select(o.workspace_id, o.id).where(wrong), "its counters do not fit each other"
    yield from _negative(releases, "id", "window_start", "window_end", "duration", "max_attempts", "version")
    yield from _negative(metadata.tables["workspaces"], "workspace_id", "last_sequence", "close_time")


QUERIES = tuple(_queries())
