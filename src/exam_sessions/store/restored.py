"""What a restored database needs before it is served: numbers of events that were never sent before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update

from exam_sessions.domain.sequences import restored_range
from exam_sessions.store.schema import workspaces

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


def begin_new_range(store: Store, now: int) -> int:
    """Has the next event of every workspace begin a new range of numbers (domain/sequences.py).

    It can be done again, and works on the schema of every revision. Returns the number before the next event's.
    """
    c = workspaces.c
    largest = store.statement(select(func.max(c.last_sequence)))
    begin = store.statement(update(workspaces).values(last_sequence=bindparam("start")))
    with store.writer() as db:
        db.begin()
        try:
            start = restored_range(int(db.query(largest)[0][0] or 0), now)
            db.execute(begin, (start,))
            db.commit()
        except BaseException:
            db.rollback()
            raise
    return start
