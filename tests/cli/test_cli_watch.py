"""Watching in a pipe: one line for each event, also when the server was away."""

from __future__ import annotations

import re

import pytest
from listening import columns, coming_and_going, go_on, listening, sequences
from terminal import Terminal, start, typed

from exam_sessions.cli.shared import candidate_names
from serving import ApiClient, serving

ONE_OF = "00000000-0000-7000-8000-000000000000"
READY = ("CreatePackage", "DownloadSession")


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


def test_a_piped_watch_prints_each_event_once(terminal, api, release):
    session = api.walk(api.book(release, candidate_id="17"), "CreatePackage")
    with listening(terminal, "watch", "--from", 1) as watch:
        watch.hears(2)
        api.move("DownloadSession", session)
        api.move("VoidSession", session, reason=1, message="slept")
        watch.hears(4)
        watch.interrupted()
    assert [columns(line)[0] for line in watch.lines] == ["1", "2", "3", "4"]
    assert [columns(line)[2:] for line in watch.lines] == [
        [session.keycode, "17", "schedule", "(new) → SCHEDULED_BUT_NOT_CREATED", "test"],
        [session.keycode, "17", "create_package", "SCHEDULED_BUT_NOT_CREATED → SCHEDULED_BUT_NOT_DOWNLOADED", "test"],
        [session.keycode, "17", "download", "SCHEDULED_BUT_NOT_DOWNLOADED → READY", "test"],
        [session.keycode, "17", "void", "READY → VOIDED", "test", "ABSENT: slept"],
    ]


@pytest.mark.parametrize("words", [(), ("--now",)], ids=" ".join)
def test_unless_it_is_told_otherwise_a_watch_prints_what_happens_from_now_on(terminal, api, release, words):
    old = api.book(release)
    with listening(terminal, "watch", "--count", 2, *words) as watch:
        go_on(lambda: api.book(release), lambda: watch.run.poll() is not None)
        watch.ends()
    first, second = sequences(watch.lines)
    assert 1 < first == second - 1
    assert old.keycode not in " ".join(watch.lines)


def test_a_watch_can_be_narrowed_by_release_session_and_state(terminal, api, release):
    mine = api.walk(api.book(release), *READY)
    api.walk(api.book(api.release(name="Other")), *READY)

    def told(count, *words):
        return sequences(terminal("watch", "--from", 1, "--count", count, *words).stdout.splitlines())

    assert told(3, "--release", "Other") == [4, 5, 6]
    assert told(6, "--release", "Other", "--release", release.id) == [1, 2, 3, 4, 5, 6]
    assert told(3, "--session", mine.keycode) == told(3, "--session", mine.id) == [1, 2, 3]
    assert told(2, "--state", "ready") == [3, 6]
    assert told(3, "--state", "READY", "--state", "SCHEDULED_BUT_NOT_CREATED") == [1, 3, 4]


def test_what_happened_to_a_deleted_session_can_be_watched_by_its_id(terminal, api, release):
    session = api.book(release)
    api.call("DeleteSession", session_id=session.id)
    booked, deleted = terminal("watch", "--session", session.id, "--from", 1, "--count", 2).stdout.splitlines()
    assert session.id in booked
    assert "→ (deleted)" in deleted


def test_sessions_are_named_as_long_as_the_service_knows_them(terminal, api, release, monkeypatch):
    monkeypatch.setattr(candidate_names, "AT_ONCE", 2)
    stays, goes, renamed = (api.book(release, candidate_id=name) for name in ("stays", "goes", "before"))
    with listening(terminal, "watch", "--from", 1) as watch:
        assert columns(watch.hears(3)[2])[2:4] == [renamed.keycode, "before"]
        api.call("DeleteSession", session_id=goes.id)
        api.call(
            "UpdateSession",
            session_id=renamed.id,
            booking={"candidate": {"candidate_id": "after"}},
            update_mask={"paths": ["candidate.candidate_id"]},
        )
        watch.hears(5)
    assert columns(watch.lines[3])[2:4] == [goes.keycode, "goes"]
    assert columns(watch.lines[4])[2:4] == [renamed.keycode, "after"]
    again = terminal("watch", "--from", 1, "--count", 5).stdout.splitlines()
    assert [columns(line)[2:4] for line in again] == [
        [stays.keycode, "stays"],
        [goes.id, "-"],
        [renamed.keycode, "after"],
        [goes.id, "-"],
        [renamed.keycode, "after"],
    ]


def test_what_others_wrote_stays_on_its_line_and_commands_no_terminal(terminal, server, api, release):
    session = api.book(release)
    # As an older version took it.
    server.database.write("UPDATE sessions SET candidate_id = ? WHERE id = ?", "a\x1b[2Jb", session.id)
    api.move("VoidSession", session, reason=4, message="one\ntwo\x1b[31m\x9b1mthree\u2028")
    told = terminal("watch", "--from", 1, "--count", 2).stdout.splitlines()
    assert columns(told[0])[3] == "a [2Jb"
    assert columns(told[1])[-1] == "OTHER: one two [31m 1mthree"


