"""Consumers of the events: how far each has come, and setting one back."""

from __future__ import annotations

import re

import pytest
from listening import columns, place, screen, sequences, tail
from terminal import Terminal

from serving import ApiClient, serving, until


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


def test_consumers_are_shown_with_how_far_they_have_come(terminal, api, release):
    for _ in range(3):
        api.book(release)
    tail(terminal, "--consumer", "results", "--count", 2)
    tail(terminal, "--consumer", "archive", "--count", 3)
    heading, archive, results = terminal("events", "consumers").stdout.splitlines()
    assert columns(heading) == ["name", "sequence", "behind", "last acknowledgement (UTC)"]
    assert archive.split()[:3] == ["archive", "3", "0"]
    assert results.split()[:3] == ["results", "2", "1"]
    assert re.fullmatch(r"[\d-]{10} [\d:]{8}", " ".join(results.split()[3:]))
    assert [consumer["name"] for consumer in terminal.json("events", "consumers")] == ["archive", "results"]


def test_a_workspace_without_consumers_says_how_to_make_one(terminal):
    assert "events tail --consumer NAME" in terminal("events", "consumers").stderr


def test_a_consumer_that_is_set_back_is_told_the_events_again(terminal, api, release):
    for _ in range(3):
        api.book(release)
    tail(terminal, "--consumer", "results", "--count", 3)
    assert terminal("events", "rewind", "results", 1, "--yes").stdout == "results goes on with event 2\n"
    assert sequences(tail(terminal, "--consumer", "results", "--count", 2)) == [2, 3]


def test_a_program_that_sets_a_consumer_back_must_say_yes(terminal, api, release):
    api.book(release)
    tail(terminal, "--consumer", "results", "--count", 1)
    said = terminal("events", "rewind", "results", 0, code=2).stderr
    assert "results has come to event 1; it will be told again what happened since event 0" in said
    assert "--yes" in said
    assert place(api) == 1


@pytest.mark.parametrize(("answer", "code", "after"), [("y", 0, 0), ("n", 1, 2)])
def test_a_person_is_asked_before_a_consumer_is_set_back(terminal, api, release, answer, code, after):
    api.book(release)
    api.book(release)
    tail(terminal, "--consumer", "results", "--count", 2)
    with screen(terminal, "events", "rewind", "results", 0) as asked:
        until(lambda: "Do it? [y/N]" in asked.now())
        asked.answer(answer)
        assert asked.run.wait(20) == code
        assert ("nothing was changed" in asked.now()) == bool(code)
    assert place(api) == after


def test_a_consumer_that_is_set_forward_is_told_what_it_will_not_hear(terminal, api, release):
    for _ in range(3):
        api.book(release)
    tail(terminal, "--consumer", "results", "--count", 1)
    assert "it will never be told events 2 to 3" in terminal("events", "rewind", "results", 3, code=2).stderr
    assert "SEQUENCE_AHEAD" in terminal("events", "rewind", "results", 4, "--yes", code=1).stderr
    assert place(api) == 1


def test_an_unknown_consumer_is_told_with_the_one_it_resembles(terminal, api, release):
    assert "see `exam-sessions events consumers " in terminal("events", "rewind", "results", 0, code=1).stderr
    api.book(release)
    tail(terminal, "--consumer", "results", "--count", 1)
    said = terminal("events", "rewind", "result", 0, "--yes", code=1).stderr
    assert "no consumer called result\n" in said
    assert "did you mean results?" in said


def test_events_out_of_reach_are_not_passed_over_silently(database):
    with serving(database, watch_reach=2) as server:
        api = ApiClient(server.target)
        terminal = Terminal(server.target, api.workspace)
        release = api.release()
        api.book(release)
        assert sequences(tail(terminal, "--consumer", "results", "--count", 1)) == [1]
        for _ in range(4):
            api.book(release)
        said = terminal("events", "tail", "--consumer", "results", "--count", 1, code=1)
        assert said.stdout == ""
        assert "SEQUENCE_TOO_OLD  oldest_sequence=4" in said.stderr
        assert "events rewind" in said.stderr
        terminal("events", "rewind", "results", 3, "--yes")
        assert sequences(tail(terminal, "--consumer", "results", "--count", 2)) == [4, 5]
        api.close()


@pytest.mark.parametrize("name", ["", "Results", "a b", "x" * 65])
def test_a_name_no_consumer_can_have_is_a_wrong_command(terminal, name):
    assert "is no name for a consumer" in terminal("events", "tail", "--consumer", name, code=2).stderr
