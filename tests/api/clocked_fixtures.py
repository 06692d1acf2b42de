"""Fixtures for test modules in which time passes: imported there, they are its `server` and `api`."""

from __future__ import annotations

import pytest


@pytest.fixture(name="server")
def server_with_clock(clocked_server):
    """A server whose clock the test holds."""
    return clocked_server


@pytest.fixture(name="api")
def api_with_clock(clocked_desk):
    """A client of it in a fresh workspace."""
    return clocked_desk
