"""What accepted calls wait at half load, and when twice as much is offered as the server can do."""

from __future__ import annotations

import gc
import itertools
import selectors
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.http2_client import Connection
from benchmark.load import Callers, Driver, percentile
from benchmark.load_sessions import PACKAGE, PLACEHOLDERS, Cohort
from benchmark.native import require_native
from benchmark.results import Figure, median
from benchmark.servers import service
from benchmark.subjects import Refused
from exam_sessions_client.v1 import lifecycle_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.load import Call
    from benchmark.processes import Process

SESSIONS = 5_000
SET_EXTRA_TIME = f"{PACKAGE}.LifecycleService/SetExtraTime"
HALF, TWICE = 0.5, 2.0
QUICK_MS = 250.0
SETTLING_S = 1.0
"""A burst of so many seconds would be accepted whole, and wait for as long."""
AFTERWARDS_S = 20.0
"""How long the last calls may take after the last was offered, in seconds."""


class Offered(NamedTuple):
    """The outcome of calls that were offered at a rate, answered or not. Waits in milliseconds."""

    rate: float
    accepted: float
    p50: float
    p99: float
    p999: float
    refused_share: float
    late: float
    """How long after it was due the driver sent a call, 99 of 100."""


def overload(bench: Bench) -> Iterator[Figure]:
    """On both transports: half of what so many callers get, and twice of it from any number of them."""
    require_native()
    for transport in ("grpcio", "native"):
        with service(bench.cores, bench.database(f"overload-{transport}"), transport=transport) as process:
            bench.say(f"booking {SESSIONS:,} sessions and walking them into progress")
            ids = Cohort(process.port, SESSIONS).ids
            for callers in (64, 16):
                yield _figure(bench, process, ids, callers, transport, HALF)
            yield _figure(bench, process, ids, 64, transport, TWICE)


def _figure(bench: Bench, process: Process, ids: list[str], callers: int, transport: str, share: float) -> Figure:
    calls = _extra_times(ids)
    closed = Driver(process.port, bench.callers(callers))
    most = callers if share < 1 else float("inf")
    runs: list[dict[str, Any]] = []
    for n in range(bench.runs):
        bench.say(f"{transport}, {callers} callers, {share:g} times what they get, run {n + 1} of {bench.runs}")
        full = closed.run(calls, bench.seconds)
        if full.errors:
            raise Refused(f"{full.errors} of {full.ended} calls were refused: {closed.first_error}")
        got = offered(
            process.port, calls, full.rate * share, bench.seconds, Callers(callers, bench.connections), most
        )
        runs.append({"value": got._asdict() | {"rate": got.accepted}, "floor": full._asdict()})
    closed.close()
    at = {key: median(run["value"][key] for run in runs) for key in Offered._fields}
    who = f"{callers} callers at half load" if share < 1 else "twice the load there is room for"
    value = f"p50 {at['p50']:.1f} ms, p99 {at['p99']:.0f} ms, p99.9 {at['p999']:.0f} ms"
    if share > 1:
        value += f"; {at['refused_share']:.0%} refused, {at['accepted']:,.0f}/s accepted"
    return Figure(
        f"Durable call, {transport}, {who}",
        value=value,
        floor=f"all they ask {median(run['floor']['rate'] for run in runs):,.0f}/s, "
        f"p99 {median(run['floor']['p99'] for run in runs):.0f} ms",
        target=f"p99 < {QUICK_MS:.0f} ms" if share > 1 else "",
        met=at["p99"] < QUICK_MS if share > 1 else None,
        notes="offered at equal intervals, whatever becomes of them; accepted calls wait from when they were "
        f"due, and were sent within {at['late']:.0f} ms (99 of 100)",
        runs=runs,
    )


def _extra_times(ids: list[str]) -> Iterator[Call]:
    """SetExtraTime of one session after the other, for ever: durable, and legal whatever was refused before."""
    message = lifecycle_service_pb2.SetExtraTimeRequest(session_id=PLACEHOLDERS[0], request_id=PLACEHOLDERS[1])
    message.extra_time.FromSeconds(600)
    message.reason = "fire alarm"
    before, _, rest = message.SerializeToString().partition(PLACEHOLDERS[0].encode())
    between, _, after = rest.partition(PLACEHOLDERS[1].encode())
    starts = [before + session_id.encode() + between for session_id in ids]
    while True:
        for start in starts:
            yield SET_EXTRA_TIME, start + str(uuid.uuid4()).encode() + after


class _Load:
    """Calls that are put when they are due, as long as no more than `most` are under way."""

    def __init__(self, port: int, calls: Iterator[Call], callers: Callers, most: float) -> None:
        self._calls, self._most = calls, most
        self._connections = itertools.cycle([Connection(port) for _ in range(callers.connections)])
        self._selector = selectors.DefaultSelector()
        for connection in itertools.islice(self._connections, callers.connections):
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self.due: deque[float] = deque()
        self.under_way = self.refused = 0
        self.waits: list[float] = []
        self.late: list[float] = []
        self.counted_from = 0.0

    def put(self) -> None:
        """Sends what is due."""
        while self.due and self.under_way < self._most:
            if not next(self._connections).put(*next(self._calls), began=self.due[0]):
                break  # The server takes no more for now; what is due waits.
            self.late.append((time.perf_counter() - self.due.popleft()) * 1e3)
            self.under_way += 1
        for key in self._selector.get_map().values():
            key.data.flush()

    def receive(self, seconds: float) -> None:
        """Takes the answers that come within so many seconds."""
        for key, _ in self._selector.select(seconds):
            ended = key.data.receive()
            now = time.perf_counter()
            self.under_way -= len(ended)
            counted = [call for call in ended if call[0] >= self.counted_from]
            waits = [(now - began) * 1e3 for began, answered in counted if answered]
            self.waits += waits
            self.refused += len(counted) - len(waits)

    def close(self) -> None:
        """Closes the connections."""
        for key in list(self._selector.get_map().values()):
            key.data.close()
        self._selector.close()


def offered(
    port: int, calls: Iterator[Call], rate: float, seconds: float, callers: Callers, most: float = float("inf")
) -> Offered:
    """Offers calls at equal intervals, at most so many under way at once. Those of the first second do not count."""
    load, made, total = _Load(port, calls, callers, most), 0, int(rate * (SETTLING_S + seconds))
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        while made < total or load.due or load.under_way:
            now = time.perf_counter()
            load.counted_from = began + SETTLING_S
            if now > began + SETTLING_S + seconds + AFTERWARDS_S:
                raise TimeoutError(f"{load.under_way + len(load.due)} calls are not answered {AFTERWARDS_S} s later")
            while made < min(total, int((now - began) * rate) + 1):
                load.due.append(began + made / rate)
                made += 1
            load.put()
            load.receive(0.0005 if made < total else 0.05)
    finally:
        gc.enable()
        load.close()
    waits = sorted(load.waits)
    p50, p99, p999 = (percentile(waits, share) for share in (0.5, 0.99, 0.999))
    share, late = load.refused / max(1, load.refused + len(waits)), percentile(sorted(load.late), 0.99)
    return Offered(rate, len(waits) / seconds, p50, p99, p999, share, late)
