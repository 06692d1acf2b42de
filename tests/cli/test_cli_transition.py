"""One action on many sessions: named ones at once, those that match by an operation."""

from __future__ import annotations

import pytest
from google.longrunning.operations_pb2 import WaitOperationRequest
from google.protobuf.duration_pb2 import Duration
from terminal import typed

from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions_client import NoAnswer, requests
from exam_sessions_client.v1 import session_pb2
from serving import until

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")
FINISHED = (*STARTED, "FinishSession")


@pytest.fixture
def release(api):
    return api.release(name="Maths, May")


@pytest.fixture
def room(api, release):
    """Three sessions in progress in one room."""
    return [api.walk(api.book(release, centre_id="K-03"), *STARTED) for _ in range(3)]


def states(api, sessions):
    return [session_pb2.State.Name(api.get(session).state).removeprefix("STATE_") for session in sessions]


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def transition(terminal, *words, code=0):
    """What a program types that was told to do it."""
    return terminal("sessions", "transition", *words, "--yes", code=code)


def asked(terminal, *words, code=0):
    """What somebody types who has not agreed to anything."""
    return terminal("sessions", "transition", *words, code=code)


def test_a_fire_alarm_pauses_a_room_and_nobody_else(terminal, api, release, room):
    elsewhere = api.walk(api.book(release, centre_id="K-04"), *STARTED)
    waiting = api.book(release, centre_id="K-03")
    said = transition(terminal, "pause", "--centre", "K-03", "--state", "in_progress")
    assert states(api, room) == ["PAUSED"] * 3
    assert states(api, [elsewhere, waiting]) == ["IN_PROGRESS", "SCHEDULED_BUT_NOT_CREATED"]
    assert "3 sessions match" in said.stderr
    assert "cancel:  exam-sessions operations cancel " in said.stderr
    assert ["what", "pause"] in lines_of(said)
    assert ["status", "COMPLETED"] in lines_of(said)
    assert ["done", "3", "of", "3"] in lines_of(said)


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["--release", "Maths, May"], {"a", "b"}),
        (["--release", "Maths, May", "--release", "Physics"], {"a", "b", "c"}),
        (["--candidate", "a", "--candidate", "c"], {"a", "c"}),
        (["--school", "north"], {"b"}),
        (["--district", "lakes"], {"c"}),
        (["--school", "north", "--candidate", "a"], set()),
        (["--all"], {"a", "b", "c"}),
    ],
)
def test_those_are_moved_who_match(terminal, api, release, words, moved):
    other = api.release(name="Physics")
    for name, where, place in (
        ("a", release, {}),
        ("b", release, {"school_id": "north"}),
        ("c", other, {"district_id": "lakes"}),
    ):
        booking = session_pb2.Booking(candidate=session_pb2.Candidate(candidate_id=name, **place))
        api.call("CreateSession", release_id=where.id, booking=booking)
    transition(terminal, "create-package", *words)
    found = api.call("ListSessions", filter={"states": [session_pb2.STATE_SCHEDULED_BUT_NOT_DOWNLOADED]}).sessions
    assert {session.candidate.candidate_id for session in found} == moved


def test_named_sessions_are_moved_at_once_by_id_or_keycode(terminal, api, room):
    said = transition(terminal, "PAUSE", room[0].id, room[1].keycode.lower())
    assert said.stdout == "pause: 2 sessions done\n"
    assert states(api, room) == ["PAUSED", "PAUSED", "IN_PROGRESS"]
    first, second = (api.history(session)[-1] for session in room[:2])
    assert first.request_id == second.request_id
    assert not terminal.json("operations", "list")


def test_a_session_named_twice_is_moved_once(terminal, api, room):
    said = transition(terminal, "pause", room[0].id, room[0].keycode)
    assert said.stdout == "pause: 1 session done\n"
    assert [event.to_state for event in api.history(room[0])].count(session_pb2.STATE_PAUSED) == 1


