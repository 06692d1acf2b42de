"""Statements that count sessions and sum up their scores, on SQLite from one index alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from exam_sessions.domain.session_filter import SessionFilter
from exam_sessions.domain.statistics import Aggregate
from exam_sessions.store.schema import drafts, sessions
from exam_sessions.store.session_pages import aggregate_columns
from exam_sessions.store.sessions import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.session_pages import SessionPages
    from exam_sessions.store.statement import Statement


class AggregateRows:
    """The statements, compiled for one database: for all releases, for one, for several."""

    def __init__(self, store: Store, pages: SessionPages) -> None:
        self._pages = pages
        c = sessions.c
        aggregate = (
            select(*aggregate_columns(c.score))
            .where(c.workspace_id == bindparam("workspace"))
            .group_by(c.release_id, c.state)
        )
        shapes = (
            aggregate,
            aggregate.where(c.release_id == bindparam("one")),
            aggregate.where(store.in_array(c.release_id, "some")),
        )
        self._plain: list[Statement] = [store.statement(shape) for shape in shapes]
        # Whether a row is published stands in no index, so it is asked only while a roster is being written.
        self._careful: list[Statement] = [store.statement(shape.where(PUBLISHED)) for shape in shapes]
        self._drafts = store.statement(
            select(drafts.c.id).where(drafts.c.workspace_id == bindparam("workspace")).limit(1)
        )

    def matching(self, db: Db, workspace: str, criteria: SessionFilter) -> list[Aggregate]:
        """Returns the aggregates of the sessions that match, by release and state."""
        if criteria == SessionFilter(release_ids=criteria.release_ids):
            return self.of(db, workspace, criteria.release_ids)
        return self._pages.aggregates(db, workspace, criteria)

    def of(self, db: Db, workspace: str, release_ids: Collection[str]) -> list[Aggregate]:
        """Returns the aggregates of these releases, of all when none is named; published sessions only."""
        shapes = self._careful if db.query(self._drafts, {"workspace": workspace}) else self._plain
        ids = list(release_ids)
        values = {"workspace": workspace, "one": ids[0] if ids else "", "some": db.array_param(ids)}
        rows = db.query(shapes[min(len(ids), 2)], values)
        if any(isinstance(row[-1], str) for row in rows):
            return self._pages.aggregates(db, workspace, SessionFilter(release_ids=tuple(ids)))
        # PostgreSQL gives a sum of whole numbers as a decimal.
        return [aggregate._replace(total=int(aggregate.total or 0)) for aggregate in map(Aggregate._make, rows)]
