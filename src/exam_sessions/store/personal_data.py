"""Statements that find and remove personal data beside sessions: in events, operations, outcomes, recorded requests.

Each looks at so many rows after a cursor, in the order of their keys, so that a step takes no longer than another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, literal, select

from exam_sessions.domain.actor import SEPARATOR
from exam_sessions.store.operation_tables import operations, outcomes
from exam_sessions.store.requests import RequestRow
from exam_sessions.store.schema import events, requests, sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter

    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.store.engine import Db, Store

REWRITTEN = ("actor", "message", "changes")
"""Columns of an event that an erasure may write."""


class StoredOperation(NamedTuple):
    """An operation, as far as it may hold personal data."""

    id: str
    kind: int
    actor: str
    message: str
    summary: str
    end_time: int


class StoredRefusal(NamedTuple):
    """The refusal of one row of an operation."""

    position: int
    refusal: bytes


class PersonalDataRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        e, o, r, c = events.c, operations.c, requests.c, sessions.c
        here: BindParameter[str] = bindparam("workspace")
        acted = (e.actor == bindparam("candidate")) | store.contains(e.actor, "acted_for")
        named = store.contains(e.changes, "needle") | acted
        window = (e.workspace_id == here) & (e.sequence > bindparam("after")) & (e.sequence <= bindparam("until"))
        self._sessions_of_events = store.statement(select(e.session_id).where(window, named).distinct())
        self._of_candidate = store.statement(
            select(c.id).where(c.workspace_id == here, c.candidate_id == bindparam("candidate"))
        )
        self._rewrite_events = store.update_many(events, REWRITTEN)
        columns = [o[name] for name in StoredOperation._fields]
        of_workspace = select(*columns).where(o.workspace_id == here, o.id > bindparam("after"))
        self._operations = store.statement(of_workspace.order_by(o.id).limit(bindparam("most")))
        self._under_way = store.statement(
            select(*columns).where(o.workspace_id == here, o.end_time == literal(0)).order_by(o.id)
        )
        self._rewrite_operations = store.update_many(operations, ("actor", "message", "summary", "payload"))
        self._keep_payload = store.update_many(operations, ("actor", "message", "summary"))
        u = outcomes.c
        refused = func.length(u.refusal) > literal(0)
        mine = (u.workspace_id == here) & (u.operation_id == bindparam("operation"))
        self._refusals = store.statement(select(u.position, u.refusal).where(mine, refused).order_by(u.position))
        self._rewrite_outcomes = store.update_many(outcomes, ("refusal",))
        later = (r.workspace_id == here) & (r.request_id > bindparam("after"))
        self._requests = store.statement(
            select(requests)
            .where(later, store.contains(r.result, "needle"))
            .order_by(r.request_id)
            .limit(bindparam("most"))
        )
        self._rewrite_requests = store.update_many(requests, ("result",))

    def session_ids(self, db: Db, workspace: str, candidate: str) -> list[str]:
        """Returns the ids of the candidate's sessions, those of staged imports too."""
        return sorted(
            row[0] for row in db.query(self._of_candidate, {"workspace": workspace, "candidate": candidate})
        )

    def sessions_of_events(self, db: Db, workspace: str, candidate: str, after: int, until: int) -> list[str]:
        """Returns the ids of sessions of which an event between two sequences names the candidate."""
        values = {"workspace": workspace, "candidate": candidate, "after": after, "until": until}
        needle = {"needle": json.dumps(candidate, ensure_ascii=False), "acted_for": f"{SEPARATOR}{candidate}"}
        return sorted(row[0] for row in db.query(self._sessions_of_events, values | needle))

    def rewrite_events(self, db: Db, rows: Sequence[EventRow]) -> None:
        """Writes events whose values were removed."""
        db.execute_many(
            self._rewrite_events, [[getattr(row, name) for name in self._rewrite_events.names] for row in rows]
        )

    def operations(self, db: Db, workspace: str, after: str, most: int) -> list[StoredOperation]:
        """Returns the next operations in the order of their ids."""
        values = {"workspace": workspace, "after": after, "most": most}
        return [StoredOperation._make(row) for row in db.query(self._operations, values)]

    def under_way(self, db: Db, workspace: str) -> list[StoredOperation]:
        """Returns the operations that have not ended."""
        return [StoredOperation._make(row) for row in db.query(self._under_way, {"workspace": workspace})]

    def rewrite_operation(self, db: Db, workspace: str, row: StoredOperation, *, payload: bool) -> None:
        """Writes an operation whose values were removed; without its request too, unless `payload` is to be kept."""
        statement = self._keep_payload if payload else self._rewrite_operations
        known = {"workspace_id": workspace, "payload": b"", **row._asdict()}
        db.execute_many(statement, [[known[name] for name in statement.names]])

    def refusals(self, db: Db, workspace: str, operation: str) -> list[StoredRefusal]:
        """Returns the refusals of an operation's rows."""
        found = db.query(self._refusals, {"workspace": workspace, "operation": operation})
        return [StoredRefusal(position, bytes(refusal)) for position, refusal in found]

    def rewrite_refusals(self, db: Db, workspace: str, operation: str, rows: Sequence[StoredRefusal]) -> None:
        """Writes refusals whose values were removed."""
        known = [
            {"workspace_id": workspace, "operation_id": operation, "position": row.position, "refusal": row.refusal}
            for row in rows
        ]
        names = self._rewrite_outcomes.names
        db.execute_many(self._rewrite_outcomes, [[values[name] for name in names] for values in known])

    def requests(self, db: Db, workspace: str, candidate: str, after: str, most: int) -> list[RequestRow]:
        """Returns the next recorded requests whose answer names the candidate."""
        values = {"workspace": workspace, "after": after, "most": most}
        needle = {"needle": json.dumps(candidate)}
        return [RequestRow._make(row) for row in db.query(self._requests, values | needle)]

    def rewrite_requests(self, db: Db, rows: Sequence[RequestRow]) -> None:
        """Writes what repeated requests are answered from."""
        names = self._rewrite_requests.names
        db.execute_many(self._rewrite_requests, [[getattr(row, name) for name in names] for row in rows])
