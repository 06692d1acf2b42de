"""Events for other programs: their formats, consumers that are told everything at least once, and going back."""

from __future__ import annotations

import json
import signal

import pytest
from google.protobuf import json_format
from listening import columns, coming_and_going, listening, place, sequences, tail
from terminal import Terminal, start, typed

from exam_sessions.cli.shared import acknowledger
from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions_client.v1 import session_pb2
from serving import until

MANY = 1000
"""Events whose lines are more than a pipe holds."""


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


def book_many(api, release, count=MANY):
    bookings = [{"candidate": {"candidate_id": f"many {n}"}} for n in range(count)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)


def stuck_at(api):
    """How far a consumer has come that can write no more, because nobody reads."""
    seen = []

    def is_stuck():
        seen.append(place(api))
        return seen[-1] and seen[-30:] == seen[-1:] * 30

    until(is_stuck)
    # At least the first hundred, which a pipe has room for; where a second has passed before, those and a few more.
    assert 100 <= seen[-1] < MANY
    return seen[-1]


def test_an_event_is_a_line_for_people(terminal, api, release):
    session = api.walk(api.book(release), "CreatePackage")
    api.move("VoidSession", session, reason=1, message="slept")
    told = [columns(line) for line in tail(terminal, "--from", 1, "--count", 3)]
    assert [row[:1] + row[2:] for row in told] == [
        ["1", session.id, "schedule", "(new) → SCHEDULED_BUT_NOT_CREATED", "test"],
        ["2", session.id, "create_package", "SCHEDULED_BUT_NOT_CREATED → SCHEDULED_BUT_NOT_DOWNLOADED", "test"],
        ["3", session.id, "void", "SCHEDULED_BUT_NOT_DOWNLOADED → VOIDED", "test", "ABSENT: slept"],
    ]


def test_an_event_is_the_same_json_wherever_it_is_printed_and_is_read_back_as_it_was(terminal, api, release):
    session = api.book(release)
    api.move("VoidSession", session, reason=1, message="schlief\u2028ein")
    lines = tail(terminal, "--from", 1, "--count", 2, "--format", "json")
    events = list(api.history(session))
    assert [json_format.Parse(line, session_pb2.SessionEvent()) for line in lines] == events
    assert [json.loads(line) for line in lines] == terminal.json("sessions", "history", session.id)


def test_an_event_is_a_cloudevent(terminal, api, release):
    session = api.book(release)
    api.call(
        "UpdateSession",
        session_id=session.id,
        booking={"external_reference": "ref-9"},
        update_mask={"paths": ["external_reference"]},
    )
    api.call("DeleteSession", session_id=session.id)
    booked, edited, deleted = map(json.loads, tail(terminal, "--from", 1, "--count", 3, "--format", "cloudevents"))
    event = api.history(session)[1]
    assert edited == {
        "specversion": "1.0",
        "id": f"{api.workspace}/2",
        "source": f"/exam-sessions/{api.workspace}",
        "type": "exam_sessions.session.update",
        "subject": session.id,
        "time": f"{event.time.ToDatetime():%Y-%m-%dT%H:%M:%S.%f}Z",
        "datacontenttype": "application/json",
        "sequence": "0000000000000000002",
        "data": {
            "release_id": release.id,
            "from_state": "SCHEDULED_BUT_NOT_CREATED",
            "to_state": "SCHEDULED_BUT_NOT_CREATED",
            "actor": "test",
            "acting_for": "",
            "reason": "",
            "message": "",
            "request_id": "",
            "changes": [{"field": "external_reference", "old_value": None, "new_value": "ref-9"}],
        },
    }
    assert [e["type"].rpartition(".")[2] for e in (booked, edited, deleted)] == ["schedule", "update", "delete"]
    assert booked["sequence"] < edited["sequence"] < deleted["sequence"]
    assert deleted["data"]["to_state"] == ""


def test_unless_it_is_told_otherwise_a_tail_begins_with_what_happens_next(terminal, api, release):
    api.book(release)
    with listening(terminal, "events", "tail", "--count", 2) as told:
        while told.run.poll() is None:
            api.book(release)
    assert sequences(told.lines)[0] > 1


def test_a_consumer_that_goes_on_after_a_count_starts_behind_the_last_line(terminal, api, release):
    for _ in range(5):
        api.book(release)
    assert sequences(tail(terminal, "--consumer", "results", "--count", 2)) == [1, 2]
    assert place(api) == 2
    assert sequences(tail(terminal, "--consumer", "results", "--count", 3)) == [3, 4, 5]
    assert sequences(tail(terminal, "--consumer", "other", "--count", 1)) == [1]
    assert (place(api), place(api, "other")) == (5, 1)


def test_a_consumer_may_begin_elsewhere_than_where_it_is(terminal, api, release):
    for _ in range(5):
        api.book(release)
    assert sequences(tail(terminal, "--consumer", "results", "--from", 4, "--count", 1)) == [4]
    assert place(api) == 4
    assert sequences(tail(terminal, "--consumer", "results", "--from", 1, "--count", 1)) == [1]
    assert place(api) == 4


