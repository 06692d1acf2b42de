"""`exam-sessions board`: a room on the terminal, live, and its keys."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from drawn import drawn

from exam_sessions.cli.shared.room_reads import sessions_to_read
from exam_sessions_client.v1 import session_pb2
from serving import State, until

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


def state(api, session):
    return State.Name(api.get(session).state).removeprefix("STATE_")


@pytest.fixture
def release(api):
    return api.release(name="Maths, May", duration={"seconds": 3600})


@pytest.fixture
def sitting(api, release):
    return api.walk(api.book(release, candidate_id="S-4471", centre_id="K-03"), *STARTED)


@contextmanager
def board(terminal, columns=140, **more):
    with drawn(
        "board", "--centre", "K-03", *terminal.where, columns=columns, EXAM_SESSIONS_TZ="UTC", **more
    ) as screen:
        yield screen


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_room_is_drawn_and_follows_what_happens_there(terminal, api, release, sitting, columns):
    api.walk(api.book(release, candidate_id="elsewhere", centre_id="K-04"), *STARTED)
    with board(terminal, columns) as screen:
        until(lambda: any("S-4471" in line and "IN_PROGRESS" in line for line in screen.screen()))
        assert any("0:59:" in line or "0:58:" in line or "0:57:" in line for line in screen.screen())
        assert not screen.has("elsewhere")
        api.move("PauseSession", sitting)
        until(lambda: any("S-4471" in line and "PAUSED" in line for line in screen.screen()))
        late = api.book(release, candidate_id="S-9", centre_id="K-03")
        until(lambda: any("S-9 " in line and "SCHEDULED_BUT_NOT_CREATED" in line for line in screen.screen()))
        api.move("FailSession", sitting, message="the screen is black")
        until(lambda: screen.colours_of("EXCEPTION") == "red")
        assert screen.has("1 need a person")
        moved = {"centre_id": "K-04"}
        api.call("UpdateSession", session_id=late.id, booking=moved, update_mask={"paths": ["centre_id"]})
        until(lambda: not any("S-9 " in line for line in screen.screen()))
        screen.type("q")
        assert screen.ends() == 0


def test_a_school_is_a_room_too(terminal, api, release):
    person = session_pb2.Candidate(candidate_id="S-1", school_id="north")
    here = api.call("CreateSession", release_id=release.id, booking={"candidate": person}).session
    api.book(release, candidate_id="elsewhere")
    with drawn("board", "--school", "north", *terminal.where, columns=140) as screen:
        until(lambda: any("S-1" in line for line in screen.screen()))
        assert not screen.has("elsewhere")
        moved = {"candidate": {"school_id": "south"}}
        api.call("UpdateSession", session_id=here.id, booking=moved, update_mask={"paths": ["candidate.school_id"]})
        until(lambda: screen.has("no session is here"))


def test_keys_do_what_was_confirmed_and_nothing_else(terminal, api, sitting):
    with board(terminal) as screen:
        until(lambda: any("S-4471" in line for line in screen.screen()))
        screen.type("p")
        screen.until("pause S-4471: do it? [y/N]")
        screen.type("n")
        screen.until("nothing was done")
        assert state(api, sitting) == "IN_PROGRESS"
        screen.type("p")
        screen.until("do it?")
        screen.type("y")
        until(lambda: state(api, sitting) == "PAUSED")
        screen.until("pause: done")
        screen.type("e")
        screen.until("extra time in all")
        screen.type("25%\r")
        screen.until("why:")
        screen.type("a quiet reader\r")
        screen.until("do it?")
        screen.type("y")
        until(lambda: api.get(sitting).extra_time_percent == 25)
        screen.until("25 %")
        screen.type("v")
        screen.until("which cannot be undone")
        screen.type("p\r")
        screen.until("why, in words")
        screen.type("ill\r")
        screen.until("PARTIALLY_COMPLETED, ill")
        screen.type("y")
        until(lambda: state(api, sitting) == "VOIDED")
        screen.until("void: done")
        screen.type("r")
        screen.until("do it?")
        screen.type("y")
        screen.until("resume: resume is not legal in state VOIDED")
        assert api.get(sitting).void_reason == session_pb2.VOID_REASON_PARTIALLY_COMPLETED
        screen.type("q")
        assert screen.ends() == 0


def test_ctrl_c_ends_a_board(terminal, sitting):
    with board(terminal) as screen:
        until(lambda: any("S-4471" in line for line in screen.screen()))
        screen.interrupt()
        assert screen.ends() == 0
        assert not screen.has("Traceback")


def test_without_a_terminal_there_is_a_way_on(terminal):
    assert "exam-sessions sessions list --centre K-03" in terminal("board", "--centre", "K-03", code=2).stderr


def test_a_session_is_read_once_after_many_events_and_not_after_a_save():
    running, ended = State.STATE_IN_PROGRESS, State.STATE_FINISHED
    save, pause = session_pb2.ACTION_SET_RESPONSES, session_pb2.ACTION_PAUSE
    events = [
        session_pb2.SessionEvent(session_id="saves", action=save, from_state=running, to_state=running),
        session_pb2.SessionEvent(session_id="submits", action=save, from_state=running, to_state=ended),
        session_pb2.SessionEvent(session_id="moves", action=pause, from_state=running, to_state=State.STATE_PAUSED),
        session_pb2.SessionEvent(session_id="submits", action=pause, from_state=ended, to_state=running),
    ]
    assert sessions_to_read(events) == ["submits", "moves"]


def test_of_sessions_that_are_read_together_one_may_be_gone(terminal, api, release, sitting):
    late = api.book(release, candidate_id="S-9", centre_id="K-03")
    with board(terminal) as screen:
        until(lambda: any("S-9 " in line for line in screen.screen()))
        api.call("DeleteSession", session_id=late.id)
        api.move("PauseSession", sitting)
        until(lambda: any("S-4471" in line and "PAUSED" in line for line in screen.screen()))
        until(lambda: not any("S-9 " in line for line in screen.screen()))
