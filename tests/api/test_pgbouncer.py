"""PgBouncer between the servers and PostgreSQL: sessions pooled, or transactions with a way around it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, closing
from types import SimpleNamespace

import psycopg
import pytest
from callers import WORKSPACE, Caller, all_go_on, assert_kept, at_work, moves, rosters
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from state_paths import STARTED, walk

from databases import TABLES, PostgresqlDatabase
from exam_sessions.rpc import server as rpc_server
from exam_sessions.store.databases import store_of
from pgbouncer import PROGRAM, pooler
from postgres import postgres_server
from serving import ApiClient, Refused, serving, until

pytestmark = [
    pytest.mark.postgresql(reason="nobody pools a file"),
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed: scripts/companions"),
]

MODES = ("session", "transaction")


@pytest.fixture(scope="module")
def postgresql():
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def poolers(postgresql):
    """The way from a URL to the same by a pooler, by the pooler's mode."""
    with ExitStack() as running:
        yield {mode: running.enter_context(pooler(postgresql, mode)) for mode in MODES}


@pytest.fixture
def near(postgresql):
    """A database asked without a pooler."""
    with PostgresqlDatabase(postgresql) as database:
        yield database


@pytest.fixture(params=MODES)
def pooled(request, near, poolers):
    """A database by way of a pooler, and what a server must be told to use it."""
    settings = {"direct_database_url": near.url} if request.param == "transaction" else {}
    return SimpleNamespace(url=poolers[request.param](near.url), settings=settings)


def health(api):
    return health_pb2_grpc.HealthStub(api.channel).Check(health_pb2.HealthCheckRequest(), timeout=60).status


def test_two_servers_work_through_a_pooler(pooled):
    with (
        serving(pooled, **pooled.settings) as one,
        serving(pooled, **pooled.settings) as other,
        closing(ApiClient(one.target, WORKSPACE)) as api,
    ):
        sessions = [walk(api, api.book(), *STARTED) for _ in range(4)]
        movers = [Caller((one, other)[n % 2], moves(session)) for n, session in enumerate(sessions)]
        callers = [*movers, Caller(other, rosters(api.release()))]
        with at_work(callers):
            all_go_on(callers)
        for session, mover in zip(sessions, movers, strict=True):
            assert_kept(api, session, mover)
        assert not any(caller.refusals for caller in callers)
        assert len(api.call("ListSessions", page_size=4).sessions) == 4
        assert {
            one.app.service._store.is_alive(server.app.service._store.register_liveness()) for server in (one, other)
        } == {True}


def test_servers_hear_of_each_others_news_through_a_pooler(pooled):
    heard = []
    with closing(store_of(pooled.url, direct_url=pooled.settings.get("direct_database_url", ""))) as store:
        end = store.subscribe(heard.append)
        until(lambda: store.notify(["w"]) or heard)
        end()
    assert set(heard) == {"w"}


def test_what_is_set_for_a_transaction_is_not_left_to_others_of_the_pool(near, poolers):
    url = poolers["transaction"](near.url)
    pooled = SimpleNamespace(url=url)
    with serving(pooled, direct_database_url=near.url) as server, closing(ApiClient(server.target)) as api:
        session = api.book()
        assert api.get(session) == session
        for _ in range(5):
            with psycopg.connect(url, autocommit=True, prepare_threshold=None) as db:
                names = ("lock_timeout", "statement_timeout", "default_transaction_read_only")
                assert [db.execute(f"SHOW {name}").fetchone()[0] for name in names] == ["0", "0", "off"]


def test_locked_tables_are_told_of_through_a_pooler(pooled, near, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.05)
    with serving(pooled, lock_timeout_s=0.5, **pooled.settings) as server, closing(ApiClient(server.target)) as api:
        session = api.book()
        with psycopg.connect(near.url) as db:
            db.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
            for work in (api.book, lambda: api.get(session)):
                with pytest.raises(Refused) as refused:
                    work()
                assert (refused.value.code, refused.value.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
            until(lambda: health(api) == health_pb2.HealthCheckResponse.NOT_SERVING)
            db.rollback()
        until(lambda: health(api) == health_pb2.HealthCheckResponse.SERVING)
        assert api.book()


def refused_start(*urls):
    """What `serve` says when it ends at once."""
    command = [sys.executable, "-m", "exam_sessions", "serve", "--listen", "127.0.0.1:0", *urls]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    return ended.stderr.splitlines()


def test_a_pooler_of_transactions_alone_is_refused_in_two_lines(near, poolers):
    first, second = refused_start("--database-url", poolers["transaction"](near.url))
    assert "a pooler before it" in first
    assert "--direct-database-url" in second


def test_a_way_around_the_pooler_must_lead_to_the_same_database(near, postgresql, poolers):
    other = postgresql.new_database()
    urls = ("--database-url", poolers["transaction"](near.url), "--direct-database-url", other)
    first, _ = refused_start(*urls)
    assert "another database" in first
