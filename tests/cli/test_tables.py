"""Tables fit the terminal: no column of two letters, no cut state; piped they are whole; -o and --tz."""

from __future__ import annotations

import csv
import io
import json

import pytest
from drawn import drawn
from google.protobuf import json_format
from rich.console import Console
from rich.text import Text
from terminal import typed

from exam_sessions.cli.shared.tables import FittingTable
from exam_sessions_client.v1 import session_pb2

WIDTHS = (60, 80, 140)
STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")
LONGEST_STATE = "SCHEDULED_BUT_NOT_DOWNLOADED"


@pytest.fixture
def room(api):
    """A release with a session in each of three states, two of them with a name."""
    release = api.release(name="Mathematics, May, higher tier", window_start={"seconds": 1_777_881_600})
    person = session_pb2.Candidate(candidate_id="4711", name_first="Anna", name_last="Tomaschewski-Niedermayer")
    booking = session_pb2.Booking(candidate=person, centre_id="K-03")
    api.walk(api.call("CreateSession", release_id=release.id, booking=booking).session, "CreatePackage")
    api.walk(api.book(release, centre_id="K-03"), *STARTED)
    return release


def drawn_by(terminal, *words, columns):
    """The lines of a screen of so many columns when the command has ended."""
    with drawn(*words, *terminal.where, columns=columns, lines=60, EXAM_SESSIONS_TZ="UTC") as screen:
        assert screen.ends() == 0
        return screen.now()


def drawn_table(columns, *rows, headings=("id", "state", "name", "why"), spare=("why",)):
    made = FittingTable(headings, whole=("id",), spare=spare)
    for row in rows:
        made.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=columns, highlight=False)
    console.print(made)
    return console.file.getvalue()


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("words", [("sessions", "list"), ("releases", "list"), ("operations", "list")])
def test_a_list_fits_the_screen_without_cutting_a_word(terminal, api, room, columns, words):
    if words[0] == "operations":
        terminal("sessions", "transition", "pause", "--release", room.id, "--yes", code=1)
    shown = drawn_by(terminal, *words, columns=columns)
    text = "\n".join(shown)
    if words[0] == "sessions":
        assert LONGEST_STATE in text
        assert "IN_PROGRESS" in text
        assert "Tomaschewski-Niedermayer" in text or "not shown: " in text
    if words[0] == "releases":
        assert room.id in text
        assert all(word in text for word in room.name.split())
    if words[0] == "operations":
        (operation,) = terminal.json("operations", "list")
        assert operation["name"].rpartition("/")[2] in text
        assert "COMPLETED" in text


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_history_names_every_state_whole(terminal, api, room, columns):
    session = api.walk(api.book(room), *STARTED)
    text = "\n".join(drawn_by(terminal, "sessions", "history", session.keycode, columns=columns))
    for state in ("SCHEDULED_BUT_NOT_CREATED", LONGEST_STATE, "READY", "IN_PROGRESS"):
        assert state in text


def test_at_every_width_a_table_names_every_word_and_is_no_wider():
    rows = [("0123456789ab", LONGEST_STATE, "Anna Maria Niedermayer", "a reader sits beside her and reads")] * 2
    for width in range(20, 200):
        shown = drawn_table(width, *rows)
        assert max(len(line.rstrip()) for line in shown.splitlines()) <= width
        assert all(word in shown for word in ("0123456789ab", "Niedermayer")), width
        assert LONGEST_STATE in shown.replace("\n", "") or width < len(LONGEST_STATE) + len("state  ")


def test_where_not_even_the_most_important_columns_fit_each_row_is_a_block():
    shown = drawn_table(40, ("0123456789ab", LONGEST_STATE, "Anna", "ill"), headings=("id", "state", "name", "why"))
    assert [line.split() for line in shown.splitlines()] == [
        ["id", "0123456789ab"],
        ["state", LONGEST_STATE],
        ["name", "Anna"],
        ["why", "ill"],
    ]


def test_what_is_left_out_is_said(terminal, room):
    text = " ".join(drawn_by(terminal, "sessions", "list", columns=60))
    assert "not shown: " in text
    assert "-o wide" in text


def test_piped_a_table_is_never_broken(terminal, api, room, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    for words in (("sessions", "list"), ("releases", "list"), ("sessions", "list", "-o", "wide")):
        shown = typed(*words, *terminal.where).stdout.splitlines()
        count = 2 if words[0] == "sessions" else 1
        assert len(shown) == 1 + count


def test_csv_has_every_column_and_row(terminal, room):
    rows = list(csv.DictReader(io.StringIO(terminal("sessions", "list", "-o", "csv").stdout)))
    assert [row["state"] for row in rows] == [LONGEST_STATE, "IN_PROGRESS"]
    assert rows[0]["name"] == "Anna Tomaschewski-Niedermayer"
    (release,) = csv.DictReader(io.StringIO(terminal("releases", "show", room.id, "-o", "csv").stdout))
    assert release["name"] == room.name


def test_json_is_one_object_for_one_message_by_either_option(terminal, api, room):
    printed = terminal("sessions", "list", "-o", "JSON").stdout
    assert [json.loads(line) for line in printed.splitlines()] == terminal.json("sessions", "list")
    first = json_format.Parse(printed.splitlines()[0], session_pb2.Session())
    assert api.get(first).state == first.state


def test_times_are_shown_and_taken_in_the_zone_that_is_said(terminal):
    words = ("releases", "create", "R", "--window-start", "2026-05-04 09:00:00", "--tz", "Europe/Berlin", "--json")
    made = json.loads(terminal(*words).stdout)
    assert made["window_start"] == "2026-05-04T07:00:00Z"
    shown = terminal("releases", "list", "--tz", "America/New_York").stdout
    assert "window (America/New_York)" in shown
    assert "2026-05-04 03:00:00" in shown
    assert "2026-05-04 07:00:00" in terminal("releases", "list").stdout


def test_a_zone_nobody_has_and_a_time_that_a_clock_skips_are_refused(terminal):
    assert "not a time zone" in terminal("releases", "list", "--tz", "Mars/Olympus", code=2).stderr
    skipped = ("--window-start", "2026-03-29 02:30:00", "--tz", "Europe/Berlin")
    assert "does not exist" in terminal("releases", "create", "R", *skipped, code=2).stderr


def test_names_of_choices_are_taken_in_any_case(terminal, api, room):
    assert terminal.json("operations", "list", "--status", "Completed") == []
    assert terminal("sessions", "list", "--state", "in-progress").stdout.count("IN_PROGRESS") == 1
