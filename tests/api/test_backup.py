"""A backup of a SQLite database that is served, made as docs/operate/backup-and-restore.md says."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from databases import SqliteDatabase
from serving import ApiClient, serving

pytestmark = pytest.mark.sqlite(reason="a database server has backups of its own")


def backup(source, target):
    source.backup(target)


def vacuum_into(source, target):
    (_, _, path), *_ = target.execute("PRAGMA database_list")
    source.execute("VACUUM INTO ?", (path,))


@pytest.mark.parametrize("copy", [backup, vacuum_into])
def test_a_copy_that_sqlite_makes_of_a_served_database_can_be_served(copy, database, tmp_path):
    with serving(database) as server:
        api = ApiClient(server.target)
        release = api.release()
        before = [api.book(release) for _ in range(20)]
        done, writing = threading.Event(), threading.Event()

        def write():
            while not done.is_set():
                api.book(release)
                writing.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert writing.wait(10)
        path = tmp_path / "copy.db"
        with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(path)) as target:
            copy(source, target)
        done.set()
        writer.join()
    with closing(sqlite3.connect(path)) as copied:
        assert copied.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    (tmp_path / "restored").mkdir()
    with serving(SqliteDatabase(tmp_path / "restored", path)) as server:
        restored = ApiClient(server.target, api.workspace)
        for session in before:
            assert restored.get(session) == session
        restored.walk(before[0], "CreatePackage")
