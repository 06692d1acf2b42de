"""The processes that are measured: the service and the echo, each pinned to the server's core."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
READY_WITHIN = 60.0
LOG_LINES = 20


class Cores(NamedTuple):
    """Which core the servers get and which the load; None where processes cannot be pinned, or there is one core."""

    server: int | None
    load: int | None

    @classmethod
    def here(cls) -> Cores:
        """The first core for the servers, the last for the load."""
        usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        return cls(usable[0], usable[-1]) if len(usable) > 1 else cls(None, None)

    def pin_load(self) -> None:
        """Pins this process and the threads it starts from now on."""
        if self.load is not None:
            os.sched_setaffinity(0, {self.load})

    @contextmanager
    def anywhere(self) -> Iterator[None]:
        """This thread on any core, and with it the processes it starts meanwhile."""
        if self.server is not None and self.load is not None:
            os.sched_setaffinity(0, {self.server, self.load})
        try:
            yield
        finally:
            self.pin_load()

    @contextmanager
    def on_server(self) -> Iterator[None]:
        """This thread on the server's core, and with it the processes it starts meanwhile."""
        if self.server is not None:
            os.sched_setaffinity(0, {self.server})
        try:
            yield
        finally:
            self.pin_load()


def machine_busy_seconds() -> float:
    """Processor time that the whole machine has spent at work, on all its cores."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


class Process:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far, in user code and in the kernel for it."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

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


class Database:
    """The service's database file, read from outside while the service runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        """As EXAM_SESSIONS_DATABASE_URL wants it."""
        return f"sqlite:///{self.path}"

    def count(self, table: str) -> int:
        """Rows of a table."""
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@contextmanager
def service(cores: Cores, database: Database, **settings: object) -> Iterator[Process]:
    """The service on a database; settings as in exam_sessions.settings, for instance linger_ms=0."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EXAM_SESSIONS_")}
    environment |= {f"EXAM_SESSIONS_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "exam_sessions", "serve", "--listen", "127.0.0.1:0", "--database-url"]
    with _running([*command, database.url], cores, database.path.with_suffix(".log"), environment) as process:
        wait_until_serving(process.port)
        yield process


@contextmanager
def echo(cores: Cores, sizes: dict[str, int]) -> Iterator[Process]:
    """A bare handler that answers each method with a reply of its size."""
    program = Path(__file__).with_name("echo.py")
    with _running([sys.executable, str(program), json.dumps(sizes)], cores, None, dict(os.environ)) as process:
        yield process


@contextmanager
def _running(command: list[str], cores: Cores, log: Path | None, environment: dict[str, str]) -> Iterator[Process]:
    errors = log.open("a") if log else None
    with cores.on_server():
        popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    with popen:
        assert popen.stdout
        line = popen.stdout.readline().strip()
        if not line:
            popen.wait()
            raise RuntimeError(f"did not start: {' '.join(command)}\n{log.read_text() if log else ''}")
        process = Process(popen, int(line.rpartition(":")[2]))
        try:
            yield process
        except Exception as error:
            if log:
                error.add_note("the server's log ends:\n" + "\n".join(log.read_text().splitlines()[-LOG_LINES:]))
            raise
        finally:
            process.stop()
            if errors:
                errors.close()


def wait_until_serving(port: int, within: float = READY_WITHIN) -> None:
    """Asks grpc.health.v1 until it says SERVING."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415 - the echo does without

    until = time.monotonic() + within
    while time.monotonic() < until:
        # Whether anybody listens is cheap to see; a gRPC channel is not, and would take time from the start.
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.002)
    while time.monotonic() < until:
        # A new channel each time: one that failed backs off for a second.
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, suppress(grpc.RpcError):
            reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
            if reply.status == health_pb2.HealthCheckResponse.SERVING:
                return
        time.sleep(0.005)
    raise TimeoutError(f"not serving after {within} s")
