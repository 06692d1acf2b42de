"""An officer's verbs for one session, named by its keycode, its id or its candidate; every filter of the list."""

from __future__ import annotations

import pytest
from drawn import drawn
from terminal import typed

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import State

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


def state(api, session):
    return State.Name(api.get(session).state).removeprefix("STATE_")


@pytest.fixture
def release(api):
    return api.release(name="Maths, May", duration={"seconds": 3600})


@pytest.fixture
def sitting(api, release):
    return api.walk(api.book(release, candidate_id="S-4471", centre_id="K-03"), *STARTED)


def test_one_session_is_moved_by_keycode_id_or_candidate(terminal, api, sitting):
    said = terminal("sessions", "pause", sitting.keycode.lower()).stdout
    assert said == f"{sitting.keycode}  IN_PROGRESS → PAUSED\n"
    terminal("sessions", "resume", sitting.id)
    assert state(api, sitting) == "IN_PROGRESS"
    terminal("sessions", "finish", "S-4471")
    assert api.get(sitting).attempt.finish_reason == session_pb2.FINISH_REASON_INVIGILATOR
    terminal("sessions", "reopen", "S-4471", "--time-from-now", "30m")
    terminal("sessions", "extra-time", "S-4471", "25%", "--message", "a reader")
    assert api.get(sitting).extra_time_percent == 25
    (printed,) = terminal.json("sessions", "pause", "S-4471")
    assert printed["state"] == "STATE_PAUSED"


def test_a_candidate_with_several_sessions_is_listed_and_nothing_is_moved(terminal, api, release, sitting):
    other = api.book(api.release(name="Physics"), candidate_id="S-4471")
    said = terminal("sessions", "pause", "S-4471", code=1)
    assert {sitting.keycode, other.keycode} <= set(said.stdout.split())
    assert "more than one session" in said.stderr
    assert state(api, sitting) == "IN_PROGRESS"


def test_whom_nobody_knows_is_told_with_a_way_on(terminal):
    for who in ("S-9999", "NOSUCHKC"):
        said = terminal("sessions", "pause", who, code=1).stderr
        assert "no session and no candidate" in said
        assert "exam-sessions sessions list" in said


@pytest.mark.parametrize("verb", [("void", "--reason", "absent"), ("delete",)])
def test_what_cannot_be_undone_is_asked_about(terminal, api, release, verb):
    booked = api.book(release, candidate_id="S-1")
    name, *words = verb
    assert "--yes" in terminal("sessions", name, "S-1", *words, code=2).stderr
    assert state(api, booked) == "SCHEDULED_BUT_NOT_CREATED"
    with drawn("sessions", name, "S-1", *words, *terminal.where) as screen:
        screen.until("Do it? [y/N]:")
        screen.type("y\n")
        assert screen.ends() == 0
    assert not terminal.json("sessions", "list", "--state", "SCHEDULED_BUT_NOT_CREATED")


def test_what_is_not_legal_is_refused_before_anybody_is_asked(terminal, api, release):
    archived = api.book(release)
    api.move("VoidSession", archived)
    said = terminal("sessions", "void", archived.keycode, "--reason", "absent", code=1).stderr
    assert "SESSION_NOT_VOIDABLE" in said


def test_one_session_is_booked_and_edited(terminal, api, release):
    words = ("--release", "Maths, May", "--first-name", "Anna", "--centre", "K-03")
    (booked,) = terminal.json("sessions", "book", "S-7", *words)
    terminal("sessions", "edit", "S-7", "--centre", "K-04", "--first-name", "")
    found = api.call("GetSession", session_id=booked["id"]).session
    assert (found.centre_id, found.candidate.name_first, found.keycode) == ("K-04", "", booked["keycode"])
    assert "nothing is to be edited" in terminal("sessions", "edit", "S-7", code=2).stderr
    assert f"sessions show {booked['keycode']}" not in terminal("sessions", "list").stdout


def test_the_list_takes_every_filter_and_shows_the_time_left(terminal, api, release, sitting):
    api.book(release, candidate_id="other", centre_id="K-04")
    for words in (
        ("--centre", "K-03"),
        ("--ends-before", "2999-01-01 00:00:00"),
        ("--ends-after", "2020-01-01 00:00:00"),
        ("--centre", "K-03", "--no-exception", "--changed-after", "2020-01-01 00:00:00"),
        ("--maturity", "in-progress"),
    ):
        assert [row["id"] for row in terminal.json("sessions", "list", *words)] == [sitting.id], words
    nobody = (
        ("--exception",),
        ("--school", "north"),
        ("--district", "lakes"),
        ("--finish-reason", "TIME_EXPIRED"),
        ("--maturity", "void", "--maturity", "complete"),
    )
    for words in (*nobody, ("--booked-before", "2020-01-01 00:00:00")):
        assert terminal.json("sessions", "list", *words) == [], words
    line = next(line for line in terminal("sessions", "list").stdout.splitlines() if sitting.keycode in line)
    assert any(part.startswith("0:5") or part == "1:00:00" for part in line.split())


def test_the_list_takes_every_field_of_the_filter(terminal, api, sitting):
    """A filter that the service gets must be one that can be typed; ids of candidates and forms have short names."""
    typed_as = {
        "release_ids": "release", "states": "state", "maturities": "maturity", "candidate_ids": "candidate",
        "school_id": "school", "district_id": "district", "centre_id": "centre", "create_time": "booked-after",
        "update_time": "changed-after", "test_forms": "test-form", "external_reference": "reference",
        "finish_reasons": "finish-reason", "deadline": "ends-after",
    }  # fmt: skip
    offered = typed("sessions", "list", "--help").stdout
    for field in session_service_pb2.SessionFilter.DESCRIPTOR.fields:
        assert f"--{typed_as.get(field.name, field.name)}" in offered, field.name
