from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from crowd import assert_unbroken
from google.protobuf.duration_pb2 import Duration
from journeys import FETCHED, STARTED, name_of
from messages import booking, bookings, micros, new_id, outcome_of, request_of
from mutations import key_of
from processes import ServerProcess
from recording import Line

from exam_sessions.v1 import session_pb2
from serving import Desk, Refused, serving

TRIALS = 1700
"""Of each race, on each database: more than 10,000 on each."""

WAVES = (1, 1, 2, 8)
"""Trials at the same moment: alone they meet in the database, in company they meet in one transaction."""

AT_ONCE = 100
"""Calls under way while sessions are prepared and looked at."""


class Race(NamedTuple):
    """Two calls on a session that has come so far, and what both are told for each order the history may show."""

    start: tuple[str, ...]
    calls: tuple[str, str]
    orders: dict[tuple[str, ...], tuple[str, str]]


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


class Course:
    """Two connections into one workspace."""

    def __init__(self, targets):
        self.desk = Desk(targets[0])
        self.sides = {
            side: Line(target, self.desk.workspace, side) for side, target in zip("ab", targets, strict=True)
        }

    def close(self):
        for one in (self.desk, *self.sides.values()):
            one.close()

    def request(self, rpc, **fields):
        return request_of(rpc, workspace_id=self.desk.workspace, **fields)

    def all_of(self, rpc, asks):
        """What each of many calls comes to."""
        outcomes = []
        for first in range(0, len(asks), AT_ONCE):
            requests = [self.request(rpc, **ask) for ask in asks[first : first + AT_ONCE]]
            outcomes += map(outcome_of, [self.sides["a"].send(rpc, request) for request in requests])
        return outcomes

    def prepared(self, count, steps, **release):
        """Sessions that have taken these steps."""
        rows = {"release_id": self.desk.release(**release).id, "bookings": bookings(count)}
        sessions = self.desk.call("BatchCreateSessions", **rows).sessions
        for step in steps:
            sessions = [reply.session for reply in self.all_of(step, [key_of(step, session) for session in sessions])]
        return sessions

    def meet(self, calls):
        """Both sides make their calls at the same instant, wave by wave; what came of each pair."""
        waves, outcomes = [], [{} for _ in calls]
        while (first := sum(waves)) < len(calls):
            waves.append(min(random.choice(WAVES), len(calls) - first))
        barrier = threading.Barrier(2, timeout=60)

        def run(place, side):
            first = 0
            for size in waves:
                numbers = random.sample(range(first, first + size), size)
                barrier.wait()
                sent = [self.sides[side].send(*calls[n][place]) for n in numbers]
                for n, call in zip(numbers, sent, strict=True):
                    outcomes[n][side] = outcome_of(call)
                first += size

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, (0, 1), "ab"))
        return outcomes

    def found(self, sessions):
        """The history of each session, and how it is now."""
        keys = [{"session_id": session.id} for session in sessions]
        pages = self.all_of("ListSessionEvents", keys)
        return zip([list(page.events) for page in pages], self.all_of("GetSession", keys), strict=True)


@pytest.fixture(scope="module")
def servers(request, kind, new_database):
    """One server on SQLite, two on PostgreSQL; at length each is a process of its own."""
    started = []
    with new_database() as database, ExitStack() as stack:
        for _ in range(2 if kind == "postgresql" else 1):
            at_length = request.config.getoption("--slow")
            server = ServerProcess(database, **{"tick-ms": 5}) if at_length else serving(database, tick_ms=5)
            started.append(stack.enter_context(server))
        yield started


@pytest.fixture
def course(servers):
    course = Course([servers[0].target, servers[-1].target])
    yield course
    course.close()


def said(outcome):
    """The state somebody was told, or the reason of the refusal."""
    if isinstance(outcome, Refused):
        return outcome.reason
    return name_of(outcome.session) if hasattr(outcome, "session") else ""


