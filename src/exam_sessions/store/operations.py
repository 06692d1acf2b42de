"""Statements on operations: accept one, take it further, find what is to be done, list; and on their outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, delete, insert, literal_column, select, update

from exam_sessions.domain.states import OPERATION_UNDER_WAY
from exam_sessions.domain.stored_records import OperationRow, OutcomeRow, ToDo
from exam_sessions.store.operation_tables import operations, outcomes
from exam_sessions.store.workspaces import in_open_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from exam_sessions.store.engine import Db, Store


AT_ONCE = 500
"""Outcomes read at once; a refusal has a few kilobytes."""

MOVING = (
    "status", "done", "failed", "place", "update_time", "end_time", "cancel_requested", "owner", "lease_until",
    "next_time", "reason", "message", "summary",
)  # fmt: skip
"""Columns that change once it is accepted."""


class OperationRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c, o = operations.c, outcomes.c
        mine = c.workspace_id == bindparam("workspace")
        this = mine & (c.id == bindparam("id"))
        self._insert = store.statement(insert(operations))
        # A payload has up to 16 MiB, and is of use to the operation's worker only.
        shown = select(*(literal_column("''") if column is c.payload else column for column in c))
        one = shown.where(this)
        self._load = store.statement(one)
        self._request = store.statement(select(c.kind, c.payload).where(this))
        self._take_up = store.statement(store.for_update(one, c.id))
        self._update = store.update_many(operations, MOVING)
        self._indexes = [OperationRow._fields.index(name) for name in self._update.names]
        under_way = c.end_time == literal_column("0")
        self._to_do = store.statement(
            select(c.workspace_id, c.id, c.owner, c.lease_until, c.next_time).where(
                under_way, in_open_workspace(c.workspace_id)
            )
        )
        self._cancel = store.statement(update(operations).values(cancel_requested=1).where(this, under_way))
        self._clear_payload = store.statement(update(operations).values(payload=b"").where(this))
        status, kind = (bindparam(name, type_=Integer) for name in ("status", "kind"))
        wanted = ((status == literal_column("0")) | (c.status == status)) & (
            (kind == literal_column("0")) | (c.kind == kind)
        )
        bound = bindparam("centres", type_=c.centres.type)
        seen = (bound == literal_column("''")) | (c.centres == bound)
        newest_first = shown.where(mine, c.id < bindparam("before"), wanted, seen).order_by(c.id.desc())
        self._page = store.statement(newest_first.limit(bindparam("most")))
        # Found in their index: all the others may be read before the first of them.
        self._page_under_way = store.statement(newest_first.where(under_way).limit(bindparam("most")))
        self._delete = store.statement(delete(operations).where(this))
        of_it = (o.workspace_id == bindparam("workspace")) & (o.operation_id == bindparam("id"))
        self._insert_outcomes = store.insert_many(outcomes)
        following = select(outcomes).where(of_it, o.position > bindparam("after")).order_by(o.position)
        self._outcomes = store.statement(following.limit(bindparam("most")))
        self._delete_outcomes = store.statement(delete(outcomes).where(of_it))

    def insert(self, db: Db, row: OperationRow) -> None:
        """Accepts an operation."""
        db.execute(self._insert, row)

    def load(self, db: Db, workspace: str, operation_id: str, *, to_write: bool = False) -> OperationRow | None:
        """Returns an operation without its payload, None without one; with `to_write` its row is locked."""
        rows = db.query(self._take_up if to_write else self._load, (workspace, operation_id))
        return _without_payload(rows[0]) if rows else None

    def request(self, db: Db, workspace: str, operation_id: str) -> tuple[int, bytes] | None:
        """Returns an operation's kind and the request it was accepted for, as it was received; None without one."""
        rows = db.query(self._request, (workspace, operation_id))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def payload(self, db: Db, workspace: str, operation_id: str) -> bytes:
        """Returns the request an operation was accepted for, as it was received; empty without one."""
        found = self.request(db, workspace, operation_id)
        return found[1] if found else b""

    def update(self, db: Db, row: OperationRow) -> None:
        """Writes how far an operation has come."""
        db.execute_many(self._update, [[row[index] for index in self._indexes]])

    def clear_payload(self, db: Db, workspace: str, operation_id: str) -> None:
        """Removes the request an operation was accepted for, which only its worker reads, and only until it ends."""
        db.execute(self._clear_payload, {"workspace": workspace, "id": operation_id})

    def cancel(self, db: Db, workspace: str, operation_id: str) -> None:
        """Marks an operation to be cancelled, unless it has ended."""
        db.execute(self._cancel, {"workspace": workspace, "id": operation_id})

    def to_do(self, db: Db) -> list[ToDo]:
        """Every operation that has not ended, of all open workspaces, the oldest first."""
        return sorted((ToDo._make(row) for row in db.query(self._to_do)), key=lambda todo: todo.id)

    def page(
        self, db: Db, workspace: str, before: str, most: int, *, status: int = 0, kind: int = 0, centres: str = ""
    ) -> list[OperationRow]:
        """Returns operations without payloads, newest first.

        Args:
            db: any connection.
            workspace: the tenant.
            before: an operation's id; only older ones.
            most: rows.
            status: number of OperationStatus; any for 0.
            kind: number of OperationKind; any for 0.
            centres: those its caller was bound to; any when empty.
        """
        values = {"workspace": workspace, "before": before, "most": most, "status": status, "kind": kind}
        values["centres"] = centres
        statement = self._page_under_way if status in OPERATION_UNDER_WAY else self._page
        return [_without_payload(row) for row in db.query(statement, values)]

    def delete(self, db: Db, workspace: str, operation_id: str) -> None:
        """Deletes an operation with its outcomes."""
        for statement in (self._delete_outcomes, self._delete):
            db.execute(statement, {"workspace": workspace, "id": operation_id})

    def add_outcomes(self, db: Db, rows: Sequence[OutcomeRow]) -> None:
        """Writes what became of rows."""
        if rows:
            db.execute_many(self._insert_outcomes, rows)

    def outcomes(self, db: Db, workspace: str, operation_id: str, most: int, room: int) -> list[OutcomeRow]:
        """Returns up to `most` outcomes of an operation in their order, fewer once refusals exceed `room` bytes."""
        found: list[OutcomeRow] = []
        while room >= 0 and len(found) < most:
            values = {"workspace": workspace, "id": operation_id, "most": min(AT_ONCE, most - len(found))}
            rows = db.query(self._outcomes, values | {"after": found[-1].position if found else -1})
            found += [row._replace(refusal=bytes(row.refusal)) for row in map(OutcomeRow._make, rows)]
            room -= sum(len(row.refusal) for row in found[-len(rows) :])
            if len(rows) < AT_ONCE:
                break
        return found


def _without_payload(row: Sequence[Any]) -> OperationRow:
    return OperationRow._make(row)._replace(payload=b"")
