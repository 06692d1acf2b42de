"""The load: so many callers, each asking again as soon as it is answered, until the time or the calls are over."""

from __future__ import annotations

import gc
import itertools
import selectors
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmark.http2_client import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    Call = tuple[str, bytes]
    """A method's path and a serialized request."""


class Callers(NamedTuple):
    """How many calls are under way at any time, and over how many connections they are spread."""

    number: int
    connections: int = 1

    def __str__(self) -> str:
        return f"{self.number} callers, {self.connections} connection{'s' * (self.connections > 1)}"


class Run(NamedTuple):
    """What one run gave. Latencies in milliseconds; `ended` counts the calls that were under way at the end, too."""

    rate: float
    p50: float
    p99: float
    longest: float
    ended: int
    errors: int
    seconds: float
    driver_share: float
    message_bytes: float


def percentile(ordered: list[float], share: float) -> float:
    """The value below which a share of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Driver:
    """Connections to one server, or dealt out among several, kept open from run to run; over TLS with a CA.

    Calls carry a credential where there is one. `connect` makes connections of another kind, to a port.
    """

    def __init__(
        self,
        port: int | Sequence[int],
        callers: Callers,
        ca: Path | None = None,
        credential: str = "",
        connect: Callable[[int], Any] | None = None,
    ) -> None:
        self.callers = callers
        ports = itertools.cycle([port] if isinstance(port, int) else port)
        connect = connect or (lambda each: Connection(each, ca, credential))
        self._connections = [connect(next(ports)) for _ in range(callers.connections)]
        self._selector = selectors.DefaultSelector()
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def run(self, calls: Iterable[Call], seconds: float = float("inf")) -> Run:
        """Keeps every caller busy for so many seconds, or until there are no more calls, then waits for the rest."""
        source = iter(calls)
        latencies: list[float] = []
        errors, bytes_before = 0, self._message_bytes()
        gc.collect()
        gc.disable()
        try:
            cpu, began = time.process_time(), time.perf_counter()
            until, timely = began + seconds, 0
            self._fill(source)
            while any(connection.in_flight for connection in self._connections):
                for key, _ in self._selector.select():
                    connection = key.data
                    ended = connection.receive()
                    now = time.perf_counter()
                    for start, answered in ended:
                        latencies.append(now - start)
                        errors += not answered
                    if now < until:
                        timely = len(latencies)
                        self._refill(connection, source)
                    connection.flush()
            took = time.perf_counter() - began
            share = (time.process_time() - cpu) / took
        finally:
            gc.enable()
        latencies.sort()
        return Run(
            rate=timely / min(seconds, took),
            p50=percentile(latencies, 0.5) * 1e3,
            p99=percentile(latencies, 0.99) * 1e3,
            longest=percentile(latencies, 1) * 1e3,
            ended=len(latencies),
            errors=errors,
            seconds=took,
            driver_share=share,
            message_bytes=(self._message_bytes() - bytes_before) / max(1, len(latencies)) - 5,
        )

    def _fill(self, source: Iterator[Call]) -> None:
        for connection in self._connections:
            self._refill(connection, source)
            connection.flush()

    def _refill(self, connection: Connection, source: Iterator[Call]) -> None:
        most = -(-self.callers.number // self.callers.connections)
        while connection.in_flight < most:
            call = next(source, None)
            if call is None:
                return
            if not connection.put(*call):
                # Cannot happen with small requests: the server makes room for them long before it is needed.
                raise RuntimeError("the server's flow control holds the load back")

    def _message_bytes(self) -> int:
        return sum(connection.message_bytes() for connection in self._connections)

    @property
    def first_error(self) -> str:
        """The header block of the first call that was refused, as far as it is readable."""
        return next((repr(c.first_error) for c in self._connections if c.first_error), "")

    def close(self) -> None:
        """Closes the connections."""
        self._selector.close()
        for connection in self._connections:
            connection.close()
