"""One exam day on the servers of a database: played at a rate, watched all along, and counted afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.exam_day.alarm import Alarm
from benchmark.exam_day.audit import Audit, audited, events_of
from benchmark.exam_day.fleet import fleet
from benchmark.exam_day.player import Played, Player
from benchmark.exam_day.requests import open_exam
from benchmark.exam_day.timetable import (
    ALARM,
    CENTRES_AT_LEAST,
    FIRST_CENTRE,
    RESTART,
    SAVES,
    Verb,
    centres_of,
    timetable,
)
from benchmark.load import percentile
from benchmark.processes import cpu_seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.exam_day.fleet import Fleet
    from benchmark.exam_day.requests import Booked
    from benchmark.exam_day.timetable import Candidate

CALLERS = 64
"""At each server, to find its capacity."""
WARM_UP_S, CAPACITY_S = 3.0, 12.0
CAPACITY_CANDIDATES = 2_000
"""At least: so many that they last that long."""
WATCHED = CENTRES_AT_LEAST
"""Rooms that are watched; the first has a board, too."""
MOMENTS = 20
"""How often a day says how far it is, and looks at the memory."""
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
ENOUGH = {"p50": 1, "p99": 100, "p99.9": 1_000}
"""Calls of a verb from which on such a percentile is stated."""
Percentiles = dict[str, float | None]


class Capacity(NamedTuple):
    """What was done when every caller called again at once."""

    rate: float
    """Calls a second."""
    cpu_us: float
    """Of the service for a call, in microseconds."""
    load_share: float
    """Of a core, of the program that plays the day."""


class Day(NamedTuple):
    """A day that was played."""

    candidates: int
    rate: float
    """Saves that were due in a second, on average."""
    played: Played
    audit: Audit
    rooms: dict[str, Any]
    missed: int
    """Events that a watcher of a room was not sent, over all rooms."""
    cpu: tuple[float, float]
    """Seconds of the service and of the database, from the roster to the last result."""
    memory: list[float]
    """MiB of the largest server, once the roster is booked, and then at MOMENTS of the day."""
    disk: float
    """Bytes for each candidate."""
    alarms: list[float]
    away: tuple[float, float]
    """Between which seconds of the day a server was away, or what was due meanwhile was caught up with."""

    def waits(self) -> dict[Verb, Percentiles]:
        """Milliseconds that the calls of each verb waited, but for those due while a server was away."""
        return {verb: percentiles(self.played.waits[verb].outside(*self.away)) for verb in self._verbs()}

    def counts(self) -> dict[Verb, int]:
        """The calls of each verb."""
        return {verb: len(self.played.waits[verb].due) for verb in self._verbs()}

    def while_away(self) -> list[float]:
        """What calls waited that were due while a server was away, in order, in seconds."""
        return sorted(wait for waits in self.played.waits.values() for wait in waits.within(*self.away))

    def _verbs(self) -> list[Verb]:
        return [verb for verb in Verb if verb in self.played.waits]


def percentiles(waits: list[float]) -> Percentiles:
    """In milliseconds; None where there are not enough to say."""
    ordered = sorted(waits)
    return {
        name: percentile(ordered, share) * 1e3 if len(ordered) >= ENOUGH[name] else None
        for name, share in SHARES.items()
    }


def capacity(bench: Bench, database: Database, servers: int, count: int) -> Capacity:
    """Calls a second when callers live candidates' days as fast as they can, with watchers and board."""
    candidates = timetable(max(CAPACITY_CANDIDATES, count))
    with fleet(bench.cores, database, servers) as here:
        booked = open_exam(here.ports[0], candidates)
        # Otherwise all are of the first room, which has the board.
        lives = random.Random(0).sample(candidates, len(candidates))
        with _rooms(here, centres_of(candidates)):
            player = Player(here.ports, max(bench.connections, servers), lives, booked)
            try:
                warm = player.hurry(CALLERS * servers, WARM_UP_S)
                before, cpu = warm.calls, here.cpu_seconds()
                played = player.hurry(CALLERS * servers, CAPACITY_S)
                cpu = here.cpu_seconds() - cpu
            finally:
                player.close()
    calls = played.calls - before
    return Capacity(calls / played.seconds, cpu / calls * 1e6, played.cpu / played.seconds)


def play(bench: Bench, database: Database, servers: int, count: int, rate: float) -> Day:
    """A day whose saves come at a rate, on average, and everything else in proportion."""
    candidates = timetable(count)
    saves = sum(step.verb in {Verb.SAVE, Verb.REPEAT} for c in candidates for step in c.steps)
    seconds = saves / rate / (SAVES[1] - SAVES[0])
    with fleet(bench.cores, database, servers) as here:
        before, empty = (here.cpu_seconds(), database.cpu_seconds()), database.bytes_on_disk()
        booked = open_exam(here.ports[0], candidates)
        after, memory = database.last_sequence(), [here.memory_mib()]
        with _rooms(here, centres_of(candidates)) as program:
            played, alarms = _play(bench, here, candidates, booked, seconds, memory)
            rooms = _delivered(program, database.last_sequence())
        cpu = here.cpu_seconds() - before[0], database.cpu_seconds() - before[1]
        away = _away(here, played)
    missed = sum(events_of(database, centre, after) - seen for centre, seen in rooms["events"].items())
    audit = audited(database, candidates, booked, played.acknowledged)
    database.settle()
    disk = (database.bytes_on_disk() - empty) / count
    return Day(count, rate, played, audit, rooms, missed, cpu, memory, disk, alarms, away)


def _play(
    bench: Bench,
    here: Fleet,
    candidates: list[Candidate],
    booked: dict[int, Booked],
    seconds: float,
    memory: list[float],
) -> tuple[Played, list[float]]:
    """The day itself, with the fire alarm and, where there are two servers, the restart of one."""
    room = Alarm(here.ports[0], FIRST_CENTRE)
    at: list[tuple[float, Callable[[], object]]] = [(ALARM[0], room.pause), (ALARM[1], room.resume)]
    if len(here.ports) > 1:
        at.append((RESTART, here.restart_last))

    def look() -> None:
        bench.count("of the day", len(memory), MOMENTS)
        memory.append(here.memory_mib())

    at += [(n / MOMENTS, look) for n in range(1, MOMENTS + 1)]
    player = Player(here.ports, max(bench.connections, len(here.ports)), candidates, booked)
    try:
        played = player.play(seconds, at)
    finally:
        player.close()
    here.settle()
    return played, room.settle()


def _away(here: Fleet, played: Played) -> tuple[float, float]:
    """As long again as the restart took, the other server and then both catch up."""
    if not here.away:
        return 0.0, 0.0
    begin, end = (moment - played.began for moment in here.away)
    return begin, end + (end - begin)


@contextmanager
def _rooms(here: Fleet, centres: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The process that watches rooms, all of which has begun."""
    program = str(Path(__file__).with_name("rooms.py"))
    command = [sys.executable, program, ",".join(map(str, here.ports)), ",".join(centres[:WATCHED])]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            assert process.stdout
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the watchers of rooms did not begin")
            yield process
        finally:
            process.kill()


def _delivered(process: subprocess.Popen[str], end: int) -> dict[str, Any]:
    """What the watchers have received, once they have all events up to one."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{end}\n")
    process.stdin.flush()
    came: dict[str, Any] = json.loads(process.stdout.readline())
    return came | {"cpu": cpu_seconds_of(process.pid)}
