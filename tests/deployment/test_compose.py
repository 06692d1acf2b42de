"""deploy/compose: it is right for the real docker-compose, and fits the image and the server."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from manifests import DEPLOY, ROOT, documents, seconds, settings_in, user_of_the_image

from exam_sessions.settings import DECLARED, PREFIX

FOLDER = DEPLOY / "compose"
(COMPOSE,) = documents(FOLDER / "compose.yaml")
SERVER, POSTGRES = COMPOSE["services"]["server"], COMPOSE["services"]["postgres"]
SETTINGS = settings_in(FOLDER / "exam-sessions.toml")


def compose(*words, **environment):
    """What the real program says."""
    package = pytest.importorskip("compose", reason="docker-compose: scripts/install deployment")
    # Not the command of the package, which ends with 0 whatever happens.
    command = [Path(package.__file__).with_name("docker-compose"), "--file", FOLDER / "compose.yaml", *words]
    known = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(command, env=known | environment, capture_output=True, text=True, check=False)


def test_the_real_program_takes_it():
    said = compose("config", EXAM_SESSIONS_DATABASE_PASSWORD="secret")
    assert said.returncode == 0, said.stderr
    assert not said.stderr
    assert "postgresql://exams:secret@postgres/exams" in said.stdout


def test_without_a_password_it_says_where_to_put_one():
    said = compose("config")
    assert said.returncode != 0
    assert "put it into .env" in said.stderr


def test_the_server_waits_for_its_database():
    assert SERVER["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "pg_isready" in POSTGRES["healthcheck"]["test"][1]


def test_the_health_check_is_the_image_s():
    image = re.search(r"CMD (\[.*\])", (ROOT / "Dockerfile").read_text())[1]
    words = re.findall(r'"([^"]+)"', image)
    assert SERVER["healthcheck"]["test"] == ["CMD", *words]


def test_it_is_not_killed_before_it_has_drained():
    assert SETTINGS["drain_s"] + 5 <= seconds(SERVER["stop_grace_period"])


def test_callers_are_authenticated_and_what_they_send_is_encrypted():
    mounted = dict(volume.split(":")[:2][::-1] for volume in SERVER["volumes"])
    folder = next(path for path, source in mounted.items() if source == "./tls")
    assert [SETTINGS["tls_cert"], SETTINGS["tls_key"]] == [f"{folder}/tls.crt", f"{folder}/tls.key"]
    assert SETTINGS["auth"] == "keys"
    assert "insecure" not in SETTINGS
    # In the place of the image's own.
    config = next(path for path, source in mounted.items() if source == "./exam-sessions.toml")
    assert f"EXAM_SESSIONS_CONFIG={config}" in (ROOT / "Dockerfile").read_text()
    assert str(user_of_the_image()) in (FOLDER / "compose.yaml").read_text()


def test_it_listens_where_calls_and_the_health_check_come():
    (port,) = SERVER["ports"]
    assert SETTINGS["listen"] == f"0.0.0.0:{port.split(':')[1]},unix:/tmp/exam-sessions.sock"
    assert any(place.startswith("/tmp:") for place in SERVER["tmpfs"])
    assert set(SERVER["environment"]) <= {PREFIX + name.upper() for name in DECLARED}


def test_the_database_is_reached_by_the_server_only_and_the_server_has_nothing_it_needs_not():
    assert POSTGRES["networks"] == ["database"]
    assert COMPOSE["networks"]["database"]["internal"] is True
    assert "ports" not in POSTGRES
    assert (SERVER["read_only"], SERVER["cap_drop"]) == (True, ["ALL"])
    assert SERVER["security_opt"] == ["no-new-privileges:true"]
