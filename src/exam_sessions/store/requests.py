"""Statements on remembered requests: what a repetition is answered from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from exam_sessions.store.among import among, listed
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
        self._load = store.statement(select(requests).where(mine, among(c.request_id, "keys")))
        self._insert = store.statement(insert(requests))
        old = (
            select(c.request_id)
            .where(mine, c.create_time < bindparam("before"))
            .limit(bindparam("most"))
            .scalar_subquery()
        )
        self._forget = store.statement(
            delete(requests).where(c.workspace_id == bindparam("here"), c.request_id.in_(old))
        )

    def load(self, db: Db, workspace: str, ids: Collection[str]) -> list[RequestRow]:
        """The remembered requests with these ids."""
        return [RequestRow._make(row) for row in db.rows(self._load, (workspace, listed(ids)))] if ids else []

    def insert(self, db: Db, rows: Sequence[RequestRow]) -> None:
        """Remembers requests."""
        db.run_many(self._insert, rows)

    def forget(self, db: Db, workspace: str, before: int, most: int) -> int:
        """Forgets up to `most` requests older than a moment; how many there were."""
        values = {"here": workspace, "workspace": workspace, "before": before, "most": most}
        return db.run(self._forget, values)
