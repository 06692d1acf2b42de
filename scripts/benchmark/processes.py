"""Processes and the cores they run on: who is pinned where, and what they have cost so far."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKS = os.sysconf("SC_CLK_TCK")


class Cores(NamedTuple):
    """Which core the servers get and which the load; None where processes cannot be pinned, or there is one core.

    `second` is for a second server: a core of its own where there are three or more, else the load's.
    """

    server: int | None
    load: int | None
    second: int | None = None

    @classmethod
    def here(cls) -> Cores:
        """The first core for the servers, the last for the load."""
        usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        return cls(usable[0], usable[-1], usable[1]) if len(usable) > 1 else cls(None, None)

    @property
    def every(self) -> set[int]:
        """All that are used."""
        return {core for core in self if core is not None}

    def for_second(self) -> Cores:
        """The same with the second server's core for the servers."""
        return self._replace(server=self.second)

    def pin_load(self) -> None:
        """Pins this process and the threads it starts from now on."""
        if self.load is not None:
            os.sched_setaffinity(0, {self.load})

    @contextmanager
    def anywhere(self) -> Iterator[None]:
        """This thread on any core, and with it the processes it starts meanwhile."""
        with _on(self.every):
            yield

    @contextmanager
    def on_server(self) -> Iterator[None]:
        """This thread on the server's core, and with it the processes it starts meanwhile."""
        with _on(set() if self.server is None else {self.server}):
            yield


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    """This thread on these cores, if there are any, and then where it was."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine_busy_seconds() -> float:
    """Processor time that the whole machine has spent at work, on all its cores."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds_of(pid: int) -> float:
    """Processor time of a process and of its children that have ended, in user code and in the kernel for it."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return sum(map(int, _stat(pid)[11:15])) / TICKS
    return 0.0


def parent(pid: int) -> int:
    """Who started a process."""
    return int(_stat(pid)[1])


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Process:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    @property
    def ports(self) -> list[int]:
        """Where it is asked."""
        return [self.port]

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far, in user code and in the kernel for it."""
        return cpu_seconds_of(self.process.pid)

    def memory_mib(self, kind: str = "VmRSS") -> float:
        """Resident memory now (VmRSS) or at most so far (VmHWM)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(kind + ":")) / 1024

    def stop(self) -> None:
        """Ends it, kindly at first."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __str__(self) -> str:
        return f"pid {self.process.pid}"


class Replicas(NamedTuple):
    """Several servers of one database, asked by turns."""

    processes: list[Process]

    @property
    def ports(self) -> list[int]:
        """Where they are asked."""
        return [process.port for process in self.processes]

    def cpu_seconds(self) -> float:
        """Processor time of all of them."""
        return sum(process.cpu_seconds() for process in self.processes)

    def __str__(self) -> str:
        return ", ".join(map(str, self.processes))
