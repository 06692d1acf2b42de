"""What is installed without the server, and a server on a system that lacks what only Unix has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from processes import ServerProcess, calling

pytestmark = pytest.mark.sqlite("the locks of files are SQLite's")

HERE = Path(__file__).parent
ONLY_UNIX = "fcntl uvloop termios tty pwd grp resource"
ONLY_SERVER = (
    "sqlalchemy alembic psycopg transitions protovalidate prometheus_client jwt "
    "grpc_channelz grpc_reflection grpc_status uuid_utils uvloop"
)
CLIENT_COMMANDS = ["--version", "--help", "sessions list", "releases list", "health"]


def without(*missing):
    """The environment of a Python that lacks modules."""
    return {"PYTHONPATH": str(HERE / "elsewhere"), "MODULES_MISSING": " ".join(missing)}


def command(*words, missing):
    """The command line, without modules."""
    return subprocess.run(
        [sys.executable, "-m", "exam_sessions", *words],
        env=os.environ | without(*missing),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_needs_nothing_that_only_unix_has(database):
    with ServerProcess(database, without(ONLY_UNIX)) as server, calling(server, "w") as api:
        assert api.release().id
        # A second server on the file finds the first at work, by its lock.
        with ServerProcess(database, without(ONLY_UNIX)) as other, calling(other, "w") as same:
            assert same.release().id
        server.terminate()
        assert server.wait() == 0


@pytest.mark.parametrize("words", CLIENT_COMMANDS)
def test_the_command_line_works_where_only_it_is_installed(server, words):
    at = [] if words in {"--version", "--help"} else ["--target", server.target]
    run = command(*words.split(), *at, missing=(ONLY_SERVER, ONLY_UNIX))
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "words", [["diagram"], ["serve"], ["migrate"], ["check"], ["keys", "bootstrap"]], ids=" ".join
)
def test_a_command_that_needs_the_server_says_what_to_install(words, tmp_path):
    at = [] if words == ["diagram"] else ["--database-url", f"sqlite:///{tmp_path}/new.db"]
    run = command(*words, *at, missing=(ONLY_SERVER,))
    assert run.returncode == 1
    assert "pip install 'exam-sessions[server]'" in run.stderr
    assert "Traceback" not in run.stderr
