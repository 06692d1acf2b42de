"""Serving and migrating, each in a process of its own, as people start them."""

from __future__ import annotations

import logging
import os
import pty
import signal
import socket
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import grpc
import pytest
from terminal import start, typed

from exam_sessions.cli import serve
from exam_sessions.configuration.database_urls import without_password
from exam_sessions.settings import Settings
from serving import ApiClient


@pytest.fixture
def url(empty_database):
    return empty_database.url


@pytest.fixture
def started():
    """Starts servers, and stops them at the end."""
    running = []

    def begin(*words, **environment):
        server = start("serve", *words, **{"EXAM_SESSIONS_OPEN_WORKSPACES": "1"} | environment)
        running.append(server)
        return server

    yield begin
    for server in running:
        server.kill()
        server.communicate()


def ready_at(server):
    line = server.stdout.readline()
    assert line.startswith("serving on "), server.stderr.read()
    return line.removeprefix("serving on ").strip()


def test_a_server_says_in_one_line_where_it_serves_and_ends_when_it_is_told(started, url):
    server = started("--listen", "127.0.0.1:0", "--database-url", url)
    api = ApiClient(ready_at(server))
    api.book()
    api.close()
    server.send_signal(signal.SIGTERM)
    said, logged = server.communicate(timeout=20)
    assert said == ""
    assert server.returncode == 0
    assert "alembic" not in logged
    assert "transitions" not in logged


def test_a_second_start_finds_what_was_there(started, url):
    first = started("--listen", "127.0.0.1:0", "--database-url", url)
    api = ApiClient(ready_at(first), workspace="w")
    session = api.book()
    api.close()
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)

    target = ready_at(started("--listen", "127.0.0.1:0", "--database-url", url))
    api = ApiClient(target, workspace="w")
    assert api.get(session).keycode == session.keycode
    api.close()


