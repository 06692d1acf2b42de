"""Messages of many tiny elements, sent again and again, and what a healthy caller feels of them meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.hostile_load import CONNECTIONS
from benchmark.load import Callers, Driver
from benchmark.load_sessions import PACKAGE, Cohort
from benchmark.native import require_native
from benchmark.results import Figure, Missing
from benchmark.servers import service
from exam_sessions_client.v1 import session_pb2, session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench
    from benchmark.load import Call, Run
    from benchmark.processes import Process

SIZES = {"48 KiB": 48 * 1024, "1 MiB": 1024**2, "16 MiB": 16 * 1024**2 - 64}
P99_MS = 100.0
GROWTH = 6.0
SETTLE_S = 2.0
LOOK_EVERY_S = 0.02
LAST_SEVEN = 0x7F
"""The bits of a varint that its last byte can hold."""


class Message(NamedTuple):
    """One kind of message: where it goes, and its bytes at a size."""

    path: str
    bytes_at: Callable[[int], bytes]
    streams: str = "none"


def _tiny(tag: bytes, *around: int) -> Callable[[int], bytes]:
    """Empty elements of a field, within the submessages with these field numbers."""

    def bytes_at(size: int) -> bytes:
        data = (tag + b"\0") * ((size - 8 * len(around)) // (len(tag) + 1))
        for number in reversed(around):
            data = bytes([number << 3 | 2]) + _varint(len(data)) + data
        return data

    return bytes_at


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > LAST_SEVEN:
        parts.append(number & LAST_SEVEN | ~LAST_SEVEN & 0xFF)
        number >>= 7
    return bytes([*parts, number])


def _bookings(size: int) -> bytes:
    """Ten thousand rows, which are not too many; all good but the last."""
    release_id = str(uuid.uuid4())
    request = session_service_pb2.BatchCreateSessionsRequest(release_id=release_id)
    row = session_pb2.Booking(candidate=session_pb2.Candidate(candidate_id="c"))
    request.bookings.extend([row] * min(10_000, size // 8))
    request.bookings[-1].pin = "1"
    return request.SerializeToString()


def _rpc(service_name: str, rpc: str) -> str:
    return f"{PACKAGE}.{service_name}/{rpc}"


MESSAGES = {
    "edits": Message(_rpc("SessionService", "BatchUpdateSessions"), _tiny(b"\x12")),
    "ids": Message(_rpc("SessionService", "BatchGetSessions"), _tiny(b"\x12")),
    "bookings": Message(_rpc("SessionService", "BatchCreateSessions"), _tiny(b"\x1a")),
    "good bookings": Message(_rpc("SessionService", "BatchCreateSessions"), _bookings),
    "a chunk": Message(_rpc("SessionService", "ImportSessions"), _tiny(b"\x2a"), "both"),
    "candidates": Message(_rpc("SessionService", "ListSessions"), _tiny(b"\x22", 4)),
    "a mask": Message(_rpc("SessionService", "ListSessions"), _tiny(b"\x0a", 7)),
    "a watch": Message(_rpc("SessionService", "WatchSessions"), _tiny(b"\x12", 5), "replies"),
    "questions": Message(_rpc("MarkingService", "SetResponses"), _tiny(b"\x12", 10)),
    "options": Message(_rpc("CatalogService", "CreateTestForm"), _tiny(b"\x3a", 2, 6)),
    "responses": Message(_rpc("TemplateService", "SubmitFromTemplate"), _tiny(b"\x22", 3)),
    "a transition": Message(_rpc("LifecycleService", "PauseSession"), _tiny(b"\xa0\x7f")),
}


def hostile(bench: Bench) -> Iterator[Figure]:
    """A healthy caller beside eight hostile ones, by the size of their messages, on both transports."""
    for transport in ("grpcio", "native"):
        if transport == "native":
            try:
                require_native()
            except Missing:
                return
        database = bench.database(f"hostile-{transport}")
        with service(bench.cores, database, transport=transport) as process:
            cohort = Cohort(process.port, 1_000)
            driver = Driver(process.port, Callers(1))
            try:
                for size in SIZES:
                    yield _figure(bench, process, driver, cohort, transport, size)
            finally:
                driver.close()


def _figure(bench: Bench, process: Process, driver: Driver, cohort: Cohort, transport: str, size: str) -> Figure:
    runs: list[dict[str, Any]] = []
    for name, message in MESSAGES.items():
        bench.say(f"hostile: {name}, {size}, {transport}")
        data = message.bytes_at(SIZES[size])
        quiet = driver.run(cohort.reads(), bench.seconds)
        if not runs:
            # What is made once, threads and caches, is not the message's growth.
            _attacked(bench, process, driver, cohort.reads(), message, data)
        before = process.memory_mib()
        run, most, counts = _attacked(bench, process, driver, cohort.reads(), message, data)
        time.sleep(SETTLE_S)
        in_flight = CONNECTIONS * len(data) / 1024**2
        runs.append(
            {
                "message": name,
                "quiet_p99": quiet.p99,
                "p99": run.p99,
                "longest": run.longest,
                "growth": (most - before) / in_flight,
                "grown_mib": most - before,
                "kept_mib": process.memory_mib() - before,
                "counts": counts,
            }
        )
    worst, heaviest = max(runs, key=lambda run: run["p99"]), max(runs, key=lambda run: run["growth"])
    kept = max(run["kept_mib"] for run in runs)
    bare = sum(n for run in runs for reason, n in run["counts"].items() if reason.startswith("bare"))
    return Figure(
        f"GetSession beside {CONNECTIONS} callers with {size} of tiny elements, {transport}",
        value=f"p99 {worst['p99']:.1f} ms ({worst['message']})",
        floor=f"quiet p99 {worst['quiet_p99']:.1f} ms",
        target=f"p99 ≤ {P99_MS:.0f} ms, memory ≤ {GROWTH:.0f} x bytes in flight",
        met=worst["p99"] <= P99_MS and heaviest["growth"] <= GROWTH,
        notes=f"longest {max(run['longest'] for run in runs):.0f} ms; "
        f"memory at most {heaviest['growth']:.1f} x the bytes in "
        f"flight, {heaviest['grown_mib']:.0f} MiB ({heaviest['message']}), at most {kept:.0f} MiB of it kept; "
        f"{sum(sum(run['counts'].values()) for run in runs):,} calls, {bare} refused without a reason",
        runs=runs,
    )


def _attacked(
    bench: Bench, process: Process, driver: Driver, reads: Iterator[Call], message: Message, data: bytes
) -> tuple[Run, float, dict[str, int]]:
    """A run of the healthy caller meanwhile, the most memory in MiB, and how the hostile calls ended."""
    file = Path(bench.directory, "hostile.bin")
    file.write_bytes(data)
    command = [sys.executable, str(Path(__file__).with_name("hostile_load.py")), str(process.port), message.path]
    load = subprocess.Popen(
        [*command, message.streams, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    most, ended = [process.memory_mib()], threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY_S):
            most.append(process.memory_mib())

    looking = threading.Thread(target=look)
    looking.start()
    time.sleep(0.5)
    try:
        run = driver.run(reads, bench.seconds)
    finally:
        out, _ = load.communicate("")
        ended.set()
        looking.join()
    return run, max(most), json.loads(out)
