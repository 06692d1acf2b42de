"""`exam-sessions audit` says who did what."""

from __future__ import annotations

import csv
import io

import pytest
from terminal import Terminal

from exam_sessions.app import now
from serving import ApiClient, serving

SAT = ("CreatePackage", "DownloadSession", "EnterKeycode")
MINUTE = 60_000_000


def begun(api, candidate):
    return api.walk(api.book(api.release(), candidate_id=candidate), *SAT)


@pytest.fixture
def by_two(server, api):
    """A session that one moved and another voided."""
    session = begun(api, "c-1")
    other = ApiClient(server.target, api.workspace, actor="M. Keller")
    other.move("VoidSession", session, force=True, message="looked at a telephone")
    return session


def test_it_shows_everything_in_its_order(terminal, by_two):
    rows = terminal.json("audit")
    assert [row["action"] for row in rows] == [
        "ACTION_SCHEDULE", "ACTION_CREATE_PACKAGE", "ACTION_DOWNLOAD", "ACTION_ENTER_KEYCODE", "ACTION_VOID",
    ]  # fmt: skip
    assert {row["session_id"] for row in rows} == {by_two.id}


def test_it_is_narrowed_by_actor_action_and_release(terminal, by_two, api):
    api.release(name="Physics")
    (row,) = terminal.json("audit", "--actor", "M. Keller")
    assert (row["action"], row["message"]) == ("ACTION_VOID", "looked at a telephone")
    assert [row["actor"] for row in terminal.json("audit", "--action", "VOID", "--action", "download")] == [
        "test",
        "M. Keller",
    ]
    assert "nothing matches" in terminal("audit", "--release", "Physics").stderr
    assert "looked at a telephone" in terminal("audit", "--action", "void").stdout


def test_it_is_narrowed_by_time(database):
    clock = [now() - 10 * MINUTE]
    with serving(database, clock=lambda: clock[0]) as server:
        api = ApiClient(server.target)
        officer = Terminal(server.target, api.workspace)
        session = begun(api, "c-1")
        clock[0] += 5 * MINUTE
        api.move("PauseSession", session)
        (paused,) = officer.json("audit", "--action", "pause")
        (row,) = officer.json("audit", "--since", paused["time"][:19])
        assert row["action"] == "ACTION_PAUSE"
        assert "ACTION_PAUSE" not in {row["action"] for row in officer.json("audit", "--until", paused["time"][:19])}


def test_it_begins_with_the_oldest_event_in_reach(database):
    with serving(database, watch_reach=3) as server:
        api = ApiClient(server.target)
        begun(api, "c-1")
        rows = Terminal(server.target, api.workspace).json("audit")
        assert [row["action"] for row in rows] == ["ACTION_CREATE_PACKAGE", "ACTION_DOWNLOAD", "ACTION_ENTER_KEYCODE"]


def test_the_newest_are_kept_and_the_others_counted(terminal, by_two):
    said = terminal("audit", "--limit", 1, "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(said.stdout))
    assert row["action"] == "void"
    assert "4 older changes match too" in said.stderr


def test_a_day_is_its_beginning(terminal, by_two):
    assert "nothing matches" in terminal("audit", "--until", "2020-01-01").stderr
    assert terminal.json("audit", "--since", "2020-01-01")


def test_an_action_that_does_not_exist_is_refused(terminal):
    assert "is not an action" in terminal("audit", "--action", "unlok", code=2).stderr
