"""The two sides of a pair: a server and the calls it is asked, or a program that makes its own."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from benchmark.load import Driver
from benchmark.processes import machine_busy_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmark.databases import Database
    from benchmark.load import Call, Callers, Run
    from benchmark.processes import Process, Replicas


class Refused(RuntimeError):  # noqa: N818 - as in src, a fact
    """Calls of the load were refused, so that the figure would be about something else."""


class Runner(Protocol):
    """One side, ready to run again and again."""

    name: str

    def run(self, seconds: float) -> dict[str, Any]:
        """One run: its rate, and what else is known of it."""

    def close(self) -> None:
        """Lets go of what it holds."""


class Side(NamedTuple):
    """One side of a pair: a server, and the calls it is asked.

    `database` is named where it has processes of its own, whose cost is to be printed. `around` is entered for the
    length of each run. `ca` is the server's CA where it is asked over TLS, `credential` what its calls carry.
    """

    name: str
    process: Process | Replicas
    calls: Callable[[], Iterator[Call]]
    database: Database | None = None
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    ca: Path | None = None
    credential: str = ""

    def runner(self, callers: Callers) -> Runner:
        """The side with connections of so many callers."""
        return Asked(self, callers)


class Asked:
    """A side that is asked by the driver."""

    def __init__(self, side: Side, callers: Callers) -> None:
        self.name, self._side = f"{side.name} ({side.process})", side
        self._driver = Driver(side.process.ports, callers, side.ca, side.credential)

    def run(self, seconds: float) -> dict[str, Any]:
        """As Runner."""
        side, database = self._side, self._side.database
        calls = side.calls()
        with side.around():
            cpu, busy = side.process.cpu_seconds(), machine_busy_seconds()
            theirs = database.cpu_seconds() if database else 0.0
            run: Run = self._driver.run(calls, seconds)
            cpu, busy = side.process.cpu_seconds() - cpu, machine_busy_seconds() - busy
            theirs = database.cpu_seconds() - theirs if database else 0.0
        if run.errors:
            raise Refused(f"{side.name}: {run.errors} of {run.ended} calls were refused: {self._driver.first_error}")
        of_database = {"database_us_per_call": theirs / run.ended * 1e6} if theirs else {}
        return (
            run._asdict()
            | of_database
            | {
                "cpu_us_per_call": cpu / run.ended * 1e6,
                "server_share": cpu / run.seconds,
                "others_share": max(0.0, (busy - cpu - theirs) / run.seconds - run.driver_share),
            }
        )

    def close(self) -> None:
        """As Runner."""
        self._driver.close()
