"""What a session costs from its booking to its end: processor time of each step, and bytes on disk."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

from benchmark.bench import Refused
from benchmark.load import Driver
from benchmark.load_sessions import PACKAGE, PAUSE, RESUME, book
from benchmark.results import Figure, median, spread
from benchmark.servers import echo, service
from exam_sessions_client.v1 import lifecycle_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.load import Call
    from benchmark.processes import Process
    from exam_sessions_client.v1.session_service_pb2 import BookedSession

LIVES = 10_000
"""Sessions of a run: one roster."""
CALLERS = 64
MILLION = 1_000_000
REPLY = 270
"""Bytes of the echo's replies: what the steps answer with, within a few."""
STEPS = {
    "package": ("CreatePackage", pb.CreatePackageRequest),
    "download": ("DownloadSession", pb.DownloadSessionRequest),
    "keycode": ("EnterKeycode", pb.EnterKeycodeRequest),
    "pause": ("PauseSession", pb.PauseSessionRequest),
    "resume": ("ResumeSession", pb.ResumeSessionRequest),
    "finish": ("FinishSession", pb.FinishSessionRequest),
}


def calls(step: str, booked: list[BookedSession]) -> Iterator[Call]:
    """One step of every session, each call with a request id."""
    method, request = STEPS[step]
    for session in booked:
        named = {"keycode": session.keycode} if step == "keycode" else {"session_id": session.id}
        message = request(request_id=str(uuid.uuid4()), **named)
        yield f"{PACKAGE}.LifecycleService/{method}", message.SerializeToString()


def session_cost(bench: Bench, database: Database) -> Figure:
    """Sessions booked in one roster and taken from state to state, all of them one step and then the next."""
    runs: list[dict[str, Any]] = []
    with (
        service(bench.cores, database) as process,
        echo(bench.cores, dict.fromkeys((PAUSE, RESUME), REPLY)) as bare,
    ):
        driver, floor = Driver(process.port, bench.callers(CALLERS)), Driver(bare.port, bench.callers(CALLERS))
        for n in range(bench.runs):
            bench.say(f"{database.kind}: {LIVES:,} lives, run {n + 1} of {bench.runs}")
            runs.append({"value": _lives(process, driver, database), "floor": _echoed(bench, bare, floor)})
        driver.close()
        floor.close()
    database.settle()
    of_tables = {name: size / (LIVES * bench.runs) for name, size in database.table_bytes().items()}
    sizes = {name: size for name, size in of_tables.items() if name in {"sessions", "events", "requests"}}
    total = sum(sizes.values()) or database.bytes_on_disk() / (LIVES * bench.runs)
    steps = {
        step: {who: median(run["value"][step][who] for run in runs) for who in ("service", "database")}
        for step in runs[0]["value"]
    }
    each = [sum(sum(step.values()) for step in run["value"].values()) for run in runs]
    return Figure(
        f"A session's life on {database.kind}",
        value=f"{median(each):,.0f} CPU s and {total / 1e3:.2f} GB per million",
        floor=f"echo {median(run['floor'] for run in runs) * len(STEPS):,.0f} CPU s",
        notes=f"booked in rosters of {LIVES:,}, then {', '.join(STEPS)} by {CALLERS} callers, each call with a "
        f"request id; CPU s of the service and the database {spread(each, 0)}; the floor is the echo asked as often "
        f"as the steps; on disk {', '.join(f'{name} {size:.0f} B' for name, size in sizes.items())} a session",
        runs=runs,
        at={"curve": "life", "series": database.kind, "steps": steps, "bytes": sizes, "total_bytes": total},
    )


def _lives(process: Process, driver: Driver, database: Database) -> dict[str, dict[str, float]]:
    """Microseconds of processor time that each step of a session took, of the service and of the database."""
    costs: dict[str, dict[str, float]] = {}
    booked: list[BookedSession] = []
    for step in ("book", *STEPS):
        before = process.cpu_seconds(), database.cpu_seconds()
        if step == "book":
            booked = book(process.port, LIVES)
        else:
            run = driver.run(calls(step, booked))
            if run.errors:
                raise Refused(f"{step}: {run.errors} of {run.ended} calls were refused: {driver.first_error}")
        after = process.cpu_seconds(), database.cpu_seconds()
        mine, its = ((now - then) / LIVES * MILLION for now, then in zip(after, before, strict=True))
        costs[step] = {"service": mine, "database": its}
    return costs


def _echoed(bench: Bench, bare: Process, driver: Driver) -> float:
    """Microseconds of processor time that the echo takes for a call."""
    before = bare.cpu_seconds()
    message = pb.PauseSessionRequest(session_id=str(uuid.uuid4()), request_id=str(uuid.uuid4())).SerializeToString()
    run = driver.run(itertools.repeat((PAUSE, message)), bench.seconds)
    return (bare.cpu_seconds() - before) / run.ended * MILLION
