"""The raw driver in the place of the service: the rows of durable transitions, and nothing else.

Nothing is received, read, decided or answered. What a group of callers takes here no service on SQLite is rid of.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

from benchmark.databases import SqliteFile
from exam_sessions.domain.states import State
from exam_sessions.store import schema
from exam_sessions.store.session_history import INDEX_EVERY
from exam_sessions.store.sqlite_checkpoints import LONG

if TYPE_CHECKING:
    from benchmark.load import Callers
    from benchmark.processes import Cores


class BareRows:
    """A Side and its Runner: a copy of a database, and on the server's core a group of as many rows as callers.

    The session is updated, its event and its request id are inserted, and the workspace counts its events.
    """

    name = "executemany"

    def __init__(self, service: SqliteFile, session_ids: list[str], cores: Cores) -> None:
        self._cores, self._ids, self._at = cores, session_ids, 0
        database = SqliteFile(service.path.with_name("bare-rows.db"))
        self._db = sqlite3.connect(database.path, isolation_level=None)
        with closing(sqlite3.connect(service.path)) as source:
            source.backup(self._db)
        checkpoints = f"wal_autocheckpoint={LONG}"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", checkpoints):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        self._event, self._request = (self._model(table) for table in ("events", "requests"))
        self._place = int(self._db.execute("SELECT max(last_sequence) FROM workspaces").fetchone()[0])
        self._last = dict(self._db.execute("SELECT id, last_event FROM sessions"))
        self._callers = 1

    def _model(self, table: str) -> dict[str, Any]:
        names = [column.name for column in schema.metadata.tables[table].c]
        where = "action = 'pause'" if table == "events" else "result = ''"
        row = self._db.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {where} LIMIT 1").fetchone()
        return dict(zip(names, row, strict=True))

    def runner(self, callers: Callers) -> BareRows:
        """Itself, with groups of that size."""
        self._callers = callers.number
        return self

    def run(self, seconds: float) -> dict[str, Any]:
        """As Runner. The time between two groups, in which their rows are made, does not count."""
        wall = cpu = 0.0
        done = 0
        with self._cores.on_server():
            while wall < seconds:
                rows = self._rows()
                began, worked = time.perf_counter(), time.thread_time()
                self._write(*rows)
                wall, cpu = wall + time.perf_counter() - began, cpu + time.thread_time() - worked
                done += self._callers
        return {"rate": done / wall, "cpu_us_per_call": cpu / done * 1e6, "p50": wall / done * self._callers * 1e3}

    def _rows(self) -> tuple[list[Any], list[Any], list[Any]]:
        sessions, events, requests = [], [], []
        for _ in range(self._callers):
            session_id = self._ids[self._at % len(self._ids)]
            state = int(State.IN_PROGRESS if self._at // len(self._ids) % 2 else State.PAUSED)
            self._at += 1
            self._place += 1
            before, self._last[session_id] = self._last[session_id], self._place
            moment, request_id = time.time_ns() // 1000, str(uuid.uuid4())
            sessions.append((state, moment, self._at, moment, self._at, self._place, "default", session_id))
            own = {"sequence": self._place, "session_id": session_id, "request_id": request_id, "time": moment}
            own["previous"] = before if self._at // len(self._ids) % INDEX_EVERY else -before
            events.append(tuple((self._event | own).values()))
            fingerprint = os.urandom(len(self._request["fingerprint"]))
            own = {"request_id": request_id, "fingerprint": fingerprint, "create_time": moment}
            requests.append(tuple((self._request | own).values()))
        return sessions, events, requests

    def _write(self, sessions: list[Any], events: list[Any], requests: list[Any]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "UPDATE sessions SET state = ?, pause_start_time = ?, paused_time = ?, update_time = ?, version = ?, "
            "last_event = ? WHERE workspace_id = ? AND id = ?",
            sessions,
        )
        for table, rows in (("events", events), ("requests", requests)):
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        db.execute("UPDATE workspaces SET last_sequence = ? WHERE workspace_id = 'default'", (self._place,))
        db.execute("COMMIT")

    def close(self) -> None:
        """As Runner."""
        self._db.close()
