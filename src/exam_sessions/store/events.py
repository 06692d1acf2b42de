"""Statements on events: append them in the workspace's order, read them in it. For a session: session_history.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson
from sqlalchemy import bindparam, case, func, literal_column, select

from exam_sessions.domain.stored_records import EventRow
from exam_sessions.store.schema import events, workspaces
from exam_sessions.store.session_history import END, HERE, INDEX_EVERY, INDEXED, SHORT, Indexed, Linked

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import BindParameter

    from exam_sessions.domain.records import Event, Session
    from exam_sessions.store.engine import Db, Store


def dump_json(value: object) -> str:
    """What columns of JSON hold. The standard library takes six times as long, and an attempt holds fifty answers."""
    return orjson.dumps(value).decode()


class Happening(NamedTuple):
    """An event as it is stored, before it has its sequence number."""

    session_id: str
    release_id: str
    action: str
    from_state: int
    to_state: int
    actor: str
    reason: str
    message: str
    request_id: str
    time: int
    changes: str
    previous: int
    """See session_history.py."""


def happening(event: Event, session: Session, actor: str, request_id: str, before: int, now: int) -> Happening:
    """An event of a session as it is stored.

    Args:
        event: what happened.
        session: the session as it became.
        actor: who asked for it; an event that has an actor of its own keeps that.
        request_id: the request's, which may be empty.
        before: the sequence of the session's event before it; 0 where that is not known.
        now: the time of the change, in microseconds since 1970.
    """
    return Happening(
        session.id,
        session.release_id,
        event.action,
        event.from_state,
        event.to_state,
        event.actor or actor,
        event.reason,
        event.message,
        request_id,
        now,
        dump_json(event.changes) if event.changes else "",
        link(before, session.version, event),
    )


class EventRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = events.c
        self._insert = store.insert_many(events)
        self.linked = store.links_events
        """Whether events lead to the one before: their sequence numbers must be known when they are inserted."""
        self._history = Linked(store) if self.linked else Indexed(store)
        self._end = store.statement(END)
        ended = select(func.max(c.time)).where(
            HERE, INDEXED, c.to_state == literal_column("0"), store.in_array(c.session_id, "keys")
        )
        self._last_end = store.statement(ended)
        in_workspace = c.workspace_id == bindparam("workspace")
        self._changes = store.statement(select(c.changes).where(in_workspace, c.sequence == bindparam("sequence")))
        self._after = store.statement(
            select(events)
            .where(in_workspace, c.sequence > bindparam("after"))
            .order_by(c.sequence)
            .limit(bindparam("most"))
        )
        self._last_sequence = store.statement(
            select(workspaces.c.last_sequence).where(workspaces.c.workspace_id == bindparam("workspace"))
        )
        here = in_workspace & (c.sequence <= bindparam("sequence"))
        self._end_before = store.statement(select(c.sequence).where(here).order_by(c.sequence.desc()).limit(1))
        self._next_after = store.statement(
            select(c.sequence).where(in_workspace, c.sequence > bindparam("sequence")).order_by(c.sequence).limit(1)
        )
        count: BindParameter[int] = bindparam("count")
        # A closed workspace has no next sequence number: the column may not be NULL, so the statement fails.
        w = workspaces.c
        next_sequence = case((w.close_time == literal_column("0"), w.last_sequence + count))
        self._reserve = store.statement(
            store.upsert(workspaces)
            .values(workspace_id=bindparam("workspace"), last_sequence=bindparam("first"))
            .on_conflict_do_update(
                index_elements=[workspaces.c.workspace_id],
                set_={"last_sequence": next_sequence},
            )
            .returning(workspaces.c.last_sequence)
        )
        self._append = store.insert_numbered(events, self._reserve)

    def reserve(self, db: Db, workspace: str, count: int) -> int:
        """Takes the next `count` sequence numbers of the workspace and returns the one before the first of them.

        Raises:
            WorkspaceIsClosed: the workspace is closed.
        """
        return int(db.query(self._reserve, (workspace, count, count))[0][0]) - count

    def append(self, db: Db, workspace: str, happened: list[Happening]) -> list[EventRow]:
        """Writes events under the next sequence numbers of the workspace, in their order.

        Returns:
            The events with their numbers; none where the database gives these with the insert.

        Raises:
            WorkspaceIsClosed: the workspace is closed; on PostgreSQL perhaps only with the commit.
        """
        sequence = 0 if self._append else self.reserve(db, workspace, len(happened))
        rows = []
        for row in happened:
            sequence += 1
            rows.append(EventRow(workspace, sequence, *row))
        db.execute_many(self._append or self._insert, rows)
        return [] if self._append else rows

    def page(
        self, db: Db, workspace: str, session_id: str, after: int, most: int, room: int
    ) -> tuple[list[EventRow], bool]:
        """Returns a session's events after the sequence `after`, oldest first.

        Args:
            db: a connection in a transaction.
            workspace: the tenant.
            session_id: also of a deleted session.
            after: a sequence; 0 begins.
            most: events.
            room: bytes of their changes together; one event is returned at least.

        Returns:
            The events, and whether there are more.
        """
        found = self._history.page(db, workspace, session_id, after, most + 1)
        shown = min(most, len(found))
        for n, row in enumerate(found[:most]):
            room -= row[-1]
            if room < 0:
                shown = n or 1
                break
        page = [EventRow._make(row[:-1]) for row in found[:shown]]
        long = [n for n in range(shown) if found[n][-1] > SHORT]
        asks = [(self._changes, (workspace, page[n].sequence)) for n in long]
        for n, rows in zip(long, db.query_many(asks) if asks else (), strict=True):
            page[n] = page[n]._replace(changes=rows[0][0])
        return page, len(found) > shown

    def end(self, db: Db, workspace: str, session_id: str) -> EventRow | None:
        """Returns the last event of a deleted session, some event of one that exists, None if there never was one."""
        rows = db.query(self._end, {"workspace": workspace, "session": session_id})
        return EventRow._make(rows[0]) if rows else None

    def last_end(self, db: Db, workspace: str, session_ids: Collection[str]) -> int:
        """Returns when the last of these sessions that were deleted was deleted, in microseconds; 0 if none was."""
        return db.query(self._last_end, (workspace, db.array_param(session_ids)))[0][0] or 0

    def after(self, db: Db, workspace: str, after: int, most: int) -> list[EventRow]:
        """Returns up to `most` events of a workspace after the sequence `after`, in order, without gaps."""
        values = {"workspace": workspace, "after": after, "most": most}
        return [EventRow._make(row) for row in db.query(self._after, values)]

    def end_before(self, db: Db, workspace: str, sequence: int) -> int:
        """Returns the sequence of the last event up to a sequence number; 0 without one."""
        rows = db.query(self._end_before, {"workspace": workspace, "sequence": sequence})
        return int(rows[0][0]) if rows else 0

    def next_after(self, db: Db, workspace: str, sequence: int) -> int:
        """Returns the sequence of the first event after a sequence number; 0 without one."""
        rows = db.query(self._next_after, {"workspace": workspace, "sequence": sequence})
        return int(rows[0][0]) if rows else 0

    def last_sequence(self, db: Db, workspace: str) -> int:
        """The last sequence that the workspace has given: of its last event, or after a restore of none yet."""
        rows = db.query(self._last_sequence, (workspace,))
        return int(rows[0][0]) if rows else 0


def link(before: int, version: int, event: Event) -> int:
    """Returns what an event of a session stores of the sequence of the event before it; 0 where that is not known.

    Negative if the event is in the index as well: every sixty-fourth, and the last one of a deleted session, which
    nothing else would lead to.
    """
    return -before if version % INDEX_EVERY == 0 or not event.to_state else before
