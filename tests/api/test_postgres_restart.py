"""PostgreSQL goes away and comes back while the service runs: nobody restarts the service, and nothing is lost."""

from __future__ import annotations

import itertools
from contextlib import closing

import pytest
from callers import READS, ROSTER, WORKSPACE, Caller, all_go_on, assert_kept, at_work, moves, rosters
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from messages import bookings, new_id, outcome_of, send
from rows import count, read
from state_paths import STARTED, walk

from databases import PostgresqlDatabase
from exam_sessions.rpc import server as rpc_server
from postgres import PostgresServer
from sampling import sampled
from serving import ApiClient, Refused, serving, until

pytestmark = pytest.mark.postgresql(reason="a file does not go away")

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
AWAY = (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
LONG = 10_000
"""Rows of a roster that takes its time."""

WAYS = {"killed": lambda postgresql: postgresql.kill(), "stopped": lambda postgresql: postgresql.stop("fast")}


@pytest.fixture(scope="module")
def postgresql():
    """A server of one's own, which keeps what it has acknowledged as it would anywhere."""
    with closing(PostgresServer(durable=True)) as postgresql:
        postgresql.start()
        yield postgresql


@pytest.fixture
def server(postgresql, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.05)
    with PostgresqlDatabase(postgresql) as database, serving(database) as server:
        yield server


def health(api):
    return health_pb2_grpc.HealthStub(api.channel).Check(health_pb2.HealthCheckRequest(), timeout=60).status


@pytest.mark.parametrize("way", sampled(((way,) for way in WAYS), 1))
@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_the_service_outlives_its_database_and_keeps_what_it_acknowledged(server, postgresql, way, rounds):
    with closing(ApiClient(server.target, WORKSPACE)) as api:
        sessions = [walk(api, api.book(), *STARTED) for _ in range(4)]
        release = api.release()
        movers = [Caller(server, moves(session)) for session in sessions]
        booker = Caller(server, rosters(release))
        callers = [*movers, booker, Caller(server, itertools.cycle((rpc, {}) for rpc in READS))]
        with at_work(callers):
            for _ in range(rounds):
                all_go_on(callers)
                WAYS[way](postgresql)
                until(lambda: health(api) == NOT_SERVING)
                until(lambda: all(caller.refusals for caller in callers))
                postgresql.start()
                all_go_on(callers)
                until(lambda: health(api) == SERVING)
                assert {refusal for caller in callers for refusal in caller.refusals} == {AWAY}
                for caller in callers:
                    caller.refusals.clear()
        for session, mover in zip(sessions, movers, strict=True):
            assert_kept(api, session, mover)
        booked = ROSTER * len(booker.acknowledged)
        of_release = " WHERE workspace_id = ? AND release_id = ?"
        for table in ("sessions", "events"):
            assert read(server, f"SELECT count(*) FROM {table}{of_release}", WORKSPACE, release.id) == [(booked,)]
        assert count(server, "drafts", WORKSPACE) == 0


@pytest.mark.parametrize("way", sampled(((way,) for way in WAYS), 1))
def test_a_roster_that_was_half_written_is_completed_by_its_repetition(server, postgresql, way):
    with closing(ApiClient(server.target, WORKSPACE)) as api:
        content = {"release_id": api.release().id, "bookings": bookings(LONG), "request_id": new_id()}
        call = send(api, "BatchCreateSessions", **content)
        until(lambda: count(server, "sessions", WORKSPACE) > 0)
        WAYS[way](postgresql)
        refused = outcome_of(call)
        assert (refused.code, refused.reason) == AWAY
        postgresql.start()

        def repeated():
            outcome = outcome_of(send(api, "BatchCreateSessions", **content))
            assert not isinstance(outcome, Refused) or outcome.code is StatusCode.UNAVAILABLE, outcome
            return not isinstance(outcome, Refused) and outcome.sessions

        assert len(until(repeated)) == LONG
        assert count(server, "sessions", WORKSPACE) == count(server, "events", WORKSPACE) == LONG
