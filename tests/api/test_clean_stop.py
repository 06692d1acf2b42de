"""A SQLite file that was not closed, or was copied while it was served, is read before it is served."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing

import pytest
from messages import bookings

from databases import SqliteDatabase
from exam_sessions.store.database_errors import DatabaseDamaged
from exam_sessions.store.sqlite_clean_stop import stopped_cleanly
from processes import ServerProcess, calling
from serving import ApiClient, serving

pytestmark = pytest.mark.sqlite(reason="a database server looks after its files by itself")

MANY = 1_500
CHECKED, UNCHECKED = "it is checked", "served without having been checked"


def book(api, release, prefix, count=MANY):
    rows = bookings(count, prefix)
    return api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions


def checkpoint(path):
    """Has the log copied into the file and begun again, as happens by itself now and then."""
    with closing(sqlite3.connect(path, timeout=60)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


@pytest.fixture
def copies(database, tmp_path):
    """Two copies of a served file: with the log that was copied after a checkpoint, and of the file alone."""
    places = [tmp_path / name for name in ("with log", "alone")]
    for place in places:
        place.mkdir()
    with serving(database, tick_ms=3_600_000) as server, closing(ApiClient(server.target, "w")) as api:
        release = api.release()
        book(api, release, "first-")
        checkpoint(database.path)
        torn, alone = (SqliteDatabase(place, database.path) for place in places)
        book(api, release, "second-")
        checkpoint(database.path)
        book(api, release, "third-", 100)
        shutil.copyfile(f"{database.path}-wal", f"{torn.path}-wal")
    return torn, alone


def test_a_file_and_a_log_that_were_copied_one_after_the_other_are_not_served(copies):
    torn, _ = copies
    with pytest.raises(DatabaseDamaged, match="it was not closed"):
        serving(torn).__enter__()
    with pytest.raises(RuntimeError, match="next:  restore a backup"):
        ServerProcess(torn)


def test_a_whole_copy_of_the_file_without_its_log_is_served(copies, caplog):
    _, alone = copies
    assert not stopped_cleanly(alone.path)
    with caplog.at_level(logging.INFO), serving(alone) as server, closing(ApiClient(server.target, "w")) as api:
        assert api.call("AggregateSessions").total.session_count == MANY
    assert CHECKED in caplog.text


def test_what_takes_too_long_is_served_with_a_warning(copies, caplog):
    _, alone = copies
    with serving(alone, start_check_s=1e-9):
        pass
    assert UNCHECKED in caplog.text


def test_the_check_can_be_switched_off(copies, caplog):
    _, alone = copies
    with caplog.at_level(logging.INFO), serving(alone, start_check_s=0):
        pass
    assert CHECKED not in caplog.text


def test_a_file_that_was_closed_is_not_checked(database, caplog):
    for _ in range(2):
        with caplog.at_level(logging.INFO), serving(database) as server, closing(ApiClient(server.target)) as api:
            api.book()
            assert not stopped_cleanly(database.path)
        assert stopped_cleanly(database.path)
    assert CHECKED not in caplog.text


def test_a_server_beside_another_neither_checks_nor_says_that_the_file_is_closed(database, caplog):
    with caplog.at_level(logging.INFO), serving(database):
        with serving(database):
            pass
        assert not stopped_cleanly(database.path)
    assert CHECKED not in caplog.text
    assert stopped_cleanly(database.path)


def test_a_file_whose_server_was_killed_is_checked_and_served(database, caplog):
    with ServerProcess(database) as server, calling(server, "w") as api:
        session = api.book()
        server.kill()
        server.wait()
    assert not stopped_cleanly(database.path)
    with caplog.at_level(logging.INFO), serving(database) as server, calling(server, "w") as api:
        assert api.get(session) == session
    assert CHECKED in caplog.text
