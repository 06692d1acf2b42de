"""Bringing every stored candidate id to the newest generation of keys, while no server is at work on the database.

A value says its generation, so what was done is seen, and a run that was broken off goes on where it was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal_column, select, tuple_

from exam_sessions.domain.stored_records import EventRow
from exam_sessions.store.operations import OperationRows
from exam_sessions.store.personal_data import PersonalDataRows
from exam_sessions.store.requests import RequestRow
from exam_sessions.store.schema import events, operations, requests, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import BindParameter

    from exam_sessions.store.engine import Db, Store

AT_ONCE = 1_000
"""Rows of one transaction."""

NAMING = ("candidate_id", "open_candidate")
"""Columns of a session, and keys of the history, that hold a candidate id."""


class OperationsUnderWay(Exception):  # noqa: N818 - a condition the command line explains
    """Operations that have not ended hold candidate ids in their requests."""


class CandidateRekey:
    """The statements, compiled for one database. `hashed` gives what is to be stored of a stored value."""

    def __init__(self, store: Store, hashed: Callable[[str], str]) -> None:
        self._store, self._hashed = store, hashed
        self._personal, self._operations = PersonalDataRows(store), OperationRows(store)
        c, e, r, o = sessions.c, events.c, requests.c, operations.c
        cursor: tuple[BindParameter[Any], ...] = (bindparam("workspace"), bindparam("after"))
        columns = (c.workspace_id, c.id, c.candidate_id, c.open_candidate)
        later = tuple_(c.workspace_id, c.id) > tuple_(*cursor)
        self._sessions = store.statement(
            select(*columns).where(later).order_by(c.workspace_id, c.id).limit(bindparam("most"))
        )
        self._update_sessions = store.update_many(sessions, NAMING)
        later = tuple_(e.workspace_id, e.sequence) > tuple_(*cursor)
        naming = store.contains(e.changes, "first") | store.contains(e.changes, "second")
        self._events = store.statement(
            select(events).where(later, naming).order_by(e.workspace_id, e.sequence).limit(bindparam("most"))
        )
        later = tuple_(r.workspace_id, r.request_id) > tuple_(*cursor)
        batch = store.contains(r.result, "first")
        self._requests = store.statement(
            select(requests).where(later, batch).order_by(r.workspace_id, r.request_id).limit(bindparam("most"))
        )
        self._under_way = store.statement(select(o.workspace_id, o.id).where(o.end_time == literal_column("0")))
        self._ended = store.statement(select(o.workspace_id, o.id).where(o.end_time > literal_column("0")))

    def run(self) -> Iterator[tuple[str, int]]:
        """Does it, and says after each transaction of which kind so many rows were looked at by then.

        Raises:
            OperationsUnderWay: some have not ended; nothing is written.
        """
        with self._store.writer() as db:
            self._check_operations(db)
            yield from self._walk(db, "sessions", "", self._some_sessions)
            yield from self._walk(db, "events", 0, self._some_events)
            yield from self._walk(db, "requests", "", self._some_requests)
            ended = [(row[0], row[1]) for row in db.query(self._ended)]
            db.begin()
            for workspace, operation_id in ended:
                self._operations.delete(db, workspace, operation_id)
            db.commit()
            yield "operations", len(ended)
            db.forget_deleted()

    def _check_operations(self, db: Db) -> None:
        under_way = db.query(self._under_way)
        if under_way:
            names = ", ".join(f"workspaces/{workspace}/operations/{i}" for workspace, i in under_way[:10])
            raise OperationsUnderWay(names)

    def _walk(
        self, db: Db, kind: str, first: str | int, some: Callable[[Db, dict[str, Any]], tuple[int, Any]]
    ) -> Iterator[tuple[str, int]]:
        seen, values = 0, {"workspace": "", "after": first, "most": AT_ONCE}
        while True:
            db.begin()
            try:
                count, last = some(db, values)
                db.commit()
            except BaseException:
                db.rollback()
                raise
            seen += count
            yield kind, seen
            if count < AT_ONCE:
                return
            values |= {"workspace": last[0], "after": last[1]}

    def _some_sessions(self, db: Db, values: dict[str, Any]) -> tuple[int, Any]:
        rows = db.query(self._sessions, values)
        became = []
        for workspace, session_id, candidate, opened in rows:
            known = {
                "workspace_id": workspace,
                "id": session_id,
                "candidate_id": self._hashed(candidate),
                "open_candidate": None if opened is None else self._hashed(opened),
            }
            if known["candidate_id"] != candidate or known["open_candidate"] != opened:
                became.append([known[name] for name in self._update_sessions.names])
        if became:
            db.execute_many(self._update_sessions, became)
        return len(rows), rows[-1] if rows else None

    def _some_events(self, db: Db, values: dict[str, Any]) -> tuple[int, Any]:
        named = dict(zip(("first", "second"), (f'"{name}"' for name in NAMING), strict=True))
        rows = [EventRow._make(row) for row in db.query(self._events, values | named)]
        became = [row._replace(changes=self._changes(row.changes)) for row in rows]
        changed = [new for old, new in zip(rows, became, strict=True) if new != old]
        if changed:
            self._personal.rewrite_events(db, changed)
        return len(rows), (rows[-1].workspace_id, rows[-1].sequence) if rows else None

    def _changes(self, text: str) -> str:
        try:
            changes = json.loads(text)
            became = {
                name: [self._value(value) for value in pair] if name in NAMING else pair
                for name, pair in changes.items()
            }
        except (ValueError, TypeError, AttributeError):
            return ""  # damaged: it may hold anything
        return text if became == changes else json.dumps(became, separators=(",", ":"), ensure_ascii=False)

    def _value(self, value: Any) -> Any:
        return self._hashed(value) if isinstance(value, str) else value

    def _some_requests(self, db: Db, values: dict[str, Any]) -> tuple[int, Any]:
        rows = [RequestRow._make(row) for row in db.query(self._requests, values | {"first": "[["})]
        became = [row._replace(result=self._receipts(row.result)) for row in rows]
        changed = [new for old, new in zip(rows, became, strict=True) if new != old]
        if changed:
            self._personal.rewrite_requests(db, changed)
        return len(rows), (rows[-1].workspace_id, rows[-1].request_id) if rows else None

    def _receipts(self, result: str) -> str:
        """Rows of a batch of bookings, whose last value is the candidate id (BookingReceipt)."""
        rows = json.loads(result)
        return json.dumps([[*row[:-1], self._hashed(row[-1])] for row in rows], separators=(",", ":"))
