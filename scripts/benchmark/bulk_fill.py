"""Fills a database with many sessions, past the service: copies of model rows, in key order, by the database itself.

The ids are the same every time. Indexes are built afterwards, which takes a tenth of the time it takes otherwise.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from benchmark.databases import PostgresDatabase, SqliteFile
from exam_sessions.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmark.databases import Database

    Progress = Callable[[str, float, float], object]
    """Called with what is under way, how much of it is done, and how much there is."""

STEP = 250_000
"""Rows between two looks at how far it is."""
BATCH = 10_000
"""Rows that share a create time, as those of one BatchCreate do."""
N = "n.value"
"""The number of a row, in SQL."""


def session_id(n: int) -> str:
    """The id of a row by its number; in the order of the numbers, as the service's own are in that of time."""
    return f"01990000-{n >> 12:04x}-7{n & 4095:03x}-8000-{n:012x}"


def keycode(n: int) -> str:
    """The keycode of a row by its number. 7919 shares no factor with ten, so that no two rows have the same."""
    return f"K{n * 7919 % 1_000_000_000:09d}"


class _Filler(ABC):
    """One connection to a database that may lose everything until the end, and does not wait for the disk."""

    @abstractmethod
    def run(self, statement: str) -> None:
        """Runs a statement."""

    @abstractmethod
    def indexes(self, table: str) -> list[tuple[str, str]]:
        """Names and definitions of a table's indexes, without those of its key."""

    @abstractmethod
    def numbers(self, first: int, end: int) -> str:
        """A source of rows `n` with a column `value` that counts."""

    @abstractmethod
    def hexadecimal(self, value: str, digits: int) -> str:
        """An expression for a number with leading zeros."""

    @abstractmethod
    def decimal(self, value: str, digits: int) -> str:
        """As `hexadecimal`, in tens."""

    def session_id(self) -> str:
        """As the function of that name."""
        return (
            f"'01990000-' || {self.hexadecimal(f'({N} >> 12)', 4)} || '-7' || {self.hexadecimal(f'({N} & 4095)', 3)} "
            f"|| '-8000-' || {self.hexadecimal(N, 12)}"
        )

    @abstractmethod
    def finish(self) -> None:
        """Makes what was written durable and the database fit for use."""


class _SqliteFiller(_Filler):
    def __init__(self, database: SqliteFile) -> None:
        self._db = sqlite3.connect(database.path, isolation_level=None)
        # Without a journal: a file that was not finished is thrown away.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-1048576"):
            self._db.execute(f"PRAGMA {pragma}")

    def run(self, statement: str) -> None:
        self._db.execute(statement)

    def indexes(self, table: str) -> list[tuple[str, str]]:
        return self._db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
        ).fetchall()

    def numbers(self, first: int, end: int) -> str:
        return (
            f"(WITH RECURSIVE n(value) AS (SELECT {first} UNION ALL SELECT value + 1 FROM n WHERE value + 1 < {end}) "
            "SELECT value FROM n) AS n"
        )

    def hexadecimal(self, value: str, digits: int) -> str:
        return f"printf('%0{digits}x', {value})"

    def decimal(self, value: str, digits: int) -> str:
        return f"printf('%0{digits}d', {value})"

    def finish(self) -> None:
        for pragma in ("locking_mode=NORMAL", "synchronous=FULL", "journal_mode=WAL"):
            self._db.execute(f"PRAGMA {pragma}").fetchone()
        self._db.close()


class _PostgresFiller(_Filler):
    def __init__(self, database: PostgresDatabase) -> None:
        self._db = psycopg.connect(database.url, autocommit=True)
        for setting in ("synchronous_commit = off", "maintenance_work_mem = '1GB'"):
            self.run(f"SET {setting}")

    def run(self, statement: str) -> None:
        self._db.execute(statement.encode())

    def indexes(self, table: str) -> list[tuple[str, str]]:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE %s"
        return self._db.execute(query, (table, "%_pkey")).fetchall()

    def numbers(self, first: int, end: int) -> str:
        return f"generate_series({first}::bigint, {end - 1}) AS n(value)"

    def hexadecimal(self, value: str, digits: int) -> str:
        return f"lpad(to_hex({value}), {digits}, '0')"

    def decimal(self, value: str, digits: int) -> str:
        return f"lpad(({value})::text, {digits}, '0')"

    def finish(self) -> None:
        self.run("VACUUM ANALYZE")
        self.run("CHECKPOINT")
        self._db.close()


