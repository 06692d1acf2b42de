"""Single calls: durable transitions, reads, and what a lone caller pays for the others' company."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmark.bench import Side
from benchmark.load import Callers, Driver
from benchmark.load_sessions import GET, PAUSE, RESUME, Cohort, reply_size
from benchmark.results import Figure, median
from benchmark.servers import echo, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import SqliteFile
    from benchmark.load import Call
    from benchmark.processes import Process

SESSIONS = 5_000
"""In progress while they are moved and read."""
LONE_SESSIONS = 1_000


def transitions(bench: Bench) -> Iterator[Figure]:
    """Pause and resume, each call new, durable, with its history and its request id: against the echo."""
    database = bench.database("transitions")
    with service(bench.cores, database) as real:
        cohort = _cohort(bench, real, SESSIONS)
        before = _rows(database)
        sizes = settled_sizes(bench, real, cohort)
        with echo(bench.cores, sizes) as bare:
            for callers, at_least in ((64, 0.7), (16, 0.5)):
                yield bench.rate_figure(
                    f"Durable transition, {callers} callers",
                    Side("service", real, cohort.moves),
                    Side("echo", bare, cohort.look_alikes),
                    bench.callers(callers),
                    at_least,
                )
            yield from _cross_check(bench, bare, next(cohort.look_alikes()))
        with echo(bench.cores, sizes, "giving-way") as even:
            yield bench.rate_figure(
                "Durable transition, 64 callers, beside an echo whose threads give way too",
                Side("service", real, cohort.moves),
                Side("echo", even, cohort.look_alikes),
                bench.callers(64),
            )
        events, requests = (now - then for now, then in zip(_rows(database), before, strict=True))
        yield Figure(
            "Rows those calls left",
            value=f"{events:,} events, {requests:,} request ids",
            floor=f"{cohort.moved:,} calls",
            target="equal",
            met=events == requests == cohort.moved,
            notes="nothing acknowledged is missing, nothing is written twice",
        )


def settled_sizes(bench: Bench, process: Process, cohort: Cohort) -> dict[str, int]:
    """The sizes of the replies to pause and resume, once etags and paused times have their usual length."""
    bench.say("pausing and resuming every session twice, for the sizes of the replies")
    driver = Driver(process.port, bench.callers(64))
    runs = [driver.run(cohort.round()) for _ in range(4)]
    driver.close()
    return {PAUSE: round(runs[2].message_bytes), RESUME: round(runs[3].message_bytes)}


def _cross_check(bench: Bench, bare: Process, call: Call) -> Iterator[Figure]:
    """The echo's rate as h2load sees it, where h2load is installed: our driver must not be what limits it."""
    program, core = shutil.which("h2load"), bench.cores.load
    if not program:
        return
    path, request = call
    body = bench.directory / "body"
    body.write_bytes(bytes(1) + len(request).to_bytes(4, "big") + request)
    callers = bench.callers(64)
    command = [program, f"-c{callers.connections}", f"-m{callers.number // callers.connections}", "-d", str(body)]
    command += [f"-D{max(1, round(bench.seconds))}", "-Hcontent-type: application/grpc", "-Hte: trailers"]
    if core is not None and (pin := shutil.which("taskset")):
        command = [pin, "-c", str(core), *command]
    driver = Driver(bare.port, callers)
    ours, theirs, runs = [], [], []
    for n in range(bench.runs):
        bench.say(f"echo: our driver and h2load, run {n + 1} of {bench.runs}")
        ours.append(driver.run(itertools.repeat(call), bench.seconds).rate)
        url = f"http://127.0.0.1:{bare.port}{path}"
        output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
        theirs.append(float(output.partition("finished in")[2].split()[1]))
        runs.append({"value": {"rate": ours[-1]}, "floor": {"rate": theirs[-1]}})
    driver.close()
    yield Figure(
        "Echo, asked by our driver",
        value=f"{median(ours):,.0f}/s",
        floor=f"h2load {median(theirs):,.0f}/s",
        ratio=median(mine / its for mine, its in zip(ours, theirs, strict=True)),
        notes="a check of the driver",
        runs=runs,
    )


def reads(bench: Bench) -> Iterator[Figure]:
    """GetSession against the echo."""
    with service(bench.cores, bench.database("reads")) as real:
        cohort = _cohort(bench, real, SESSIONS)
        with echo(bench.cores, {GET: reply_size(real.port, next(cohort.reads()))}) as bare:
            yield bench.rate_figure(
                "GetSession, 64 callers",
                Side("service", real, cohort.reads),
                Side("echo", bare, cohort.reads),
                bench.callers(64),
                0.75,
            )


def lone(bench: Bench) -> Iterator[Figure]:
    """One caller who moves sessions, with lingering as it is set by default, against lingering switched off."""
    with (
        service(bench.cores, bench.database("lingering")) as lingering,
        service(bench.cores, bench.database("hasty"), linger_ms=0) as hasty,
    ):
        yield bench.rate_figure(
            "Durable transition, a lone caller",
            Side("lingering", lingering, _cohort(bench, lingering, LONE_SESSIONS).moves),
            Side("linger off", hasty, _cohort(bench, hasty, LONE_SESSIONS).moves),
            Callers(1),
            0.9,
        )


def _cohort(bench: Bench, process: Process, count: int) -> Cohort:
    bench.say(f"booking {count:,} sessions and walking them into progress")
    return Cohort(process.port, count)


def _rows(database: SqliteFile) -> list[int]:
    return [database.count("events"), database.count("requests")]
