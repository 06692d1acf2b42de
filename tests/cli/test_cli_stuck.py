"""`exam-sessions stuck` finds what does not go on by itself, and prints commands that work."""

from __future__ import annotations

import pytest
from terminal import Terminal

from exam_sessions.app import now
from serving import ApiClient, Refused, State, serving

SAT = ("CreatePackage", "DownloadSession", "EnterKeycode")
TWO_HOURS = 7_200_000_000


@pytest.fixture
def behind(database):
    """A server two hours behind the terminal, where what has just begun is long over, and a terminal for it."""
    with serving(database, clock=lambda: now() - TWO_HOURS) as server:
        api = ApiClient(server.target)
        yield api, Terminal(server.target, api.workspace)


def begun(api, candidate, **release):
    return api.walk(api.book(api.release(duration={"seconds": 3600}, **release), candidate_id=candidate), *SAT)


def test_nothing_is_stuck_where_everything_goes_on(terminal, api):
    begun(api, "c-1")
    assert "nothing is stuck" in terminal("stuck").stderr


def test_a_session_that_was_set_aside_is_found_with_its_reason_and_can_be_recovered(terminal, api):
    session = begun(api, "c-1")
    api.move("FailSession", session, message="the disk of the machine")
    said = terminal("stuck", code=1).stdout
    assert "the disk of the machine" in said
    command = f"exam-sessions sessions transition recover {session.keycode}"
    assert command in said
    terminal(*command.split()[1:])
    assert State.Name(api.get(session).state) == "STATE_PAUSED"
    terminal("stuck")


def test_a_session_whose_time_is_over_is_found_and_can_be_ended(behind):
    api, officer = behind
    session = begun(api, "c-1")
    said = officer("stuck", code=1).stdout
    assert "its time was over at" in said
    command = f"exam-sessions sessions finish {session.keycode}"
    assert command in said
    officer(*command.split()[1:])
    officer("stuck")


def test_a_session_that_is_offline_for_long_is_found_and_can_be_shown(behind):
    api, officer = behind
    session = begun(api, "c-1")
    api.move("GoOffline", session)
    assert "nothing is stuck" in officer("stuck", "--offline-for", "3h").stderr
    said = officer("stuck", code=1).stdout
    assert "offline since" in said
    command = f"exam-sessions sessions show {session.keycode}"
    assert command in said
    assert session.keycode in officer(*command.split()[1:]).stdout


def test_a_session_whose_pin_was_wrong_too_often_is_found_and_gets_a_new_one(terminal, api):
    session = api.walk(api.book(api.release(invigilated=True), pin="QWERTY"), *SAT)
    terminal("stuck")
    for _ in range(5):
        with pytest.raises(Refused):
            api.move("EnterPin", session, pin="ZZZZZZ")
    said = terminal("stuck", code=1).stdout
    command = f"exam-sessions sessions pin {session.keycode} --new"
    assert command in said
    terminal(*command.split()[1:])
    terminal("stuck")


def test_rows_of_an_operation_that_were_refused_are_found(terminal, api):
    session = begun(api, "c-1")
    terminal("sessions", "transition", "check_in", "--state", "IN_PROGRESS", "--yes", code=1)
    said = terminal("stuck", code=1).stderr
    assert "1 rows of an operation" in said
    (command,) = [line for line in said.splitlines() if line.startswith("next:  exam-sessions operations show ")]
    assert session.id in terminal(*command.split()[2:]).stdout


def test_a_release_and_a_centre_narrow_the_search(terminal, api):
    found, other = begun(api, "c-1", name="Maths"), begun(api, "c-2", name="Physics")
    for session in (found, other):
        api.move("FailSession", session, message="a fault")
    said = terminal("stuck", "--release", "Maths", code=1).stdout
    assert (found.keycode in said, other.keycode in said) == (True, False)
    assert "nothing is stuck" in terminal("stuck", "--centre", "K-99").stderr
    (printed,) = [one for one in terminal.json("sessions", "list", "--exception") if one["keycode"] == found.keycode]
    assert printed["id"] == found.id


def test_more_than_the_limit_is_said(terminal, api):
    for candidate in ("c-1", "c-2"):
        api.move("FailSession", begun(api, candidate), message="a fault")
    assert "there are more than 1" in terminal("stuck", "--limit", 1, code=1).stderr
