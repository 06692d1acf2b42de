"""Statements on what a database holds altogether, for metrics. They only count: nothing personal is read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Integer, bindparam, func, literal_column, select

from exam_sessions.domain.sequences import count_after
from exam_sessions.store.events import EventRows
from exam_sessions.store.operation_tables import operations
from exam_sessions.store.schema import consumers, sessions, workspaces
from exam_sessions.store.sessions import AT_ONCE

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from exam_sessions.store.engine import Db, Store

CONSUMERS_AT_MOST = 100
"""Consumers of events that are looked at: those that are furthest behind."""


class SessionCount(NamedTuple):
    """How many sessions of a workspace are in a state. The state is a number, unless the row is damaged."""

    workspace: str
    state: int
    number: int


class Overdue(NamedTuple):
    """Sessions whose deadline or window has come, and that no sweep has moved yet."""

    number: int
    oldest: int
    """When the oldest became due, in microseconds since 1970; 0 without any whose time is known."""


class OperationCount(NamedTuple):
    """Operations of one status: how many, and when the oldest of them was accepted, in microseconds since 1970."""

    status: int
    number: int
    oldest: int


class ConsumerLag(NamedTuple):
    """How many events a consumer has not acknowledged."""

    workspace: str
    name: str
    behind: int


class SampleRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        s, w, o, c = sessions.c, workspaces.c, operations.c, consumers.c
        # On SQLite an index holds all that is asked for. Rosters under way are counted, too: to leave them out would
        # take the rows themselves.
        by_state = select(s.workspace_id, s.state, func.count()).group_by(s.workspace_id, s.state)
        self._sessions = store.statement(by_state)
        due = (s.workspace_id == w.workspace_id) & (s.due_time <= bindparam("now"))
        # For each workspace by itself, because the index of due times begins with it.
        counted = select(func.count()).select_from(sessions).where(due).correlate(workspaces)
        oldest = select(func.min(s.due_time)).where(due, s.due_time > literal_column(str(AT_ONCE)))
        each = (
            select(
                counted.scalar_subquery().label("number"), oldest.correlate(workspaces).scalar_subquery().label("due")
            )
            .where(w.close_time == literal_column("0"))
            .subquery()
        )
        self._overdue = store.statement(select(func.sum(each.c.number), func.min(each.c.due)))
        self._operations = store.statement(select(o.status, func.count(), func.min(o.create_time)).group_by(o.status))
        behind: ColumnElement[int] = w.last_sequence - c.sequence
        lags = (
            select(c.workspace_id, c.name, c.sequence, w.last_sequence)
            .join(workspaces, w.workspace_id == c.workspace_id)
            .order_by(behind.desc(), c.workspace_id, c.name)
            .limit(bindparam("most", type_=Integer))
        )
        self._consumers = store.statement(lags)
        self._events = EventRows(store)

    def sessions(self, db: Db) -> list[SessionCount]:
        """How many sessions there are, by workspace and state."""
        return [SessionCount._make(row) for row in db.query(self._sessions)]

    def overdue(self, db: Db, now: int) -> Overdue:
        """What is due at `now`, in microseconds since 1970, in all open workspaces."""
        ((count, oldest),) = db.query(self._overdue, {"now": now})
        return Overdue(int(count or 0), _sound(oldest))

    def operations(self, db: Db) -> list[OperationCount]:
        """How many operations there are, by status."""
        return [
            OperationCount(status, number, _sound(oldest)) for status, number, oldest in db.query(self._operations)
        ]

    def consumers(self, db: Db) -> list[ConsumerLag]:
        """The consumers that are furthest behind, up to CONSUMERS_AT_MOST of them."""
        rows = db.query(self._consumers, {"most": CONSUMERS_AT_MOST})
        return [
            ConsumerLag(
                workspace,
                name,
                count_after(_sound(sequence), _sound(last), partial(self._events.end_before, db, workspace)),
            )
            for workspace, name, sequence, last in rows
        ]


def _sound(value: object) -> int:
    """A number as it is stored; 0 for none, and for the text that SQLite may hold in a damaged row."""
    return value if isinstance(value, int) else 0
