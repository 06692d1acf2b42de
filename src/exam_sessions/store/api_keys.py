"""Statements on API keys. They stand under a workspace of their own (domain/api_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, insert, or_, select, update

from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE
from exam_sessions.domain.stored_records import ApiKeyRow
from exam_sessions.store.access_tables import api_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from exam_sessions.store.engine import Db, Store


class ApiKeyRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = api_keys.c
        own = c.workspace_id == bindparam("workspace")
        this = own & (c.id == bindparam("id"))
        one = select(api_keys).where(this)
        now = bindparam("now", type_=BigInteger)
        self._insert = store.statement(insert(api_keys))
        self._load = store.statement(one)
        self._take_up = store.statement(store.for_update(one, c.id))
        following = select(api_keys).where(own, c.id > bindparam("after")).order_by(c.id)
        self._page = store.statement(following.limit(bindparam("most")))
        unrevoked = or_(c.revoke_time == 0, c.revoke_time > now)
        self._unrevoked = store.statement(select(c.id).where(own, store.in_array(c.id, "keys"), unrevoked))
        self._end = store.statement(
            update(api_keys).values(revoke_time=bindparam("time", type_=BigInteger)).where(this)
        )
        used = bindparam("used", type_=BigInteger)
        self._use = store.statement(update(api_keys).values(last_use_time=used).where(this, c.last_use_time < used))

    def insert(self, db: Db, row: ApiKeyRow) -> None:
        """Writes a new key."""
        db.execute(self._insert, row._asdict())

    def load(self, db: Db, key_id: str, *, to_write: bool = False) -> ApiKeyRow | None:
        """Returns a key, None without one; with `to_write` its row is locked FOR UPDATE."""
        values = {"workspace": SYSTEM_WORKSPACE, "id": key_id}
        rows = db.query(self._take_up if to_write else self._load, values)
        return _record(rows[0]) if rows else None

    def page(self, db: Db, after: str, most: int) -> list[ApiKeyRow]:
        """Returns up to `most` keys by id, after the id `after`."""
        values = {"workspace": SYSTEM_WORKSPACE, "after": after, "most": most}
        return [_record(row) for row in db.query(self._page, values)]

    def unrevoked(self, db: Db, ids: Collection[str], now: int) -> set[str]:
        """Returns those of these keys that exist and are not revoked at `now`, in microseconds since 1970."""
        values = {"workspace": SYSTEM_WORKSPACE, "keys": db.array_param(ids), "now": now}
        return {row[0] for row in db.query(self._unrevoked, values)}

    def revoke(self, db: Db, key_id: str, time: int) -> None:
        """Writes when a key is revoked, in microseconds since 1970."""
        db.execute(self._end, {"workspace": SYSTEM_WORKSPACE, "id": key_id, "time": time})

    def use(self, db: Db, key_id: str, time: int) -> None:
        """Writes when a key was last used, unless a later time is written already."""
        db.execute(self._use, {"workspace": SYSTEM_WORKSPACE, "id": key_id, "used": time})


def _record(row: Sequence[Any]) -> ApiKeyRow:
    record = ApiKeyRow._make(row)
    return record._replace(digest=bytes(record.digest))
