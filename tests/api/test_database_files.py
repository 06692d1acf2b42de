"""A SQLite file that is removed, replaced, cut short, filled up or written to by others while it is served."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc

from exam_sessions.rpc import server as rpc_server
from serving import ApiClient, Refused, RunningServer, serving, until

pytestmark = pytest.mark.sqlite(reason="the files of a database server are not ours to watch")

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
FILES = ("", "-wal", "-shm")


@pytest.fixture(autouse=True)
def probed_often(monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)


@pytest.fixture
def served(database):
    with serving(database) as server:
        api = ApiClient(server.target)
        api.server = server
        yield api
        api.close()


def file_of(database, name):
    return Path(f"{database.path}{name}")


def health_of(api):
    stub = health_pb2_grpc.HealthStub(api.channel)
    return stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status


def refusal_of(call, *arguments, **fields):
    with pytest.raises(Refused) as refused:
        call(*arguments, **fields)
    return refused.value.code, refused.value.reason


REPLACED = (StatusCode.UNAVAILABLE, "DATABASE_REPLACED")
DAMAGED = (StatusCode.DATA_LOSS, "DATABASE_DAMAGED")


def remove(file):
    file.unlink()


def replace_by_a_copy(file):
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.replace(file)


def replace_by_an_empty_file(file):
    file.unlink()
    file.touch()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("exchange", [remove, replace_by_a_copy, replace_by_an_empty_file])
def test_nothing_is_acknowledged_once_a_file_is_removed_or_replaced(served, database, caplog, name, exchange):
    session = served.book()
    exchange(file_of(database, name))
    assert refusal_of(served.call, "DeleteSession", session_id=session.id) == REPLACED
    assert refusal_of(served.release) == REPLACED
    assert refusal_of(served.call, "ListSessions") == REPLACED
    until(lambda: health_of(served) == NOT_SERVING)
    assert f"{database.path}{name} was " in caplog.text
    assert "until the right file is in its place and the server has been started again" in caplog.text


def test_a_session_is_not_read_from_a_file_that_was_removed(served, database):
    session = served.book()
    database.path.unlink()
    assert refusal_of(served.get, session) == REPLACED


def test_a_backup_copied_over_the_file_is_noticed(served, database, tmp_path):
    backup, release = tmp_path / "backup.db", served.release()
    for _ in range(30):
        served.book(release)
    with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    served.book(release)
    assert backup.stat().st_size != database.path.stat().st_size
    shutil.copyfile(backup, database.path)
    assert refusal_of(served.book) == REPLACED
    until(lambda: health_of(served) == NOT_SERVING)


def test_pages_written_over_are_noticed(served, database):
    served.book()
    with database.path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(os.urandom(4096))
    assert refusal_of(served.book) == DAMAGED
    until(lambda: health_of(served) == NOT_SERVING)


def test_checkpoints_of_any_process_are_not_taken_for_another_program(served, database):
    server = served.server
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE") * 3:
            session = served.book()
            other.execute(f"PRAGMA wal_checkpoint({mode})")
            server.run(server.app.service.reads.workspaces.states())
            assert served.get(session) == session
    server.app.service._writing._db._driver.execute("PRAGMA wal_autocheckpoint=1")
    for _ in range(20):
        served.book()
    assert health_of(served) == SERVING


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_only_away_is_served_again(served, database, name):
    session, file = served.book(), file_of(database, name)
    away = file.rename(file.with_name("away"))
    until(lambda: health_of(served) == NOT_SERVING)
    if name != "-shm":  # which holds nothing that is not in the log
        assert refusal_of(served.book) == REPLACED
    away.rename(file)
    until(lambda: health_of(served) == SERVING)
    assert served.get(session) == session
    assert served.book()


def test_a_directory_that_is_moved_is_noticed(served, database):
    session = served.book()
    directory = database.path.parent
    away = directory.rename(directory.with_name(f"{directory.name}-away"))
    assert refusal_of(served.get, session) == REPLACED
    assert refusal_of(served.book) == REPLACED
    away.rename(directory)
    assert served.get(session) == session


def test_a_link_that_leads_elsewhere_is_noticed(database, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(database.path)

    class Linked:
        url = f"sqlite:///{link}"

    with serving(Linked) as server:
        api = ApiClient(server.target)
        session = api.book()
        other = tmp_path / "other.db"
        shutil.copy(database.path, other)
        link.unlink()
        link.symlink_to(other)
        assert refusal_of(api.get, session) == REPLACED
        api.close()


def test_what_is_put_in_the_place_of_the_files_is_not_touched_and_is_served_after_a_restart(database, tmp_path):
    server = RunningServer(database)
    api = ApiClient(server.target, workspace="w")
    session = api.book()
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    later = api.book()
    for name in FILES:
        file_of(database, name).unlink()
    with closing(sqlite3.connect(backup)) as restored:
        restored.execute("PRAGMA journal_mode=WAL")
        restored.execute("CREATE TABLE mark_of_the_restored (id INTEGER)")
        restored.commit()
        for name in ("", "-wal"):
            shutil.copy(f"{backup}{name}", f"{database.path}{name}")
    before = [file_of(database, name).read_bytes() for name in ("", "-wal")]
    assert refusal_of(api.book) == REPLACED
    api.close()
    server.stop()
    assert [file_of(database, name).read_bytes() for name in ("", "-wal")] == before
    with serving(database) as server:
        api = ApiClient(server.target, workspace="w")
        assert api.get(session) == session
        assert refusal_of(api.get, later)[1] == "SESSION_NOT_FOUND"
        assert api.book()
        api.close()


@pytest.mark.parametrize("name", ["", "-wal"])
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_file_that_is_cut_short_is_damaged_for_good(served, database, name, share):
    session = served.book()
    file = file_of(database, name)
    os.truncate(file, int(file.stat().st_size * share) // 4096 * 4096)
    assert refusal_of(served.book) == DAMAGED
    assert refusal_of(served.get, session) == DAMAGED
    until(lambda: health_of(served) == NOT_SERVING)
    assert refusal_of(served.release) == DAMAGED


def test_a_file_that_another_process_makes_smaller_is_as_good_as_before(served, database):
    session = served.book()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE filling (text TEXT)")
        other.executemany("INSERT INTO filling VALUES (?)", [("x" * 4000,)] * 100)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        large = database.path.stat().st_size
        assert served.book()
        other.execute("DROP TABLE filling")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert database.path.stat().st_size < large
        assert served.get(session) == session
        assert served.book()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.execute("CREATE TABLE another (id INTEGER)")
        assert served.book()
    assert health_of(served) == SERVING


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MiB; gives its directory and what makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", *options, place], capture_output=True, check=False).returncode

    try:
        failed = mount("-o", "size=3m", "tmpfs")
    except FileNotFoundError:
        failed = True
    if failed:
        pytest.skip("nobody but root may mount a file system")
    yield place, lambda: mount("-o", "remount,size=30m")
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_refuses_writes_serves_reads_and_is_over_once_there_is_room(small_disk):
    place, enlarge = small_disk

    class Small:
        url = f"sqlite:///{place}/exam-sessions.db"

    booked = []
    with serving(Small, tick_ms=3_600_000) as server:
        api = ApiClient(server.target)
        release = api.release()

        def fill():
            # What was booked before the one that is refused stays in the list.
            booked.extend(api.book(release, external_reference="x" * 30) for _ in range(1_000))

        assert refusal_of(fill) == (StatusCode.RESOURCE_EXHAUSTED, "DATABASE_FULL")
        assert [api.get(session) for session in booked] == booked
        assert enlarge() == 0
        booked.append(api.book(release))
        api.close()
    with serving(Small) as server:
        again = ApiClient(server.target, api.workspace)
        assert [again.get(session) for session in booked] == booked
        again.close()
