"""What Envoy adds: a lone caller through deploy/envoy/gateway.yaml, beside the same calls made directly."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gateway as script

from benchmark.http1_client import Connection
from benchmark.load import Callers, Driver
from benchmark.load_sessions import PAUSE, Cohort
from benchmark.processes import cpu_seconds_of
from benchmark.results import Figure, Missing, median, spread
from benchmark.servers import service
from benchmark.subjects import Refused, Side
from exam_sessions_client.v1.lifecycle_service_pb2 import PauseSessionRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmark.bench import Bench, Run
    from benchmark.load import Call

SESSIONS = 1_000
GRPC_WEB = partial(Connection, content_type="application/grpc-web+proto", framed=True)
JSON = partial(Connection, content_type="application/json", framed=False)
PLACE = "/v1/workspaces/default/sessions"


@dataclass(frozen=True)
class Through:
    """A side that is asked through Envoy: over gRPC, or by connections of another kind."""

    name: str
    envoy: script.Envoy
    calls: Callable[[], Iterator[Call]]
    connect: Callable[[int], Any] | None = None

    def runner(self, callers: Callers) -> Asked:
        """The side with a connection of its own."""
        return Asked(self, callers)


class Asked:
    """A side behind Envoy that is asked by the driver."""

    def __init__(self, side: Through, callers: Callers) -> None:
        self.name, self._side = side.name, side
        port = int(side.envoy.target.rpartition(":")[2])
        self._driver = Driver(port, callers, connect=side.connect)

    def run(self, seconds: float) -> Run:
        """One run: what calls waited, and what each cost Envoy."""
        side = self._side
        cpu = cpu_seconds_of(side.envoy.pid)
        run = self._driver.run(side.calls(), seconds)
        cpu = cpu_seconds_of(side.envoy.pid) - cpu
        if run.errors:
            raise Refused(f"{side.name}: {run.errors} of {run.ended} were refused: {self._driver.first_error}")
        return run._asdict() | {"cpu_us_per_call": cpu / run.ended * 1e6}

    def close(self) -> None:
        """Closes the connection."""
        self._driver.close()


def gateway(bench: Bench) -> Iterator[Figure]:
    """GetSession and durable transitions, over gRPC, gRPC-Web and REST through Envoy, against gRPC without it."""
    with service(bench.cores, bench.database("gateway")) as real:
        bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
        cohort = Cohort(real.port, SESSIONS)
        direct = {
            "GetSession": Side("direct", real, cohort.reads),
            "Durable transition": Side("direct", real, cohort.moves),
        }
        with _envoy(bench, real.port) as envoy:
            for name, reads, moves, connect in (
                ("gRPC", cohort.reads, cohort.moves, None),
                ("gRPC-Web", cohort.reads, cohort.moves, GRPC_WEB),
                ("REST", partial(_rest_reads, cohort), partial(_rest_moves, cohort), JSON),
            ):
                for (what, floor), calls in zip(direct.items(), (reads, moves), strict=True):
                    value = Through(name, envoy, calls, connect)
                    title = f"{what}, a lone caller, {name} through Envoy"
                    yield _figure(title, bench.pairs(title, value, floor, Callers(1)))


def _figure(title: str, pairs: list[tuple[Run, Run]]) -> Figure:
    mine, its = ([pair[side] for pair in pairs] for side in (0, 1))
    added = [(through["p50"] - direct["p50"]) * 1e3 for through, direct in pairs]
    costs = [run["cpu_us_per_call"] for run in mine]
    return Figure(
        title,
        value=_said(mine),
        floor=f"direct {_said(its)}",
        ratio=median(through["p50"] / direct["p50"] for through, direct in pairs),
        notes=f"added at the median {median(added):.0f} µs ({spread(added, 0)}); "
        f"CPU of Envoy {median(costs):.0f} µs a call; the ratio is of the medians",
        runs=[{"value": through, "floor": direct} for through, direct in pairs],
    )


def _said(runs: list[Run]) -> str:
    p50, p99 = (median(run[key] for run in runs) for key in ("p50", "p99"))
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"


@contextmanager
def _envoy(bench: Bench, port: int) -> Iterator[script.Envoy]:
    """Envoy before the server, on the server's core, without TLS."""
    try:
        program = script.program()
    except ImportError:
        raise Missing("Envoy is not installed: scripts/install deployment") from None
    content = script.configuration(bench.directory, f"127.0.0.1:{port}")
    with (
        (bench.directory / "envoy.log").open("w") as log,
        bench.cores.on_server(),
        script.running(program, content, bench.directory, log) as envoy,
    ):
        bench.cores.pin_load()
        yield envoy


def _rest_reads(cohort: Cohort) -> Iterator[Call]:
    """GET of one session after the other, for ever."""
    return ((f"GET {PLACE}/{session}", b"") for session in itertools.cycle(cohort.ids))


def _rest_moves(cohort: Cohort) -> Iterator[Call]:
    """The next of the cohort's moves, in JSON."""
    for path, message in cohort.moves():
        verb = "pause" if path == PAUSE else "resume"
        request = PauseSessionRequest.FromString(message)  # which ResumeSessionRequest looks like
        body = json.dumps({"requestId": request.request_id}).encode()
        yield f"{PLACE}/{request.session_id}:{verb}", body
