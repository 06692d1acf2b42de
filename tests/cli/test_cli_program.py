"""The program itself: its version, what it imports, shell completion, and where its database is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import version

import pytest
from command_runs import run as typed_into
from terminal import start, typed

from exam_sessions.cli.shared.typed_names import FOR_MANY
from exam_sessions.cli.tree import TREE
from exam_sessions.domain.states import State
from exam_sessions.domain.transition_table import TABLE
from forking import ran

VERSION = version("exam-sessions")


def run(*words, code=0, **more):
    done = ran(*words, text=True, **more)
    assert done.returncode == code, done.stderr
    return done


def asking(words):
    """The variables by which a shell asks how the last of some words goes on."""
    number = words.count(" ")
    return {"_EXAM_SESSIONS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}


def completed(words):
    """What a shell is offered for the last of some words."""
    return typed_into(**asking(words)).stdout.split()


def completed_by_the_program(words):
    """The same from a process of its own, as a shell asks it."""
    program = "import sys; sys.argv[0] = 'exam-sessions'; from exam_sessions.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asking(words), capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def test_the_version_is_told_without_importing_what_talks_to_servers():
    assert run("--version").stdout == f"exam-sessions {VERSION}\n"
    program = (
        "import sys; sys.argv[1:] = ['--version']; from exam_sessions.cli import main; main(); print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {"typer", "rich", "grpc", "google.protobuf"} & set(loaded)


def test_a_command_imports_its_own_module_only():
    program = (
        "import sys; sys.argv[1:] = ['sessions', 'pin', '--help']\n"
        "from exam_sessions.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "exam_sessions.cli.sessions" in loaded
    assert not {"exam_sessions.cli.keys", "exam_sessions.cli.demo", "exam_sessions.app", "sqlalchemy"} & loaded


def test_the_versions_of_both_sides_are_told(terminal, server):
    said = typed("version", "--target", server.target).stdout
    assert [line.split()[:2] for line in said.splitlines()] == [["client", VERSION], ["server", VERSION]]


def test_a_shell_completes_commands_states_and_actions():
    assert completed_by_the_program("exam-sessions wor") == completed("exam-sessions wor") == ["workspaces"]
    assert set(completed("exam-sessions ")) >= set(TREE)
    assert completed_by_the_program("exam-sessions sessions list --state PAU") == ["PAUSED"]
    assert completed("exam-sessions sessions list --state pau") == ["paused"]
    assert set(completed("exam-sessions sessions transition re")) == {
        action for action in FOR_MANY if action.startswith("re")
    }


def test_names_are_completed_in_any_case():
    for words, offered in (
        ("sessions transition PAU", "PAUSE"),
        ("sessions transition create-p", "create-package"),
        ("sessions list --state in-p", "in-progress"),
        ("sessions list --maturity COM", "COMPLETE"),
        ("sessions list --finish-reason time", "time_expired"),
        ("audit --action reg", "regrade"),
    ):
        assert completed(f"exam-sessions {words}") == [offered], words


def test_help_lists_the_states_and_the_actions():
    said = "".join(typed("sessions", "transition", "--help").stdout.split())
    assert all(f"{state.name}" in said for state in State)
    assert all(action in said for action in FOR_MANY)
    assert set(FOR_MANY) == {row.action for row in TABLE if row.for_many}


@pytest.mark.parametrize("is_here", [True, False])
def test_the_database_of_no_url_is_one_that_is_here_or_the_users(tmp_path, is_here):
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    home = {"XDG_DATA_HOME": str(data), "HOME": str(tmp_path)}
    known = {name: value for name, value in os.environ.items() if name != "EXAM_SESSIONS_DATABASE_URL"}
    if is_here:
        run("migrate", "--database-url", f"sqlite:///{here}/exam-sessions.db", env=known)
    run("migrate", cwd=here, env=known | home)
    users = data / "exam-sessions" / "exam-sessions.db"
    assert users.exists() is not is_here
    assert [path.name for path in here.glob("*.db")] == (["exam-sessions.db"] if is_here else [])
    if not is_here:
        assert users.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_says_where_its_database_is_and_that_it_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("EXAM_SESSIONS_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    for made in (True, False):
        served = start("serve", "--listen", "127.0.0.1:0")
        assert served.stdout.readline().startswith("serving on ")
        served.send_signal(signal.SIGTERM)
        _, said = served.communicate(timeout=60)
        assert f"database: sqlite:///{tmp_path}/exam-sessions/exam-sessions.db" in said
        assert (", which was made now" in said) is made
