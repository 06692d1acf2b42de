"""Long work on the command line: listed, looked at, waited for, cancelled."""

from __future__ import annotations

import uuid

import pytest
from terminal import typed

from exam_sessions_client.v1 import session_pb2
from serving import until

HOURS = "1"
"""Sessions a second at which the work of these tests does not end by itself."""


@pytest.fixture
def release(api):
    release = api.release(name="Maths, May")
    candidates = [session_pb2.Candidate(candidate_id=f"c{n}") for n in range(60)]
    bookings = [session_pb2.Booking(candidate=candidate) for candidate in candidates]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    return release


@pytest.fixture
def ended(terminal, release):
    """The id of an operation that ended, every row refused."""
    return begun(terminal, release, "pause")


@pytest.fixture
def under_way(terminal, release):
    """The id of an operation that will not end."""
    operation_id = begun(terminal, release, "create_package", "--per-second", HOURS)
    yield operation_id
    terminal("operations", "cancel", operation_id)


def begun(terminal, release, action, *words):
    words = ("sessions", "transition", action, "--release", release.id, "--no-wait", "--yes", *words)
    operation_id = terminal(*words).stdout.strip()
    if "--per-second" not in words:
        until(lambda: terminal.json("operations", "show", operation_id)[0].get("done"))
    return operation_id


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def ids_of(printed):
    return [operation["name"].rpartition("/")[2] for operation in printed]


def test_operations_are_listed_the_newest_first(terminal, ended, under_way):
    heading, first, second = lines_of(terminal("operations", "list"))
    assert heading[:5] == ["id", "kind", "action", "status", "done"]
    assert (first[0], first[1:3]) == (under_way, ["transition", "create_package"])
    assert second[:8] == [ended, "transition", "pause", "COMPLETED", "60", "of", "60", "60"]
    assert ids_of(terminal.json("operations", "list")) == [under_way, ended]


def test_a_list_is_narrowed_by_status_and_kind(terminal, ended, under_way):
    def listed(*words):
        return ids_of(terminal.json("operations", "list", *words))

    until(lambda: listed("--status", "running") == [under_way])
    assert listed("--status", "completed") == [ended]
    assert listed("--kind", "transition", "--status", "completed") == [ended]
    assert listed("--kind", "template") == []
    assert listed("--limit", "1") == [under_way]
    said = terminal("operations", "list", "--limit", "1")
    assert "there are more than 1" in said.stderr
    assert terminal("operations", "list", "--status", "halted").stderr == "there are no such operations\n"


def test_an_operation_is_shown_with_why_rows_were_refused(terminal, ended):
    said = terminal("operations", "show", ended)
    lines = lines_of(said)
    assert ["what", "pause"] in lines
    assert ["status", "COMPLETED"] in lines
    assert ["done", "60", "of", "60"] in lines
    assert ["refused", "60"] in lines
    shown = [line for line in lines if "INVALID_TRANSITION" in line]
    assert [line[0] for line in shown] == [str(n) for n in range(20)]
    assert "these are 20 of 60 refused rows" in said.stderr
    assert f"exam-sessions operations show {ended} --json" in said.stderr
    (printed,) = terminal.json("operations", "show", ended)
    assert len(printed["response"]["rows"]) == 60


def test_an_operation_under_way_is_shown_with_how_to_go_on(terminal, under_way):
    said = terminal("operations", "show", under_way)
    assert f"exam-sessions operations wait {under_way}" in said.stderr
    assert f"exam-sessions operations cancel {under_way}" in said.stderr


def test_an_operation_may_be_named_in_full(terminal, ended):
    name = f"workspaces/{terminal.workspace}/operations/{ended}"
    assert terminal("operations", "show", name).stdout == terminal("operations", "show", ended).stdout


def test_a_wait_ends_with_the_operation(terminal, api, release):
    operation_id = begun(terminal, release, "create_package", "--per-second", "100")
    said = terminal("operations", "wait", operation_id)
    assert ["status", "COMPLETED"] in lines_of(said)
    assert ["done", "60", "of", "60"] in lines_of(said)
    moved = {"states": [session_pb2.STATE_SCHEDULED_BUT_NOT_DOWNLOADED]}
    assert api.call("ListSessions", filter=moved, page_size=1, show_total_size=True).total_size == 60


def test_a_wait_for_what_was_refused_fails(terminal, ended):
    assert ["refused", "60"] in lines_of(terminal("operations", "wait", ended, code=1))


def test_a_wait_may_be_given_up(terminal, under_way):
    said = terminal("operations", "wait", under_way, "--timeout", "1s", code=1)
    assert ["status", "RUNNING"] in lines_of(said)
    assert "operations cancel" in said.stderr


def test_a_cancelled_operation_is_halted_and_what_was_done_stays(terminal, under_way):
    until(lambda: terminal.json("operations", "show", under_way)[0]["metadata"].get("done_count"))
    said = terminal("operations", "cancel", under_way)
    assert "asked to end" in said.stdout
    waited = terminal("operations", "wait", under_way, code=1)
    assert ["status", "HALTED"] in lines_of(waited)
    assert "cancelled" in waited.stdout
    (printed,) = terminal.json("operations", "show", under_way)
    assert 0 < int(printed["metadata"]["done_count"]) < 60


def test_what_has_ended_is_not_cancelled(terminal, ended):
    assert terminal("operations", "cancel", ended).stdout == "it had ended already: COMPLETED\n"


@pytest.mark.parametrize("verb", ["show", "wait", "cancel"])
def test_an_operation_nobody_knows_is_refused_with_a_way_on(terminal, verb):
    said = terminal("operations", verb, uuid.uuid4(), code=1).stderr
    assert "OPERATION_NOT_FOUND" in said
    assert "exam-sessions operations list" in said


def test_what_is_no_id_is_a_wrong_command():
    said = typed("operations", "show", "pause", code=2).stderr
    assert "is not an operation's id" in " ".join(said.split())
