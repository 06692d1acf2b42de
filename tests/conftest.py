from __future__ import annotations

import signal
from contextlib import ExitStack, closing, contextmanager

import pytest

from databases import PostgresqlDatabase, SqliteDatabase, migrate
from exam_sessions.store.databases import store_of
from postgres import postgres_server
from serving import ApiClient, Clock, serving

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As for whoever runs the tests in a script's background: programs that tests stop by Ctrl-C would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["choice", "again"]


@pytest.fixture(scope="session")
def database_kind(request):
    """The kind of database."""
    return request.param


@pytest.fixture(scope="session")
def shared():
    """Opens what many tests share when it is first asked for, by a name, and closes all of it at the end."""
    # A fixture for each would be closed and opened again whenever the kind of database changes, twice in many files.
    with ExitStack() as stack:
        opened = {}

        def get(name, context):
            if name not in opened:
                opened[name] = stack.enter_context(context())
            return opened[name]

        yield get


@pytest.fixture(scope="session")
def new_database(database_kind, shared, tmp_path_factory):
    """Makes databases of the kind, with the newest schema or empty."""
    if database_kind == "postgresql":
        # One server, which never waits for the disk.
        server = shared("postgresql", lambda: postgres_server(durable=False))
        return lambda empty=False: PostgresqlDatabase(server, empty=empty)

    @contextmanager
    def migrated():
        with SqliteDatabase(tmp_path_factory.mktemp("template")) as database:
            migrate(database.url)
            yield database.path

    def new(empty=False):
        return SqliteDatabase(tmp_path_factory.mktemp("database"), None if empty else shared("template", migrated))

    return new


@pytest.fixture
def database(new_database):
    """A database for servers of one's own."""
    with new_database() as database:
        yield database


@pytest.fixture
def empty_database(new_database):
    """A database without tables."""
    with new_database(empty=True) as database:
        yield database


@pytest.fixture
def migrated(database):
    """A store on a database the migrations have built."""
    with closing(store_of(database.url)) as store:
        yield store


@pytest.fixture(scope="session")
def server(database_kind, new_database, shared):
    """One server for all tests that need no clock of their own; each test has a workspace to itself."""
    database = shared(f"database of {database_kind}", new_database)
    # Its scheduler looks into the workspaces of all tests before, one by one, and so does it seldom.
    return shared(f"server on {database_kind}", lambda: serving(database, tick_ms=5_000))


@pytest.fixture
def api(server):
    """A client in a fresh workspace."""
    api = ApiClient(server.target)
    yield api
    api.close()


@pytest.fixture
def replica(server):
    """Another server on the database of the first."""
    with serving(server.database) as replica:
        yield replica


@pytest.fixture
def elsewhere(replica, api):
    """A client of the other server in the desk's workspace."""
    elsewhere = ApiClient(replica.target, api.workspace)
    yield elsewhere
    elsewhere.close()


@pytest.fixture
def clock():
    """The clock of `clocked_server`, which a test may set forward."""
    return Clock()


@pytest.fixture
def clocked_server(database, clock):
    """A server whose clock the test holds; its scheduler runs when the test says so."""
    with serving(database, clock, tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture
def clocked_desk(clocked_server):
    """A client of the clocked server."""
    api = ApiClient(clocked_server.target)
    yield api
    api.close()
