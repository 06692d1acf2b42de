"""Statements on staged imports: rosters written in chunks, whose sessions are hidden before the last one is in."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Text, bindparam, case, cast, delete, func, insert, literal, select, update

from exam_sessions.domain.booking import UNACCOMMODATED
from exam_sessions.store.schema import drafts, events, sessions

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from exam_sessions.store.engine import Db, Store


REVOKED = ""
"""The owner of a roster that is given up, and is being removed."""


class StagedImportRow(NamedTuple):
    """A roster under way. All its sessions carry its id and its create_time; `owner` is the server that writes it."""

    workspace_id: str
    id: str
    release_id: str
    create_time: int
    owner: str


class StagedImportRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        d, s = drafts.c, sessions.c
        self._open = store.statement(insert(drafts))
        this = (d.workspace_id == bindparam("here"), d.id == bindparam("draft"))
        of_owner = (*this, d.owner == bindparam("whose"))
        self._close = store.statement(delete(drafts).where(*of_owner))
        self._renew = store.statement(update(drafts).values(owner=d.owner).where(*of_owner))
        self._revoke = store.statement(update(drafts).values(owner=REVOKED).where(*this))
        self._all = store.statement(select(drafts))
        its_own = (
            (s.workspace_id == bindparam("workspace"))
            & (s.release_id == bindparam("release"))
            & (s.create_time == bindparam("created"))
            & (s.draft == bindparam("draft"))
        )
        some = select(s.id).where(its_own).limit(bindparam("most")).scalar_subquery()
        self._remove = store.statement(
            delete(sessions).where(s.workspace_id == bindparam("here"), s.id.in_(some)),
        )
        nothing = literal("")
        sequence = bindparam("first", type_=events.c.sequence.type) + func.row_number().over(order_by=s.id)
        scheduled = select(
            s.workspace_id,
            sequence,
            s.id,
            s.release_id,
            bindparam("action", type_=events.c.action.type),
            literal(0),
            s.state,
            bindparam("actor", type_=events.c.actor.type),
            nothing,
            nothing,
            bindparam("request", type_=events.c.request_id.type),
            s.create_time,
            _changes(store),
            literal(0),
        ).where(its_own)
        self._append_events = store.statement(insert(events).from_select(list(events.c), scheduled))

    def open(self, db: Db, staged: StagedImportRow) -> None:
        """Notes a roster under way."""
        db.execute(self._open, staged)

    def close(self, db: Db, staged: StagedImportRow) -> bool:
        """Strikes a roster off: its sessions are published, or gone. Whether it was still its owner's."""
        return bool(db.execute(self._close, self._of_owner(staged)))

    def renew(self, db: Db, staged: StagedImportRow) -> bool:
        """Keeps a roster from being given up before this transaction ends. Whether it is still its owner's."""
        return bool(db.execute(self._renew, self._of_owner(staged)))

    def revoke(self, db: Db, staged: StagedImportRow) -> bool:
        """Takes a roster from its owner, who can neither go on with it nor publish it. Whether it was still there."""
        return bool(db.execute(self._revoke, {"here": staged.workspace_id, "draft": staged.id}))

    @staticmethod
    def _of_owner(staged: StagedImportRow) -> dict[str, object]:
        return {"here": staged.workspace_id, "draft": staged.id, "whose": staged.owner}

    def all(self, db: Db) -> list[StagedImportRow]:
        """Every roster under way, also those whose writer has died."""
        return [StagedImportRow._make(row) for row in db.query(self._all)]

    def remove(self, db: Db, staged: StagedImportRow, most: int) -> int:
        """Removes up to `most` sessions of a roster that is given up; how many there were."""
        return db.execute(self._remove, self._named(staged) | {"here": staged.workspace_id, "most": most})

    def append_events(
        self, db: Db, staged: StagedImportRow, first: int, action: str, actor: str, request_id: str
    ) -> None:
        """Writes the first event of every session of a roster, numbered from `first` + 1 on."""
        values = {"first": first, "action": action, "actor": actor, "request": request_id}
        db.execute(self._append_events, self._named(staged) | values)

    @staticmethod
    def _named(staged: StagedImportRow) -> dict[str, object]:
        return {
            "workspace": staged.workspace_id,
            "release": staged.release_id,
            "created": staged.create_time,
            "draft": staged.id,
        }


def _changes(store: Store) -> ColumnElement[str]:
    """The changes of a booking, as `scheduled` gives them for one session: the accommodation it is booked with.

    In SQL, for a roster of ten thousand would keep others waiting for 120 ms more if its events were sent row by row.
    """
    nothing, parts = literal(""), []
    for name, unset in UNACCOMMODATED.items():
        column = sessions.c[name]
        if unset == 0:
            change = literal(f',"{name}":[0,') + cast(column, Text) + literal("]")
        else:
            change = literal(f',"{name}":["",') + store.json_text(column) + literal("]")
        parts.append(case((column != literal(unset), change), else_=nothing))
    changes = func.substr(reduce(add, parts), 2)
    return case((changes == nothing, nothing), else_=literal("{") + changes + literal("}"))
