"""Two callers of one session at the same instant, again and again; and what the history must say of it."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from concurrency import assert_unbroken
from messages import bookings, new_id, outcome_of, request_of
from mutations import key_of
from random_history import Line
from state_paths import ARGUMENTS, name_of

from exam_sessions_client.v1 import session_pb2
from processes import ServerProcess
from serving import ApiClient, Refused, serving

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
    fields: tuple[dict, dict] = ({}, {})
    """What the calls say besides the session."""
    release: dict | None = None
    """What the sessions' release is like."""


class RaceHarness:
    """Two connections into one workspace."""

    def __init__(self, targets):
        self.api = ApiClient(targets[0])
        self.sides = {
            side: Line(target, self.api.workspace, side) for side, target in zip("ab", targets, strict=True)
        }

    def close(self):
        for one in (self.api, *self.sides.values()):
            one.close()

    def request(self, rpc, **fields):
        return request_of(rpc, workspace_id=self.api.workspace, **fields)

    def all_of(self, rpc, asks):
        """What each of many calls comes to. One that is refused because others are under way is made again."""
        outcomes, left = {}, list(range(len(asks)))
        while left:
            wave, left = left[:AT_ONCE], left[AT_ONCE:]
            sent = [self.sides["a"].send(rpc, self.request(rpc, **asks[n])) for n in wave]
            for n, call in zip(wave, sent, strict=True):
                outcomes[n] = outcome_of(call)
                if isinstance(outcomes[n], Refused) and outcomes[n].reason == "OVERLOADED":
                    left.append(n)
        return [outcomes[n] for n in range(len(asks))]

    def prepared(self, count, steps, **release):
        """Sessions that have taken these steps."""
        rows = {"release_id": self.api.release(**release).id, "bookings": bookings(count)}
        sessions = self.api.call("BatchCreateSessions", **rows).sessions
        for step in steps:
            asks = [key_of(step, session) | ARGUMENTS.get(step, {}) for session in sessions]
            sessions = [reply.session for reply in self.all_of(step, asks)]
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


@contextmanager
def servers_on(kind, new_database, *, at_length):
    """One server on SQLite, two on PostgreSQL; at length each is a process of its own."""
    started = []
    with new_database() as database, ExitStack() as stack:
        for _ in range(2 if kind == "postgresql" else 1):
            server = ServerProcess(database, **{"tick-ms": 5}) if at_length else serving(database, tick_ms=25)
            started.append(stack.enter_context(server))
        yield started


def said(outcome):
    """The state somebody was told, or the reason of the refusal."""
    if isinstance(outcome, Refused):
        return outcome.reason
    return name_of(outcome.session) if hasattr(outcome, "session") else ""


def action_of(event):
    return session_pb2.Action.Name(event.action).removeprefix("ACTION_").lower()


def accepted(outcomes):
    return [outcome.session for outcome in outcomes.values() if hasattr(outcome, "session")]


def hops_of(actor, events):
    """Where in the history the changes of an actor stand, with the hops that followed of themselves."""
    places = [n for n, event in enumerate(events, 1) if event.actor == actor]
    while places and places[-1] < len(events) and action_of(events[places[-1]]) == "route":
        places.append(places[-1] + 1)
    return places


def assert_agreement(outcomes, events, now, before):
    """Every change in the history was acknowledged to its caller, and the session is as the last one left it."""
    assert_unbroken(events, events[-1].to_state)
    for actor, outcome in outcomes.items():
        places = [place for place in hops_of(actor, events) if place > before and events[place - 1].to_state]
        if places:
            won, event = outcome.session, events[places[-1] - 1]
            assert (won.etag, won.state, won.update_time) == (f"v{places[-1]}", event.to_state, event.time)
    if not events[-1].to_state:
        assert said(now) == "SESSION_NOT_FOUND"
    else:
        assert (now.session.etag, now.session.state) == (f"v{len(events)}", events[-1].to_state)
        assert all(won == now.session for won in accepted(outcomes) if won.etag == now.session.etag)


def versions_of(sessions):
    """How often each of these sessions, all with the same past, has changed."""
    (etag,) = {getattr(session, "etag", "v1") for session in sessions}
    return int(etag.removeprefix("v"))


def run_race(harness, race, trials):
    """Runs a race so often; the order the history shows of each trial, and the session as it is then."""
    sessions = harness.prepared(trials, race.start, **(race.release or {}))
    calls = []
    for session in sessions:
        asks = [key_of(rpc, session) | fields for rpc, fields in zip(race.calls, race.fields, strict=True)]
        if asks[0] == asks[1] and race.calls[0] == race.calls[1]:
            asks = [{**ask, "request_id": request_id} for request_id in [new_id()] for ask in asks]
        calls.append([(rpc, harness.request(rpc, **ask)) for rpc, ask in zip(race.calls, asks, strict=True)])
    seen, before = [], versions_of(sessions)
    for outcomes, (events, now) in zip(harness.meet(calls), harness.found(sessions), strict=True):
        order = tuple(map(action_of, events[before:]))
        assert (said(outcomes["a"]), said(outcomes["b"])) == race.orders.get(order), order
        assert_agreement(outcomes, events, now, before)
        seen.append((order, now.session if hasattr(now, "session") else None))
    if trials == TRIALS:
        assert {order for order, _ in seen} == set(race.orders)
    return seen
