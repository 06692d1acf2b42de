"""Work on many sessions, or for good, is asked about on a terminal; Ctrl-C meanwhile asks what becomes of it."""

from __future__ import annotations

import pytest
from drawn import drawn
from listening import columns

from exam_sessions_client.v1 import session_pb2
from serving import State, until

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


def state(api, session):
    return State.Name(api.get(session).state).removeprefix("STATE_")


@pytest.mark.parametrize(("answer", "became"), [("n\n", "IN_PROGRESS"), ("y\n", "VOIDED")])
def test_voiding_a_release_is_asked_about_with_what_it_comes_to(terminal, api, answer, became):
    release = api.release(name="Big")
    session = api.walk(api.book(release), *STARTED)
    archived = api.book(release)
    api.move("VoidSession", archived)
    with drawn("sessions", "transition", "void", "--release", "Big", *terminal.where) as screen:
        screen.until("Do it? [y/N]:")
        assert screen.has("2 sessions match: 1 would be moved, 1 refused")
        assert screen.has("SESSION_NOT_VOIDABLE")
        assert screen.has("void for 1 session, which cannot be undone")
        assert state(api, session) == "IN_PROGRESS"
        screen.type(answer)
        assert screen.ends() == 1
    assert state(api, session) == became


def test_finalizing_says_what_ends_and_asks(terminal, api):
    release = api.release(name="Maths, May")
    session = api.walk(api.book(release), *STARTED)
    api.book(release)
    said = terminal("releases", "finalize", "Maths, May", code=2)
    assert "1 session in progress end now" in said.stderr
    shown = terminal("releases", "finalize", release.id, "--preview").stdout
    foreseen = [columns(line) for line in shown.splitlines()]
    assert ["1", "IN_PROGRESS", "submitted now"] in foreseen
    assert ["1", "SCHEDULED_BUT_NOT_CREATED", "stay, and cannot be begun"] in foreseen
    assert state(api, session) == "IN_PROGRESS"


@pytest.mark.parametrize("cancelled", [True, False])
def test_ctrl_c_asks_whether_to_cancel_an_operation_or_to_let_it_go_on(terminal, api, cancelled):
    release = api.release(name="Slow")
    sessions = [api.book(release) for _ in range(40)]
    words = ("sessions", "transition", "create_package", "--release", "Slow", "--yes", "--per-second", "4")
    with drawn(*words, *terminal.where, columns=140) as screen:
        until(lambda: any(state(api, session) != "SCHEDULED_BUT_NOT_CREATED" for session in sessions))
        screen.until("/40")
        screen.interrupt()
        screen.until("Cancel it? Otherwise it goes on [y/N]:")
        screen.type("y\n" if cancelled else "n\n")
        assert screen.ends() == 1
        if cancelled:
            assert screen.has("HALTED")
        else:
            assert screen.has("it goes on without being watched")
    (operation,) = terminal.json("operations", "list")
    assert operation["metadata"].get("cancel_requested", False) is cancelled
    if not cancelled:
        terminal("operations", "cancel", operation["name"])
    assert session_pb2.STATE_SCHEDULED_BUT_NOT_CREATED in {api.get(session).state for session in sessions}
