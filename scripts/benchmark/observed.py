"""Metrics, the request log and traces: reads and durable transitions with each, beside the same without."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from benchmark.servers import free_port
from benchmark.switched_on import SwitchedOn, beside_without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.results import Figure

AT_LEAST = 0.97

SCRAPE_EVERY_S = 1.0
"""Seconds between two scrapes: fifteen times as often as Prometheus mostly does."""


def observed(bench: Bench) -> Iterator[Figure]:
    """Each of the three alone, then all of them, against a server that is not observed."""
    port = free_port()
    metrics: dict[str, Any] = {"metrics": port}
    # Nobody listens at the collector's address, and nothing is sent there: no call is sampled.
    traces: dict[str, Any] = {"otlp_endpoint": f"http://127.0.0.1:{free_port()}", "trace_sample": 0}
    log: dict[str, Any] = {"log_calls": "all", "log_format": "json"}
    scraped = partial(_scraped, port)
    ways = (
        SwitchedOn("with metrics", metrics, at_least=AT_LEAST, around=scraped),
        SwitchedOn("with traces, none sampled", traces, at_least=AT_LEAST),
        SwitchedOn("with a line of log each", log),
        SwitchedOn("with all three", metrics | traces | log, around=scraped),
    )
    yield from beside_without(bench, "observed", lambda _: ways, "not observed")


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
