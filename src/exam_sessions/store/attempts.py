"""Statements on attempts: what candidates answered, attempt by attempt."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import bindparam, delete, func, select

from exam_sessions.domain.records import AttemptRecord, Unreadable
from exam_sessions.store.events import dump_json
from exam_sessions.store.schema import attempts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.statement import Ask

WRITTEN = AttemptRecord._fields[3:]
"""Columns that may change: all but the key."""

CONTENT = frozenset({"responses", "marks"})
"""What was answered and marked, as JSON: a regrade leaves it, and most of a row is its responses."""


class AttemptUpdate(NamedTuple):
    """An attempt to be written, the version that was read, and whether its responses or marks may have changed."""

    expected: int
    attempt: AttemptRecord
    with_content: bool


class AttemptRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = attempts.c
        mine = c.workspace_id == bindparam("workspace")
        self._load = store.statement(
            select(attempts).where(mine, store.in_array(c.session_id, "keys")).order_by(c.session_id, c.attempt)
        )
        size = func.sum(store.octets(c.responses) + store.octets(c.marks))
        self._sizes = store.statement(
            select(c.session_id, size).where(mine, store.in_array(c.session_id, "keys")).group_by(c.session_id)
        )
        self._insert = store.insert_many(attempts)
        self._update = store.update_many(attempts, WRITTEN, ("version",))
        self._update_rest = store.update_many(attempts, [n for n in WRITTEN if n not in CONTENT], ("version",))
        self._values, self._rest = (
            itemgetter(*map(AttemptRecord._fields.index, statement.names[:-1]))
            for statement in (self._update, self._update_rest)
        )
        self._delete = store.statement(delete(attempts).where(mine, c.session_id == bindparam("session")))

    def load(self, db: Db, workspace: str, session_ids: Collection[str]) -> dict[str, tuple[AttemptRecord, ...]]:
        """Returns the attempts of these sessions by session id, in their order; an empty tuple without any."""
        return by_session(session_ids, db.query(*self.ask(db, workspace, session_ids)) if session_ids else ())

    def ask(self, db: Db, workspace: str, session_ids: Collection[str]) -> Ask:
        """What asks for the rows that `load` reads."""
        return self._load, (workspace, db.array_param(session_ids))

    def within(self, db: Db, workspace: str, session_ids: Sequence[str], room: int) -> Sequence[str]:
        """Returns the first of these sessions whose attempts have `room` bytes together; one at least."""
        if len(session_ids) > 1:
            sizes = dict(db.query(self._sizes, (workspace, db.array_param(session_ids))))
            for n, session_id in enumerate(session_ids):
                room -= int(sizes.get(session_id, 0))
                if room < 0:
                    return session_ids[: n or 1]
        return session_ids

    def insert(self, db: Db, rows: Sequence[AttemptRecord]) -> None:
        """Adds records of attempts."""
        db.execute_many(self._insert, [_row(record) for record in rows])

    def update(self, db: Db, rows: Iterable[AttemptUpdate]) -> None:
        """Writes records that are there.

        Raises:
            LostRace: one of them is not what it was (`Db.execute_many`).
        """
        whole, rest = [], []
        for expected, record, with_content in rows:
            if with_content:
                whole.append((*self._values(_row(record)), expected))
            else:
                rest.append((*self._rest(record), expected))
        if whole:
            db.execute_many(self._update, whole)
        if rest:
            db.execute_many(self._update_rest, rest)

    def delete(self, db: Db, workspace: str, session_id: str) -> None:
        """Deletes all attempts of a session."""
        db.execute(self._delete, (workspace, session_id))


def by_session(session_ids: Iterable[str], rows: Iterable[Sequence[Any]]) -> dict[str, tuple[AttemptRecord, ...]]:
    """The attempts in these rows by session id, in their order; an empty tuple without any."""
    found: dict[str, list[AttemptRecord]] = {session_id: [] for session_id in session_ids}
    for row in rows:
        if row[1] in found:
            found[row[1]].append(record_of_row(row))
    return {session_id: tuple(attempts) for session_id, attempts in found.items()}


def _row(record: AttemptRecord) -> tuple[Any, ...]:
    return (*record[:5], _text(record.responses), _text(record.marks), *record[7:])


def _text(value: dict[str, Any]) -> str:
    return value.raw if isinstance(value, Unreadable) else dump_json(value)


def record_of_row(row: Sequence[Any]) -> AttemptRecord:
    """An attempt from its row; responses and marks that cannot be read are Unreadable."""
    marks = _read(row[6])
    if not all(mark is None or type(mark) is int for mark in marks.values()):
        marks = Unreadable(row[6])
    return AttemptRecord._make((*row[:5], _read(row[5]), marks, *row[7:]))


def _read(text: str) -> dict[str, Any]:
    """What a column of responses or marks holds; one that is damaged stops no reader."""
    try:
        found = orjson.loads(text)
    except (ValueError, TypeError):
        return Unreadable(str(text))
    return found if isinstance(found, dict) else Unreadable(text)