def test_a_watch_goes_on_after_a_restart_of_the_server_without_gap_or_repetition(database):
    with coming_and_going(database) as server:
        server.book()
        terminal = Terminal(server.target, server.api.workspace)
        with listening(terminal, "watch", "--from", 1) as watch:
            for told, noted in ((1, 1), (4, 3), (7, 5)):
                watch.hears(told)
                server.stop()
                watch.notes_down(noted)
                server.start()
                for _ in range(3):
                    server.book()
            watch.hears(10)
            noted = watch.interrupted()
    assert sequences(watch.lines) == list(range(1, 11))
    assert [line.rpartition("; ")[2] for line in noted] == [
        *(f"{again}going on with event {n}" for n in (2, 5, 8) for again in ("trying again, ", "")),
        f"this goes on from here:  exam-sessions watch --from 11 {' '.join(terminal.where)}",
    ]


def test_a_watch_says_what_it_misses_when_the_events_are_gone_and_begins_anew(database):
    with coming_and_going(database) as server:
        server.book()
        with listening(Terminal(server.target, server.api.workspace), "watch", "--from", 1) as watch:
            watch.hears(1)
            server.stop()
            with serving(database) as elsewhere:
                api = ApiClient(elsewhere.target, server.api.workspace)
                for n in range(4):
                    api.book(server.release, candidate_id=f"elsewhere {n}")
                api.close()
            server.start(watch_reach=2)
            go_on(server.book, lambda: len(watch.lines) > 1)
            noted = watch.interrupted()
    assert re.sub(r"\d+ at", "N at", noted[1]) == (
        "a watch can begin with event N at the earliest; begin there, or with a snapshot: doing so; "
        "what happened between event 1 and now is not told"
    )
    assert noted[2] == "connected again; beginning again with a snapshot"
    assert sequences(watch.lines)[1] > 5


def test_an_event_too_old_to_begin_with_gives_way_to_a_snapshot(database):
    with serving(database, watch_reach=2) as server:
        api = ApiClient(server.target)
        release = api.release()
        for _ in range(5):
            api.book(release)
        with listening(Terminal(server.target, api.workspace), "watch", "--from", 1, "--count", 1) as watch:
            go_on(lambda: api.book(release), lambda: watch.run.poll() is not None)
            noted = watch.ends()
        api.close()
    assert "at the earliest" in noted[0]
    assert sequences(watch.lines)[0] > 5


def test_an_event_that_has_not_happened_is_refused_with_the_last_that_has(terminal, api, release):
    api.book(release)
    said = terminal("watch", "--from", 9, code=1).stderr
    assert "SEQUENCE_AHEAD  last_sequence=1" in said
    assert "next: " in said


def test_who_stops_a_watch_is_told_the_command_that_goes_on_from_there(terminal, api, release):
    session = api.walk(api.book(release), *READY)
    words = ("--release", "Maths, May", "--session", session.keycode, "--state", "READY")
    with listening(terminal, "watch", "--from", 1, *words) as watch:
        watch.hears(1)
        watch.sleeps()
        noted = watch.interrupted()
    again = f"--from 4 --release 'Maths, May' --session {session.keycode} --state READY {' '.join(terminal.where)}"
    assert noted == [f"stopped; this goes on from here:  exam-sessions watch {again}"]


def test_a_reader_that_has_seen_enough_ends_the_watch_even_when_nothing_happens(terminal, api, release):
    api.book(release)
    watch = start("watch", "--from", 1, *terminal.where)
    with watch:
        watch.stdout.readline()
        watch.stdout.close()
        assert watch.stderr.read() == ""
    assert watch.returncode == 0


def test_an_unknown_release_is_told_with_the_one_it_resembles(terminal, release):
    said = terminal("watch", "--release", "Maths May", code=1).stderr
    assert "no release called 'Maths May'" in said
    assert "did you mean 'Maths, May'?" in said


@pytest.mark.parametrize("session", ["NOSUCHKC", ONE_OF])
def test_an_unknown_session_is_told(terminal, session):
    assert f"no candidate is called {session!r}" in terminal("watch", "--session", session, code=1).stderr


def test_a_watch_is_narrowed_by_centre_school_and_district(terminal, api):
    release = api.release()
    api.book(release, candidate_id="other", centre_id="K-04")
    person = {"candidate_id": "wanted", "school_id": "north", "district_id": "lakes"}
    api.call("CreateSession", release_id=release.id, booking={"candidate": person, "centre_id": "K-03"})
    for words in (("--centre", "K-03"), ("--school", "north"), ("--district", "lakes", "--district", "hills")):
        said = terminal("watch", "--from", 1, "--count", 1, *words).stdout
        assert ("wanted" in said, "other" in said) == (True, False), words


def test_a_watch_begins_at_one_place_only(terminal):
    assert "exclude each other" in terminal("watch", "--from", 1, "--now", code=2).stderr


def test_without_a_server_a_watch_says_how_to_start_one():
    said = Terminal("127.0.0.1:1", "default")("watch", code=1).stderr
    assert said.startswith("error: no server answers at 127.0.0.1:1; start one with `exam-sessions serve")


def test_help_says_how_a_watch_goes_on_and_what_a_program_should_use_instead():
    said = " ".join(typed("watch", "--help").stdout.split())
    assert "goes on behind the last event" in said
    assert "events tail --consumer" in said
    assert "exam-sessions watch --release" in said
    assert "exam-sessions watch" in typed("--help").stdout
