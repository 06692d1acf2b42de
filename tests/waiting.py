"""How tests wait: for a condition. Nothing else here reads a clock or sleeps (pyproject.toml bans it)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 60
"""How long a test waits before it fails: what takes longer never comes, however busy the machine is."""

SHORTEST, LONGEST = 0.0005, 0.005
"""Seconds between two looks: most of what is waited for is there at once."""

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Waits for a condition, looking often; returns what it returned. Fails when it does not come true in time."""
    end, pause = time.monotonic() + seconds, SHORTEST
    while not (found := condition()):
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)
    return found
