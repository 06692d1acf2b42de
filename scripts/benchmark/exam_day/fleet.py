"""One or two servers of one database for an exam day, of which one may be restarted under load."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benchmark.servers import free_port, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.databases import Database
    from benchmark.processes import Cores, Process


class Fleet:
    """Servers that run, and what those took that were stopped."""

    def __init__(self, cores: Cores, database: Database, servers: int) -> None:
        self.database, self._cores = database, cores
        self.ports = [free_port() for _ in range(servers)]
        self._stacks = [ExitStack() for _ in range(servers)]
        self._processes: dict[int, Process] = {}
        self._stopped = 0.0
        self._restarting: threading.Thread | None = None
        self.away: tuple[float, float] | None = None
        """From when to when a server was restarted, on the clock of `time.perf_counter`."""
        self._failed: list[Exception] = []

    def start(self, n: int) -> None:
        """Starts a server, and waits until it serves."""
        cores = self._cores.for_second() if n else self._cores
        self._processes[n] = self._stacks[n].enter_context(service(cores, self.database, self.ports[n]))

    def stop(self, n: int) -> None:
        """Stops a server as an operator does, by SIGTERM."""
        self._stopped += self._processes.pop(n).cpu_seconds() if n in self._processes else 0.0
        self._stacks[n].close()

    def restart_last(self) -> None:
        """Stops the last server and starts it again, while the load goes on."""

        def restart() -> None:
            began = time.perf_counter()
            try:
                self.stop(len(self.ports) - 1)
                self.start(len(self.ports) - 1)
                self.away = began, time.perf_counter()
            except Exception as error:  # noqa: BLE001 - raised in the main thread
                self._failed.append(error)

        self._restarting = threading.Thread(target=restart)
        self._restarting.start()

    def settle(self) -> None:
        """Waits for the restart, and raises what went wrong with it."""
        if self._restarting:
            self._restarting.join()
        if self._failed:
            raise self._failed[0]

    def cpu_seconds(self) -> float:
        """Processor time of all servers so far, but for the last moments of those that were stopped."""
        return self._stopped + sum(process.cpu_seconds() for process in [*self._processes.values()])

    def memory_mib(self) -> float:
        """The most that one of them holds."""
        return max(process.memory_mib() for process in self._processes.values())


@contextmanager
def fleet(cores: Cores, database: Database, servers: int) -> Iterator[Fleet]:
    """So many servers of a database, stopped in the end."""
    here = Fleet(cores, database, servers)
    try:
        for n in range(servers):
            here.start(n)
        yield here
    finally:
        here.settle()
        for n in range(servers):
            here.stop(n)
