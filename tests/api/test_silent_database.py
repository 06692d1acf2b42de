"""PostgreSQL does not go away but falls silent: connections stay open, and nothing comes any more."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from callers import Caller, all_go_on, assert_kept, at_work, moves
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from messages import bookings
from state_paths import STARTED, walk

from databases import TABLES, PostgresqlDatabase
from exam_sessions.rpc import server as rpc_server
from exam_sessions.settings import Settings
from exam_sessions.store.databases import store_for, store_of
from postgres import PostgresServer
from serving import ApiClient, Refused, serving, until
from silence import SilentProxy

pytestmark = pytest.mark.postgresql(reason="a file does not fall silent")

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
SILENCE_S = 0.4
PATIENCE_S = 60
"""How long a caller waits for the news, in seconds: it comes, however busy the machine is."""


@pytest.fixture(scope="module")
def postgresql():
    """A server of one's own, which others would miss."""
    with closing(PostgresServer(durable=False)) as postgresql:
        postgresql.start()
        yield postgresql


@pytest.fixture
def near(postgresql):
    """A database asked without the proxy."""
    with PostgresqlDatabase(postgresql) as database:
        yield database


@pytest.fixture
def proxy(postgresql):
    with closing(SilentProxy(postgresql.port)) as proxy:
        yield proxy


@pytest.fixture
def server(near, proxy, monkeypatch):
    """A server that is quick to notice, behind the proxy."""
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.05)
    far = SimpleNamespace(url=proxy.url_of(near.url))
    with serving(far, database_silence_s=SILENCE_S, lock_timeout_s=0.5) as server:
        yield server
        proxy.speak()


@pytest.fixture
def api(server):
    with closing(ApiClient(server.target)) as api:
        yield api


@contextmanager
def silent(proxy):
    proxy.fall_silent()
    yield
    proxy.speak()


@contextmanager
def frozen(postgresql):
    """Stops every process of the server, as a virtual machine that is moved would be."""
    postgresql.freeze()
    yield
    postgresql.thaw()


@contextmanager
def locked(near, mode):
    """Every table is locked by somebody else."""
    with psycopg.connect(near.url) as db:
        db.execute(f"LOCK TABLE {', '.join(TABLES)} IN {mode} MODE")
        yield
        db.rollback()


OUTAGES = {
    "silent": lambda postgresql, proxy, near: silent(proxy),
    "frozen": lambda postgresql, proxy, near: frozen(postgresql),
    "locked": lambda postgresql, proxy, near: locked(near, "ACCESS EXCLUSIVE"),
}


@pytest.fixture(params=OUTAGES)
def outage(request, postgresql, proxy, near):
    return lambda: OUTAGES[request.param](postgresql, proxy, near)


def health(api, name=""):
    return (
        health_pb2_grpc.HealthStub(api.channel).Check(health_pb2.HealthCheckRequest(service=name), timeout=60).status
    )


def refusal(work):
    """How a call is refused."""
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.code, refused.value.reason


