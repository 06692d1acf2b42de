"""A primary, a standby that confirms every commit, two servers of ours: the primary dies, the standby takes over."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import psycopg
import pytest
from callers import WORKSPACE, Caller, all_go_on, assert_kept, at_work, moves, rosters
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import text
from state_paths import STARTED, walk

from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.rpc import server as rpc_server
from exam_sessions.store.database_errors import DatabaseDown
from exam_sessions.store.databases import store_of
from postgres import PostgresServer, StandbyServer
from serving import ApiClient, Refused, serving, until
from silence import SilentProxy

pytestmark = pytest.mark.postgresql(reason="a file has no standby")

AWAY = (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def pair():
    """A primary, and a standby without whose word nothing is committed."""
    with closing(PostgresServer(durable=False)) as primary:
        primary.start()
        with closing(StandbyServer(primary)) as standby:
            standby.start()
            with psycopg.connect(primary.url, autocommit=True) as db:
                db.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
                db.execute("SELECT pg_reload_conf()")
                until(lambda: db.execute("SELECT sync_state FROM pg_stat_replication").fetchone() == ("sync",))
            yield primary, standby


@pytest.fixture
def database(pair):
    """A database of both, by a URL that names both."""
    name = pair[0].new_database().rpartition("/")[2]
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in pair)
    return SimpleNamespace(url=f"postgresql://postgres@{hosts}/{name}?target_session_attrs=read-write", name=name)


def health(api):
    return health_pb2_grpc.HealthStub(api.channel).Check(health_pb2.HealthCheckRequest(), timeout=60).status


WAYS = {"killed": lambda primary: primary.kill(), "frozen": lambda primary: primary.freeze()}


@pytest.mark.parametrize("way", ["killed", pytest.param("frozen", marks=pytest.mark.slow)])
def test_a_lost_primary_loses_nothing_that_was_acknowledged(pair, database, way, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.05)
    primary, standby = pair
    with serving(database) as one, serving(database) as other, closing(ApiClient(one.target, WORKSPACE)) as api:
        sessions = [walk(api, api.book(), *STARTED) for _ in range(6)]
        movers = [Caller((one, other)[n % 2], moves(session)) for n, session in enumerate(sessions)]
        booker = Caller(other, rosters(api.release()))
        callers = [*movers, booker]
        with at_work(callers):
            all_go_on(callers)
            WAYS[way](primary)
            until(lambda: health(api) == NOT_SERVING)
            standby.promote()
            all_go_on(callers)
        for desk_of_one in (api, ApiClient(other.target, WORKSPACE)):
            until(lambda d=desk_of_one: health(d) == SERVING)
        desk_of_one.close()
        for session, mover in zip(sessions, movers, strict=True):
            assert_kept(api, session, mover)
        assert {refusal for caller in callers for refusal in caller.refusals} == {AWAY}


@pytest.mark.slow
def test_callers_are_told_when_the_standby_confirms_nothing_any_more(pair, database):
    _, standby = pair
    with serving(database, database_silence_s=0.5) as server, closing(ApiClient(server.target)) as api:
        session = walk(api, api.book(), *STARTED)
        standby.kill()
        with pytest.raises(Refused) as refused:
            api.call("PauseSession", session_id=session.id, timeout=60)
        assert (refused.value.code, refused.value.reason) == AWAY
        assert api.get(session) == session
        standby.start()
        until(lambda: served(lambda: api.get(session).state != session.state))
        until(lambda: served(lambda: api.move("ResumeSession", session)))


def served(work):
    """What a call says, unless it is refused because of the database."""
    try:
        return work()
    except Refused as refused:
        if (refused.code, refused.reason) != AWAY:
            raise
        return None


def test_a_connection_to_a_standby_is_given_up_for_one_to_the_primary(pair, database):
    primary, standby = pair
    with closing(store_of(database.url)) as store:
        upgrade(store)
    with psycopg.connect(primary.url) as db, psycopg.connect(standby.url, autocommit=True) as copy:
        (end,) = db.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        until(lambda: copy.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (end,)).fetchone()[0])
    with closing(SilentProxy(standby.port)) as address:
        url = f"postgresql://postgres@127.0.0.1:{address.port}/{database.name}"
        with closing(store_of(url)) as store, closing(store.writer()) as db:
            statement = store.statement(text("CREATE TABLE other (n int)"))
            db.begin()
            with pytest.raises(DatabaseDown):
                db.execute(statement)
            db.rollback()
            with pytest.raises(DatabaseDown, match="standby"):
                store.check()
            address.lead_to(primary.port)
            db.begin()
            db.execute(statement)
            db.commit()
            store.check()