def test_one_that_cannot_be_moved_keeps_all_where_they_are_and_is_named_as_it_was_typed(terminal, api, room):
    ready = api.walk(api.book(), *STARTED[:2])
    said = transition(terminal, "pause", room[0].id, ready.keycode, room[1].keycode, code=1).stderr
    assert f"{ready.keycode}: " in said
    assert "INVALID_TRANSITION" in said
    assert "refused for 1 of 3 sessions; nothing was written" in said
    assert room[0].id not in said
    assert states(api, [*room, ready]) == ["IN_PROGRESS"] * 3 + ["READY"]


def test_a_keycode_nobody_has_is_refused_before_anything_is_moved(terminal, api, room):
    said = transition(terminal, "pause", room[0].keycode, "NOSUCHKC", code=1).stderr
    assert "SESSION_NOT_FOUND" in said
    assert states(api, room) == ["IN_PROGRESS"] * 3


def test_a_preview_counts_those_that_match_and_moves_none(terminal, api, release, room):
    api.book(release)
    said = asked(terminal, "pause", "--release", release.id, "--preview")
    assert said.stdout.startswith("4 sessions match: 3 would be moved, 1 refused\n")
    assert ["3", "IN_PROGRESS", "PAUSED"] in lines_of(said)
    assert ["1", "SCHEDULED_BUT_NOT_CREATED", "INVALID_TRANSITION"] in lines_of(said)
    assert said.stderr == "nothing was written\n"
    (printed,) = terminal.json("sessions", "transition", "pause", "--centre", "K-03", "--preview")
    assert (printed["session_count"], printed["preview"]["succeeded_count"]) == ("3", "3")
    assert states(api, room) == ["IN_PROGRESS"] * 3
    assert not terminal.json("operations", "list")


def test_many_are_moved_by_nobody_who_was_not_asked(terminal, api, release, room):
    waiting = api.book(release)
    for words in (["void", "--release", "Maths, May"], ["void", room[0].keycode], ["pause", "--all"]):
        said = asked(terminal, *words, code=2)
        assert "--yes" in said.stderr
        assert not said.stdout
    assert states(api, [*room, waiting]) == ["IN_PROGRESS"] * 3 + ["SCHEDULED_BUT_NOT_CREATED"]
    assert not terminal.json("operations", "list")
    assert asked(terminal, "pause", room[0].keycode).stdout == "pause: 1 session done\n"


def test_where_none_can_be_moved_nothing_is_asked(terminal, room):
    said = asked(terminal, "resume", "--centre", "K-03", code=1).stderr
    assert "3 sessions match: 0 would be moved, 3 refused" in said
    assert "resume is possible for none of them" in said


def test_a_preview_of_named_ones_says_whether_it_is_possible(terminal, api, room):
    said = transition(terminal, "pause", room[0].id, room[1].id, "--preview").stdout
    assert said == "pause is possible for 2 sessions\n"
    transition(terminal, "resume", room[0].id, "--preview", code=1)
    assert states(api, room) == ["IN_PROGRESS"] * 3


def test_each_that_cannot_be_moved_is_told_and_the_rest_is_moved(terminal, api, release, room):
    waiting = api.book(release)
    said = transition(terminal, "pause", "--release", release.id, code=1)
    assert states(api, [*room, waiting]) == ["PAUSED"] * 3 + ["SCHEDULED_BUT_NOT_CREATED"]
    assert ["refused", "1"] in lines_of(said)
    (row,) = [line for line in lines_of(said) if waiting.id in line]
    assert row[2] == "INVALID_TRANSITION"
    (printed,) = terminal.json("operations", "list")
    (told,) = terminal.json("operations", "show", printed["name"])
    assert [row["session_id"] for row in told["response"]["rows"]] == [waiting.id]


def test_without_waiting_the_operation_s_id_is_printed(terminal, api, release, room):
    said = transition(terminal, "pause", "--release", release.id, "--no-wait")
    operation_id = said.stdout.strip()
    assert f"exam-sessions operations wait {operation_id}" in said.stderr
    terminal("operations", "wait", operation_id)
    assert states(api, room) == ["PAUSED"] * 3