def test_an_interrupted_consumer_gets_again_what_it_had_not_acknowledged(terminal, api, release):
    book_many(api, release)
    words = ("events", "tail", "--consumer", "results", "--format", "json")
    stuck = start(*words, *terminal.where)
    last = stuck_at(api)
    stuck.kill()
    read, _ = stuck.communicate(timeout=20)
    before = [int(json.loads(line)["sequence"]) for line in read.split("\n")[:-1]]
    assert before == list(range(1, len(before) + 1))
    assert len(before) >= last
    again = [int(json.loads(line)["sequence"]) for line in tail(terminal, *words[2:], "--count", MANY - last)]
    assert again == list(range(last + 1, MANY + 1))
    assert place(api) == MANY


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["", "unbuffered"])
@pytest.mark.parametrize("number", [signal.SIGINT, None], ids=["Ctrl-C", "broken pipe"])
def test_what_was_not_seen_off_is_not_acknowledged_at_the_end(terminal, api, release, number, unbuffered):
    book_many(api, release)
    words = ("events", "tail", "--consumer", "results", "--format", "json", *terminal.where)
    stuck = start(*words, PYTHONUNBUFFERED=unbuffered)
    last = stuck_at(api)
    if number:
        stuck.send_signal(number)
        read, noted = stuck.communicate(timeout=20)
        assert last <= place(api) <= len(read.splitlines())
        assert "this goes on from here:  exam-sessions events tail --consumer results" in noted
    else:
        stuck.stdout.close()
        assert stuck.stderr.read() == ""
        stuck.stderr.close()
        assert place(api) == last
    assert stuck.wait(20) == 0


def test_a_reader_that_leaves_ends_the_tail_even_when_nothing_happens(terminal, api, release):
    api.book(release)
    with start("events", "tail", "--consumer", "results", *terminal.where) as told:
        told.stdout.readline()
        told.stdout.close()
        assert told.stderr.read() == ""
    assert told.returncode == 0


def test_events_are_acknowledged_within_about_a_second_while_the_tail_goes_on(terminal, api, release):
    with listening(terminal, "events", "tail", "--consumer", "results") as told:
        for n in range(1, 4):
            api.book(release)
            told.hears(n)
            until(lambda n=n: place(api) == n)
        assert told.run.poll() is None


def test_who_stops_a_consumer_keeps_its_place_and_is_told_how_to_go_on(terminal, api, release):
    api.book(release)
    with listening(terminal, "events", "tail", "--consumer", "results", "--release", "Maths, May") as told:
        told.hears(1)
        noted = told.interrupted()
    assert place(api) == 1
    again = f"--consumer results --format table --release 'Maths, May' {' '.join(terminal.where)}"
    assert noted == [f"stopped; this goes on from here:  exam-sessions events tail {again}"]


def test_a_consumer_of_one_release_is_done_with_the_events_of_the_others_too(terminal, api, release):
    mine = api.book(release)
    other = api.book(api.release(name="Other"))
    with listening(terminal, "events", "tail", "--consumer", "results", "--release", "Maths, May") as told:
        until(lambda: place(api) == 2)
        api.move("CreatePackage", other)
        api.move("CreatePackage", mine)
        told.hears(2)
    assert sequences(told.lines) == [1, 4]


def test_a_consumer_goes_on_after_a_restart_of_the_server_without_gap_or_repetition(database):
    with coming_and_going(database) as server:
        server.book()
        where = Terminal(server.target, server.api.workspace)
        with listening(where, "events", "tail", "--consumer", "results") as told:
            for heard in (1, 3, 5):
                told.hears(heard)
                server.stop()
                server.start()
                server.book()
                server.book()
            told.hears(7)
            until(lambda: place(server.api) == 7)
            noted = told.interrupted()
    assert sequences(told.lines) == list(range(1, 8))
    assert "trying again, going on with event 2" in noted[0]


@pytest.fixture
def acknowledging(monkeypatch):
    """Lets acknowledgements fail: as many as are put into the list."""
    failing, real = [], Client.acknowledge

    def acknowledge(client, *place):
        if failing:
            raise failing.pop()
        return real(client, *place)

    monkeypatch.setattr(Client, "acknowledge", acknowledge)
    monkeypatch.setattr(acknowledger, "LAST_TRIES", 2)
    return failing


def test_an_acknowledgement_that_fails_is_made_up_for(terminal, api, release, acknowledging):
    book_many(api, release)
    acknowledging += [NoServer("there")] * 3
    assert len(tail(terminal, "--consumer", "results", "--count", MANY)) == MANY
    assert acknowledging == []
    assert place(api) == MANY


def test_a_last_acknowledgement_that_fails_is_told(terminal, api, release, acknowledging):
    api.book(release)
    acknowledging += [NoServer("there")] * 9
    said = terminal("events", "tail", "--consumer", "results", "--count", 1, code=1)
    assert sequences(said.stdout.splitlines()) == [1]
    assert said.stderr.startswith("events up to 1 could not be acknowledged, and will come again\nerror: no server")
    assert place(api) is None


def test_an_unknown_release_is_told(terminal, release):
    assert "did you mean 'Maths, May'?" in terminal("events", "tail", "--release", "Maths", code=1).stderr


@pytest.mark.parametrize("words", [("tail", "--consumer", "c"), ("consumers",), ("rewind", "c", "0")], ids=" ".join)
def test_without_a_server_every_command_says_how_to_start_one(words):
    said = Terminal("127.0.0.1:1", "default")("events", *words, code=1).stderr
    assert said.startswith("error: no server answers at 127.0.0.1:1; start one with `exam-sessions serve")


def test_help_tells_what_a_consumer_may_rely_on():
    said = " ".join(typed("events", "tail", "--help").stdout.split())
    assert "at least once" in said
    assert "acknowledged once its line was written and flushed: every 100 events, each second, and at the end" in said
    assert "goes on behind the last line" in said
    assert "CloudEvents 1.0" in said
    for command in ("consumers", "rewind"):
        assert "Example" in typed("events", command, "--help").stdout
