"""WatchSessions: hundreds of watchers of one server while hundreds of things happen every second."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.bench import Refused
from benchmark.load import percentile
from benchmark.load_sessions import Cohort
from benchmark.probe import Probe
from benchmark.results import Figure, median, spread
from benchmark.servers import service
from benchmark.stalled import stalled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.processes import Process

WATCHERS, CHANNELS = 500, 10
EVENTS_PER_SECOND = 500
WITHIN = 500.0
SESSIONS = 5_000
SETTLE = 1.0
MOVES = "moves"


class Traffic(NamedTuple):
    """A run: what the callers who moved sessions waited, and what the watchers say they were told."""

    waits: list[float]
    told: dict[str, Any]
    seconds: float
    server_share: float


class Watched:
    """One server with its sessions, and watchers who come and go."""

    def __init__(self, bench: Bench, process: Process, database: Database) -> None:
        self._bench, self._process, self._database = bench, process, database
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        self._cohort = Cohort(process.port, SESSIONS)

    @contextmanager
    def watchers(self, count: int) -> Iterator[subprocess.Popen[str] | None]:
        """A process with so many watchers, which have all begun; none without any."""
        if not count:
            yield None
            return
        program = str(Path(__file__).with_name("watchers.py"))
        command = [sys.executable, program, str(self._process.port), str(count), str(min(count, CHANNELS))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            try:
                assert client.stdout
                if client.stdout.readline() != "ready\n":
                    raise RuntimeError(f"{count} watchers did not begin")
                yield client
            finally:
                client.kill()

    def run(self, client: subprocess.Popen[str] | None) -> Traffic:
        """Moves sessions at the pace for a while, and has the watchers say what they were told."""
        cpu, began = self._process.cpu_seconds(), time.perf_counter()
        probe = Probe(self._process.port, {MOVES: self._cohort.moves()}, 1 / EVENTS_PER_SECOND)
        time.sleep(self._bench.seconds)
        probe.stop()
        took = time.perf_counter() - began
        share = (self._process.cpu_seconds() - cpu) / took
        told: dict[str, Any] = {}
        if client:
            assert client.stdin
            assert client.stdout
            client.stdin.write(f"{self._database.last_sequence()}\n")
            client.stdin.flush()
            told = json.loads(client.stdout.readline())
            if told["broken"]:
                raise Refused(f"watches ended: {told['broken'][0]}")
        return Traffic(probe.waits_outside(MOVES, []), told, took, share)


def watch(bench: Bench) -> Iterator[Figure]:
    """Delivery, loss, what callers wait meanwhile, and memory, also of those who do not read."""
    database = bench.database("watch")
    with service(bench.cores, database) as process:
        watched = Watched(bench, process, database)
        bench.say("moving sessions with nobody watching, to warm up")
        watched.run(None)
        runs: dict[int, list[Traffic]] = {0: [], 1: [], WATCHERS: []}
        memory: dict[int, float] = {}
        idle: dict[int, float] = {}
        for n in range(bench.runs):
            for count, done in runs.items():
                bench.say(f"{count} watchers: run {n + 1} of {bench.runs}")
                with watched.watchers(count) as client:
                    time.sleep(SETTLE)
                    idle.setdefault(count, process.memory_mib())
                    done.append(watched.run(client))
                    memory.setdefault(count, process.memory_mib())
        bench.say("watchers who read nothing")
        unread = stalled(process)
        yield _delivery(runs[WATCHERS], runs[1])
        yield _loss(runs[WATCHERS])
        yield _callers(runs[WATCHERS], runs[0])
        yield _memory(idle, memory)
        yield unread


def _delivery(many: list[Traffic], one: list[Traffic]) -> Figure:
    p99 = median(run.told["p99"] for run in many)
    pieces = sum(run.told["pieces"] for run in many)
    seconds = sum(run.seconds for run in many)
    deliveries = sum(run.told["deliveries"] for run in many)
    return Figure(
        f"Delivery to {WATCHERS} watchers, {EVENTS_PER_SECOND} events a second",
        value=f"p99 {p99:.0f} ms",
        floor=f"one watcher {median(run.told['p99'] for run in one):.0f} ms",
        target=f"< {WITHIN:.0f} ms",
        met=p99 < WITHIN,
        notes=f"from the event's time, before its commit, to its receipt; "
        f"p99 {spread([run.told['p99'] for run in many], 0)}, p50 {median(run.told['p50'] for run in many):.0f}, "
        f"longest {max(run.told['longest'] for run in many)} ms (one watcher: p50 "
        f"{median(run.told['p50'] for run in one):.0f}, longest {max(run.told['longest'] for run in one)}); "
        f"{sum(run.told['events'] for run in many) / seconds:,.0f} events/s, {deliveries / seconds:,.0f} "
        f"deliveries/s in {pieces / seconds:,.0f} pieces/s, "
        f"{sum(run.told['bytes'] for run in many) / seconds / 1e6:.0f} MB/s; "
        f"server {median(run.server_share for run in many):.0%} of its core (one watcher "
        f"{median(run.server_share for run in one):.0%}), the watchers' process at most "
        f"{max(run.told['client_share'] for run in many):.0%} of its own; {CHANNELS} connections",
        runs=[{"value": a.told, "floor": b.told} for a, b in zip(many, one, strict=True)],
    )


def _loss(many: list[Traffic]) -> Figure:
    told = [run.told for run in many]
    lost, repeated, deliveries = (sum(one[name] for one in told) for name in ("lost", "repeated", "deliveries"))
    due = sum(one["events"] * one["watchers"] for one in told)
    return Figure(
        "Events lost or told twice",
        value=f"{lost:,} lost, {repeated:,} twice",
        floor=f"{deliveries:,} deliveries",
        target=f"0 of {due:,}",
        met=lost == repeated == 0 and deliveries == due,
        notes="every watcher compared every sequence with the one due",
    )


def _callers(many: list[Traffic], none: list[Traffic]) -> Figure:
    def p99(run: Traffic) -> float:
        return percentile(run.waits, 0.99)

    return Figure(
        f"Durable transition with {WATCHERS} watchers",
        value=f"p99 {median(map(p99, many)):.1f} ms",
        floor=f"nobody watching {median(map(p99, none)):.1f} ms",
        notes=f"p50 {median(percentile(run.waits, 0.5) for run in many):.2f} ms (nobody watching "
        f"{median(percentile(run.waits, 0.5) for run in none):.2f}); {EVENTS_PER_SECOND} calls/s at fixed times",
        runs=[{"value": {"p99": p99(a)}, "floor": {"p99": p99(b)}} for a, b in zip(many, none, strict=True)],
    )


def _memory(idle: dict[int, float], loaded: dict[int, float]) -> Figure:
    each = (loaded[WATCHERS] - loaded[1]) / (WATCHERS - 1) * 1024
    return Figure(
        "Memory per watcher",
        value=f"{each:.0f} KiB",
        floor=f"{loaded[0]:.0f} MiB with nobody watching",
        notes=f"resident, in the first runs: {loaded[1]:.0f} MiB with one watcher, who has the newest events kept; "
        f"{idle[WATCHERS]:.0f} MiB with {WATCHERS} before anything happened, {loaded[WATCHERS]:.0f} MiB afterwards",
        runs=[{"value": {"idle_mib": idle, "loaded_mib": loaded}}],
    )
