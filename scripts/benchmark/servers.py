"""The servers that are measured: the service and the echoes, each pinned to the server's core."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from benchmark.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.databases import Database
    from benchmark.processes import Cores

ROOT = Path(__file__).parents[2]
READY_WITHIN = 60.0
LOG_LINES = 20


@contextmanager
def service(cores: Cores, database: Database, port: int = 0, **settings: object) -> Iterator[Process]:
    """The service on a database, on a free port or this; settings as in exam_sessions.settings, e.g. linger_ms=0."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EXAM_SESSIONS_")}
    environment |= {f"EXAM_SESSIONS_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "exam_sessions", "serve", "--listen", f"127.0.0.1:{port}", "--database-url"]
    with running([*command, database.url], cores, database.log, environment) as process:
        wait_until_serving(process.port, ca=settings.get("tls_cert"))
        yield process


@contextmanager
def echo(cores: Cores, sizes: dict[str, int], *flags: str, program: str = "echo.py") -> Iterator[Process]:
    """A bare handler that answers each method with a reply of its size."""
    program = str(Path(__file__).with_name(program))
    with running([sys.executable, program, json.dumps(sizes), *flags], cores, None, dict(os.environ)) as process:
        yield process


@contextmanager
def running(command: list[str], cores: Cores, log: Path | None, environment: dict[str, str]) -> Iterator[Process]:
    """A program on the server's core, which prints its port or an address that ends with it; stopped in the end."""
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


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_serving(port: int, within: float = READY_WITHIN, ca: object = None) -> None:
    """Asks grpc.health.v1 until it says SERVING, over TLS where the path of a CA is given."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415 - the echo does without

    until = time.monotonic() + within
    while time.monotonic() < until:
        # Whether anybody listens is cheap to see; a gRPC channel is not, and would take time from the start.
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.002)
    while time.monotonic() < until:
        # A new channel each time: one that failed backs off for a second.
        with _channel(f"127.0.0.1:{port}", ca) as channel, suppress(grpc.RpcError):
            reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
            if reply.status == health_pb2.HealthCheckResponse.SERVING:
                return
        time.sleep(0.005)
    raise TimeoutError(f"not serving after {within} s")


def _channel(target: str, ca: object) -> grpc.Channel:
    if ca is None:
        return grpc.insecure_channel(target)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(Path(str(ca)).read_bytes()))
