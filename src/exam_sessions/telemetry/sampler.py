"""Samples the database for metrics again and again, on a thread of its own and at most a small share of the time."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.execution.samples import Sample, SampleReads

log = logging.getLogger(__name__)

EVERY_S = 15.0
"""Seconds between two samples: as often as Prometheus mostly scrapes."""

PAUSE_PER_SECOND = 50.0
"""Seconds of pause for each that a sample took, where that is longer: sampling takes at most 2 % of the time."""


class Sampler:
    """The newest sample. `now` gives microseconds since 1970."""

    def __init__(self, reads: SampleReads, now: Callable[[], int]) -> None:
        self._reads, self._now = reads, now
        self.sample: Sample | None = None
        """None before the first. During an outage of the database the last one stays."""
        self.duration_s = 0.0
        """How long it took."""
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to sample; call from the running event loop."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends, once the sample under way is taken."""
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        await asyncio.to_thread(self._reads.close)

    async def take(self) -> None:
        """Takes a sample. Raises what SampleReads does."""
        begun = perf_counter()
        self.sample = await self._reads.take(self._now())
        self.duration_s = perf_counter() - begun

    async def _run(self) -> None:
        while True:
            begun = perf_counter()
            try:
                await self.take()
            except errors.Refusal:
                pass  # an outage, which is logged where it is found
            except Exception:
                log.exception("the database could not be sampled for metrics; the next time tries again")
            await asyncio.sleep(max(EVERY_S, PAUSE_PER_SECOND * (perf_counter() - begun)))
