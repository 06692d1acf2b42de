"""Statements on the registry of workspaces: add one, read it, change it, list them. Places of events: events.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, literal_column, select

from exam_sessions.domain.sequences import RANGE
from exam_sessions.domain.workspaces import Workspace
from exam_sessions.store.schema import workspaces

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement

    from exam_sessions.store.engine import Db, Store

COLUMNS = [workspaces.c[name] for name in Workspace._fields]
CHANGING = ("display_name", "update_time", "close_time", "retention_months")
"""Columns that change once it is registered."""


class WorkspaceState(NamedTuple):
    """A workspace by its name, and when it was closed; 0 while it is open."""

    workspace_id: str
    close_time: int


def in_open_workspace(workspace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row's workspace is not closed."""
    closed = workspaces.c.close_time > literal_column("0")
    return workspace_id.not_in(select(workspaces.c.workspace_id).where(closed))


class WorkspaceRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = workspaces.c
        this = c.workspace_id == bindparam("workspace")
        one = select(*COLUMNS).where(this)
        self._load = store.statement(one)
        self._take_up = store.statement(store.for_update(one, c.workspace_id))
        self._share = store.statement(store.for_share(select(c.close_time).where(this), c.workspace_id))
        values: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in Workspace._fields}
        # One that was lost in a restore may be registered again: its events do not get numbers that it has given.
        given = func.coalesce(func.max(c.last_sequence), literal_column("0"))
        first_range = literal_column(str(RANGE), BigInteger)
        values["last_sequence"] = select(given // first_range * first_range).scalar_subquery()
        new = store.upsert(workspaces).values(values)
        self._insert = store.statement(new.on_conflict_do_nothing(index_elements=[c.workspace_id]))
        self._update = store.update_many(workspaces, CHANGING)
        self._indexes = [Workspace._fields.index(name) for name in self._update.names]
        states = select(c.workspace_id, c.close_time)
        self._states = store.statement(states)
        self._states_of = store.statement(states.where(store.in_array(c.workspace_id, "keys")))
        page = select(*COLUMNS).where(c.workspace_id > bindparam("after")).order_by(c.workspace_id)
        self._page = store.statement(page.limit(bindparam("most")))
        page_of = page.where(store.in_array(c.workspace_id, "keys")).limit(bindparam("most"))
        self._page_of = store.statement(page_of)

    def load(self, db: Db, workspace: str, *, to_write: bool = False) -> Workspace | None:
        """Returns a workspace, None without one; with `to_write` its row is locked FOR UPDATE."""
        rows = db.query(self._take_up if to_write else self._load, (workspace,))
        return Workspace._make(rows[0]) if rows else None

    def is_open(self, db: Db, workspace: str) -> bool:
        """Returns whether a workspace is not closed; until the transaction ends it cannot be closed."""
        rows = db.query(self._share, (workspace,))
        return not rows or not rows[0][0]

    def insert(self, db: Db, workspace: Workspace) -> bool:
        """Registers a workspace; whether there was none of the name."""
        return bool(db.execute(self._insert, workspace._asdict()))

    def update(self, db: Db, workspace: Workspace) -> None:
        """Writes what may change of a workspace."""
        db.execute_many(self._update, [[workspace[index] for index in self._indexes]])

    def states(self, db: Db) -> list[WorkspaceState]:
        """Every workspace, and whether it is closed."""
        return [WorkspaceState._make(row) for row in db.query(self._states)]

    def states_of(self, db: Db, names: Collection[str]) -> list[WorkspaceState]:
        """Those of these workspaces that there are, and whether they are closed."""
        return [WorkspaceState._make(row) for row in db.query(self._states_of, (db.array_param(names),))]

    def page(self, db: Db, names: Collection[str] | None, after: str, most: int) -> list[Workspace]:
        """Returns up to `most` workspaces by name, after the name `after`; of these names, of all when None."""
        values = {"after": after, "most": most}
        if names is None:
            return [Workspace._make(row) for row in db.query(self._page, values)]
        found = db.query(self._page_of, values | {"keys": db.array_param(names)})
        return [Workspace._make(row) for row in found]
