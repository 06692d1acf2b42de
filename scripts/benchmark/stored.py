"""What many stored sessions cost: the same calls on a database with ten million sessions and on one with 10,000."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

from benchmark.bench import Side
from benchmark.bulk_fill import keycode, session_id
from benchmark.databases import running_postgres
from benchmark.load import Driver
from benchmark.load_sessions import GET, RESUME, Cohort, Sessions
from benchmark.results import Figure, Missing, skipped
from benchmark.servers import service
from benchmark.stored_databases import stored_in_postgres, stored_in_sqlite
from exam_sessions_client.v1 import lifecycle_service_pb2, session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench
    from benchmark.load import Call
    from benchmark.processes import Process
    from benchmark.stored_databases import Stored

FEW = 10_000
SESSIONS = 5_000
"""Moved: all that are in progress among the few, as many among the many."""
READ = 200_000
"""Sessions read one after the other, in no order."""
CALLERS = 64
AT_LEAST = 0.9


def stored(bench: Bench) -> Iterator[Figure]:
    """Both databases."""
    many = stored_in_sqlite(bench, bench.stored, bench.keep)
    yield from _compared(bench, many, stored_in_sqlite(bench, FEW, None), "")
    try:
        with running_postgres(bench.directory, bench.cores) as server:
            server.place(bench.cores.every)
            many = stored_in_postgres(bench, server, bench.stored, bench.keep)
            few = stored_in_postgres(bench, server, FEW, None)
            if bench.cores.load is not None:
                server.place({bench.cores.load})
            yield from _compared(bench, many, few, str(server))
            server.drop(few.database)
            if bench.keep and server.ours:
                server.stop()
    except Missing as missing:
        yield skipped(f"{bench.stored:,} sessions in PostgreSQL", missing)


def _compared(bench: Bench, many: Stored, few: Stored, notes: str) -> Iterator[Figure]:
    yield _cost(many)
    kind = many.database.kind
    with service(bench.cores, many.database) as large, service(bench.cores, few.database) as small:
        sides = ((many, large), (few, small))

        def figure(name: str, calls: Callable[[Stored, Process], Callable[[], Iterator[Call]]]) -> Figure:
            value, floor = (
                Side(f"with {stored.sessions:,}", process, calls(stored, process), stored.database)
                for stored, process in sides
            )
            where = f"{name}, {many.sessions:,} stored in {kind}"
            return bench.rate_figure(where, value, floor, bench.callers(CALLERS), AT_LEAST, notes)

        bench.say(f"{kind}: booking {SESSIONS:,} sessions of one release")
        # Candidates nobody has booked: a database that was kept has those of the last time.
        together = {stored.sessions: Cohort(process.port, SESSIONS, _next(stored)) for stored, process in sides}
        yield figure("Durable transition in one release", lambda stored, _: together[stored.sessions].moves)
        yield figure("GetSession in one release", lambda stored, _: together[stored.sessions].reads)
        yield figure("Durable transition anywhere", lambda stored, process: _moves(bench, stored, process))
        yield figure("GetSession anywhere", lambda stored, _: _reads(stored, "session_id", session_id))
        yield figure("GetSession by keycode anywhere", lambda stored, _: _reads(stored, "keycode", keycode))


def _next(stored: Stored) -> int:
    return stored.database.last_sequence() % 100_000_000


def _moves(bench: Bench, stored: Stored, process: Process) -> Callable[[], Iterator[Call]]:
    """Of sessions as far from each other as can be."""
    apart = stored.sessions // SESSIONS
    sessions = Sessions([session_id(n * apart // 2 * 2) for n in range(SESSIONS)])
    driver = Driver(process.port, bench.callers(CALLERS))
    # In a database that was kept some are paused; the others refuse.
    requests = (lifecycle_service_pb2.ResumeSessionRequest(session_id=i) for i in sessions.ids)
    driver.run((RESUME, request.SerializeToString()) for request in requests)
    driver.close()
    return sessions.moves


def _reads(stored: Stored, field: str, value_of: Callable[[int], str]) -> Callable[[], Iterator[Call]]:
    """Of sessions drawn by lot, each run going on where the last one ended."""
    lot = random.Random(0).sample(range(stored.sessions), min(READ, stored.sessions))
    keys: list[dict[str, Any]] = [{field: value_of(n)} for n in lot]
    requests = [session_service_pb2.GetSessionRequest(**key).SerializeToString() for key in keys]
    calls = zip(itertools.repeat(GET), itertools.cycle(requests))
    return lambda: calls


def _cost(stored: Stored) -> Figure:
    """What the rows take on disk, and what it took to write them."""
    size = stored.database.bytes_on_disk()
    filled = f"filled in {stored.seconds:.0f} s" if stored.seconds else "found filled, with what earlier runs added"
    return Figure(
        f"{stored.sessions:,} sessions in {stored.database.kind}",
        value=f"{size / 1e9:.1f} GB",
        floor=f"{size / stored.sessions:,.0f} bytes each",
        notes=f"{filled}; each with the event of its booking and every index; half in progress, half finished",
        runs=[{"value": {"bytes": size, "seconds": stored.seconds}}],
    )
