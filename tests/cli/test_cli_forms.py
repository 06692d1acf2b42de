"""Test forms on the command line: in from a file, out to a file, on the screen."""

from __future__ import annotations

import json

import pytest
from google.protobuf import json_format
from terminal import Terminal, typed

from exam_sessions_client.v1 import test_form_pb2

FORM = {
    "reference": "tiny",
    "name": "Tiny",
    "questions": [
        {"options": [{"id": "a"}, {"id": "b"}], "keys": ["b"], "objectiveIds": ["sum"]},
        {"content": "Why?", "availableMark": "2.5"},
    ],
    "markDecimals": 1,
    "objectives": [{"id": "sum", "text": "Add numbers.", "abbreviation": "1.A"}],
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(FORM))
    return path


def rewrite(file, **fields):
    file.write_text(json.dumps(FORM | fields))
    return file


def revisions(api):
    return {form.reference: form.revision for form in api.call("ListTestForms").test_forms}


def test_a_form_is_imported_and_the_next_step_is_named(terminal, api, file):
    said = terminal("forms", "import", file)
    assert "tiny" in said.stdout
    assert "3.5 in all, marks with up to 1 decimal\n" in said.stdout
    assert "2, 1 marked by people" in said.stdout
    assert "releases create" in said.stderr
    assert "--test-form tiny" in said.stderr
    assert revisions(api) == {"tiny": 1}


def test_a_form_that_is_there_needs_the_word_update(terminal, api, file):
    terminal("forms", "import", file)
    said = terminal("forms", "import", rewrite(file, name="Tiny indeed"), code=1).stderr
    assert "DUPLICATE_TEST_FORM" in said
    assert "--update" in said
    terminal("forms", "import", file, "--update")
    assert revisions(api) == {"tiny": 2}
    assert api.call("GetTestForm", reference="tiny").test_form.name == "Tiny indeed"


def test_an_update_with_the_same_content_makes_no_revision(terminal, api, file):
    terminal("forms", "import", file)
    assert "revision 1 is the same; nothing was written" in terminal("forms", "import", file, "--update").stderr
    assert revisions(api) == {"tiny": 1}


def test_an_update_of_a_form_that_is_not_there_is_refused(terminal, api, file):
    assert "TEST_FORM_NOT_FOUND" in terminal("forms", "import", file, "--update", code=1).stderr
    assert revisions(api) == {}


def test_what_is_wrong_with_a_form_is_named_by_its_path(terminal, file):
    bad = rewrite(file, questions=[{"options": [{"id": "a"}, {"id": "b"}], "keys": ["c"]}])
    said = terminal("forms", "import", bad, code=1).stderr
    assert "field:   test_form.questions[0].keys" in said


@pytest.mark.parametrize("text", ["", "{", '{"referenz": "x"}', '{"questions": 3}', "\udcff"])
def test_what_is_no_form_is_told_with_a_way_on(terminal, file, text):
    file.write_bytes(text.encode(errors="surrogateescape"))
    said = terminal("forms", "import", file, code=1).stderr
    assert "is not a test form" in said
    assert "forms export" in said


def test_what_is_exported_can_be_imported_as_it_is(terminal, api, sample, tmp_path):
    out = tmp_path / "out.json"
    assert f"revision 1 of maths-year-5 is in {out}" in terminal("forms", "export", "maths-year-5", out).stderr
    assert "is the same" in terminal("forms", "import", out, "--update").stderr
    written = json_format.Parse(sample.read_text(), test_form_pb2.TestForm())
    assert json_format.Parse(out.read_text(), test_form_pb2.TestForm()) == written
    assert "etag" not in out.read_text()


def test_what_show_prints_as_json_can_be_imported_as_it_is(server, terminal, sample, tmp_path):
    elsewhere = Terminal(server.target, f"{terminal.workspace}-2")
    for words in (("--json",), ("-o", "json")):
        printed = tmp_path / "printed.json"
        printed.write_text(terminal("forms", "show", "maths-year-5", *words).stdout)
        assert "is the same; nothing was written" in terminal("forms", "import", printed, "--update").stderr
    elsewhere("forms", "import", printed)
    of_the_service = {"workspace_id", "revision", "create_time", "etag"}
    first, second = (
        {name: value for name, value in typed("forms", "show", "maths-year-5").items() if name not in of_the_service}
        for typed in (lambda *words: terminal.json(*words)[0], lambda *words: elsewhere.json(*words)[0])
    )
    assert first == second


def test_what_a_list_prints_is_no_form(terminal, sample, tmp_path):
    """A list has forms without questions, which would make a revision without any."""
    printed = tmp_path / "printed.json"
    printed.write_text(terminal("forms", "list", "--json").stdout)
    said = terminal("forms", "import", printed, "--update", code=1).stderr
    assert "question" in said


def test_an_earlier_revision_is_exported_to_stdout(terminal, file):
    terminal("forms", "import", file)
    terminal("forms", "import", rewrite(file, name="Second"), "--update")
    said = terminal("forms", "export", "tiny", "--revision", 1).stdout
    assert json.loads(said)["name"] == "Tiny"
    assert json.loads(terminal("forms", "export", "tiny").stdout)["name"] == "Second"


def test_an_export_to_a_place_where_no_file_can_be_is_a_wrong_command(terminal, file, tmp_path):
    terminal("forms", "import", file)
    said = terminal("forms", "export", "tiny", tmp_path / "no" / "where.json", code=2).stderr
    assert "no file can be written" in said


def test_forms_are_listed_with_their_latest_revision(terminal, sample, file):
    assert terminal("forms", "list").stdout.splitlines()[1].split()[:2] == ["maths-year-5", "1"]
    terminal("forms", "import", file)
    terminal("forms", "import", rewrite(file, name="Second"), "--update")
    assert [(form["reference"], form["revision"]) for form in terminal.json("forms", "list")] == [
        ("maths-year-5", 1),
        ("tiny", 2),
    ]


def test_without_forms_the_list_says_how_to_bring_one(terminal):
    assert "forms import FORM.json" in terminal("forms", "list").stderr


def test_a_form_is_shown_question_by_question(terminal, sample):
    lines = [line.split() for line in terminal("forms", "show", "maths-year-5").stdout.splitlines()]
    four = next(line for line in lines if line[:1] == ["4"])
    assert four[-7:] == ["C", "D", "A", "C", "2", "machine", "3.2.D"]
    assert next(line for line in lines if line[:1] == ["9"])[-4:-1] == ["LONGTEXT", "4", "people"]
    [printed] = terminal.json("forms", "show", "maths-year-5")
    assert printed["available_mark"] == "16"


def test_an_unknown_form_is_refused_with_a_way_on(terminal):
    said = terminal("forms", "show", "nowhere", code=1).stderr
    assert "TEST_FORM_NOT_FOUND" in said
    assert "forms list" in said


@pytest.mark.parametrize("command", ["import", "export", "show"])
def test_help_shows_an_example(command):
    assert f"exam-sessions forms {command}" in typed("forms", command, "--help").stdout
