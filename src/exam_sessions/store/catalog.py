"""Statements on releases and the PINs they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column, select, tuple_, update

from exam_sessions.domain.records import Release
from exam_sessions.store.database_errors import LostRace
from exam_sessions.store.schema import pins, releases
from exam_sessions.store.workspaces import in_open_workspace

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import BindParameter

    from exam_sessions.store.engine import Db, Store

FIXED = frozenset({"workspace_id", "id", "create_time"})


class CatalogRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = releases.c
        mine = c.workspace_id == bindparam("workspace")
        self._load = store.statement(select(releases).where(mine, store.in_array(c.id, "keys")))
        self._insert = store.statement(insert(releases))
        values: dict[str, BindParameter[Any]] = {
            name: bindparam(f"new_{name}") for name in Release._fields if name not in FIXED
        }
        self._update = store.statement(
            update(releases)
            .values(values)
            .where(
                c.workspace_id == bindparam("new_workspace_id"),
                c.id == bindparam("new_id"),
                c.version == bindparam("expected_version"),
            )
        )
        after = tuple_(c.create_time, c.id) > tuple_(bindparam("time"), bindparam("id"))
        page = select(releases).where(mine, after).order_by(c.create_time, c.id).limit(bindparam("most"))
        self._page = store.statement(page)
        self._page_of_name = store.statement(page.where(c.name == bindparam("name")))
        self._reserve_name = store.reservation("key")
        locked = (c.finalized == literal_column("1")) & in_open_workspace(c.workspace_id)
        self._finalizing = store.statement(select(c.workspace_id, c.id).where(locked))
        p = pins.c
        of_release = (p.workspace_id == bindparam("workspace")) & (p.release_id == bindparam("release"))
        self._pins = store.statement(
            select(p.centre_id, p.day, p.pin).where(of_release, store.in_array(p.centre_id, "keys"))
        )
        self._insert_pin = store.statement(insert(pins))

    def load(self, db: Db, workspace: str, ids: Collection[str]) -> list[Release]:
        """Returns the releases with these ids; unknown ones are left out."""
        return [Release._make(row) for row in db.query(self._load, (workspace, db.array_param(ids)))] if ids else []

    def insert(self, db: Db, release: Release) -> None:
        """Adds a release."""
        db.execute(self._insert, release)

    def update(self, db: Db, before: Release, release: Release) -> None:
        """Writes every column of a release that may change.

        Args:
            db: a connection in a transaction that writes.
            before: the release as it was read.
            release: as it is to be.

        Raises:
            LostRace: it is not what it was.
        """
        values = {f"new_{name}": value for name, value in release._asdict().items()}
        if not db.execute(self._update, values | {"expected_version": before.version}):
            raise LostRace("a release is not what it was when it was read")

    def finalizing(self, db: Db) -> list[tuple[str, str]]:
        """Returns workspace and id of every release that is locked but not closed yet, in open workspaces."""
        return [(workspace, release_id) for workspace, release_id in db.query(self._finalizing)]

    def page(self, db: Db, workspace: str, name: str, after: tuple[int, str], most: int) -> list[Release]:
        """Returns up to `most` releases after a cursor, in the order of creation.

        Args:
            db: any connection.
            workspace: the tenant.
            name: only those of exactly this name; all when empty.
            after: creation time and id of the last one before the page; None begins.
            most: rows.
        """
        values = {"workspace": workspace, "time": after[0], "id": after[1], "most": most, "name": name}
        statement = self._page_of_name if name else self._page
        return [Release._make(row) for row in db.query(statement, values)]

    def first_named(self, db: Db, workspace: str, name: str) -> Release | None:
        """Returns the oldest release of exactly this name, None without one.

        Locks the name until the transaction ends, so that two transactions cannot both find it free.
        """
        if self._reserve_name:
            db.query(self._reserve_name, {"key": f"release {workspace} {name}"})
        found = self.page(db, workspace, name, (-1, ""), 1)
        return found[0] if found else None

    def pins(self, db: Db, workspace: str, release: str, centres: Collection[str]) -> dict[tuple[str, int], str]:
        """Returns the PINs that sessions of a release share, by centre and day (days since 1970)."""
        rows = db.query(self._pins, (workspace, release, db.array_param(centres)))
        return {(centre, day): pin for centre, day, pin in rows}

    def insert_pin(self, db: Db, workspace: str, release: str, centre: str, day: int, pin: str) -> None:
        """Stores the PIN for future sessions of a release, centre and day (days since 1970)."""
        db.execute(self._insert_pin, (workspace, release, centre, day, pin))
