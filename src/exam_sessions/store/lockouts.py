"""Statements on wrong entries: what is counted for each subject, and the lock-outs that came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, delete, insert, literal_column, select, update

from exam_sessions.domain.lockout import Tries
from exam_sessions.domain.stored_records import LockoutRow
from exam_sessions.store.access_tables import lockouts, tries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.store.engine import Db, Store

COUNTS = ("wrong", "entered", "window_start", "lockouts", "locked_until", "update_time")
"""Columns of `tries` that change."""


class LockoutRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        t, c = tries.c, lockouts.c
        theirs, mine = (table.c.workspace_id == bindparam("workspace") for table in (tries, lockouts))
        named = theirs & store.in_array(t.subject, "keys")
        self._take_up = store.statement(store.for_update(select(tries).where(named), t.subject))
        self._insert_tries = store.insert_many(tries)
        self._update_tries = store.update_many(tries, COUNTS)
        self._indexes = [Tries._fields.index(name) for name in self._update_tries.names]
        self._delete_tries = store.statement(delete(tries).where(named))
        was_locked = t.locked_until > literal_column("0")
        still_locked = select(tries).where(was_locked, t.locked_until > bindparam("now"))
        self._locked = store.statement(still_locked.limit(bindparam("most")))
        self._old_tries = store.statement(
            select(t.workspace_id, t.subject).where(t.update_time < bindparam("before")).limit(bindparam("most"))
        )
        self._insert = store.statement(insert(lockouts))
        one = select(lockouts).where(mine, c.id == bindparam("id"))
        self._one = store.statement(store.for_update(one, c.id))
        in_force = (c.end_time > bindparam("after")) & (
            (bindparam("unlifted", type_=Integer) == literal_column("0")) | (c.lift_time == literal_column("0"))
        )
        newest_first = select(lockouts).where(mine, c.id < bindparam("before"), in_force).order_by(c.id.desc())
        self._page = store.statement(newest_first.limit(bindparam("most")))
        lifted: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("lift_time", "lifted_by", "message")}
        not_lifted = c.lift_time == literal_column("0")
        of_subject = (c.subject == bindparam("subject_key")) & (c.end_time > bindparam("now")) & not_lifted
        self._lift = store.statement(update(lockouts).values(lifted).where(mine, of_subject))
        self._old = store.statement(
            select(c.workspace_id, c.id).where(c.end_time < bindparam("before")).limit(bindparam("most"))
        )
        self._delete = store.statement(delete(lockouts).where(mine, store.in_array(c.id, "keys")))

    def take_tries(self, db: Db, workspace: str, subjects: Collection[str]) -> list[Tries]:
        """Returns what is counted for these subjects, locked FOR UPDATE; of one without entries nothing."""
        rows = db.query(self._take_up, {"workspace": workspace, "keys": db.array_param(subjects)})
        return [Tries._make(row) for row in rows]

    def insert_tries(self, db: Db, rows: Sequence[Tries]) -> None:
        """Begins to count. Raises LostRace where another server has begun meanwhile."""
        db.execute_many(self._insert_tries, rows)

    def update_tries(self, db: Db, rows: Sequence[Tries]) -> None:
        """Writes what is counted now."""
        db.execute_many(self._update_tries, [[row[index] for index in self._indexes] for row in rows])

    def delete_tries(self, db: Db, workspace: str, subjects: Collection[str]) -> int:
        """Deletes counts; returns how many."""
        return db.execute(self._delete_tries, {"workspace": workspace, "keys": db.array_param(subjects)})

    def locked(self, db: Db, now: int, most: int) -> list[Tries]:
        """Returns up to `most` subjects that are locked out, in all workspaces."""
        return [Tries._make(row) for row in db.query(self._locked, {"now": now, "most": most})]

    def old_tries(self, db: Db, before: int, most: int) -> list[tuple[str, str]]:
        """Returns workspace and subject of up to `most` counts that have not changed since `before`."""
        return [(row[0], row[1]) for row in db.query(self._old_tries, {"before": before, "most": most})]

    def insert(self, db: Db, row: LockoutRow) -> None:
        """Records that a lock-out began."""
        db.execute(self._insert, row)

    def load(self, db: Db, workspace: str, lockout_id: str) -> LockoutRow | None:
        """Returns a lock-out, locked FOR UPDATE; None without one."""
        rows = db.query(self._one, {"workspace": workspace, "id": lockout_id})
        return LockoutRow._make(rows[0]) if rows else None

    def page(self, db: Db, workspace: str, before: str, most: int, in_force_at: int | None) -> list[LockoutRow]:
        """Returns lock-outs, the newest first.

        Args:
            db: any connection.
            workspace: the tenant; empty for those of the deployment.
            before: a lock-out's id; only older ones.
            most: rows.
            in_force_at: microseconds since 1970; only those that refuse calls then; None: all.
        """
        wanted = {"after": -1 if in_force_at is None else in_force_at, "unlifted": int(in_force_at is not None)}
        values = {"workspace": workspace, "before": before, "most": most}
        return [LockoutRow._make(row) for row in db.query(self._page, values | wanted)]

    def lift(self, db: Db, row: LockoutRow, now: int) -> None:
        """Records that the lock-outs in force of a row's subject are lifted, as the row says."""
        values = {"new_lift_time": row.lift_time, "new_lifted_by": row.lifted_by, "new_message": row.message}
        db.execute(self._lift, values | {"workspace": row.workspace_id, "subject_key": row.subject, "now": now})

    def old(self, db: Db, before: int, most: int) -> list[tuple[str, str]]:
        """Returns workspace and id of up to `most` lock-outs that ended before a time."""
        return [(row[0], row[1]) for row in db.query(self._old, {"before": before, "most": most})]

    def delete(self, db: Db, workspace: str, ids: Collection[str]) -> int:
        """Removes lock-outs; returns how many."""
        return db.execute(self._delete, {"workspace": workspace, "keys": db.array_param(ids)})
