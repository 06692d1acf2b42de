"""Statements on stored requests, from which a repetition is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, select

from exam_sessions.store.schema import requests

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.store.engine import Db, Store


class RequestRow(NamedTuple):
    """A request that succeeded. `result` is JSON, in the words of the batch that wrote it."""

    workspace_id: str
    request_id: str
    fingerprint: bytes
    result: str
    create_time: int


class RequestRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = requests.c
        mine = c.workspace_id == bindparam("workspace")
        self._load = store.statement(select(requests).where(mine, store.in_array(c.request_id, "keys")))
        self._insert = store.insert_many(requests)
        later = mine & (c.request_id > bindparam("after"))
        page = select(c.request_id).where(later).order_by(c.request_id).limit(bindparam("most")).subquery()
        self._page_end = store.statement(select(func.max(page.c.request_id)))
        self._old = store.statement(
            select(c.request_id).where(later, c.request_id <= bindparam("last"), c.create_time < bindparam("before"))
        )
        self._forget = store.statement(delete(requests).where(mine, store.in_array(c.request_id, "keys")))

    def load(self, db: Db, workspace: str, ids: Collection[str]) -> list[RequestRow]:
        """Returns the stored requests with these ids."""
        return (
            [RequestRow._make(row) for row in db.query(self._load, (workspace, db.array_param(ids)))] if ids else []
        )

    def insert(self, db: Db, rows: Sequence[RequestRow]) -> None:
        """Stores requests."""
        db.execute_many(self._insert, rows)

    def old(self, db: Db, workspace: str, after: str, before: int, most: int) -> tuple[str, list[str]]:
        """Examines the next `most` requests in the order of their ids, for those that have expired.

        Args:
            db: any connection.
            workspace: the tenant.
            after: the last id of the step before; empty begins.
            before: microseconds since 1970; older ones are returned.
            most: requests to examine.

        Returns:
            The last id examined, empty at the end, and the ids of the old ones.
        """
        values = {"workspace": workspace, "after": after, "before": before, "most": most}
        last = db.query(self._page_end, values)[0][0] or ""
        return last, [row[0] for row in db.query(self._old, values | {"last": last})]

    def forget(self, db: Db, workspace: str, ids: Sequence[str]) -> int:
        """Deletes stored requests and returns how many there were."""
        return db.execute(self._forget, (workspace, db.array_param(ids)))
