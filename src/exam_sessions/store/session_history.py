"""How the events of one session are found among those of its workspace.

Where an index holds all of them it is simple (`Indexed`). But an index by session costs each transition a page of
its own to write, and on SQLite that was a tenth of its whole cost. There events are linked (`Linked`): each holds the
sequence number of the one before it, its session that of the last, and the index holds only those that no other leads
to, and every so many, so that no query follows a long history from end to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, func, select, text

from exam_sessions.store.schema import events, sessions

if TYPE_CHECKING:
    from sqlalchemy import Select

    from exam_sessions.store.engine import Db, Store

INDEX_EVERY = 64
"""About how many events of a session are followed to reach one of the index."""

HERE = events.c.workspace_id == bindparam("workspace")
OF_SESSION = HERE & (events.c.session_id == bindparam("session"))
INDEXED = events.c.previous <= text("0")
"""Whether an event is in the index, wherever events are linked or not."""

SHORT = 4_096
"""Bytes of changes that are read with their event; longer ones only where there is room for them."""

END = select(events).where(OF_SESSION, INDEXED).order_by(events.c.sequence.desc()).limit(1)
"""The last event of a session that the index holds: of a deleted session, its end."""


def measured(store: Store) -> Select[Any]:
    """Returns a SELECT of events with the bytes of their changes; changes that are long are left out."""
    size = store.octets(events.c.changes)
    short = case((size <= text(str(SHORT)), events.c.changes), else_=text("''")).label("changes")
    return select(*(short if column.name == "changes" else column for column in events.c), size)


class Indexed:
    """Every event is in the index."""

    def __init__(self, store: Store) -> None:
        c = events.c
        rows = measured(store).where(OF_SESSION, c.sequence > bindparam("after"))
        self._page = store.statement(rows.order_by(c.sequence).limit(bindparam("most")))

    def page(self, db: Db, workspace: str, session_id: str, after: int, most: int) -> list[Any]:
        """Returns up to `most` events of a session after a sequence, oldest first, as rows of `measured`."""
        return db.query(self._page, {"workspace": workspace, "session": session_id, "after": after, "most": most})


class Linked:
    """Events lead to the one before; the index holds those that are INDEXED."""

    def __init__(self, store: Store) -> None:
        c, s = events.c, sessions.c
        later = c.sequence > bindparam("after")
        self._marks = store.statement(
            select(c.sequence).where(OF_SESSION, INDEXED, later).order_by(c.sequence).limit(bindparam("most"))
        )
        self._head = store.statement(
            select(s.last_event).where(s.workspace_id == bindparam("workspace"), s.id == bindparam("session"))
        )
        starts = select(c.sequence, c.previous).where(HERE, later, store.in_array(c.sequence, "starts"))
        path = starts.cte("path", recursive=True)
        previous_sequence = func.abs(path.c.previous)
        before = events.alias("before").c
        # Not joined: SQLite would look through all events beforehand, to find out which numbers there are.
        its_own = select(before.previous).where(
            before.workspace_id == bindparam("workspace"), before.sequence == previous_sequence
        )
        # What is in the index is a start itself, and a UNION does not take it twice.
        path = path.union(
            select(previous_sequence, its_own.scalar_subquery()).where(previous_sequence > bindparam("after"))
        )
        on_it = measured(store).join(path, c.sequence == path.c.sequence).where(HERE)
        self._walk = store.statement(on_it.order_by(c.sequence).limit(bindparam("most")))

    def page(self, db: Db, workspace: str, session_id: str, after: int, most: int) -> list[Any]:
        """As `Indexed.page`; must be called inside a transaction."""
        this = {"workspace": workspace, "session": session_id}
        marks = [row[0] for row in db.query(self._marks, this | {"after": after, "most": most + 1})]
        found: list[Any] = []
        few = most // INDEX_EVERY + 1
        while len(found) < most:
            starts, marks = marks[:few], marks[few:]
            if not marks:
                starts += (row[0] for row in db.query(self._head, this))
            here = {"workspace": workspace, "after": after, "most": most - len(found)}
            found += db.query(self._walk, here | {"starts": db.array_param(map(str, starts))})
            if not marks:
                break
            after, few = starts[-1], few * 4
        return found
