from __future__ import annotations

import pytest

from serving import Clock, Desk, serving


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the long proofs")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="a long proof: run with scripts/test --slow"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that need no clock of their own; each test has a workspace to itself."""
    with serving(tmp_path_factory.mktemp("server")) as running:
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
def clocked_server(tmp_path, clock):
    """A server whose clock the test holds; its clockwork runs when the test says so."""
    with serving(tmp_path, clock, tick_ms=3_600_000) as running:
        yield running


@pytest.fixture
def clocked_desk(clocked_server):
    """A client of the clocked server."""
    desk = Desk(clocked_server.target)
    yield desk
    desk.close()
