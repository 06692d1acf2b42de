"""deploy/systemd: it is right for the real systemd-analyze, and fits the server."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
from manifests import DEPLOY, seconds, settings_in

from command_tree import tree

UNIT = DEPLOY / "systemd/exam-sessions.service"
TEXT = UNIT.read_text()
SETTINGS = settings_in(DEPLOY / "exam-sessions.toml")
EXPOSED_AT_MOST = 20
"""In tenths, as systemd-analyze takes it."""


def value(name):
    """What the unit says of one name."""
    (found,) = re.findall(rf"^{name}=(.*)$", TEXT, re.MULTILINE)
    return found


@pytest.fixture
def analyze(tmp_path):
    """Runs the real program on a unit, whose program is one that is there."""
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("systemd-analyze is not installed: scripts/companions")

    def run(*words, text=TEXT):
        unit = tmp_path / UNIT.name
        unit.write_text(text.replace(shlex.split(value("ExecStart"))[0], "/bin/true"))
        done = subprocess.run([program, *words, unit], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_real_program_finds_no_fault(analyze):
    assert analyze("verify", "--man=no") == (0, "")


def test_a_unit_with_a_mistake_is_found_faulty(analyze):
    _, said = analyze("verify", "--man=no", text=TEXT.replace("KillMode=mixed", "KillMode=never"))
    assert "kill mode" in said


def test_the_real_program_finds_it_hardened(analyze):
    words = ("security", "--no-pager", "--offline=true", f"--threshold={EXPOSED_AT_MOST}")
    code, said = analyze(*words)
    assert code == 0, said
    code, _ = analyze(
        *words, text=re.sub(r"^(Protect|Private|Restrict|SystemCall).*\n", "", TEXT, flags=re.MULTILINE)
    )
    assert code != 0


def test_it_is_not_killed_before_it_has_drained():
    assert SETTINGS["drain_s"] + 5 <= seconds(value("TimeoutStopSec"))


def test_its_command_is_one_of_ours():
    program, command, *words = shlex.split(value("ExecStart"))
    assert program == "/opt/exam-sessions/bin/exam-sessions"
    flags = {flag for parameter in tree().commands[command].params for flag in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= flags


def test_the_example_of_settings_is_for_its_directories():
    config = shlex.split(value("ExecStart"))[-1]
    assert config == f"/etc/{value('ConfigurationDirectory')}/exam-sessions.toml"
    assert SETTINGS["listen"].endswith(f"unix:/run/{value('RuntimeDirectory')}/exam-sessions.sock")
    assert SETTINGS["database_url"] == f"sqlite:////var/lib/{value('StateDirectory')}/exam-sessions.db"
    assert SETTINGS["tls_cert"].startswith(f"/etc/{value('ConfigurationDirectory')}/")
