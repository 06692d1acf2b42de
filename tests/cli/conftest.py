from __future__ import annotations

from importlib import resources

import pytest
from terminal import Terminal


@pytest.fixture(autouse=True)
def configuration(monkeypatch, tmp_path_factory):
    """A directory for what a user configures, instead of one's own."""
    directory = tmp_path_factory.mktemp("configuration")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(directory))
    monkeypatch.setenv("EXAM_SESSIONS_TZ", "UTC")
    monkeypatch.setenv("XDG_DATA_HOME", str(directory))
    return directory


@pytest.fixture
def terminal(server, api):
    """A terminal that talks to the desk's workspace."""
    return Terminal(server.target, api.workspace)


@pytest.fixture
def sample(terminal):
    """The file of the sample form, which the catalogue holds: ten questions, two of them for people, 16 marks."""
    with resources.as_file(resources.files("exam_sessions.samples") / "maths-year-5.json") as file:
        terminal("forms", "import", file)
        yield file
