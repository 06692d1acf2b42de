"""Watching in a terminal: a board of counts and the newest events."""

from __future__ import annotations

import io

import pytest
from listening import Screen, columns, coming_and_going, screen
from rich.console import Console
from terminal import Terminal

from exam_sessions.cli.shared import candidate_names, watch_views
from exam_sessions.client.events import Piece
from serving import State, until

READY = ("CreatePackage", "DownloadSession")


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


def drawn(board):
    console = Console(file=io.StringIO(), width=100)
    console.print(board)
    return console.file.getvalue()


def test_the_board_counts_states_from_the_snapshot_and_keeps_them_current(terminal, api, release):
    session = api.book(release, candidate_id="17")
    api.walk(api.book(release), *READY)
    with screen(terminal, "watch") as board:
        until(lambda: "SCHEDULED_BUT_NOT_CREATED 1   READY 1" in board.now())
        assert "nothing has happened yet" in board.now()
        api.walk(session, *READY, "EnterKeycode", "FinishSession")
        api.book(release)
        api.call("DeleteSession", session_id=api.book(release).id)
        until(lambda: "event 11" in board.now())
        shown = board.now().splitlines()
        assert shown[:2] == [
            f"{api.workspace} at {terminal.where[1]}  event 11",
            "SCHEDULED_BUT_NOT_CREATED 1   READY 1   FINISHED 1",
        ]
        assert [columns(line)[1:4] for line in shown[-4:]] == [
            [session.keycode, "17", action] for action in ("finish", "enter_keycode", "download", "create_package")
        ]
        assert (
            board.stop()
            == f"stopped; this goes on from here:  exam-sessions watch --from 12 {' '.join(terminal.where)}"
        )


def test_the_board_counts_only_the_states_asked_for_and_notices_who_leaves_them(terminal, api, release):
    session = api.walk(api.book(release), *READY)
    with screen(terminal, "watch", "--state", "READY", "--state", "PAUSED") as board:
        until(lambda: "READY 1   PAUSED 0" in board.now())
        api.move("VoidSession", session)
        until(lambda: "READY 0   PAUSED 0" in board.now())
        assert "nothing has happened yet" in board.now()


def test_a_board_without_a_snapshot_counts_nothing(terminal, api, release):
    api.book(release, candidate_id="17")
    with screen(terminal, "watch", "--from", 1) as board:
        until(lambda: "  17  " in board.now())
        assert "states are not counted without a snapshot" in board.now()


def test_the_board_shows_the_newest_events_that_fit_the_screen(terminal, api, release):
    bookings = [{"candidate": {"candidate_id": f"c{n:04}"}} for n in range(1500)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    last = api.book(release)
    with screen(terminal, "watch", "--from", 1, "--count", 1501) as board:
        assert board.run.wait(20) == 0
        shown = board.now().splitlines()
    told = [line for line in shown if "  schedule  " in line]
    assert len(told) == Screen.LINES - 8
    assert last.keycode in told[0]


def test_the_board_says_when_the_server_is_away_and_goes_on_when_it_is_back(database):
    with coming_and_going(database) as server:
        server.book()
        with screen(Terminal(server.target, server.api.workspace), "watch") as board:
            until(lambda: "SCHEDULED_BUT_NOT_CREATED 1" in board.now())
            server.stop()
            until(lambda: "trying again, going on with event 2" in board.now())
            server.start()
            server.book()
            until(lambda: "SCHEDULED_BUT_NOT_CREATED 2" in board.now())


def test_a_notice_stays_on_the_board_until_all_has_been_well_for_a_while(monkeypatch):
    board = watch_views.Board("", (), candidate_names.CandidateNames(None))
    board.notice("the server is away")
    board.look(Piece(sequence=1))
    assert "the server is away" in drawn(board)
    monkeypatch.setattr(watch_views, "STAYS", 0)
    assert "the server is away" in drawn(board)
    board.look(Piece(sequence=1))
    assert "the server is away" not in drawn(board)


def test_half_a_snapshot_is_not_counted(monkeypatch):
    board = watch_views.Board("", (), candidate_names.CandidateNames(None))
    board.look(Piece(sessions=[{"id": "1", "state": State.STATE_READY}]))
    board.notice("the server is away")
    board.look(Piece(sessions=[{"id": "1", "state": State.STATE_PAUSED}]))
    board.look(Piece(snapshot_complete=True, sequence=1))
    assert "READY" not in drawn(board)
    assert "PAUSED 1" in drawn(board)


def test_what_happens_before_a_snapshot_is_complete_is_counted():
    board = watch_views.Board("", (), candidate_names.CandidateNames(None))
    ready, paused = State.STATE_READY, State.STATE_PAUSED
    board.look(Piece(sessions=[{"id": "1", "state": ready}, {"id": "2", "state": ready}]))
    board.look(Piece(events=[{"session_id": "1", "from_state": ready, "to_state": paused}]))
    board.look(Piece(sessions=[{"id": "3", "state": paused}]))
    board.look(Piece(snapshot_complete=True, sequence=9))
    assert "READY 1" in drawn(board)
    assert "PAUSED 2" in drawn(board)
