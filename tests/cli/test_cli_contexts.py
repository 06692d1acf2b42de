"""Which server a command talks to, how it is reached, and with whose credential: flags, environment, contexts."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import termios

import pytest
from terminal import start, typed

from certificates import authority, self_signed
from metadata_recorder import recording
from serving import serving, until

VARIABLES = ("TARGET", "CONTEXT", "TLS", "CA", "CERT", "KEY", "TOKEN", "INSECURE_TOKEN")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(f"EXAM_SESSIONS_{name}", raising=False)


def put(path, text, mode=0o600):
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)
    return path


def words_of(said):
    return " ".join(said.output.split())


# TLS.


@pytest.fixture
def secured(database, tmp_path):
    """A server that asks for client certificates, and the options that it is reached with."""
    cert, key = authority().issue().write(tmp_path, "server")
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    settings = {"tls_cert": str(cert), "tls_key": str(key), "tls_client_ca": str(tmp_path / "ca.crt")}
    cert, key = authority().issue(client=True).write(tmp_path, "client")
    files = {"ca": tmp_path / "ca.crt", "cert": cert, "key": key}
    with serving(database, **settings) as server:
        yield server.target, files


def flags(files):
    return [word for name, path in files.items() for word in (f"--{name}", str(path))]


def test_flags_reach_a_server_with_tls(secured):
    target, files = secured
    assert typed("health", "--target", target, *flags(files)).stdout == "SERVING\n"
    assert typed("releases", "list", "--target", target, "--tls", *flags(files)).exit_code == 0


def test_the_environment_reaches_a_server_with_tls(secured, monkeypatch):
    target, files = secured
    for name, value in {**files, "tls": "1", "target": target}.items():
        monkeypatch.setenv(f"EXAM_SESSIONS_{name.upper()}", str(value))
    assert typed("health").stdout == "SERVING\n"


def test_every_disagreement_about_tls_is_told_with_a_next_step(secured, server, tmp_path):
    target, files = secured
    ca = ("--ca", files["ca"])
    stranger = self_signed().write(tmp_path, "stranger")
    for where, how, said, hint in (
        (target, (), "seems to want TLS", "say --tls, and --ca FILE"),
        (target, ca, "seems to want a client certificate", "give --cert FILE and --key FILE"),
        (
            target,
            (*ca, "--cert", stranger[0], "--key", stranger[1]),
            "or another one",
            "of a CA that the server trusts",
        ),
        (target, ("--ca", stranger[0]), "of a CA that is not trusted", "--ca FILE"),
        (target, ("--tls",), "of a CA that is not trusted", "--ca FILE"),
        (server.target, ca, "speaks no TLS", "--no-tls"),
        (target, ("--ca", tmp_path / "nowhere"), "cannot be read", "is it there"),
        (target, (*ca, "--cert", stranger[0], "--key", files["key"]), "is not the key of", "give the key"),
    ):
        told = words_of(typed("health", "--target", where, *how, code=1))
        assert said in told, told
        assert f"next: {hint}" in told or hint in told.partition("next:")[2], told
        assert "Traceback" not in told
    told = words_of(typed("health", "--target", target, "--cert", files["cert"], code=2))
    assert "needs its key" in told


def test_a_certificate_of_another_host_is_told(database, tmp_path):
    cert, key = authority().issue("exams.example").write(tmp_path, "server")
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    with serving(database, tls_cert=str(cert), tls_key=str(key)) as server:
        said = words_of(typed("health", "--target", server.target, "--ca", tmp_path / "ca.crt", code=1))
    assert "is that of another host" in said
    assert "--target as its certificate does" in said


# Tokens.


@pytest.fixture
def recorder():
    seen = []
    with recording(seen) as target:

        def token(*words, code=1):
            """The token that a command sends."""
            seen.clear()
            typed("releases", "list", *(words or ("--target", target)), code=code)
            return seen[-1].get("authorization", "").removeprefix("Bearer ") if seen else None

        token.target = target
        yield token


def test_a_token_comes_from_a_file_a_variable_or_the_environment(recorder, tmp_path, monkeypatch):
    path = put(tmp_path / "token", "es_1_file\n")
    where = ("--target", recorder.target)
    assert recorder(*where) == ""
    monkeypatch.setenv("MINE", "es_1_mine")
    assert recorder(*where, "--token", f"file:{path}") == "es_1_file"
    assert recorder(*where, "--token", "env:MINE") == "es_1_mine"
    monkeypatch.setenv("EXAM_SESSIONS_TOKEN", "es_1_environment")
    assert recorder(*where) == "es_1_environment"
    assert recorder(*where, "--token", "env:MINE") == "es_1_mine", "flags win"
    monkeypatch.setenv("EXAM_SESSIONS_TOKEN", f"file:{path}")
    assert recorder(*where) == "es_1_file"


def test_a_token_on_the_command_line_is_refused_and_not_repeated(recorder):
    said = typed("releases", "list", "--target", recorder.target, "--token", "es_1_secret", code=2)
    assert "could be seen by everybody on this machine, in `ps`" in words_of(said)
    assert "file:PATH" in said.output
    assert "es_1_secret" not in said.output


def test_a_token_is_read_from_standard_input():
    seen = []
    with recording(seen) as target:
        command = start("releases", "list", "--target", target, "--token", "-", stdin=subprocess.PIPE)
        command.communicate("es_1_typed\n", timeout=60)
    assert seen[-1]["authorization"] == "Bearer es_1_typed"


def test_a_token_is_asked_for_on_a_terminal_and_not_shown():
    seen, (master, slave) = [], pty.openpty()
    with recording(seen) as target:
        command = start("releases", "list", "--target", target, "--token", "-", stdin=slave, stderr=slave)
        until(lambda: not termios.tcgetattr(slave)[3] & termios.ECHO)
        os.write(master, b"es_1_typed\n")
        command.communicate(timeout=60)
    shown = os.read(master, 10_000)
    os.close(master)
    os.close(slave)
    assert b"Token" in shown
    assert seen[-1]["authorization"] == "Bearer es_1_typed"
    assert b"es_1_typed" not in shown


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o644])
def test_a_token_file_that_others_may_read_is_refused(recorder, tmp_path, mode):
    path = put(tmp_path / "token", "es_1_file", mode)
    said = words_of(typed("releases", "list", "--target", recorder.target, "--token", f"file:{path}", code=1))
    assert f"next: chmod 600 {path}" in said
    assert "es_1_file" not in said
    path.chmod(0o600)
    assert recorder("--target", recorder.target, "--token", f"file:{path}") == "es_1_file"


def test_what_holds_no_token_is_told(recorder, tmp_path, monkeypatch):
    monkeypatch.setenv("TWO", "two words")
    for where, code in (
        (f"file:{tmp_path}/nowhere", 1),
        (f"file:{tmp_path}", 1),
        (f"file:{put(tmp_path / 'empty', '')}", 2),
        (f"file:{put(tmp_path / 'lines', 'a' + chr(10) + 'b')}", 2),
        ("env:NOTHING", 2),
        ("env:TWO", 2),
        ("env:", 2),
        ("file:", 1),
    ):
        said = typed("releases", "list", "--target", recorder.target, "--token", where, code=code)
        assert "next:" in said.output
        assert "two words" not in said.output


def test_a_token_is_not_sent_to_another_machine_without_tls(tmp_path):
    path = put(tmp_path / "token", "es_1_file")
    how = ("health", "--target", "exams.example:1", "--token", f"file:{path}")
    said = words_of(typed(*how, code=2))
    assert "would be sent to exams.example:1 without TLS" in said
    assert "--insecure-token" in said
    assert "no server answers" in words_of(typed(*how, "--insecure-token", code=1))


# Contexts.


def add(name, target, *words, code=0):
    return typed("context", "add", name, "--target", target, *words, code=code)


def test_a_context_is_kept_for_its_user_only_and_used_by_commands_that_name_no_server(secured, configuration):
    target, files = secured
    said = add("prod", target, *flags(files), "--workspace", "w")
    assert "context use prod" in said.output
    path = configuration / "exam-sessions" / "contexts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert typed("health", "--context", "prod").stdout == "SERVING\n"
    typed("context", "use", "prod")
    assert typed("health").stdout == "SERVING\n"


def test_contexts_are_listed_shown_and_removed(configuration):
    add("prod", "exams.example:1", "--tls", "--token", "env:MINE")
    add("local", "unix:/run/exams.sock", "--workspace", "w")
    typed("context", "use", "local")
    listed = typed("context", "list").stdout
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [["*", "local"], ["prod", "exams.example:1"]]
    rows = [json.loads(line) for line in typed("context", "list", "--json").stdout.splitlines()]
    assert rows[1] == {
        "name": "prod",
        "current": False,
        "target": "exams.example:1",
        "tls": True,
        "token": "env:MINE",
    }
    assert "unix:/run/exams.sock" in typed("context", "show").stdout
    assert json.loads(typed("context", "show", "prod", "--json").stdout) == rows[1]
    typed("context", "remove", "local")
    assert "no context is in use" in typed("context", "show", code=1).output
    assert "choose one of prod" in typed("context", "use", "local", code=1).output


def test_a_context_keeps_a_typed_token_and_does_not_show_it(recorder, configuration, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr("exam_sessions.cli.context.asked", lambda: "es_1_kept")
    add("prod", recorder.target, "--token", "-")
    assert "es_1_kept" not in typed("context", "show", "prod").output + typed("context", "list", "--json").output
    assert "kept with the context" in typed("context", "show", "prod").output
    assert recorder("--context", "prod") == "es_1_kept"


def test_a_context_takes_no_token_from_the_command_line(configuration):
    said = add("prod", "exams.example:1", "--tls", "--token", "es_1_secret", code=2)
    assert "es_1_secret" not in said.output
    assert not list(configuration.rglob("*.json"))


def test_flags_win_over_the_environment_and_that_over_the_context(recorder, tmp_path, monkeypatch):
    path = put(tmp_path / "token", "context")
    monkeypatch.setenv("FLAG", "flag")
    add("prod", recorder.target, "--token", f"file:{path}")
    add("other", "127.0.0.1:1")
    monkeypatch.setenv("EXAM_SESSIONS_CONTEXT", "prod")
    assert recorder("--workspace", "w") == "context"
    monkeypatch.setenv("EXAM_SESSIONS_TOKEN", "environment")
    assert recorder("--workspace", "w") == "environment"
    assert recorder("--token", "env:FLAG") == "flag"
    assert "127.0.0.1:1" in typed("health", "--context", "other", code=1).output
    assert recorder("--context", "other", "--target", recorder.target) == "environment"


def test_a_named_server_gets_nothing_of_the_context_in_use(recorder, tmp_path, monkeypatch):
    path = put(tmp_path / "token", "context")
    add("prod", "exams.example:1", "--tls", "--token", f"file:{path}")
    typed("context", "use", "prod")
    assert recorder("--target", recorder.target) == ""
    monkeypatch.setenv("EXAM_SESSIONS_TARGET", recorder.target)
    assert recorder("--workspace", "w") == ""
    assert recorder("--context", "prod", "--no-tls") == "context", "both were named"


def test_a_context_is_not_overwritten_unless_that_is_said(configuration):
    add("prod", "exams.example:1")
    assert "--replace" in add("prod", "exams.example:2", code=1).output
    add("prod", "exams.example:2", "--replace")
    assert "exams.example:2" in typed("context", "show", "prod").stdout


@pytest.mark.parametrize("name", ["", "-x", "a b", "../x", "a/b", "a" * 65, "é"])
def test_what_is_no_name_of_a_context_is_told(name):
    said = typed("context", "add", "--target", "exams.example:1", "--", name, code=2)
    assert "is no name of a context" in said.output


def test_a_context_that_could_not_work_is_not_kept(secured, configuration, tmp_path):
    _, files = secured
    for words in (
        ("--ca", tmp_path / "nowhere"),
        ("--cert", files["cert"], "--key", files["ca"]),
    ):
        add("prod", "exams.example:1", *words, code=1)
    for words in (("--cert", files["cert"]), ("--token", "env:MINE")):
        add("prod", "exams.example:1", *words, code=2)
    assert not list(configuration.rglob("*.json"))


def test_a_file_of_contexts_that_others_may_read_or_that_is_damaged_is_told(configuration):
    add("prod", "exams.example:1")
    path = configuration / "exam-sessions" / "contexts.json"
    path.chmod(0o644)
    assert f"chmod 600 {path}" in typed("context", "list", code=1).output
    path.chmod(0o600)
    for content in ("", "{", "[]", "{}", '{"current": "", "contexts": {"a": {"colour": "red"}}}', "\x00"):
        path.write_text(content)
        for command in (("context", "list"), ("health",)):
            said = typed(*command, code=1).output
            assert "is damaged" in said
            assert "Traceback" not in said


def test_a_context_that_is_gone_is_told(configuration):
    assert "context add prod" in typed("health", "--context", "prod", code=1).output