def test_a_rate_makes_it_slow(terminal, api, release):
    sessions = [api.book(release) for _ in range(30)]
    words = ("create_package", "--release", release.id, "--per-second", "10", "--no-wait")
    operation_id = transition(terminal, *words).stdout.strip()
    until(lambda: "SCHEDULED_BUT_NOT_DOWNLOADED" in states(api, sessions))
    assert states(api, sessions).count("SCHEDULED_BUT_NOT_CREATED") > 5
    terminal("operations", "cancel", operation_id)


def test_what_came_of_it_is_printed_as_json(terminal, room):
    (printed,) = terminal.json("sessions", "transition", "pause", "--centre", "K-03", "--yes")
    assert printed["done"]
    assert printed["metadata"]["action"] == "ACTION_PAUSE"
    assert printed["response"]["succeeded_count"] == "3"
    assert terminal.json("sessions", "transition", "resume", room[0].id) == [{"session_count": "1"}]


def test_it_goes_on_when_nobody_watches_it_any_more(terminal, api, release, room, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Client, "wait", interrupted)
        words = ("pause", "--release", release.id, "--per-second", "2")
        said = transition(terminal, *words, code=1).stderr
    assert "it goes on without being watched" in said
    assert said.count("exam-sessions operations cancel ") == 2
    until(lambda: states(api, room) == ["PAUSED"] * 3)


def test_a_server_that_is_away_for_a_moment_is_waited_for(terminal, api, room, monkeypatch):
    filled, gone = requests.filled, []

    def flickering(request, workspace):
        if isinstance(request, WaitOperationRequest) and not gone:
            gone.append(request)
            raise NoAnswer("UNAVAILABLE", "gone")
        return filled(request, workspace)

    monkeypatch.setattr(requests, "filled", flickering)
    transition(terminal, "pause", "--centre", "K-03", "--per-second", "10")
    assert gone
    assert states(api, room) == ["PAUSED"] * 3


def test_an_answer_that_was_lost_starts_no_second_operation(terminal, room, monkeypatch):
    send, lost = Client.transition_many, []

    def losing(self, *words, **fields):
        reply = send(self, *words, **fields)
        if not lost:
            lost.append(reply)
            raise NoServer(self.target)
        return reply

    monkeypatch.setattr(Client, "transition_many", losing)
    transition(terminal, "pause", "--centre", "K-03")
    assert lost
    assert len(terminal.json("operations", "list")) == 1


def test_an_action_is_given_what_it_takes(terminal, api):
    absent = api.book()
    transition(terminal, "void", absent.id, "--reason", "absent", "--message", "was ill")
    found = api.get(absent)
    assert (found.void_reason, found.void_message) == (session_pb2.VOID_REASON_ABSENT, "was ill")
    sitting, candidates_own = (api.walk(api.book(), *STARTED) for _ in range(2))
    transition(terminal, "finish", sitting.id, "--finished-by", "invigilator")
    transition(terminal, "finish", candidates_own.id)
    reasons = [api.get(session).attempt.finish_reason for session in (sitting, candidates_own)]
    assert reasons == [session_pb2.FINISH_REASON_INVIGILATOR, session_pb2.FINISH_REASON_CANDIDATE]
    ready = api.walk(api.book(), *STARTED[:2])
    transition(terminal, "reset", ready.id, "--form", "other-form", code=1)
    transition(terminal, "reset", ready.id, "--form", "other-form", "--allow-missing-form")
    assert api.get(ready).test_form == "other-form"
    away = api.walk(api.book(), *STARTED, "GoOffline")
    transition(terminal, "void", away.id, "--reason", "partially_completed", code=1)
    transition(terminal, "void", away.id, "--reason", "partially_completed", "--force")
    assert states(api, [away]) == ["VOIDED"]


def test_attempts_are_reopened_with_a_clock_that_waits_or_an_end(terminal, api):
    waiting, timed = (api.walk(api.book(), *FINISHED) for _ in range(2))
    transition(terminal, "reopen", waiting.id, "--deferred-clock")
    transition(terminal, "reopen", timed.id, "--deadline", "2999-01-01 00:00:00")
    assert states(api, [waiting, timed]) == ["PAUSED", "IN_PROGRESS"]
    assert api.get(timed).attempt.deadline.seconds == 32_472_144_000


