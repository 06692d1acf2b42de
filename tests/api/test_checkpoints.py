"""The log of a SQLite file is copied into it beside the commits, stays short, and loses nothing."""

from __future__ import annotations

import itertools
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from sqlalchemy import insert

from exam_sessions.store import schema, sqlite, sqlite_checkpoints
from exam_sessions.store.databases import store_of
from serving import until

pytestmark = pytest.mark.sqlite(reason="a database server copies its log by itself")

LONG, AT_MOST, NEVER = 200, 400, 1_000_000

WRITER = """
import itertools, sys
from sqlalchemy import insert
from exam_sessions.store import schema, sqlite_checkpoints
from exam_sessions.store.databases import store_of
sqlite_checkpoints.STEP, sqlite_checkpoints.LONG = 20, 60
store = store_of(sys.argv[1])
write, db = store.statement(insert(schema.consumers)), store.writer()
for n in itertools.count():
    db.begin()
    db.execute(write, ("w", f"{n:06}", n, 0))
    db.commit()
    print(n, flush=True)
"""


@pytest.fixture
def short(monkeypatch):
    """Checkpoints as often as a test can wait for."""
    monkeypatch.setattr(sqlite_checkpoints, "STEP", 50)
    monkeypatch.setattr(sqlite_checkpoints, "LONG", LONG)
    monkeypatch.setattr(sqlite_checkpoints, "FEW", 20)
    monkeypatch.setattr(sqlite, "AT_MOST", NEVER)


@pytest.fixture
def without_thread(short, monkeypatch):
    """A thread that copies nothing, beside the constants of `short`."""
    monkeypatch.setattr(sqlite, "AT_MOST", AT_MOST)
    monkeypatch.setattr(sqlite_checkpoints.Checkpoints, "_checkpoint", lambda *_: None)


@pytest.fixture
def commits(migrated):
    """Commits a row at each call of `next`, and gives the length of the log with what is left of it."""
    write = migrated.statement(insert(schema.consumers))

    def committing(db):
        for n in itertools.count():
            db.begin()
            db.execute(write, ("w", f"{n:06}", n, 0))
            db.commit()
            yield db._files.log_length()

    with migrated.writer() as db:
        yield committing(db)


@pytest.fixture
def checkpoint_threads():
    """Finds the threads that make checkpoints, but for those of servers that other tests share."""
    earlier = set(threading.enumerate())
    return lambda: [one for one in threading.enumerate() if one.name == "checkpoint" and one not in earlier]


def rows_of(database):
    return [name for (name,) in database.read("SELECT name FROM consumers ORDER BY name")]


@pytest.mark.usefixtures("short")
def test_the_log_is_copied_beside_the_commits_and_begins_again(commits, database, checkpoint_threads):
    lengths, beginnings = [next(commits)[0]], 0
    while beginnings < 3:
        lengths.append(next(commits)[0])
        beginnings += lengths[-1] < lengths[-2]
    assert rows_of(database) == [f"{n:06}" for n in range(len(lengths))]
    assert len(checkpoint_threads()) == 1


@pytest.mark.usefixtures("short")
def test_pages_are_copied_before_the_log_is_long(commits):
    assert until(lambda: next(commits)[0] < LONG and next(commits)[1] < 50)


@pytest.mark.usefixtures("without_thread")
def test_a_commit_copies_what_is_left_when_the_thread_does_not(commits):
    length = before = 0
    while length >= before:
        before, (length, _) = length, next(commits)
    assert AT_MOST <= before < AT_MOST + 10


@pytest.mark.usefixtures("short")
def test_a_reader_keeps_its_snapshot_and_the_log_begins_again_after_it(commits, database):
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        for _ in range(10):
            next(commits)
        reader.execute("BEGIN")
        seen = reader.execute("SELECT count(*) FROM consumers").fetchone()
        while next(commits)[0] < 4 * LONG:
            pass
        assert reader.execute("SELECT count(*) FROM consumers").fetchone() == seen
        reader.execute("COMMIT")
        while next(commits)[0] >= LONG:
            pass
        assert reader.execute("SELECT count(*) FROM consumers").fetchone() > seen


@pytest.mark.usefixtures("short")
def test_a_connection_that_closes_ends_its_thread_and_leaves_no_log(migrated, database, checkpoint_threads):
    write = migrated.statement(insert(schema.consumers))
    with migrated.writer() as db:
        while not checkpoint_threads():
            db.begin()
            db.execute(write, ("w", str(db._files.log_length()[0]), 0, 0))
            db.commit()
    assert not checkpoint_threads()
    assert not database.path.with_name(f"{database.path.name}-wal").exists()


def test_a_writer_killed_among_checkpoints_has_lost_nothing_it_had_committed(database):
    command = [sys.executable, "-c", WRITER, database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(1_000):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])
    with closing(store_of(database.url)) as store:
        assert list(store.damaged_pages()) == []
    committed = rows_of(database)
    assert committed == [f"{n:06}" for n in range(len(committed))]
    assert last < len(committed) <= last + 2