def test_settings_come_from_the_environment_too(started, url):
    server = started(EXAM_SESSIONS_LISTEN="127.0.0.1:0", EXAM_SESSIONS_DATABASE_URL=url)
    host, _, port = ready_at(server).rpartition(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


def test_every_setting_is_a_documented_flag_with_its_environment_variable():
    said = typed("serve", "--help").stdout
    for field in fields(Settings):
        assert f"--{field.name.replace('_', '-')}" in said
        assert f"EXAM_SESSIONS_{field.name.upper()}" in said


def test_flags_win_over_the_environment(monkeypatch, url):
    seen = []
    monkeypatch.delenv("EXAM_SESSIONS_TRANSPORT", raising=False)
    monkeypatch.setenv("EXAM_SESSIONS_BACKLOG", "5")
    monkeypatch.setenv("EXAM_SESSIONS_TICK_MS", "250")
    monkeypatch.setattr("exam_sessions.app.serve", lambda settings, ready: seen.append(settings))
    level, handlers = logging.root.level, logging.root.handlers[:]
    try:
        typed("serve", "--listen", "127.0.0.1:0", "--database-url", url, "--backlog", 7, "--log-level", "warning")
    finally:
        logging.root.level, logging.root.handlers[:] = level, handlers
    assert seen == [Settings(listen="127.0.0.1:0", database_url=url, backlog=7, tick_ms=250.0, log_level="WARNING")]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BACKLOG", "many"),
        ("BACKLOG", "0"),
        ("LINGER_MS", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("LISTEN", "50051"),
        ("LISTEN", "127.0.0.1:70000"),
        ("LISTEN", "127.0.0.1:٣"),
        ("DATABASE_URL", "oracle://host/db"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///x.db?mode=ro"),
        ("DATABASE_URL", "sqlite:///%00"),
        *((field.name.upper(), "1e300") for field in fields(Settings) if isinstance(field.default, float)),
        ("MAX_MESSAGE_BYTES", str(2**31 - 1)),
        *((field.name.upper(), str(2**70)) for field in fields(Settings) if isinstance(field.default, int)),
    ],
)
def test_a_bad_setting_is_a_wrong_command_that_names_it(monkeypatch, variable, value):
    monkeypatch.setenv(f"EXAM_SESSIONS_{variable}", value)
    monkeypatch.setenv("EXAM_SESSIONS_LISTEN", value if variable == "LISTEN" else "127.0.0.1:0")
    monkeypatch.setattr("exam_sessions.logs.configure", lambda *_: None)
    said = typed("serve", code=2).stderr
    assert f"--{variable.lower().replace('_', '-')}" in said or repr(value) in said
    assert "Traceback" not in said


def test_a_port_in_use_is_told_with_a_way_out(url):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = typed("serve", "--listen", f"127.0.0.1:{port}", "--database-url", url, code=1).stderr.splitlines()
    assert said[0].startswith(f"error: 127.0.0.1:{port} is taken")
    assert f"--listen 127.0.0.1:{port + 1}" in said[1]


def test_an_address_of_another_machine_is_told(url):
    said = typed("serve", "--insecure", "--listen", "192.0.2.1:50051", "--database-url", url, code=1).stderr
    assert "nobody can listen at 192.0.2.1:50051" in said


def test_a_database_that_cannot_be_opened_is_told(tmp_path):
    said = typed("migrate", "--database-url", f"sqlite:///{tmp_path}/nowhere/x.db", code=1).stderr
    assert "cannot be used" in said
    assert "does its directory exist" in said


def sqlite(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def ours(path, *statements):
    typed("migrate", "--database-url", f"sqlite:///{path}")
    sqlite(path, *statements)


UNUSABLE = {
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a text": lambda path: path.write_text("no database, but long enough to be looked at" * 100),
    "noise": lambda path: path.write_bytes(os.urandom(50_000)),
    "another program's": lambda path: sqlite(path, "CREATE TABLE users (id)"),
    "another's table of a name of ours": lambda path: sqlite(path, "CREATE TABLE sessions (id)"),
    "another's migrations": lambda path: sqlite(
        path, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('f00')"
    ),
    "ours without a table": lambda path: ours(path, "DROP TABLE consumers"),
    "ours with a table of another kind": lambda path: ours(path, "DROP TABLE drafts", "CREATE TABLE drafts (id)"),
    "ours without a revision": lambda path: ours(path, "DELETE FROM alembic_version"),
}


@pytest.mark.parametrize("command", ["serve", "migrate"])
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_cannot_be_served_ends_the_start_in_two_lines(tmp_path, what, command):
    path = tmp_path / "x.db"
    UNUSABLE[what](path)
    listen = ("--listen", "127.0.0.1:0") if command == "serve" else ()
    said = typed(command, "--database-url", f"sqlite:///{path}", *listen, code=1).stderr.splitlines()
    assert [line.split(":")[0] for line in said] == ["error", "next"]
    assert not list(tmp_path.glob("*-server-*")), "nothing is left behind"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as somebody else")
@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_file_that_may_not_be_written_ends_the_start_in_two_lines(started, mode):
    with TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o777)
        ours(place / "x.db")
        (place / "x.db").chmod(mode)
        server = started("--listen", "127.0.0.1:0", "--database-url", f"sqlite:///{place}/x.db", user=65_534)
        said = server.communicate(timeout=60)[1].splitlines()
    assert [line.split(":")[0] for line in said] == ["error", "next"]
    assert server.returncode == 1


def test_another_program_s_file_is_left_as_it_was(tmp_path):
    path = tmp_path / "x.db"
    sqlite(path, "CREATE TABLE users (id)")
    before = path.read_bytes()
    typed("migrate", "--database-url", f"sqlite:///{path}", code=1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("more", [(), ("--share-port", 1), ("--workers", 2), ("--transport", "native")])
def test_a_port_lost_at_the_last_instant_ends_the_start_in_two_lines(tmp_path, monkeypatch, more):
    if "native" in more:
        pytest.importorskip("pygrpc_native", reason="the native transport is an extra")
    monkeypatch.setattr(serve, "_check_listen", lambda *_, **__: None)  # it was free when it was asked for
    monkeypatch.setattr("exam_sessions.logs.configure", lambda *_: None)
    url = f"sqlite:///{tmp_path}/x.db"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = typed("serve", "--listen", f"127.0.0.1:{port}", "--database-url", url, *more, code=1).stderr
    lines = said.splitlines()
    assert lines[0].startswith(f"error: nobody can listen at 127.0.0.1:{port}: ")
    assert lines[1].startswith("next:  choose another address")
    assert len(lines) == 2
    assert not list(tmp_path.glob("*-server-*")), "nothing is left behind"


def test_a_port_is_shared_with_a_server_that_shares_it(started, url):
    target = ready_at(started("--listen", "127.0.0.1:0", "--database-url", url, "--share-port", 1))
    assert ready_at(started("--listen", target, "--database-url", url, "--share-port", 1)) == target


def test_a_database_server_that_does_not_answer_is_told():
    said = typed("migrate", "--database-url", "postgresql://exams@127.0.0.1:1/exams", code=1).stderr
    assert "error: the database postgresql://exams@127.0.0.1:1/exams cannot be used: " in said
    assert "directory" not in said


@pytest.mark.postgresql(reason="elsewhere it is made when it is missing")
def test_a_database_that_is_not_there_is_told(url):
    said = typed("migrate", "--database-url", f"{url}_nowhere", code=1).stderr
    assert "cannot be used" in said
    assert "does not exist" in said


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"postgresql://exams:{SECRET}@127.0.0.1:1/exams", 1),
        (f"postgresql://127.0.0.1:1/exams?user=exams&password={SECRET}", 1),
        (f"postgresql://exams:{SECRET}@127.0.0.1:port/exams", 2),
        (f"postgresql//exams:{SECRET}@127.0.0.1/exams", 2),
        (f"postgres://exams:{SECRET}@127.0.0.1/exams", 2),
        (f"oracle://exams:{SECRET}@127.0.0.1/exams", 2),
    ],
)
def test_a_password_is_not_shown_when_the_database_cannot_be_used(url, code):
    said = typed("migrate", "--database-url", url, code=code)
    assert said.output.startswith("error: ")
    assert "127.0.0.1" in said.output, "which database it was is told all the same"
    assert SECRET not in said.output


