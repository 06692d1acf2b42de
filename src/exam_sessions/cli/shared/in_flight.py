"""Several calls under way at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

IN_FLIGHT = 16
"""Calls under way at a time."""

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def in_flight(
    work: Callable[[Job], Answer], jobs: Iterable[Job], most: int = IN_FLIGHT
) -> Iterator[tuple[Job, Answer]]:
    """Works on `most` jobs at a time, and gives each with its answer as it comes; the first failure ends it all."""
    pool = ThreadPoolExecutor(most)
    waiting = iter(jobs)
    under_way: dict[Future[Answer], Job] = {pool.submit(work, job): job for job in islice(waiting, most)}
    try:
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield under_way.pop(future), future.result()
            for job in islice(waiting, len(done)):
                under_way[pool.submit(work, job)] = job
    finally:
        # What is under way ends by itself, at the latest when the line is hung up.
        pool.shutdown(wait=False, cancel_futures=True)
