"""Statements on staged imports: rosters written in chunks, whose sessions are hidden before the last one is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, literal, select, update

from exam_sessions.domain.booking import SCHEDULE, changes_when_booked
from exam_sessions.store.events import dump_json
from exam_sessions.store.schema import drafts, events, sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Insert

    from exam_sessions.domain.records import Session
    from exam_sessions.store.engine import Db, Store


REVOKED = ""
"""The owner of a roster that is given up, and is being removed."""


ID_LENGTH = 36
"""Characters of a session's id."""


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
        value, number = store.numbered("rows")
        self._append_unchanged = store.statement(self._scheduled(number, value, literal("")))
        session_id, changes = func.substr(value, 1, ID_LENGTH), func.substr(value, ID_LENGTH + 1)
        self._append_events = store.statement(self._scheduled(number, session_id, changes))

    @staticmethod
    def _scheduled(number: ColumnElement[int], session_id: ColumnElement[str], changes: ColumnElement[str]) -> Insert:
        """The statement that inserts first events: of each row its number, its session, and what changed."""
        nothing = literal("")
        scheduled = select(
            bindparam("workspace", type_=events.c.workspace_id.type),
            bindparam("first", type_=events.c.sequence.type) + number,
            session_id,
            bindparam("release", type_=events.c.release_id.type),
            bindparam("action", type_=events.c.action.type),
            literal(0),
            bindparam("state", type_=events.c.to_state.type),
            bindparam("actor", type_=events.c.actor.type),
            nothing,
            nothing,
            bindparam("request", type_=events.c.request_id.type),
            bindparam("created", type_=events.c.time.type),
            changes,
            literal(0),
        )
        return insert(events).from_select(list(events.c), scheduled)

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
        self,
        db: Db,
        staged: StagedImportRow,
        rows: Sequence[str],
        first: int,
        state: int,
        actor: str,
        request_id: str,
    ) -> None:
        """Writes the first event of every session of a roster, numbered from `first` + 1 on.

        One parameter for all: ten thousand take 9 ms, in which nobody else can write, and 11 where something changed.
        Row by row they take 30, and read from the sessions, with the changes put together in SQL, more.

        Args:
            db: a connection in a transaction that writes.
            staged: the roster.
            rows: what `first_event` gives of each session, in the order of their ids.
            first: the sequence number before theirs.
            state: the one that all sessions are in.
            actor: who booked them.
            request_id: the request's, which may be empty.
        """
        values = {"first": first, "state": state, "action": SCHEDULE, "actor": actor}
        values |= {"request": request_id, "rows": db.array_param(rows)}
        unchanged = max(map(len, rows)) == ID_LENGTH
        db.execute(self._append_unchanged if unchanged else self._append_events, self._named(staged) | values)

    @staticmethod
    def _named(staged: StagedImportRow) -> dict[str, object]:
        return {
            "workspace": staged.workspace_id,
            "release": staged.release_id,
            "created": staged.create_time,
            "draft": staged.id,
        }


def first_event(session: Session) -> str:
    """The first event of a session as `append_events` takes it: the session's id, and behind it what changed."""
    changes = changes_when_booked(session)
    return session.id + dump_json(changes) if changes else session.id
