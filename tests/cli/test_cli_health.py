"""Health, as a person asks for it and as a container's engine does."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from terminal import start, typed

from exam_sessions.client import client as rpc_client
from exam_sessions.rpc import server as rpc_server
from serving import serving, until


def health(target, code):
    return typed("health", "--target", target, code=code)


def test_a_server_at_work_is_serving(server):
    said = health(server.target, code=0)
    assert (said.stdout, said.stderr) == ("SERVING\n", "")


@pytest.mark.parametrize("name", ["liveness", "readiness"])
def test_a_server_at_work_is_alive_and_ready(server, name):
    assert typed("health", name, "--target", server.target).stdout == "SERVING\n"


def test_a_health_there_is_not_is_a_wrong_command(server):
    said = typed("health", "vigour", "--target", server.target, code=2)
    assert "'vigour' is not one of readiness, liveness" in " ".join(said.stderr.split())


def test_the_server_asked_is_the_one_the_environment_names(server, monkeypatch):
    monkeypatch.setenv("EXAM_SESSIONS_TARGET", server.target)
    assert typed("health").stdout == "SERVING\n"


def test_a_server_that_listens_everywhere_is_asked_at_the_loopback_address(database):
    running = start("serve", "--insecure", "--listen", "0.0.0.0:0", "--database-url", database.url)
    try:
        port = running.stdout.readline().strip().removeprefix("serving on 0.0.0.0:")
        assert health(f"127.0.0.1:{port}", code=0).stdout == "SERVING\n"
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
        assert running.returncode == 0
        said = health(f"127.0.0.1:{port}", code=1)
        assert said.stdout == ""
        assert said.stderr.startswith(f"error: no server answers at 127.0.0.1:{port}; start one with ")
    finally:
        running.kill()
        running.communicate()


def test_a_server_told_to_stop_is_not_serving_while_it_finishes(database):
    with serving(database) as server:
        # What a server does first when it is told to stop; the rest of the stop waits for the end of the block.
        server.run(server.app._server._health.close())
        said = health(server.target, code=1)
        assert (said.stdout, said.stderr) == ("NOT_SERVING\n", "")


def test_a_server_whose_database_is_gone_is_not_serving_until_it_is_back(database, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)

    def said():
        return start("health", "--target", server.target).communicate(timeout=30)[0]

    with serving(database) as server:
        with database.unusable():
            until(lambda: said() == "NOT_SERVING\n")
        until(lambda: said() == "SERVING\n")


def test_nobody_there_is_told_with_a_way_out():
    said = health("127.0.0.1:1", code=1)
    assert said.stdout == ""
    assert said.stderr == (
        "error: no server answers at 127.0.0.1:1; start one with `exam-sessions serve --listen 127.0.0.1:1`\n"
    )


def test_somebody_who_takes_calls_and_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(rpc_client, "AT_ONCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = health(f"127.0.0.1:{silent.getsockname()[1]}", code=1)
    assert "no server answers at" in said.stderr


def test_a_server_that_knows_no_health_is_told_apart_from_none():
    other = grpc.server(ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    try:
        said = health(f"127.0.0.1:{port}", code=1)
    finally:
        other.stop(None).wait()
    assert said.stdout == ""
    assert f"127.0.0.1:{port} answers UNIMPLEMENTED" in said.stderr


@pytest.mark.parametrize("words", [("--help",), ("health", "--help")])
def test_help_tells_about_it(words):
    assert "exit code 0 only when it does" in " ".join(typed(*words).stdout.split())
