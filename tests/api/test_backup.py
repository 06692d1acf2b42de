"""`exam-sessions backup` and `restore`, as docs/operate/backup-and-restore.md says."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
from typer.testing import CliRunner

from checked import found_in
from command_tree import cli
from databases import SqliteDatabase
from exam_sessions.domain.sequences import RANGE
from exam_sessions.migrations.ownership import newest_revision, revisions
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store import postgres_programs
from exam_sessions.store.databases import conninfo_of, store_of
from serving import ApiClient, serving

both_databases = pytest.mark.both_databases("a backup is made by each database's own means")


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def programs(database_kind, database, monkeypatch):
    """Has PostgreSQL's programs found where the server's are: an older pg_dump refuses a newer server."""
    if database_kind == "postgresql":
        monkeypatch.setenv("PATH", str(database.programs), prepend=os.pathsep)
        if not shutil.which("pg_dump"):
            pytest.skip("pg_dump is not installed: scripts/companions")


def is_empty(database):
    """Whether there is nothing in a database, not even a file."""
    return not database.path.exists() if isinstance(database, SqliteDatabase) else database.definition() == {}


@pytest.fixture
def backed_up(database, tmp_path):
    """A backup that was made while sessions were booked; sessions that it holds, and their workspace."""
    with serving(database) as server, closing(ApiClient(server.target)) as api:
        release = api.release()
        before = [api.book(release) for _ in range(20)]
        done, writing = threading.Event(), threading.Event()

        def write():
            while not done.is_set():
                api.book(release)
                writing.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert writing.wait(60)
        file = tmp_path / "backup"
        made = run("backup", file, "--database-url", database.url)
        done.set()
        writer.join()
        assert made.exit_code == 0, made.output
        return file, before, api.workspace


@both_databases
def test_a_backup_of_a_served_database_is_restored_and_served(backed_up, empty_database):
    file, before, workspace = backed_up
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["backup"]
    restored = run("restore", file, "--database-url", empty_database.url)
    assert restored.exit_code == 0, restored.output
    assert f"at revision {newest_revision()}" in restored.stdout
    assert found_in(empty_database) == []
    with serving(empty_database) as server, closing(ApiClient(server.target, workspace)) as api:
        for session in before:
            assert api.get(session) == session
        moved = api.walk(before[0], "CreatePackage")
        assert api.history(moved)[-1].sequence > RANGE


def test_a_backup_replaces_no_file_unless_it_is_told_to(database, tmp_path):
    file = tmp_path / "backup"
    file.write_text("precious")
    refused = run("backup", file, "--database-url", database.url)
    assert (refused.exit_code, file.read_text()) == (2, "precious")
    assert run("backup", "--force", file, "--database-url", database.url).exit_code == 0
    assert file.read_bytes() != b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_what_cannot_be_backed_up_is_told_and_leaves_nothing(empty_database, database_kind, tmp_path):
    empty = run("backup", tmp_path / "backup", "--database-url", empty_database.url)
    assert (empty.exit_code, "there is nothing in it" in empty.stderr) == (1, True)
    nowhere = run("backup", tmp_path / "no" / "backup", "--database-url", empty_database.url)
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_holds_something_is_not_restored_into(backed_up, database):
    before = database.read("SELECT count(*) FROM sessions")
    refused = run("restore", backed_up[0], "--database-url", database.url)
    assert refused.exit_code == 1
    assert f"{before[0][0]} rows of sessions" in refused.stderr
    assert database.read("SELECT count(*) FROM sessions") == before


@both_databases
def test_a_backup_of_an_older_version_is_restored_and_what_brings_it_up_is_said(
    database, new_database, empty_database, tmp_path
):
    older, file = revisions()[-2], tmp_path / "backup"
    with new_database(empty=True) as source:
        with closing(store_of(source.url)) as store:
            upgrade(store, older)
        assert run("backup", file, "--database-url", source.url).exit_code == 0
    restored = run("restore", file, "--database-url", empty_database.url)
    assert (restored.exit_code, "exam-sessions migrate" in restored.stdout) == (0, True)
    assert run("migrate", "--database-url", empty_database.url).exit_code == 0
    assert found_in(empty_database) == []


def test_a_backup_of_a_newer_version_is_refused(database, new_database, empty_database, tmp_path):
    file = tmp_path / "backup"
    database.write("UPDATE alembic_version SET version_num = '9999'")
    assert run("backup", file, "--database-url", database.url).exit_code == 0
    refused = run("restore", file, "--database-url", empty_database.url)
    assert (refused.exit_code, "revision 9999" in refused.stderr) == (1, True)
    assert is_empty(empty_database)


def test_a_file_that_is_no_backup_is_refused(database, empty_database, tmp_path):
    file = tmp_path / "backup"
    file.write_text("no backup at all")
    refused = run("restore", file, "--database-url", empty_database.url)
    assert (refused.exit_code, refused.exception.__class__) == (1, SystemExit)
    for arguments in ((), (tmp_path / "missing",), (file, "--by-other-means")):
        assert run("restore", *arguments, "--database-url", empty_database.url).exit_code == 2
    assert is_empty(empty_database)


@both_databases
def test_a_database_that_was_restored_by_other_means_numbers_its_events_anew(database):
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        session = api.book()
    assert run("restore", "--by-other-means", "--database-url", database.url).exit_code == 0
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        moved = api.walk(session, "CreatePackage")
        assert [event.sequence > RANGE for event in api.history(moved)] == [False, True]
    assert found_in(database) == []


@pytest.mark.sqlite(reason="a file has other files beside it, and its servers leave signs")
def test_a_served_file_and_the_log_of_another_are_not_restored_over(backed_up, database, tmp_path):
    (tmp_path / "place").mkdir()
    place = SqliteDatabase(tmp_path / "place")
    log = place.path.with_name(f"{place.path.name}-wal")
    log.write_bytes(b"of another")
    refused = run("restore", backed_up[0], "--database-url", place.url)
    assert (refused.exit_code, log.name in refused.stderr) == (1, True)
    log.unlink()
    with serving(database):
        served = run("restore", backed_up[0], "--database-url", database.url)
    assert (served.exit_code, "is served" in served.stderr) == (1, True)


@pytest.mark.sqlite(reason="PostgreSQL finds damage by its checksums")
def test_a_damaged_database_gives_no_backup_and_a_damaged_backup_no_database(backed_up, database, tmp_path):
    file = backed_up[0]
    with closing(sqlite3.connect(file)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'").fetchone()
        (page,) = db.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as damaged:
        damaged.seek((root - 1) * page)
        damaged.write(b"\xde" * page)
    (tmp_path / "place").mkdir()
    place = SqliteDatabase(tmp_path / "place")
    for result in (
        run("restore", file, "--database-url", place.url),
        run("backup", tmp_path / "again", "--database-url", f"sqlite:///{file}"),
    ):
        assert (result.exit_code, "cannot be used" in result.stderr) == (1, True)
    assert not list((tmp_path / "place").iterdir())
    assert not (tmp_path / "again").exists()


@both_databases
def test_a_password_is_in_no_argument_and_in_no_line_that_is_shown(tmp_path, database_kind):
    conninfo = conninfo_of("postgresql://ada:hunter2@db.example:5433/exams?sslmode=require&keepalives=1")
    for make in (postgres_programs.dump, postgres_programs.restore):
        program = make(conninfo, tmp_path / "file")
        assert not any("hunter2" in argument for argument in program.arguments)
        assert "hunter2" not in str(program)
        assert program.environment["PGPASSWORD"] == "hunter2"
        assert program.environment["PGHOST"] == "db.example"
        assert any("keepalives=1" in argument for argument in program.arguments)


@both_databases
def test_without_pg_dump_the_line_to_run_is_printed(monkeypatch, tmp_path, database, database_kind):
    if database_kind == "sqlite":
        return
    monkeypatch.setenv("PATH", str(tmp_path))
    told = run("backup", tmp_path / "backup", "--database-url", database.url)
    assert told.exit_code == 1
    assert "pg_dump --format=custom" in told.stdout
    assert list(tmp_path.iterdir()) == []
