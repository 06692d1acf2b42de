"""Trying a call again while nothing answers, or what is refused may be accepted in a moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from exam_sessions.client.failures import NoServer, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

PATIENCE = 20.0
"""Seconds to go on trying a call when nothing answers: a server that answered before may be restarting."""


def retry(call: Callable[[], Result]) -> Result:
    """Calls until an answer comes, a refusal that stays, or PATIENCE runs out; once where no server was reached."""
    pause, end = 0.1, time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except (NoServer, Refused) as error:
            is_absent = isinstance(error, NoServer) and not error.was_reached
            if not error.is_retryable or is_absent or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 2.0)
