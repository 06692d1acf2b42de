"""Metrics: reads and durable transitions with --metrics, scraped once a second, beside the same without, by turns."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.request import urlopen

from benchmark.bench import Side
from benchmark.load_sessions import Cohort
from benchmark.servers import free_port, service
from benchmark.traffic import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.results import Figure

CALLERS = 64
AT_LEAST = 0.97

SCRAPE_EVERY_S = 1.0
"""Seconds between two scrapes: fifteen times as often as Prometheus mostly does."""


def metrics(bench: Bench) -> Iterator[Figure]:
    """GetSession and durable transitions with metrics, against the same without."""
    database, floor_database = bench.database("metrics"), bench.database("plain")
    port = free_port()
    with service(bench.cores, database) as first:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress, on both servers")
        cohort = Cohort(first.port, SESSIONS)
    with (
        service(bench.cores, floor_database) as plain,
        service(bench.cores, database, metrics=port) as real,
        _scraped(port),
    ):
        beside = Cohort(plain.port, SESSIONS)
        for name, mine, its in (
            ("Durable transition", cohort.moves, beside.moves),
            ("GetSession", cohort.reads, beside.reads),
        ):
            yield bench.rate_figure(
                f"{name} with metrics, {CALLERS} callers",
                Side("metrics", real, mine),
                Side("none", plain, its),
                bench.callers(CALLERS),
                AT_LEAST,
            )


@contextmanager
def _scraped(port: int) -> Iterator[None]:
    """Scrapes a server again and again, for the length of a block."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(SCRAPE_EVERY_S):
            with suppress(OSError), closing(urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)) as answer:
                answer.read()

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
