"""A few calls of each kind every second, at fixed times whatever the server does, to see how long others wait."""

from __future__ import annotations

import selectors
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmark.http2_client import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.load import Call

INTERVAL = 0.01
"""Seconds between two calls of a kind."""
Window = tuple[float, float]
"""From one moment to another, on the clock of perf_counter."""


class Answer(NamedTuple):
    """When a call was put and when it was answered."""

    start: float
    end: float


class Probe:
    """A thread with one connection for each kind of call. It does not wait for an answer before the next call."""

    def __init__(self, port: int, kinds: dict[str, Iterator[Call]], interval: float = INTERVAL) -> None:
        self.names, self._interval = list(kinds), interval
        self._kinds = kinds
        self._connections = {name: Connection(port) for name in kinds}
        self._answers: dict[str, list[Answer]] = {name: [] for name in kinds}
        self._refused = 0
        self._stopping = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def waits(self, name: str, window: Window) -> list[float]:
        """The waits in milliseconds, in order, of the calls that were under way at some moment of a window."""
        return [(end - start) * 1e3 for start, end in self._answers[name] if start < window[1] and end > window[0]]

    def waits_outside(self, name: str, windows: list[Window]) -> list[float]:
        """The waits in milliseconds, shortest first, of the calls that met no window."""
        return sorted(
            (end - start) * 1e3
            for start, end in self._answers[name]
            if not any(start < until and end > since for since, until in windows)
        )

    def stop(self) -> None:
        """Makes no more calls, waits for the answers, and raises what went wrong."""
        self._stopping.set()
        self._thread.join(60)
        for connection in self._connections.values():
            connection.close()
        if self._fault:
            raise self._fault
        if self._refused:
            first = [connection.first_error for connection in self._connections.values() if connection.first_error]
            raise RuntimeError(f"{self._refused} calls of the probe were refused: {first}")

    def _run(self) -> None:
        try:
            self._probe()
        except BaseException as fault:  # noqa: BLE001 - raised where the probe is stopped
            self._fault = fault

    def _probe(self) -> None:
        with selectors.DefaultSelector() as selector:
            for name, connection in self._connections.items():
                selector.register(connection.socket, selectors.EVENT_READ, name)
            due = time.perf_counter()
            while not self._stopping.is_set() or any(c.in_flight for c in self._connections.values()):
                if not self._stopping.is_set() and time.perf_counter() >= due:
                    due += self._interval
                    for name, connection in self._connections.items():
                        connection.put(*next(self._kinds[name]))
                        connection.flush()
                for key, _ in selector.select(max(0.0, due - time.perf_counter())):
                    self._take(key.data)
                if self._stopping.is_set():
                    due = time.perf_counter() + self._interval

    def _take(self, name: str) -> None:
        connection = self._connections[name]
        ended, now = connection.receive(), time.perf_counter()
        connection.flush()
        for start, answered in ended:
            self._answers[name].append(Answer(start, now))
            self._refused += not answered
