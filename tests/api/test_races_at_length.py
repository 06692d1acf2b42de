from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.duration_pb2 import Duration
from messages import booking, micros
from race_harness import TRIALS, Race, RaceHarness, accepted, action_of, assert_agreement, run_race, said, servers_on
from state_paths import FETCHED, STARTED

from exam_sessions import app
from serving import until

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

RACES = {
    "pause against finish": Race(
        STARTED,
        ("PauseSession", "FinishSession"),
        {("pause", "finish"): ("PAUSED", "FINISHED"), ("finish",): ("INVALID_TRANSITION", "FINISHED")},
    ),
    "void against finish": Race(
        STARTED,
        ("VoidSession", "FinishSession"),
        {("finish", "void"): ("VOIDED", "FINISHED"), ("void",): ("VOIDED", "INVALID_TRANSITION")},
    ),
    "reset against the keycode": Race(
        FETCHED,
        ("ResetSession", "EnterKeycode"),
        {
            ("reset",): ("SCHEDULED_BUT_NOT_CREATED", "INVALID_TRANSITION"),
            ("enter_keycode",): ("SESSION_NOT_RESETTABLE", "IN_PROGRESS"),
        },
    ),
    "delete against download": Race(
        FETCHED[:1],
        ("DeleteSession", "DownloadSession"),
        {("delete",): ("", "SESSION_NOT_FOUND"), ("download",): ("SESSION_NOT_EDITABLE", "READY")},
    ),
}
REPETITION = Race(STARTED, ("PauseSession", "PauseSession"), {("pause",): ("PAUSED", "PAUSED")})


SHORT = [20, pytest.param(TRIALS, marks=pytest.mark.slow)]
LONG = [pytest.param(TRIALS, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def servers(request, database_kind, new_database):
    with servers_on(database_kind, new_database, at_length=request.config.getoption("--slow")) as started:
        yield started


@pytest.fixture
def harness(servers):
    harness = RaceHarness([servers[0].target, servers[-1].target])
    yield harness
    harness.close()


@pytest.mark.parametrize("trials", LONG)
@pytest.mark.parametrize("name", RACES)
def test_both_calls_are_told_what_the_order_in_the_history_says(harness, name, trials):
    run_race(harness, RACES[name], trials)


@pytest.mark.parametrize("trials", SHORT)
def test_a_call_and_its_repetition_are_one_change(harness, trials):
    run_race(harness, REPETITION, trials)


@pytest.mark.parametrize("trials", LONG)
def test_one_of_two_creates_for_a_candidate_wins(harness, trials):
    release = harness.api.release()
    asks = [harness.request("CreateSession", release_id=release.id, booking=booking(f"c{n}")) for n in range(trials)]
    met = harness.meet([[("CreateSession", ask)] * 2 for ask in asks])
    winners = []
    for outcomes in met:
        (winner,) = accepted(outcomes)
        assert sorted(map(said, outcomes.values())) == ["DUPLICATE_CANDIDATE", "SCHEDULED_BUT_NOT_CREATED"]
        winners.append(winner)
    for outcomes, (events, now) in zip(met, harness.found(winners), strict=True):
        assert [action_of(event) for event in events] == ["schedule"]
        assert_agreement(outcomes, events, now, 0)
    assert harness.api.call("ListSessions", page_size=1, show_total_size=True).total_size == trials


@pytest.mark.parametrize("trials", SHORT)
def test_an_attempt_ends_once_by_its_candidate_or_by_the_clock(harness, trials):
    sessions = harness.prepared(trials, FETCHED, duration=Duration(nanos=20_000_000))

    def attempt(number):
        side = harness.sides["ab"[number % 2]]
        started = side.ask("EnterKeycode", keycode=sessions[number].keycode).session
        moment = micros(started.attempt.deadline) + random.randrange(-6_000, 7_000)
        until(lambda: app.now() >= moment)
        return {side.actor: side.ask("FinishSession", session_id=started.id)}

    ends, before = Counter(), len(STARTED) + 1
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, range(trials)))
    for outcomes, (events, now) in zip(ended, harness.found(sessions), strict=True):
        (outcome,), (end,) = outcomes.values(), events[before:]
        assert action_of(end) == "finish"
        assert said(outcome) == ("INVALID_TRANSITION" if end.actor == "system" else "FINISHED")
        assert_agreement(outcomes, events, now, before)
        attempt = now.session.attempt
        deadline = micros(attempt.start_time) + 20_000
        assert micros(attempt.end_time) == min(micros(end.time), deadline)
        assert end.reason == ("TIME_EXPIRED" if micros(end.time) >= deadline else "CANDIDATE")
        ends[end.actor == "system", end.reason] += 1
    if trials == TRIALS:
        assert len(ends) == 3
