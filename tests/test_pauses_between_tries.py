"""What a server tries again waits in between: for a database that is away, or that another holds."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import psycopg
import pytest

from exam_sessions import errors
from exam_sessions.background.operation_worker import LOOK_EVERY, Worker
from exam_sessions.domain.stored_records import ToDo
from exam_sessions.store import postgres_listener
from exam_sessions.store.availability import Availability
from exam_sessions.store.database_errors import LockedOut, Unreachable
from exam_sessions.store.databases import store_of
from exam_sessions.store.postgres_connection import PostgresDb
from serving import until


def test_a_database_that_is_known_to_be_silent_is_not_dialled_for_each_call():
    dialled, availability = [], Availability()
    db = PostgresDb(lambda: dialled.append("once more"), availability, "1s")
    availability.checked("no answer", unreachable=True)
    for _ in range(3):
        with pytest.raises(Unreachable, match="no answer"):
            db.connect()
    assert dialled == []


def test_a_listener_waits_before_it_connects_again(monkeypatch):
    waited, dialled = [], []

    class Ended(threading.Event):
        def wait(self, timeout=None):
            waited.append(timeout)
            if len(waited) == 3:
                self.set()
            return self.is_set()

    def dial():
        dialled.append("once more")
        if len(dialled) > 9:
            ended[0].set()
        raise psycopg.OperationalError("nobody is there")

    ended = [Ended()]
    own = type("Threading", (), {"Event": lambda: ended[0], "Thread": threading.Thread})
    monkeypatch.setattr(postgres_listener, "threading", own)
    listener = postgres_listener.Listener(dial, print, Availability())
    until(ended[0].is_set)
    listener.end()
    assert len(dialled) == len(waited) == 3
    assert set(waited) == {postgres_listener.AGAIN_S}
    assert postgres_listener.AGAIN_S > 0


class Away:
    """The reads and the queue of a server whose database takes no step of the one operation there is."""

    async def operations_to_do(self):
        return [ToDo("w", "o", "", 0, 0)]

    async def operation(self, *_, **__):
        raise errors.DatabaseUnavailable

    payload = operation

    def submit(self, _):
        raise errors.DatabaseUnavailable


def test_an_operation_that_an_outage_holds_up_is_tried_again_after_a_pause():
    away = Away()
    worker = Worker(away, away, lambda: 1, "s", {}, lambda _: b"")
    assert asyncio.run(worker.round()) == LOOK_EVERY > 0


def test_a_writer_pauses_between_two_looks_at_a_file_that_another_writes_to(tmp_path, monkeypatch):
    path, pauses = tmp_path / "held.db", []
    store = store_of(f"sqlite:///{path}")
    with store.writer() as db, sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", pauses.append)
        store.availability.lock_not_available("others wait in vain")
        with pytest.raises(LockedOut):
            db.begin()
    store.close()
    assert pauses
    assert min(pauses) > 0
