"""The exam day on each database: how long every verb waits at each load, and what a candidate costs."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from benchmark.databases import running_postgres
from benchmark.exam_day.day import CALLERS, CAPACITY_S, ENOUGH, MOMENTS, SHARES, Capacity, Day, capacity, play
from benchmark.exam_day.timetable import HOURS
from benchmark.load import percentile
from benchmark.results import Figure, Missing, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.capacity import NewDatabase
    from benchmark.exam_day.day import Percentiles

QUIET, LOADS = 0.05, (0.3, 0.7, 0.9)
TARGET_LOAD, TARGET_MS = 0.7, 50.0
CANDIDATES_AT_LEAST = 10
"""One for each room that is watched."""
RESIDENT_MIB = 300.0


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


def candidates_at(load: float, most: int) -> int:
    """So many that the day takes as long at each load, with `most` where the target is."""
    return max(CANDIDATES_AT_LEAST, round(most * load / TARGET_LOAD))


def _on(bench: Bench, series: str, new: NewDatabase, servers: int) -> Iterator[Figure]:
    with bench.cores.anywhere() if "PostgreSQL" in series else nullcontext():
        bench.say(f"exam day, {series}: capacity")
        most = capacity(bench, new("day-capacity"), servers, candidates_at(TARGET_LOAD, bench.candidates))
        days: dict[float, Day] = {}
        for load in (QUIET, *LOADS):
            count = candidates_at(load, bench.candidates)
            bench.say(f"exam day, {series}: {count:,} candidates at {load:.0%} of {most.rate:,.0f} calls/s")
            days[load] = play(bench, new(f"day-{load:.0%}"), servers, count, load * most.rate)
            if load != QUIET:
                yield _waits_figure(series, load, days[load], days[QUIET])
    yield _watchers_figure(series, days)
    yield _cost_figure(series, days[TARGET_LOAD], most)
    yield _memory_figure(series, days[TARGET_LOAD])
    yield _lost_figure(series, [*days.values()])


def _stated(waits: Percentiles) -> str:
    return " / ".join("-" if wait is None else f"{wait:.1f}" for wait in waits.values())


def _waits_figure(series: str, load: float, day: Day, quiet: Day) -> Figure:
    waits, calm, counts, played = day.waits(), quiet.waits(), day.counts(), day.played
    p99 = {verb: wait for verb in waits if (wait := waits[verb]["p99"]) is not None}
    slowest = max(p99, key=lambda verb: p99[verb])
    asked, quietest = load == TARGET_LOAD, calm.get(slowest, {}).get("p99")
    verbs = "; ".join(
        f"{verb} {_stated(waits[verb])} (of {counts[verb]:,}; quiet {_stated(calm.get(verb, {}))})" for verb in waits
    )
    return Figure(
        f"Exam day on {series}, {load:.0%} of capacity",
        value=f"p99 at most {p99[slowest]:.1f} ms ({slowest})",
        floor="" if quietest is None else f"quiet p99 {quietest:.1f} ms",
        target=f"p99 of every verb < {TARGET_MS:.0f} ms" if asked else "",
        met=p99[slowest] < TARGET_MS if asked else None,
        notes=f"{' / '.join(SHARES)} in ms from when a call was due, stated from {ENOUGH['p99']} and "
        f"{ENOUGH['p99.9']:,} calls on: {verbs}. {day.candidates:,} candidates, {played.calls:,} calls in "
        f"{played.seconds:.0f} s, {HOURS * 3600 / played.seconds:.0f} times as fast as a day of {HOURS:g} hours; "
        f"{day.rate:,.0f} saves/s while answers are saved, {played.calls / played.seconds:,.0f} calls/s over the day"
        f"{_restart(day)}; {_surroundings(day)}",
        at={
            "curve": "exam-day",
            "series": series,
            "x": round(load * 100),
            "waits": waits,
            "quiet": calm,
            "quiet_x": round(QUIET * 100),
            "counts": counts,
        },
        runs=[{"value": {"p99": p99[slowest]}, "floor": {"p99": quietest}}],
    )


def _restart(day: Day) -> str:
    begin, end = day.away
    if not end:
        return ""
    waits = day.while_away()
    return (
        f"; not counted: {len(waits):,} calls due in the {end - begin:.1f} s in which a server was restarted and "
        f"they were caught up with, p99 {percentile(waits, 0.99) * 1e3:.0f} ms, longest "
        f"{percentile(waits, 1) * 1e3:.0f} ms"
    )


def _surroundings(day: Day) -> str:
    played, rooms = day.played, day.rooms
    alarms = ", ".join(f"{seconds:.2f}" for seconds in day.alarms)
    return (
        f"{played.repeated} calls repeated after a refusal or a lost connection; sent within "
        f"{played.late * 1e3:.1f} ms (99 of 100); the fire alarm took {alarms} s to pause and to resume; the load "
        f"took {played.cpu / played.seconds:.0%} of a core, the watchers {rooms['cpu'] / played.seconds:.0%}, the "
        f"service {day.cpu[0] / played.seconds:.0%}, the database {day.cpu[1] / played.seconds:.0%}"
    )


def _watchers_figure(series: str, days: dict[float, Day]) -> Figure:
    rooms = days[TARGET_LOAD].rooms
    each = "; ".join(
        f"at {load:.0%} p50 {day.rooms['p50']}, p99 {day.rooms['p99']}, longest {day.rooms['longest']} ms"
        for load, day in days.items()
    )
    return Figure(
        f"Watchers' delay on {series}, {TARGET_LOAD:.0%} of capacity",
        value=f"p99 {rooms['p99']} ms",
        floor=f"quiet p99 {days[QUIET].rooms['p99']} ms",
        notes=f"from the event's time, before its commit, to its receipt, in milliseconds: {each}. Ten rooms and a "
        f"board, which read {rooms['read']:,} sessions in {rooms['reads']:,} calls after {rooms['board']:,} events",
        runs=[{"value": {"p99": rooms["p99"], "p50": rooms["p50"]}}],
    )


def _cost_figure(series: str, day: Day, most: Capacity) -> Figure:
    service, database = (seconds / day.candidates * 1000 for seconds in day.cpu)
    return Figure(
        f"A candidate's day on {series}",
        value=f"{service + database:.2f} CPU s per 1,000 candidates",
        floor=f"of that the database {database:.2f}",
        notes=f"{day.played.calls / day.candidates:.1f} calls a candidate, with the roster, the watchers and the "
        f"board, at {TARGET_LOAD:.0%} of capacity; capacity {most.rate:,.0f} calls/s and {most.cpu_us:.0f} us of the "
        f"service a call, over {CAPACITY_S:.0f} s with {CALLERS} callers a server, watchers and board, the load at "
        f"{most.load_share:.0%} of a core; {day.disk:,.0f} bytes on disk a candidate",
        at={"curve": "exam-day-cost", "series": series, "cpu": day.cpu, "capacity": most, "disk": day.disk},
        runs=[{"value": {"service": service, "database": database, "capacity": most.rate}}],
    )


def _memory_figure(series: str, day: Day) -> Figure:
    most = max(day.memory)
    half = day.memory[len(day.memory) // 2 :]
    return Figure(
        f"Memory in an exam day on {series}",
        value=f"{most:.0f} MiB",
        floor=f"{day.memory[0]:.0f} MiB with the roster booked",
        target=f"< {RESIDENT_MIB:.0f} MiB",
        met=most < RESIDENT_MIB,
        notes=f"resident, of the largest server; {max(half) - half[0]:+.0f} MiB in the second half of "
        f"{day.played.seconds:.0f} s; at each {1 / MOMENTS:.0%} of the day: "
        + ", ".join(f"{memory:.0f}" for memory in day.memory),
        at={"curve": "exam-day-memory", "series": series, "memory": day.memory, "seconds": day.played.seconds},
        runs=[],
    )


def _lost_figure(series: str, days: list[Day]) -> Figure:
    acknowledged, lost, wrong = (sum(counts) for counts in zip(*(day.audit for day in days), strict=True))
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
