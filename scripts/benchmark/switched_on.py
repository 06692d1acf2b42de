"""A server with something switched on, beside the same server without it: reads and durable transitions, by turns."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmark.bench import Side
from benchmark.load_sessions import Cohort
from benchmark.servers import service
from benchmark.traffic import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmark.bench import Bench
    from benchmark.databases import Database
    from benchmark.results import Figure

CALLERS = 64


@dataclass(frozen=True)
class SwitchedOn:
    """What one of the two servers has, and how it is called then."""

    name: str
    """As the row says it: "over TLS"."""
    settings: dict[str, Any] = field(default_factory=dict)
    """As in exam_sessions.settings."""
    ca: Path | None = None
    """The server's CA, where it has TLS."""
    credential: str = ""
    """What calls carry."""
    at_least: float | None = None
    """The ratio to reach."""
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    """Entered for the length of each of its runs."""


def beside_without(
    bench: Bench, measure: str, made_for: Callable[[Database], Sequence[SwitchedOn]], without: str
) -> Iterator[Figure]:
    """Two rows for each of what is switched on, one after the other; the floor is one server without.

    Args:
        bench: how to measure.
        measure: names the databases.
        made_for: returns what is switched on, for a database that a server has made.
        without: what the other server is called.
    """
    database, floor_database = bench.database(measure), bench.database(f"{measure}-without")
    with service(bench.cores, database) as first:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress, on both servers")
        cohort = Cohort(first.port, SESSIONS)
    with service(bench.cores, floor_database) as plain:
        beside = Cohort(plain.port, SESSIONS)
        for on in made_for(database):
            with service(bench.cores, database, **on.settings) as real:
                for name, mine, its in (
                    ("GetSession", cohort.reads, beside.reads),
                    ("Durable transition", cohort.moves, beside.moves),
                ):
                    yield bench.rate_figure(
                        f"{name} {on.name}, {CALLERS} callers",
                        Side(on.name, real, mine, around=on.around, ca=on.ca, credential=on.credential),
                        Side(without, plain, its),
                        bench.callers(CALLERS),
                        on.at_least,
                    )