AWAY = (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")


def calls(api, session, release):
    """One call of each way to the database."""
    return [
        lambda: api.call("PauseSession", session_id=session.id, timeout=PATIENCE_S),
        lambda: api.call("GetSession", session_id=session.id, timeout=PATIENCE_S),
        lambda: api.call("ListSessions", page_size=1, timeout=PATIENCE_S),
        lambda: api.call("AggregateSessions", release_ids=[release.id], timeout=PATIENCE_S),
        lambda: api.call(
            "BatchCreateSessions", release_id=release.id, bookings=bookings(300, "b"), timeout=PATIENCE_S
        ),
    ]


def test_calls_are_refused_in_time_and_served_again_when_the_database_is_back(server, api, outage, caplog):
    caplog.set_level(logging.WARNING)
    release = api.release()
    session = walk(api, api.book(release), *STARTED)
    works = calls(api, session, release)
    with ThreadPoolExecutor(len(works)) as pool:
        with outage():
            assert set(pool.map(refusal, works)) == {AWAY}
            until(lambda: health(api) == NOT_SERVING)
            assert health(api, "readiness") == NOT_SERVING
            assert health(api, "liveness") == SERVING
            assert set(pool.map(refusal, works)) == {AWAY}
        until(lambda: health(api) == SERVING)
    assert health(api, "readiness") == SERVING
    api.get(session)
    until(lambda: said(caplog, "serves again"))
    assert len(said(caplog, "does not serve")) == len(said(caplog, "serves again")) == 1
    assert not [record for record in caplog.records if record.exc_info]
    assert len(caplog.records) == 2, caplog.text


def said(caplog, words):
    return [record for record in caplog.records if words in record.getMessage()]


def test_writes_that_wait_for_a_locked_table_do_not_keep_reads_from_being_served(server, api, near):
    session = api.book()
    with locked(near, "EXCLUSIVE"):
        assert refusal(api.book) == AWAY
        until(lambda: health(api) == NOT_SERVING)
        assert api.get(session) == session
    until(lambda: health(api) == SERVING)
    assert api.book()


def test_new_connections_are_used_at_once_when_the_old_ones_are_dead(server, api, proxy):
    session = walk(api, api.book(), *STARTED)
    proxy.forget_connections()
    rpcs = ["PauseSession", "ResumeSession"]
    for _ in range(2):
        until(lambda: answered(lambda: api.get(session)))
        until(lambda: answered(lambda: api.call("ListSessions", page_size=1)))
        assert until(lambda: answered(lambda: api.move(rpcs[0], session)))
        rpcs.reverse()
    assert api.book()


def test_callers_at_work_on_connections_that_die_go_on_over_new_ones(server, api, proxy):
    """Their transactions stay open on the database's side, with locks, and nobody there knows."""
    sessions = [walk(api, api.book(), *STARTED) for _ in range(4)]
    movers = [Caller(server, moves(session), api.workspace) for session in sessions]
    with at_work(movers):
        all_go_on(movers)
        proxy.forget_connections()
        all_go_on(movers)
        all_go_on(movers)
    for session, mover in zip(sessions, movers, strict=True):
        assert_kept(api, session, mover)


def test_a_lock_on_one_session_is_no_outage(server, api, near, caplog):
    held, free = (walk(api, api.book(), *STARTED) for _ in range(2))
    with psycopg.connect(near.url) as db:
        db.execute("SELECT 1 FROM sessions WHERE id = %s FOR UPDATE", (held.id,))
        assert refusal(lambda: api.move("PauseSession", held)) == AWAY
        assert api.move("PauseSession", free)
        db.rollback()
    assert api.move("PauseSession", held)
    assert [record.getMessage()[:20] for record in caplog.records] == ["somebody holds a loc"]


def answered(work):
    """What a call answers, if it is not refused because of the database."""
    try:
        return work()
    except Refused as refused:
        if (refused.code, refused.reason) != AWAY:
            raise
        return None


def test_a_statement_that_takes_long_is_waited_for(near):
    settings = Settings(database_url=near.url, database_silence_s=0.2, statement_timeout_s=60)
    with closing(store_for(settings)) as store, closing(store.writer()) as db:
        slow = db._driver.execute("SELECT pg_sleep(1.5), 7")
        assert slow.fetchone()[1] == 7
        with db._driver.pipeline():
            slow = db._driver.execute("SELECT pg_sleep(1), 8", prepare=True)
            assert slow.fetchone()[1] == 8


def test_a_lock_is_waited_for_as_long_as_the_setting_says(near):
    settings = Settings(database_url=near.url, database_silence_s=0.1, lock_timeout_s=1)
    with closing(store_for(settings)) as store, closing(store.writer()) as db, closing(store.writer()) as other:
        other._driver.execute("SELECT pg_advisory_lock(1)")
        releasing = threading.Timer(0.5, lambda: other._driver.execute("SELECT pg_advisory_unlock(1)"))
        releasing.start()
        assert db._driver.execute("SELECT pg_advisory_lock(1), 7").fetchone()[1] == 7
        releasing.join()


@pytest.mark.parametrize(
    ("url", "conninfo"),
    [
        ("postgresql://u:p@h1:1,h2:2/d?target_session_attrs=read-write", ("h1,h2", "1,2", "d", "read-write")),
        ("postgresql+psycopg://u:p@/d?host=h1:1&host=h2:2&target_session_attrs=any", ("h1,h2", "1,2", "d", "any")),
        ("postgresql://u:p@h1,h2/d", ("h1,h2", ",", "d", None)),
        ("postgresql://u:p@h/d?host=[::1]:1", ("::1", "1", "d", None)),
    ],
)
def test_a_url_may_name_several_hosts(url, conninfo):
    with closing(store_of(url)) as store:
        given = store._connector._conninfo
    names = ("host", "port", "dbname", "target_session_attrs")
    assert tuple(given.get(name) for name in names) == conninfo
    assert (given["user"], given["password"]) == ("u", "p")


def test_a_start_with_a_silent_database_ends_in_two_lines(near, proxy):
    proxy.fall_silent()
    command = [sys.executable, "-m", "exam_sessions", "serve", "--listen", "127.0.0.1:0"]
    ended = subprocess.run(
        [*command, "--database-url", proxy.url_of(near.url)], capture_output=True, text=True, timeout=60, check=False
    )
    proxy.speak()
    assert ended.returncode == 1
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["error", "next"]


def cuts_wires():
    """Whether this machine lets us have networks of our own, with wires between them."""
    command = ["unshare", "-n", "ip", "link", "add", "here", "type", "veth", "peer", "name", "there"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_cut_wire_is_noticed_and_used_again():
    if not cuts_wires():
        pytest.skip("no networks of our own: that takes root, unshare and ip")
    program = Path(__file__).parents[1] / "network_partition.py"
    done = subprocess.run(
        ["unshare", "-n", sys.executable, program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    log = json.loads(done.stdout.splitlines()[-1])["log"].splitlines()
    assert [sum(words in line for line in log) for words in ("does not serve", "serves again", "Traceback")] == [
        1,
        1,
        0,
    ]
