"""`exam-sessions workspaces`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from command_tree import cli
from serving import serving


@pytest.fixture
def typed(new_database):
    """A terminal of an administrator: what a command said; `code` is the exit code it must end with."""
    with new_database() as database, serving(database, open_workspaces=0) as server:

        def run(*words, code=0, **environment):
            known = {"COLUMNS": "200", "EXAM_SESSIONS_TARGET": server.target} | environment
            result = CliRunner().invoke(cli, list(map(str, words)), env=known)
            assert result.exit_code == code, result.output
            return result

        yield run


def test_a_workspace_goes_from_its_creation_to_its_reopening(typed):
    made = typed("workspaces", "create", "north", "--display-name", "The North", "--retention-months", 36).stdout
    assert "The North" in made
    assert "36 months after archiving" in made
    edited = typed("workspaces", "edit", "north", "--retention-months", 0).stdout
    assert "The North" in edited
    assert "without limit" in edited
    assert json.loads(typed("workspaces", "close", "north", "--json").stdout)["close_time"]
    assert "close_time" not in json.loads(typed("workspaces", "reopen", "north", "--json").stdout)
    listed = [json.loads(line)["workspace_id"] for line in typed("workspaces", "list", "--json").stdout.splitlines()]
    assert listed == ["default", "north"]
    assert "The North" in typed("workspaces", "list").stdout
    assert "without limit" in typed("workspaces", "show", "north").stdout


def test_a_command_in_an_unknown_or_a_closed_workspace_says_what_to_do(typed):
    unknown = typed("releases", "list", "--workspace", "north", code=1).stderr
    assert "there is no workspace north" in unknown
    assert "exam-sessions workspaces list" in unknown
    typed("workspaces", "create", "north")
    typed("workspaces", "close", "north")
    closed = typed("releases", "create", "Maths", "--workspace", "north", code=1).stderr
    assert "exam-sessions workspaces reopen" in closed


def test_the_environment_names_the_workspace(typed):
    typed("workspaces", "create", "north")
    typed("releases", "create", "Maths", EXAM_SESSIONS_WORKSPACE="north")
    assert "Maths" in typed("releases", "list", EXAM_SESSIONS_WORKSPACE="north").stdout
    assert "Maths" not in typed("releases", "list").stdout
    assert "Maths" in typed("releases", "list", "--workspace", "north", EXAM_SESSIONS_WORKSPACE="default").stdout


def test_an_edit_of_nothing_is_misuse(typed):
    assert "nothing to edit" in typed("workspaces", "edit", "default", code=2).stderr
