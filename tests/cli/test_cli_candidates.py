"""Candidates on the command line: erased after a question, exported into a file."""

from __future__ import annotations

import json
import stat

import pytest
from terminal import typed

from serving import serving

WHY = ("--reason", "request of 3 May")


@pytest.fixture
def session(api):
    return api.move("VoidSession", api.book(candidate_id="anna"))


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def test_what_an_erasure_comes_to_is_shown_and_nothing_is_written(terminal, api, session):
    said = terminal("candidates", "erase", "anna", *WHY, "--preview")
    assert ["sessions", "1"] in lines_of(said)
    assert "nothing was written" in said.stderr
    (foreseen,) = terminal.json("candidates", "erase", "anna", *WHY, "--preview")
    assert foreseen["session_count"] == "1"
    assert api.get(session) == session


def test_a_program_must_say_yes_to_an_erasure(terminal, api, session):
    said = terminal("candidates", "erase", "anna", *WHY, code=2)
    assert "candidate anna is erased" in said.stderr
    assert "--yes" in said.stderr
    assert api.get(session) == session


def test_a_candidate_is_erased_without_a_question_with_yes(terminal, api, session):
    said = terminal("candidates", "erase", "anna", *WHY, "--yes")
    assert ["sessions", "1"] in lines_of(said)
    assert api.get(session).candidate.candidate_id.startswith("erased-")


def test_a_live_session_is_named_with_the_way_out(terminal, api):
    session = api.book(candidate_id="ben")
    said = terminal("candidates", "erase", "ben", *WHY, "--yes", code=1)
    assert "CANDIDATE_HAS_LIVE_SESSIONS" in said.stderr
    assert "--live" in said.stderr
    terminal("candidates", "erase", "ben", *WHY, "--yes", "--live")
    assert api.get(session).candidate.candidate_id.startswith("erased-")


def test_an_export_is_one_json_document_in_a_file_that_only_its_owner_can_read(terminal, session, tmp_path):
    file = tmp_path / "anna.json"
    terminal("candidates", "export", "anna", "--out", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (found,) = json.loads(file.read_text())["sessions"]
    assert found["session"]["id"] == session.id
    assert "--force" in terminal("candidates", "export", "anna", "--out", file, code=1).stderr
    assert json.loads(terminal("candidates", "export", "anna").stdout)["candidate_id"] == "anna"


def test_retention_is_shown_and_asked_about_before_it_is_applied(terminal, api, session):
    said = terminal("retention", "apply", "--months", "1", "--reason", "policy", "--voided", "--preview")
    assert said.stdout.startswith("0 sessions that ended before ")
    assert "--yes" in terminal("retention", "apply", "--months", "1", "--reason", "policy", code=2).stderr
    terminal("retention", "apply", "--months", "1", "--reason", "policy", "--voided", "--yes")
    assert api.get(session) == session


def test_a_database_is_rekeyed_by_the_command_line_after_a_question(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    keys = tmp_path / "keys"
    keys.write_text("11" * 32)
    command = ("candidates", "rekey", "--candidate-id-keys", keys, "--database-url", url)
    assert "chmod 600" in typed(*command, code=1).stderr
    keys.chmod(0o600)
    assert "--yes" in typed(*command, code=2).stderr
    assert "generation 1" in typed(*command, "--yes").stdout


@pytest.mark.sqlite(reason="its servers leave signs beside the file")
def test_a_database_that_is_served_is_not_rekeyed(database, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("11" * 32)
    keys.chmod(0o600)
    command = ("candidates", "rekey", "--candidate-id-keys", keys, "--database-url", database.url, "--yes")
    with serving(database):
        assert "stop its servers first" in typed(*command, code=1).stderr
    assert "generation 1" in typed(*command).stdout