def test_attempts_are_reopened_for_a_while_or_without_limit(terminal, api):
    timed, endless = (api.walk(api.book(), *FINISHED) for _ in range(2))
    transition(terminal, "reopen", timed.id, "--time-from-now", "30m")
    transition(terminal, "reopen", endless.id, "--no-limit")
    attempt = api.get(timed).attempt
    assert attempt.deadline.seconds - attempt.end_time.seconds > 1_700
    assert not api.get(endless).attempt.HasField("deadline")
    said = transition(terminal, "reopen", timed.id, "--time-from-now", "30m", "--no-limit", code=2).stderr
    assert "give one" in said


def test_extra_time_is_given_to_those_named_and_to_those_that_match(terminal, api):
    release = api.release(duration={"seconds": 600})
    first, second = (api.walk(api.book(release), *STARTED) for _ in range(2))
    said = transition(
        terminal, "set_extra_time", first.keycode, "--extra-time", "25%", "--message", "a reader"
    ).stdout
    assert f"\n{first.keycode}  " in said
    assert "set_extra_time: 1 session done" in said
    said = transition(
        terminal, "set_extra_time", "--release", release.id, "--extra-time", "5m", "--message", "noise"
    ).stdout
    assert {first.id, second.id} <= set(said.split())
    assert [api.get(session).extra_time.seconds for session in (first, second)] == [300, 300]
    transition(terminal, "set_extra_time", first.id, "--extra-time", "0m", "--message", "a mistake")
    assert not api.get(first).HasField("extra_time")
    for wrong in ("much", "0%", "1001%", "-5%"):
        transition(terminal, "set_extra_time", first.id, "--extra-time", wrong, "--message", "m", code=2)


def test_a_candidate_is_given_a_limit_and_a_window_of_their_own(terminal, api):
    session = api.walk(api.book(api.release(duration={"seconds": 600})), *STARTED)
    why = ("--message", "dyslexia")
    given = ("--time-limit", "2h", "--window-end", "2999-01-01 00:00:00")
    said = transition(terminal, "set_accommodation", session.keycode, *given, *why).stdout
    assert session.keycode in said
    own = api.get(session).accommodation
    assert (own.time_limit, own.window_end.seconds) == (Duration(seconds=7200), 32_472_144_000)
    assert "2:00:00" in terminal("sessions", "show", session.keycode).stdout
    for option, found in (("--accommodated", [session.id]), ("--not-accommodated", []), ("--late", [])):
        assert [row["id"] for row in terminal.json("sessions", "list", option)] == found
    taken_back = ("--time-limit", "release", "--window-end", "release")
    transition(terminal, "set_accommodation", session.id, *taken_back, *why)
    assert not api.get(session).HasField("accommodation")
    transition(terminal, "set_accommodation", session.id, "--time-limit", "none", *why)
    assert api.get(session).accommodation.no_time_limit


def test_an_action_that_takes_something_for_each_session_is_not_for_many(terminal, room):
    said = transition(terminal, "set_pin", room[0].id, code=1).stderr
    assert "is not for many at once" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pause"], "it is not said which sessions are meant"),
        (["pause", "ABC", "--centre", "K-03"], "not both"),
        (["pause", "ABC", "--all"], "not both"),
        (["pause", "--all", "--centre", "K-03"], "--all is every session"),
        (["pause", "ABC", "--per-second", "5"], "named ones are moved at once"),
        (["puase", "ABC"], "did you mean pause?"),
        (["pause", "a-b"], "neither a session's id"),
        (["pause", "--centre", "K-03", "--state", "PAUSD"], "did you mean PAUSED?"),
    ],
)
def test_a_command_that_is_not_clear_moves_nothing(words, told):
    said = typed("sessions", "transition", *words, "--target", "127.0.0.1:1", code=2).stderr
    assert told in " ".join(said.split())