def fill(
    database: Database,
    count: int,
    models: Sequence[str],
    progress: Progress,
    releases: Sequence[str] = (),
    *,
    whole: bool = False,
) -> None:
    """Adds so many sessions, copies of the models by turns, and the event of each one's booking.

    Nothing else may use the database meanwhile.

    Args:
        database: where the models are.
        count: sessions to add.
        models: ids of sessions.
        progress: called at each step.
        releases: take the batches by turns; without any, each copy is of its model's release.
        whole: copy all events and the attempts of the models too, so that `exam-sessions check` finds nothing.
    """
    filler = _filler(database)
    first = database.last_sequence() + 1
    tables = {"sessions": "id", "events": "session_id"} | ({"scripts": "session_id"} if whole else {})
    _copy_models(filler, tables, models, "" if whole else " AND action = 'schedule'")
    own = _own(filler, _Turns(first, count, len(models)), releases)
    for table in tables:
        columns = [column.name for column in schema.metadata.tables[table].c]
        values = ", ".join(own[table].get(name, f"model.{name}") for name in columns)
        indexes = filler.indexes(table)
        for name, _ in indexes:
            filler.run(f"DROP INDEX {name}")
        for begin in range(0, count, STEP):
            progress(f"{database.kind}: rows of {table}", begin, count)
            numbers = filler.numbers(begin, min(begin + STEP, count))
            source = f"{numbers} JOIN {table}_model AS model ON model.turn = {N} % {len(models)}"
            filler.run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {source}")
        for n, (name, definition) in enumerate(indexes):
            progress(f"{database.kind}: index {name}", n, len(indexes))
            filler.run(definition)
    filler.run("UPDATE workspaces SET last_sequence = (SELECT max(sequence) FROM events)")
    progress(f"{database.kind}: finishing", count, count)
    filler.finish()


def _copy_models(filler: _Filler, tables: dict[str, str], models: Sequence[str], events: str) -> None:
    """Makes a table of the rows of the models for each table, with the turn of each; events are numbered, too."""
    ids = ", ".join(f"'{model}'" for model in models)
    turns = " ".join(f"WHEN '{model}' THEN {n}" for n, model in enumerate(models))
    for table, column in tables.items():
        turn = f"CASE {column} {turns} END"
        place = f", row_number() OVER (ORDER BY {turn}, sequence) - 1 AS place" if table == "events" else ""
        which = f"{column} IN ({ids})" + (events if table == "events" else "")
        # In the order of the keys they will have.
        order = "turn, place" if place else "turn"
        select = f"SELECT *, {turn} AS turn{place} FROM {table} WHERE {which} ORDER BY {order}"
        filler.run(f"CREATE TEMP TABLE {table}_model AS {select}")


class _Turns(NamedTuple):
    """The first sequence number to give, and how many sessions are copied from how many models."""

    first: int
    sessions: int
    models: int

    def sequence(self, place: str) -> str:
        """SQL for the number of the event at a place among those of all models; a turn has those of all."""
        return f"({self.first} + {N} / {self.models} * (SELECT count(*) FROM events_model) + {place})"


def _own(filler: _Filler, turns: _Turns, releases: Sequence[str]) -> dict[str, dict[str, str]]:
    """The columns in which a row differs from its model, by table."""
    release = "model.release_id"
    if releases:
        # A table, because a CASE of hundreds of releases costs each row more than all its other columns.
        filler.run("CREATE TEMP TABLE release_turns (turn INTEGER PRIMARY KEY, id TEXT)")
        filler.run(
            "INSERT INTO release_turns VALUES " + ", ".join(f"({n}, '{id_}')" for n, id_ in enumerate(releases))
        )
        release = f"(SELECT r.id FROM release_turns AS r WHERE r.turn = {N} / {BATCH} % {len(releases)})"
    candidate = f"'F' || {filler.decimal(N, 9)}"
    ago = f"({turns.sessions} - {N}) / {BATCH} * 1000000"
    sequence = turns.sequence("model.place")
    last = "(SELECT max(e.place) FROM events_model AS e WHERE e.turn = model.turn)"
    before = f"({sequence} - 1)"
    shifted = ("start_time", "end_time", "pause_start_time", "download_time", "update_time")
    return {
        "sessions": {
            "id": filler.session_id(),
            "release_id": release,
            "keycode": f"'K' || {filler.decimal(f'({N} * 7919 % 1000000000)', 9)}",
            "access_code": f"'A' || {filler.decimal(f'({N} * 6053 % 1000000000)', 9)}",
            "candidate_id": candidate,
            "open_candidate": f"CASE WHEN model.open_candidate IS NULL THEN NULL ELSE {candidate} END",
            "create_time": f"model.create_time - {ago}",
            **{name: f"CASE model.{name} WHEN 0 THEN 0 ELSE model.{name} - {ago} END" for name in shifted},
            "last_event": f"CASE model.last_event WHEN 0 THEN 0 ELSE {turns.sequence(last)} END",
        },
        "events": {
            "sequence": sequence,
            "session_id": filler.session_id(),
            "release_id": release,
            "time": f"model.time - {ago}",
            # The events of a session are next to each other.
            "previous": f"CASE sign(model.previous) WHEN 1 THEN {before} WHEN -1 THEN -{before} ELSE 0 END",
        },
        "scripts": {"session_id": filler.session_id()},
    }


def _filler(database: Database) -> _Filler:
    if isinstance(database, SqliteFile):
        return _SqliteFiller(database)
    assert isinstance(database, PostgresDatabase)
    return _PostgresFiller(database)
