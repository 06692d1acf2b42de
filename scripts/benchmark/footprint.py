"""What it takes to run it: the time from start to ready, and memory."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmark.batches import ROWS, Batches
from benchmark.load import Driver
from benchmark.load_sessions import Cohort
from benchmark.processes import Process
from benchmark.results import Figure, median, spread
from benchmark.servers import ROOT, service, wait_until_serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import SqliteFile

READY_WITHIN = 2.0
SESSIONS = 2_000
SETTLE = 1.5


def footprint(bench: Bench) -> Iterator[Figure]:
    """Start to ready, and resident memory."""
    database = bench.database("footprint")
    yield _start(bench, database)
    yield from _memory(bench, database)


def _start(bench: Bench, database: SqliteFile) -> Figure:
    bench.say("start to ready: with a new database")
    with _started(bench, database) as (first, _):
        pass
    times, cpu = [], []
    for n in range(bench.runs):
        bench.say(f"start to ready: run {n + 1} of {bench.runs}")
        with _started(bench, database) as (took, busy):
            times.append(took)
            cpu.append(busy)
    return Figure(
        "Start to ready, second start",
        value=f"{median(times):.2f} s, {median(cpu):.2f} s CPU",
        floor=f"first start {first:.2f} s",
        target=f"≤ {READY_WITHIN:.0f} s",
        met=median(times) <= READY_WITHIN,
        notes=f"scripts/serve until grpc.health says SERVING, on any core; {spread(times)} s; "
        "the first start migrates a new database",
        runs=[{"value": {"seconds": took, "cpu_seconds": busy}} for took, busy in zip(times, cpu, strict=True)],
    )


@contextmanager
def _started(bench: Bench, database: SqliteFile) -> Iterator[tuple[float, float]]:
    """Seconds, and those of processor time, from running scripts/serve to serving; it is stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(ROOT / "scripts" / "serve"), "--listen", f"127.0.0.1:{port}", "--database-url", database.url]
    began = time.perf_counter()
    with bench.cores.anywhere():
        popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    process = Process(popen, port)
    try:
        wait_until_serving(port)
        yield time.perf_counter() - began, process.cpu_seconds()
    finally:
        process.stop()


def _memory(bench: Bench, database: SqliteFile) -> Iterator[Figure]:
    with service(bench.cores, database) as process:
        time.sleep(SETTLE)
        idle = process.memory_mib()
        cohort = Cohort(process.port, SESSIONS)
        driver = Driver(process.port, bench.callers(64))
        bench.say("memory: 64 callers move sessions")
        driver.run(cohort.moves(), 2 * bench.seconds)
        loaded = process.memory_mib("VmHWM")
        driver.close()
        batches = Batches(process)
        for n in range(bench.runs):
            bench.say(f"memory: batch {n + 1} of {bench.runs}")
            batches.book()
        batches.close()
        yield Figure(
            "Resident memory",
            value=f"{loaded:.0f} MiB under load",
            floor=f"idle {idle:.0f} MiB",
            ratio=loaded / idle,
            notes=f"64 callers moving sessions; with {bench.runs} batches of {ROWS:,} after that at most "
            f"{process.memory_mib('VmHWM'):.0f}, then {process.memory_mib():.0f} MiB",
            runs=[{"value": {"loaded_mib": loaded}, "floor": {"idle_mib": idle}}],
        )
