from __future__ import annotations

import os

import pytest

from databases import PostgresqlDatabase, SqliteDatabase
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.settings import TRANSPORTS
from exam_sessions.store.databases import store_of
from postgres import postgres_server
from serving import Clock, Desk, serving

KINDS = ("sqlite", "postgresql")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the long proofs")
    parser.addoption("--database", choices=KINDS, help="run what needs a database on this kind only, not on both")
    parser.addoption("--transport", choices=TRANSPORTS, help="what carries the calls where a test does not say it")


def pytest_configure(config):
    if transport := config.getoption("--transport"):
        # Where servers of these tests look, and those that are processes of their own.
        os.environ["EXAM_SESSIONS_TRANSPORT"] = transport
    for kind in KINDS:
        config.addinivalue_line("markers", f"{kind}(reason): what has no meaning on another kind of database")


def pytest_collection_modifyitems(config, items):
    kinds = {config.getoption("--database")} - {None} or set(KINDS)
    meant, other = [], []
    for item in items:
        (meant if is_meant_for(kinds, item) else other).append(item)
    items[:] = meant
    config.hook.pytest_deselected(items=other)
    for item in items:
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="a long proof: run with scripts/test --slow"))


def is_meant_for(kinds, item):
    """Whether a test runs on one of these kinds of database, or on none, and was not marked for others."""
    kind = item.callspec.params.get("kind") if hasattr(item, "callspec") else None
    marked = {mark.name for mark in item.iter_markers()}.intersection(KINDS)
    return bool(({kind} if kind else set(KINDS)) & (marked or set(KINDS)) & kinds)


@pytest.fixture(scope="session", params=KINDS)
def kind(request):
    """The kind of database: whatever needs one is tested with each."""
    return request.param


@pytest.fixture(scope="session")
def new_database(kind, tmp_path_factory):
    """Makes databases of the kind; those of PostgreSQL on one server, which never waits for the disk."""
    if kind == "sqlite":
        yield lambda: SqliteDatabase(tmp_path_factory.mktemp("database"))
    else:
        with postgres_server(durable=False) as server:
            yield lambda: PostgresqlDatabase(server)


@pytest.fixture
def database(new_database):
    """A database for servers of one's own."""
    with new_database() as database:
        yield database


@pytest.fixture
def migrated(database):
    """A store on a database the migrations have built."""
    store = store_of(database.url)
    upgrade(store)
    yield store
    store.close()


@pytest.fixture(scope="session")
def server(new_database):
    """One server for all tests that need no clock of their own; each test has a workspace to itself."""
    # Its clockwork looks into the workspaces of all tests before, one by one, and so does it seldom.
    with new_database() as database, serving(database, tick_ms=5_000) as running:
        yield running


@pytest.fixture
def desk(server):
    """A client in a fresh workspace."""
    desk = Desk(server.target)
    yield desk
    desk.close()


@pytest.fixture
def clock():
    """The clock of `clocked_server`, which a test may set forward."""
    return Clock()


@pytest.fixture
def clocked_server(database, clock):
    """A server whose clock the test holds; its clockwork runs when the test says so."""
    with serving(database, clock, tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture
def clocked_desk(clocked_server):
    """A client of the clocked server."""
    desk = Desk(clocked_server.target)
    yield desk
    desk.close()
