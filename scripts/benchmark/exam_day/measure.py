"""The exam day on each database: how long every verb waits at three loads, and what a candidate costs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.databases import running_postgres
from benchmark.exam_day.alarm import Alarm
from benchmark.exam_day.audit import Audit, audited, events_of
from benchmark.exam_day.fleet import fleet
from benchmark.exam_day.player import Played, Player
from benchmark.exam_day.requests import open_exam
from benchmark.exam_day.timetable import (
    ALARM,
    HOURS,
    RESTART,
    SAVES,
    Verb,
    centre_of,
    timetable,
)
from benchmark.load import percentile
from benchmark.results import Figure, Missing, skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench
    from benchmark.capacity import NewDatabase
    from benchmark.databases import Database
    from benchmark.exam_day.fleet import Fleet
    from benchmark.exam_day.requests import Booked
    from benchmark.exam_day.timetable import Candidate

CALLERS = 64
LOADS = (0.3, 0.7, 0.9)
QUIET, QUIET_CANDIDATES = 0.05, 200
TARGET_LOAD, TARGET_MS = 0.7, 50.0
WATCHED = 10
"""Rooms that are watched; the first has a board, too."""
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


class Day(NamedTuple):
    """A day that was played."""

    candidates: int
    played: Played
    audit: Audit
    rooms: dict[str, Any]
    missed: int
    """Events that a watcher of a room was not sent, over all rooms."""
    cpu: tuple[float, float]
    """Seconds of the service and of the database."""
    memory: float
    disk: float
    """Bytes for each candidate."""
    alarms: list[float]

    def waits(self) -> dict[Verb, dict[str, float]]:
        """Milliseconds that each verb waited."""
        ordered = {verb: sorted(waits) for verb, waits in self.played.waits.items()}
        return {
            verb: {name: percentile(waits, share) * 1e3 for name, share in SHARES.items()}
            for verb, waits in sorted(ordered.items(), key=lambda item: list(Verb).index(item[0]))
        }


def exam_day(bench: Bench) -> Iterator[Figure]:
    """SQLite with one server; PostgreSQL with one and with two, of which one is restarted."""
    yield from _on(bench, "SQLite", bench.database, 1)
    try:
        with running_postgres(bench.directory, bench.cores) as server:
            server.place(bench.cores.every)
            yield from _on(bench, "PostgreSQL", server.database, 1)
            yield from _on(bench, "PostgreSQL, two servers", server.database, 2)
    except Missing as missing:
        yield skipped("Exam day on PostgreSQL", missing)


def _on(bench: Bench, series: str, new: NewDatabase, servers: int) -> Iterator[Figure]:
    with bench.cores.anywhere() if "PostgreSQL" in series else nullcontext():
        bench.say(f"exam day, {series}: capacity")
        capacity = _capacity(bench, new("day-capacity"), servers)
        bench.say(f"exam day, {series}: quiet")
        quiet = _played(bench, new("day-quiet"), servers, QUIET_CANDIDATES, QUIET * capacity)
        days = {}
        for load in LOADS:
            bench.say(f"exam day, {series}: {bench.candidates:,} candidates at {load:.0%} of {capacity:,.0f} calls/s")
            days[load] = _played(bench, new(f"day-{load:.0%}"), servers, bench.candidates, load * capacity)
            yield _waits_figure(series, load, days[load], quiet)
    yield _cost_figure(series, days[TARGET_LOAD], capacity)
    yield _lost_figure(series, [quiet, *days.values()])


def _capacity(bench: Bench, database: Database, servers: int) -> float:
    """Calls a second when candidates live their day as fast as so many callers can."""
    candidates = timetable(max(QUIET_CANDIDATES, bench.candidates // 10))
    with fleet(bench.cores, database, servers) as here:
        player = Player(here.ports, bench.connections, candidates, open_exam(here.ports[0], candidates))
        played = player.play(0.0, CALLERS * servers)
        player.close()
    return played.calls / played.seconds


def _played(bench: Bench, database: Database, servers: int, count: int, rate: float) -> Day:
    """A day whose saves come at a rate, on average; everything else as it comes in proportion."""
    candidates = timetable(count)
    saves = sum(step.verb in {Verb.SAVE, Verb.REPEAT} for c in candidates for step in c.steps)
    seconds = saves / rate / (SAVES[1] - SAVES[0])
    with fleet(bench.cores, database, servers) as here:
        before, empty = (here.cpu_seconds(), database.cpu_seconds()), database.bytes_on_disk()
        booked = open_exam(here.ports[0], candidates)
        after = database.last_sequence()
        with _rooms(here, count) as program:
            played, alarms = _play(bench, here, candidates, booked, seconds)
            rooms = _told(program, database.last_sequence())
        cpu = here.cpu_seconds() - before[0], database.cpu_seconds() - before[1]
        memory = here.memory_mib()
    missed = sum(events_of(database, centre, after) - seen for centre, seen in rooms["events"].items())
    audit = audited(database, candidates, booked, played.acknowledged)
    database.settle()
    disk = (database.bytes_on_disk() - empty) / count
    return Day(count, played, audit, rooms, missed, cpu, memory, disk, alarms)


def _play(
    bench: Bench, here: Fleet, candidates: list[Candidate], booked: dict[int, Booked], seconds: float
) -> tuple[Played, list[float]]:
    """The day itself, with the fire alarm and, where there are two servers, the restart of one."""
    room = Alarm(here.ports[0], centre_of(0))
    at: list[tuple[float, Callable[[], None]]] = [(ALARM[0], room.pause), (ALARM[1], room.resume)]
    if len(here.ports) > 1:
        at.append((RESTART, here.restart_last))
    player = Player(here.ports, max(bench.connections, len(here.ports)), candidates, booked)
    try:
        played = player.play(seconds, at=at)
    finally:
        player.close()
    here.settle()
    return played, room.settle()


@contextmanager
def _rooms(here: Fleet, count: int) -> Iterator[subprocess.Popen[str]]:
    """The process that watches rooms, all of which has begun."""
    centres = sorted({centre_of(number) for number in range(count)})[:WATCHED]
    program = str(Path(__file__).with_name("rooms.py"))
    command = [sys.executable, program, ",".join(map(str, here.ports)), ",".join(centres)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            assert process.stdout
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the watchers of rooms did not begin")
            yield process
        finally:
            process.kill()


def _told(process: subprocess.Popen[str], end: int) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{end}\n")
    process.stdin.flush()
    came: dict[str, Any] = json.loads(process.stdout.readline())
    return came


def _three(waits: dict[str, float]) -> str:
    return " / ".join(f"{waits[name]:.1f}" for name in SHARES)


def _waits_figure(series: str, load: float, day: Day, quiet: Day) -> Figure:
    waits, calm = day.waits(), quiet.waits()
    slowest = max(waits, key=lambda verb: waits[verb]["p99"])
    worst, played = waits[slowest]["p99"], day.played
    asked = load == TARGET_LOAD
    verbs = "; ".join(f"{verb} {_three(waits[verb])} (quiet {_three(calm[verb])})" for verb in waits)
    alarms = ", ".join(f"{seconds:.2f}" for seconds in day.alarms)
    return Figure(
        f"Exam day on {series}, {load:.0%} of capacity",
        value=f"p99 at most {worst:.1f} ms ({slowest})",
        floor=f"quiet p99 {calm[slowest]['p99']:.1f} ms",
        target=f"p99 of every verb < {TARGET_MS:.0f} ms" if asked else "",
        met=worst < TARGET_MS if asked else None,
        notes=f"p50 / p99 / p99.9 in ms from when a call was due: {verbs}. {day.candidates:,} candidates, "
        f"{played.calls:,} calls in {played.seconds:.0f} s, {HOURS * 3600 / played.seconds:.0f} times as fast as a "
        f"day of {HOURS:g} hours; {played.calls / played.seconds:,.0f} calls/s over the day; {played.repeated} calls "
        f"repeated after a refusal or a lost connection; sent within {played.late * 1e3:.1f} ms (99 of 100); the "
        f"fire alarm took {alarms} s to pause and to resume; watchers' delay p50 {day.rooms['p50']} ms, p99 "
        f"{day.rooms['p99']} ms, longest {day.rooms['longest']} ms; the board read {day.rooms['read']:,} sessions",
        at={"curve": "exam-day", "series": series, "x": round(load * 100), "waits": waits, "quiet": calm},
        runs=[{"value": {"p99": worst}, "floor": {"p99": calm[slowest]["p99"]}}],
    )


def _cost_figure(series: str, day: Day, capacity: float) -> Figure:
    service, database = (seconds / day.candidates * 1000 for seconds in day.cpu)
    return Figure(
        f"A candidate's day on {series}",
        value=f"{service + database:.2f} CPU s per 1,000 candidates",
        floor=f"of that the database {database:.2f}",
        notes=f"{day.played.calls / day.candidates:.1f} calls a candidate, with the roster, the watchers and the "
        f"board; capacity {capacity:,.0f} calls/s with {CALLERS} callers a server; {day.memory:.0f} MiB resident in "
        f"the end, {day.disk:,.0f} bytes on disk a candidate",
        at={"curve": "exam-day-cost", "series": series, "cpu": day.cpu, "capacity": capacity, "disk": day.disk},
        runs=[{"value": {"service": service, "database": database, "memory": day.memory}}],
    )


def _lost_figure(series: str, days: list[Day]) -> Figure:
    acknowledged, lost, wrong = (sum(getattr(day.audit, name) for day in days) for name in Audit._fields)
    missed, twice = sum(day.missed for day in days), sum(day.rooms["twice"] for day in days)
    return Figure(
        f"Exam day on {series}, counted afterwards",
        value=f"{lost} requests lost, {wrong} candidates with another end, {missed} events not sent, {twice} twice",
        floor=f"{acknowledged:,} requests acknowledged",
        target="0",
        met=lost == wrong == missed == twice == 0,
        notes="every request id that was answered is looked for, every candidate's state and points are compared "
        f"with what they answered; watches resumed {sum(day.rooms['resumed'] for day in days)} times",
        runs=[],
    )
