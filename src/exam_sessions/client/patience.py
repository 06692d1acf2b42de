"""How long to go on trying what was interrupted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exam_sessions_client.requests import pause_after

if TYPE_CHECKING:
    from exam_sessions_client.failures import CallFailed

PATIENCE = 20.0
"""Seconds to go on trying when nothing answers: a server that answered before may be restarting."""


class Patience:
    """Says how long to wait before another try: for PATIENCE since the first of several failures in a row.

    `tries` is how many there are at most.
    """

    def __init__(self, tries: float = float("inf")) -> None:
        self._tries, self._end = tries, 0.0

    def __call__(self, failures: int, failure: CallFailed) -> float:
        """The seconds to wait after so many failures before this one. Raises the failure when it is for good."""
        if not failures:
            self._end = time.monotonic() + PATIENCE
        if time.monotonic() >= self._end:
            raise failure
        return pause_after(failures, failure, self._tries)
