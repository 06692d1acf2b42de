"""Pages of sessions: filters, orders and keyset conditions, as Core expressions built per query shape.

A page is found by where the last one ended, never by counting rows from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, literal_column, select, tuple_

from exam_sessions.domain.clock import LAST_MOMENT
from exam_sessions.domain.records import Session
from exam_sessions.domain.session_filter import ID_SCAN, NO, NOT_SET_ASIDE, SET_ASIDE, YES, PageCursor, SessionFilter
from exam_sessions.domain.states import State
from exam_sessions.domain.statistics import Aggregate
from exam_sessions.store.schema import releases, sessions
from exam_sessions.store.sessions import PUBLISHED

if TYPE_CHECKING:
    from sqlalchemy import Column, FromClause

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.statement import Statement

STATEMENTS_KEPT = 256
"""Compiled statements kept; more shapes than this are compiled again."""


c = sessions.c


def _deadline() -> ColumnElement[int]:
    """When the clock ends the running attempt (`clock.deadline`); 0 when it does not."""
    r = releases.c
    working = case((c.time_limit != 0, c.time_limit), else_=r.duration)
    extra = case((c.extra_percent != 0, working * c.extra_percent // 100), else_=c.extra_time)
    limit = c.start_time + working + extra + c.paused_time
    window_end = case((c.window_end != 0, c.window_end), else_=r.window_end)
    earlier = case((window_end == 0, limit), (limit < window_end, limit), else_=window_end)
    end = case((working <= 0, window_end), else_=earlier)
    by_rule = case((end == 0, 0), (end < c.start_time, c.start_time), else_=end)
    own = case((c.own_deadline < c.start_time, c.start_time), else_=c.own_deadline)
    running = (c.start_time != 0) & (c.pause_start_time == 0) & (c.end_time == 0)
    return case((~running, 0), (c.own_deadline < 0, 0), (c.own_deadline != 0, own), else_=by_rule)


accommodated = (
    (c.time_limit != 0) | (c.extra_time != 0) | (c.extra_percent != 0) | (c.window_start != 0) | (c.window_end != 0)
)
deadline = _deadline()
PARTS: dict[str, ColumnElement[bool]] = {
    "school_id": c.school_id == bindparam("school_id"),
    "district_id": c.district_id == bindparam("district_id"),
    "centre_id": c.centre_id == bindparam("centre_id"),
    "created_from": c.create_time >= bindparam("created_from"),
    "created_until": c.create_time < bindparam("created_until"),
    "updated_from": c.update_time >= bindparam("updated_from"),
    "updated_until": c.update_time < bindparam("updated_until"),
    # The index holds the references that are not empty.
    "external_reference": (c.external_reference == bindparam("external_reference"))
    & (c.external_reference != literal_column("''")),
    "deadline_from": deadline >= bindparam("deadline_from"),
    "deadline_until": (deadline > 0) & (deadline < bindparam("deadline_until")),
    "attempt": c.attempt == bindparam("attempt"),
    "exception": case((c.state == int(State.EXCEPTION), SET_ASIDE), else_=NOT_SET_ASIDE) == bindparam("exception"),
    "accommodated": case((accommodated, YES), else_=NO) == bindparam("accommodated"),
    "late": case((c.late_by != 0, YES), else_=NO) == bindparam("late"),
}


def aggregate_columns(score: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """The columns of an Aggregate, with an expression for the score."""
    counts = (func.count(), func.count(score), func.min(score), func.sum(score), func.max(score))
    return (c.release_id, c.state, *counts)


# On SQLite a damaged column of numbers may hold a text, which is more than any number.
SOUND_SCORE = case((c.score <= literal_column(str(LAST_MOMENT)), c.score))
CODES = {"states": "state", "finish_reasons": "finish_reason"}
"""Criteria of few codes, each with its column; each code is a parameter of its own."""


def _code(column: str, n: int) -> str:
    """The name of the parameter for a code; SQLAlchemy itself calls the constants of a column state_1 and so on."""
    return f"{column}_code_{n}"


CURSORS = "cursors"
"""In the order of booking, of which only the cursors are read."""


class SessionPages:
    """Builds, compiles and keeps one statement per shape of query."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts = PARTS | {
            "release_ids": store.in_array(c.release_id, "release_ids"),
            "centres": store.in_array(c.centre_id, "centres"),
            "schools": store.in_array(c.school_id, "schools"),
            "districts": store.in_array(c.district_id, "districts"),
            "session_ids": store.in_array(c.id, "session_ids"),
            "candidate_ids": store.in_array(c.candidate_id, "candidate_ids"),
            "test_forms": store.in_array(c.test_form, "test_forms"),
        }
        self._kept: dict[object, Statement] = {}

    def page(
        self, db: Db, workspace: str, criteria: SessionFilter, order: str, after: PageCursor | None, most: int
    ) -> list[Session]:
        """Returns up to `most` sessions that match, in an order of SessionOrder, after a cursor; None begins."""
        return [Session._make(row) for row in self._rows(db, workspace, criteria, order, after, most)]

    def cursors(
        self, db: Db, workspace: str, criteria: SessionFilter, after: PageCursor | None, most: int
    ) -> list[PageCursor]:
        """The cursors of the next sessions that match, in the order of their booking."""
        return [PageCursor._make(row) for row in self._rows(db, workspace, criteria, CURSORS, after, most)]

    def _rows(
        self, db: Db, workspace: str, criteria: SessionFilter, order: str, after: PageCursor | None, most: int
    ) -> list[Any]:
        values = self._values(db, workspace, criteria) | {"most": most}
        if after:
            values |= {"after_time": after.create_time, "after_id": after.id}
        return db.query(self._statement(criteria, order, after is not None), values)

    def count(self, db: Db, workspace: str, criteria: SessionFilter) -> int:
        """Returns how many sessions match."""
        values = self._values(db, workspace, criteria)
        return int(db.query(self._statement(criteria, "count", after=False), values)[0][0])

    def aggregates(self, db: Db, workspace: str, criteria: SessionFilter) -> list[Aggregate]:
        """Returns count, scores and sums of the sessions that match, by release and state."""
        rows = db.query(self._statement(criteria, "aggregate", after=False), self._values(db, workspace, criteria))
        return [aggregate._replace(total=int(aggregate.total or 0)) for aggregate in map(Aggregate._make, rows)]

    @staticmethod
    def _values(db: Db, workspace: str, criteria: SessionFilter) -> dict[str, object]:
        values: dict[str, object] = {"workspace": workspace}
        for name, value in criteria._asdict().items():
            if name in CODES:
                values |= {_code(CODES[name], n): code for n, code in enumerate(value)}
            elif name == "name" and value:
                values[name] = value.lower()
            elif name in {"release_ids", "candidate_ids"} and len(value) == 1:
                values[name] = value[0]
            elif value:
                values[name] = db.array_param(value) if isinstance(value, tuple) else value
        return values

    def _statement(self, criteria: SessionFilter, order: str, after: bool) -> Statement:
        shape = (order, after, *(min(len(v), 2) if isinstance(v, tuple) else bool(v) for v in criteria))
        key = (*shape, len(criteria.states), len(criteria.finish_reasons))
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= STATEMENTS_KEPT:
                self._kept.clear()
            kept = self._kept[key] = self._store.statement(self._build(criteria, order, after=after))
        return kept

    def _named(self) -> ColumnElement[bool]:
        """Whether first and last name, or all three, hold a text."""
        blank: ColumnElement[str] = literal_column("' '")
        whole = c.name_first + blank + c.name_middle + blank + c.name_last
        return self._store.holds(c.name_first + blank + c.name_last, "name") | self._store.holds(whole, "name")

    def _where(self, criteria: SessionFilter, order: str) -> list[ColumnElement[bool]]:
        """What the rows must fulfil."""
        where = [c.workspace_id == bindparam("workspace"), PUBLISHED]
        for name, value in criteria._asdict().items():
            if name in CODES and value:
                column = CODES[name]
                where.append(c[column].in_([bindparam(_code(column, n)) for n in range(len(value))]))
            elif name == "name" and value:
                # Made only here: PostgreSQL has to be asked how it folds case.
                where.append(self._named())
            elif name in {"release_ids", "candidate_ids"} and len(value) == 1:
                one = c[name.removesuffix("s")]
                # Of an expression there is no index that would be taken.
                where.append((one + "" if order == ID_SCAN else one) == bindparam(name))
            elif value:
                where.append(self._parts[name])
        return where

    def _build(self, criteria: SessionFilter, order: str, *, after: bool) -> Select[Any]:
        where = self._where(criteria, order)
        rows: FromClause = sessions
        if criteria.by_deadline:
            rows = sessions.join(
                releases, (c.workspace_id == releases.c.workspace_id) & (c.release_id == releases.c.id)
            )
            # Every attempt that runs out is planned to be looked at, and the index of those is short.
            where.append(c.due_time.is_not(None))
        if order == "count":
            return select(func.count()).select_from(rows).where(*where)
        if order == "aggregate":
            return (
                select(*aggregate_columns(SOUND_SCORE))
                .select_from(rows)
                .where(*where)
                .group_by(c.release_id, c.state)
            )
        keys: list[Column[Any]]
        here: ColumnElement[bool]
        if order in {"id", ID_SCAN}:
            keys, here = [c.id], c.id > bindparam("after_id")
        else:
            keys = [c.create_time, c.id]
            cursor = tuple_(bindparam("after_time"), bindparam("after_id"))
            here = tuple_(*keys) < cursor if order.endswith("desc") else tuple_(*keys) > cursor
        if after:
            where.append(here)
        ordered = [key.desc() for key in keys] if order.endswith("desc") else list(keys)
        shown = select(c.create_time, c.id) if order == CURSORS else select(sessions)
        return shown.select_from(rows).where(*where).order_by(*ordered).limit(bindparam("most"))
