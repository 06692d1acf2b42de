"""Wrong keys on the command line: what a regrade comes to is shown, then done."""

from __future__ import annotations

import pytest

from exam_sessions_client.v1 import test_form_pb2

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")
WHY = ("--reason", "B was right")


def question(number, key):
    options = [test_form_pb2.Option(id=label, label=label) for label in "AB"]
    return test_form_pb2.Question(number=number, id=number, options=options, keys=[key])


@pytest.fixture
def release(api):
    api.call("CreateTestForm", test_form=test_form_pb2.TestForm(reference="f", questions=[question("1", "A")]))
    return api.release(name="Maths, May", test_form="f")


@pytest.fixture
def session(api, release):
    sitting = api.walk(api.book(release, "anna"), *STARTED)
    answer = {"questions": [{"id": "1", "response": {"options": [{"label": "B"}]}}]}
    session = api.move("SetResponses", sitting, responses=[answer], submit_for_scoring=True)
    api.call("UpdateTestForm", test_form=test_form_pb2.TestForm(reference="f", questions=[question("1", "B")]))
    return session


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def test_what_a_regrade_comes_to_is_shown_before_anything_is_written(terminal, api, session):
    said = terminal("releases", "regrade", "Maths, May", *WHY, "--preview")
    assert ["form", "f,", "revision", "2"] in lines_of(said)
    assert ["change", "1"] in lines_of(said)
    assert ["90", "to", "100", "%", "0", "1"] in lines_of(said)
    assert [session.id, "anna", "0", "%", "100", "%"] in lines_of(said)
    assert "nothing was written" in said.stderr
    assert api.get(session) == session
    (foreseen,) = terminal.json("releases", "regrade", "Maths, May", *WHY, "--preview")
    assert foreseen["regrade"]["changed_count"] == "1"


def test_a_release_is_regraded_without_a_question_with_yes(terminal, api, session):
    said = terminal("releases", "regrade", "Maths, May", *WHY, "--yes")
    assert ["change", "1"] in lines_of(said)
    assert api.get(session).score.actual == "100"
    shown = terminal("sessions", "show", session.keycode).stdout
    assert "revision 1, marked by revision 2" in shown
    assert "revision 1, marked by revision 2" in terminal("results", "show", session.keycode).stdout


def test_a_program_must_say_yes(terminal, api, session):
    said = terminal("releases", "regrade", "Maths, May", *WHY, code=2)
    assert "1 sessions of 'Maths, May' change" in said.stderr
    assert "--yes" in said.stderr
    assert api.get(session) == session
    assert "--yes" in terminal("sessions", "regrade", session.keycode, *WHY, code=2).stderr


def test_a_regrade_of_a_release_need_not_be_waited_for(terminal, api, session):
    operation = terminal("releases", "regrade", "Maths, May", *WHY, "--yes", "--no-wait").stdout.strip()
    assert ["change", "1"] in lines_of(terminal("operations", "wait", operation))
    assert api.get(session).marking_revision == 2


def test_one_session_is_previewed_and_regraded(terminal, api, session):
    said = terminal("sessions", "regrade", session.keycode, *WHY, "--preview").stdout
    assert f"{session.keycode}: 0 %, 0 of 1 points becomes 100 %, 1 of 1 points" in said
    assert api.get(session) == session
    terminal("sessions", "regrade", session.keycode, *WHY, "--yes")
    assert api.get(session).score.actual == "100"
    (back,) = terminal.json("sessions", "regrade", session.keycode, *WHY, "--revision", 1, "--yes")
    assert back["marking_revision"] == 1


def test_a_revision_that_does_not_fit_is_refused(terminal, api, session):
    api.call("UpdateTestForm", test_form=test_form_pb2.TestForm(reference="f", questions=[question("2", "B")]))
    said = terminal("releases", "regrade", "Maths, May", *WHY, "--yes", code=1).stderr
    assert "FORM_REVISION_INCOMPATIBLE" in said