@pytest.mark.parametrize("service", ["exam_sessions.v1.SessionService/WatchSessions", "grpc.health.v1.Health/Watch"])
def test_a_stream_that_grpc_ends_leaves_no_traceback(started, url, service):
    server = started("--listen", "127.0.0.1:0", "--database-url", url)
    with grpc.insecure_channel(ready_at(server), compression=grpc.Compression.Deflate) as channel:
        for _ in range(100):
            call = channel.unary_stream(f"/{service}")(b"\x0a\x7f", timeout=20)
            with pytest.raises(grpc.RpcError) as refused:
                next(call)
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    server.send_signal(signal.SIGTERM)
    assert "Traceback" not in server.communicate(timeout=20)[1]


def test_a_file_may_have_any_name(started, tmp_path):
    url = f"sqlite:///{tmp_path}/a b#c&d=50%é.db"
    api = ApiClient(ready_at(started("--listen", "127.0.0.1:0", "--database-url", url)))
    booked = api.book()
    assert api.get(booked) == booked
    api.close()


def test_a_password_is_not_shown_by_a_server_that_cannot_start(started):
    server = started(
        "--listen", "127.0.0.1:0", EXAM_SESSIONS_DATABASE_URL=f"postgresql://exams:{SECRET}@127.0.0.1:1/x"
    )
    said, noted = server.communicate(timeout=30)
    assert (server.returncode, said) == (1, "")
    assert "127.0.0.1" in noted
    assert SECRET not in noted


@pytest.mark.postgresql(reason="a file has no password")
def test_a_password_is_not_shown_when_all_is_well(started, url):
    parts = urlsplit(url)
    secret = parts.password or SECRET
    url = parts._replace(netloc=f"{parts.username}:{secret}@{parts.hostname}:{parts.port}").geturl()
    said = [typed("migrate", "--database-url", url).output for _ in range(2)]
    server = started("--listen", "127.0.0.1:0", "--database-url", url, "--log-level", "DEBUG")
    said.append(ready_at(server))
    server.send_signal(signal.SIGTERM)
    said += server.communicate(timeout=20)
    assert all(secret not in told for told in said)


def test_a_schema_of_the_future_is_told(database):
    database.write("UPDATE alembic_version SET version_num = '9999'")
    said = typed("migrate", "--database-url", database.url, code=1).stderr
    assert "9999" in said
    assert "the version that made it" in said


def test_migrate_says_from_where_to_where(url):
    first = typed("migrate", "--database-url", url).stdout
    assert first.startswith(f"{url} went from empty to revision ")
    assert "already, the newest" in typed("migrate", "--database-url", url).stdout


def test_who_starts_a_server_in_a_terminal_is_told_what_to_try_next(url):
    master, slave = pty.openpty()
    server = start("serve", "--listen", "127.0.0.1:0", "--database-url", url, stderr=slave)
    os.close(slave)
    target = ready_at(server)
    seen = b""
    while b"demo" not in seen:
        seen += os.read(master, 4096)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=20)
    os.close(master)
    assert f"exam-sessions demo --target {target}" in seen.decode()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://exams:secret@h/d",
        "postgresql://exams:sec:ret@h1:1,h2:2/d?target_session_attrs=read-write",
        "postgresql://exams:se@secret@h/d",
        "postgresql://h/d?user=exams&password=secret&sslmode=require",
    ],
)
def test_a_password_is_never_shown(url):
    shown = without_password(url)
    assert "secret" not in shown
    assert "ret" not in shown.replace("target", "")
    assert "***" in shown
