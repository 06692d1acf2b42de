"""ListSessions in a million sessions: what a page costs deep in the list, against the first."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import grpc

from benchmark.bench import Refused
from benchmark.bulk_fill import fill
from benchmark.load import Callers, Driver
from benchmark.load_sessions import LARGE, LIST, book, create_release
from benchmark.results import Figure, median, spread
from benchmark.servers import service
from exam_sessions_client.v1 import session_service_pb2, session_service_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.processes import Process

SESSIONS = 1_000_000
PAGE = 100
DEEP = 5_000
AT_MOST = 1.2
CALLS = 100
"""Of each page in a run."""
STEP = 1_000


def pages(bench: Bench) -> Iterator[Figure]:
    """Page 5,000 against page 1: of all sessions in each order, and of one release of 750,000."""
    database = bench.database("pages")
    with service(bench.cores, database) as process:
        model = book(process.port, 1)[0].id
        with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
            releases = [create_release(channel) for _ in range(2)]
    large, small = releases
    bench.say(f"filling the database with {SESSIONS:,} sessions")
    fill(database, SESSIONS, [model], bench.count, [large, large, large, small])
    pb = session_service_pb2
    queries = {
        "all sessions": pb.ListSessionsRequest(),
        "latest first": pb.ListSessionsRequest(order=pb.SESSION_ORDER_CREATE_TIME_DESC),
        "one release, one state": pb.ListSessionsRequest(
            filter=pb.SessionFilter(release_ids=releases[:1], states=[1])  # type: ignore[list-item]
        ),
    }
    with service(bench.cores, database) as process:
        for name, query in queries.items():
            yield _figure(bench, process, name, query)


def _figure(bench: Bench, process: Process, name: str, query: session_service_pb2.ListSessionsRequest) -> Figure:
    bench.say(f"ListSessions, {name}: walking to page {DEEP:,}")
    first, deep = _request(query, ""), _request(query, _token(process, query))
    driver = Driver(process.port, Callers(1))
    runs: list[dict[str, Any]] = []
    for n in range(bench.runs + 1):
        bench.say(f"ListSessions, {name}: run {n} of {bench.runs}")
        floor, value = (driver.run(itertools.repeat((LIST, request), CALLS)) for request in (first, deep))
        if floor.errors or value.errors:
            raise Refused(f"ListSessions was refused: {driver.first_error}")
        if n:
            runs.append({"value": value._asdict(), "floor": floor._asdict(), "ratio": value.p50 / floor.p50})
    driver.close()
    ratio = median(run["ratio"] for run in runs)
    return Figure(
        f"ListSessions, {name}: page {DEEP:,} of {PAGE}",
        value=f"{median(run['value']['p50'] for run in runs):.2f} ms",
        floor=f"page 1 {median(run['floor']['p50'] for run in runs):.2f} ms",
        ratio=ratio,
        target=f"≤ {AT_MOST}",
        met=ratio <= AT_MOST,
        notes=f"{SESSIONS:,} sessions; medians of {CALLS} calls by a lone caller, by turns; "
        f"ratios {spread([run['ratio'] for run in runs])}",
        runs=runs,
    )


def _request(query: session_service_pb2.ListSessionsRequest, token: str) -> bytes:
    request = session_service_pb2.ListSessionsRequest()
    request.CopyFrom(query)
    request.page_size, request.page_token = PAGE, token
    return request.SerializeToString()


def _token(process: Process, query: session_service_pb2.ListSessionsRequest) -> str:
    """The token of the deep page, by walking there as any client must, only in larger steps."""
    request, left = session_service_pb2.ListSessionsRequest(), (DEEP - 1) * PAGE
    request.CopyFrom(query)
    with grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE) as channel:
        stub = session_service_pb2_grpc.SessionServiceStub(channel)
        while left:
            request.page_size = min(left, STEP)
            reply = stub.ListSessions(request)
            if len(reply.sessions) != request.page_size or not reply.next_page_token:
                raise RuntimeError(f"a page of {request.page_size} came with {len(reply.sessions)} sessions")
            left -= request.page_size
            request.page_token = reply.next_page_token
    return request.page_token