def action_of(event):
    return session_pb2.Action.Name(event.action).removeprefix("ACTION_").lower()


def accepted(outcomes):
    return [outcome.session for outcome in outcomes.values() if hasattr(outcome, "session")]


def assert_agreement(outcomes, events, now, before):
    """Every change in the history was acknowledged to its caller, and the session is as the last one left it."""
    assert_unbroken(events, events[-1].to_state)
    for version, event in enumerate(events[before:], before + 1):
        if event.to_state and event.actor in outcomes:
            won = outcomes[event.actor].session
            assert (won.etag, won.state, won.update_time) == (f"v{version}", event.to_state, event.time)
    if not events[-1].to_state:
        assert said(now) == "SESSION_NOT_FOUND"
    else:
        assert (now.session.etag, now.session.state) == (f"v{len(events)}", events[-1].to_state)
        assert all(won == now.session for won in accepted(outcomes) if won.etag == now.session.etag)


def run_race(course, race, trials):
    sessions = course.prepared(trials, race.start)
    calls = []
    for session in sessions:
        asks = [key_of(rpc, session) for rpc in race.calls]
        if race.calls[0] == race.calls[1]:
            asks = [{**ask, "request_id": request_id} for request_id in [new_id()] for ask in asks]
        calls.append([(rpc, course.request(rpc, **ask)) for rpc, ask in zip(race.calls, asks, strict=True)])
    orders, before = Counter(), len(race.start) + 1
    for outcomes, (events, now) in zip(course.meet(calls), course.found(sessions), strict=True):
        order = tuple(map(action_of, events[before:]))
        assert (said(outcomes["a"]), said(outcomes["b"])) == race.orders.get(order), order
        assert_agreement(outcomes, events, now, before)
        orders[order] += 1
    if trials == TRIALS:
        assert set(orders) == set(race.orders)


@pytest.mark.parametrize("trials", LONG)
@pytest.mark.parametrize("name", RACES)
def test_both_calls_are_told_what_the_order_in_the_history_says(course, name, trials):
    run_race(course, RACES[name], trials)


@pytest.mark.parametrize("trials", SHORT)
def test_a_call_and_its_repetition_are_one_change(course, trials):
    run_race(course, REPETITION, trials)


@pytest.mark.parametrize("trials", LONG)
def test_one_of_two_creates_for_a_candidate_wins(course, trials):
    release = course.desk.release()
    asks = [course.request("CreateSession", release_id=release.id, booking=booking(f"c{n}")) for n in range(trials)]
    met = course.meet([[("CreateSession", ask)] * 2 for ask in asks])
    winners = []
    for outcomes in met:
        (winner,) = accepted(outcomes)
        assert sorted(map(said, outcomes.values())) == ["DUPLICATE_CANDIDATE", "SCHEDULED_BUT_NOT_CREATED"]
        winners.append(winner)
    for outcomes, (events, now) in zip(met, course.found(winners), strict=True):
        assert [action_of(event) for event in events] == ["schedule"]
        assert_agreement(outcomes, events, now, 0)
    assert course.desk.call("ListSessions", page_size=1, show_total_size=True).total_size == trials


@pytest.mark.parametrize("trials", SHORT)
def test_an_attempt_ends_once_by_its_candidate_or_by_the_clock(course, trials):
    sessions = course.prepared(trials, FETCHED, duration=Duration(nanos=20_000_000))

    def attempt(number):
        side = course.sides["ab"[number % 2]]
        started = side.ask("EnterKeycode", keycode=sessions[number].keycode).session
        moment = micros(started.attempt.deadline) / 1e6 + random.uniform(-0.006, 0.007)
        time.sleep(max(0, moment - time.time()))
        return {side.actor: side.ask("FinishSession", session_id=started.id)}

    ends, before = Counter(), len(STARTED) + 1
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, range(trials)))
    for outcomes, (events, now) in zip(ended, course.found(sessions), strict=True):
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
