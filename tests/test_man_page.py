"""The manual page: every command is in it, the programs that show such pages take it, and the wheel installs it."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from command_tree import tree

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "src" / "man" / "exam-sessions.1"


def run(*command):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not on this machine")
    return subprocess.run([*command, PAGE], capture_output=True, text=True, check=False)


def test_every_command_is_in_the_page():
    text = PAGE.read_text().replace("\\-", "-")
    for name, command in tree().commands.items():
        for inner in getattr(command, "commands", {"": command}):
            assert f'.SS "exam-sessions {name} {inner}'.rstrip() in text, (name, inner)


def test_groff_shows_the_page_without_a_warning():
    done = run("groff", "-man", "-ww", "-Tutf8", "-Kutf8")
    assert (done.returncode, done.stderr) == (0, "")
    assert "exam-sessions" in done.stdout


def test_mandoc_finds_no_fault():
    done = run("mandoc", "-Tlint", "-Wwarning")
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def test_the_wheel_installs_the_page():
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    ((source, installed),) = built["shared-data"].items()
    assert (ROOT / source, installed) == (PAGE, "share/man/man1/exam-sessions.1")
