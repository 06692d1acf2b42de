"""Pages of sessions: filters, orders and keyset conditions, as Core expressions built per query shape.

A page is found by where the last one ended, never by counting rows from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_

from exam_sessions.domain.records import Session
from exam_sessions.store.schema import sessions
from exam_sessions.store.sessions import PUBLISHED

if TYPE_CHECKING:
    from sqlalchemy import Column

    from exam_sessions.store.engine import Db, Statement, Store

STATEMENTS_KEPT = 256
"""Compiled statements kept; more shapes than this are compiled again."""


class Criteria(NamedTuple):
    """Which sessions: those that match every criterion that is not empty. Times are half-open, 0 is open."""

    release_ids: tuple[str, ...] = ()
    states: tuple[int, ...] = ()
    candidate_ids: tuple[str, ...] = ()
    school_id: str = ""
    district_id: str = ""
    centre_id: str = ""
    created_from: int = 0
    created_until: int = 0
    updated_from: int = 0
    updated_until: int = 0
    session_ids: tuple[str, ...] = ()


ORDERS = ("create_time", "create_time desc", "id")

ID_SCAN = "id scan"
"""By id, reading all sessions of the workspace: cheaper for many pages than to sort all that match for each."""


class Place(NamedTuple):
    """Where a page ended: the last row's place in its order."""

    create_time: int
    id: str


c = sessions.c
PARTS: dict[str, ColumnElement[bool]] = {
    "school_id": c.school_id == bindparam("school_id"),
    "district_id": c.district_id == bindparam("district_id"),
    "centre_id": c.centre_id == bindparam("centre_id"),
    "created_from": c.create_time >= bindparam("created_from"),
    "created_until": c.create_time < bindparam("created_until"),
    "updated_from": c.update_time >= bindparam("updated_from"),
    "updated_until": c.update_time < bindparam("updated_until"),
}


class SessionPages:
    """Builds, compiles and keeps one statement per shape of query."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts = PARTS | {
            "release_ids": store.among(c.release_id, "release_ids"),
            "session_ids": store.among(c.id, "session_ids"),
            "candidate_ids": store.among(c.candidate_id, "candidate_ids"),
        }
        self._kept: dict[object, Statement] = {}

    def page(
        self, db: Db, workspace: str, criteria: Criteria, order: str, after: Place | None, most: int
    ) -> list[Session]:
        """Up to `most` sessions in an order, after a place."""
        values = self._values(db, workspace, criteria) | {"most": most}
        if after:
            values |= {"after_time": after.create_time, "after_id": after.id}
        statement = self._statement(criteria, order, after is not None)
        return [Session._make(row) for row in db.rows(statement, values)]

    def count(self, db: Db, workspace: str, criteria: Criteria) -> int:
        """How many sessions match."""
        values = self._values(db, workspace, criteria)
        return int(db.rows(self._statement(criteria, "count", after=False), values)[0][0])

    @staticmethod
    def _values(db: Db, workspace: str, criteria: Criteria) -> dict[str, object]:
        values: dict[str, object] = {"workspace": workspace}
        for name, value in criteria._asdict().items():
            if name == "states":
                values |= {f"state_{n}": state for n, state in enumerate(value)}
            elif name in {"release_ids", "candidate_ids"} and len(value) == 1:
                values[name] = value[0]
            elif value:
                values[name] = db.listed(value) if isinstance(value, tuple) else value
        return values

    def _statement(self, criteria: Criteria, order: str, after: bool) -> Statement:
        shape = (order, after, *(min(len(v), 2) if isinstance(v, tuple) else bool(v) for v in criteria))
        key = (*shape, len(criteria.states))
        if key not in self._kept:
            if len(self._kept) >= STATEMENTS_KEPT:
                self._kept.clear()
            self._kept[key] = self._store.statement(self._build(criteria, order, after=after))
        return self._kept[key]

    def _build(self, criteria: Criteria, order: str, *, after: bool) -> Select[Any]:
        where = [c.workspace_id == bindparam("workspace"), PUBLISHED]
        for name, value in criteria._asdict().items():
            if name == "states" and value:
                where.append(c.state.in_([bindparam(f"state_{n}") for n in range(len(value))]))
            elif name in {"release_ids", "candidate_ids"} and len(value) == 1:
                column = c[name.removesuffix("s")]
                # Of an expression there is no index that would be taken.
                where.append((column + "" if order == ID_SCAN else column) == bindparam(name))
            elif value:
                where.append(self._parts[name])
        if order == "count":
            return select(func.count()).select_from(sessions).where(*where)
        keys: list[Column[Any]]
        here: ColumnElement[bool]
        if order in {"id", ID_SCAN}:
            keys, here = [c.id], c.id > bindparam("after_id")
        else:
            keys = [c.create_time, c.id]
            place = tuple_(bindparam("after_time"), bindparam("after_id"))
            here = tuple_(*keys) < place if order.endswith("desc") else tuple_(*keys) > place
        if after:
            where.append(here)
        ordered = [key.desc() for key in keys] if order.endswith("desc") else list(keys)
        return select(sessions).where(*where).order_by(*ordered).limit(bindparam("most"))
