"""Lock-outs on the command line: seen and lifted."""

from __future__ import annotations

from contextlib import closing

import pytest
from terminal import Terminal

from serving import ApiClient, Refused, serving, until


@pytest.fixture
def locked_out(database):
    """A client that is locked out, and a terminal beside it."""
    guarded = serving(database, limit_loopback=1, wrong_codes_at_most=3)
    with guarded as server, closing(ApiClient(server.target)) as api:
        for _ in range(3):
            with pytest.raises(Refused):
                api.call("GetSession", keycode="ZZZZZZZZ")
        until(lambda: api.call("ListLockouts").lockouts)
        yield api, Terminal(server.target, api.workspace)


def test_lock_outs_are_listed_and_lifted(locked_out):
    api, terminal = locked_out
    shown = terminal("lockouts", "list").stdout
    assert "address 127.0.0.1" in shown
    assert "3 codes" in shown
    (found,) = terminal.json("lockouts", "list")
    lifted = terminal("lockouts", "lift", found["id"], "--message", "a typing exercise")
    assert lifted.stdout.startswith("lifted by cli")
    assert "nobody is locked out" in terminal("lockouts", "list").stderr
    (row,) = terminal.json("lockouts", "list", "--all")
    assert row["message"] == "a typing exercise"
    with pytest.raises(Refused) as refused:
        api.call("GetSession", keycode="ZZZZZZZZ")
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_a_locked_out_command_is_told_who_can_lift_it(locked_out):
    _, terminal = locked_out
    refused = terminal("sessions", "show", "ZZZZZZZZ", code=1)
    assert "TOO_MANY_WRONG_CODES" in refused.stderr
    assert "exam-sessions lockouts list" in refused.stderr


def test_an_id_that_is_none_is_refused_by_the_command(terminal):
    assert "not a lock-out's id" in terminal("lockouts", "lift", "room-3", code=2).output


def test_nobody_is_locked_out_of_the_deployment(terminal):
    assert "there are no lock-outs" in terminal("lockouts", "list", "--all", "--deployment").stderr
