"""Statements on consumers of the events: how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, case, select

from exam_sessions.domain.stored_records import ConsumerRow
from exam_sessions.store.schema import consumers

if TYPE_CHECKING:
    from exam_sessions.store.engine import Db, Store


class ConsumerRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = consumers.c
        mine = c.workspace_id == bindparam("workspace")
        one = select(consumers).where(mine, c.name == bindparam("name"))
        self._one = store.statement(one)
        self._taken_up = store.statement(store.for_update(one, c.name))
        following = select(consumers).where(mine, c.name > bindparam("after")).order_by(c.name)
        self._page = store.statement(following.limit(bindparam("most")))
        new = store.upsert(consumers)
        # The server that made it meanwhile may have another clock.
        later = case((c.update_time > new.excluded.update_time, c.update_time), else_=new.excluded.update_time)
        self._put = store.statement(
            new.values({column.name: bindparam(column.name) for column in c}).on_conflict_do_update(
                index_elements=[c.workspace_id, c.name],
                set_={"sequence": new.excluded.sequence, "update_time": later},
                where=(c.sequence < new.excluded.sequence) | (bindparam("rewind", type_=Integer) == 1),
            )
        )

    def load(self, db: Db, workspace: str, name: str, *, to_write: bool = False) -> ConsumerRow | None:
        """Returns a consumer, None without one; with `to_write` its row is locked FOR UPDATE."""
        rows = db.query(self._taken_up if to_write else self._one, (workspace, name))
        return ConsumerRow._make(rows[0]) if rows else None

    def page(self, db: Db, workspace: str, after: str, most: int) -> list[ConsumerRow]:
        """Returns up to `most` consumers of a workspace by name, after the name `after`."""
        values = {"workspace": workspace, "after": after, "most": most}
        return [ConsumerRow._make(row) for row in db.query(self._page, values)]

    def put(self, db: Db, consumer: ConsumerRow, *, rewind: bool) -> None:
        """Inserts or updates a consumer; one that has come further is changed only with `rewind`."""
        db.execute(self._put, consumer._asdict() | {"rewind": int(rewind)})
