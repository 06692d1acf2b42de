from __future__ import annotations

import pytest
from terminal import Terminal


@pytest.fixture
def terminal(server, desk):
    """A terminal that talks to the desk's workspace."""
    return Terminal(server.target, desk.workspace)
