"""Submissions from templates: how soon one is accepted, and how many are carried out."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import TYPE_CHECKING, Any

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from benchmark.batches import RawDriver
from benchmark.load_sessions import LARGE, PACKAGE, PLACEHOLDERS, reply_size
from benchmark.results import Figure, median, spread
from benchmark.servers import echo, service
from exam_sessions_client.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    template_pb2,
    template_service_pb2,
    test_form_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.databases import SqliteFile
    from benchmark.load import Call
    from benchmark.processes import Process

QUESTIONS, SESSIONS = 30, 50
SUBMIT = f"{PACKAGE}.TemplateService/SubmitFromTemplate"


def templates(bench: Bench) -> Iterator[Figure]:
    """SubmitFromTemplate of 50 sessions with 30 responses: accepted, against the echo; how many are done a second."""
    database = bench.database("templates")
    with service(bench.cores, database) as process:
        template = _template(process)
        calls = _submissions(template)
        size = reply_size(process.port, next(calls))
        with echo(bench.cores, {SUBMIT: size}) as bare:
            yield _accepted(bench, process, bare, calls)
        yield _done(bench, process, database, calls)


ACCEPTED = 20
"""Submissions of a run, each once the one before is done."""


def _accepted(bench: Bench, process: Process, bare: Process, calls: Iterator[Call]) -> Figure:
    runs: list[dict[str, Any]] = []
    with (
        grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE) as channel,
        grpc.insecure_channel(f"127.0.0.1:{bare.port}", options=LARGE) as echoing,
    ):
        operations = operations_pb2_grpc.OperationsStub(channel)
        submit, answer = (one.unary_unary(SUBMIT, None, None) for one in (channel, echoing))
        for n in range(bench.runs + 1):
            bench.say(f"SubmitFromTemplate, run {n} of {bench.runs}")
            waits: dict[str, list[float]] = {"value": [], "floor": []}
            for _, request in itertools.islice(calls, ACCEPTED):
                for side, call in (("floor", answer), ("value", submit)):
                    began = time.perf_counter()
                    call(request)
                    waits[side].append((time.perf_counter() - began) * 1e3)
                _wait_for_all(operations)
            value, floor = median(waits["value"]), median(waits["floor"])
            if n:
                runs.append({"value": {"p50": value}, "floor": {"p50": floor}, "ratio": value / floor})
    ratio = median(run["ratio"] for run in runs)
    return Figure(
        f"SubmitFromTemplate of {SESSIONS} sessions, {QUESTIONS} questions, accepted",
        value=f"{median(run['value']['p50'] for run in runs):.2f} ms",
        floor=f"echo {median(run['floor']['p50'] for run in runs):.2f} ms",
        ratio=ratio,
        target="< 3.0",
        met=ratio < 3,  # noqa: PLR2004 - the target
        notes=f"ratios {spread([run['ratio'] for run in runs])}; a lone caller, who waits for the end before "
        "the next; durable when it is accepted",
        runs=runs,
    )


def _template(process: Process) -> template_pb2.SessionTemplate:
    form = test_form_pb2.TestForm(reference="PAPER-1", name="Paper")
    for n in range(QUESTIONS):
        question = form.questions.add()
        question.id = f"question-{n:04d}"
        for option in range(4):
            question.options.add().id = str(option)
        question.keys.append(str(n % 4))
    with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        catalog = catalog_service_pb2_grpc.CatalogServiceStub(channel)
        catalog.CreateTestForm(catalog_service_pb2.CreateTestFormRequest(test_form=form))
        release = catalog.CreateRelease(
            catalog_service_pb2.CreateReleaseRequest(
                release=catalog_pb2.Release(
                    name="On paper", test_form="PAPER-1", delivery=catalog_pb2.DELIVERY_PAPER
                ),
                allow_duplicate_name=True,
            )
        ).release
    return template_pb2.SessionTemplate(release_id=release.id, test_form="PAPER-1", form_revision=1)


def _submissions(template: template_pb2.SessionTemplate) -> Iterator[Call]:
    """Submissions of candidates nobody has had, for ever."""
    responses = [
        template_pb2.TemplateResponse(
            question_id=f"question-{n:04d}", strings=template_pb2.StringList(values=[str(n * 7 % 4)])
        )
        for n in range(QUESTIONS)
    ]
    marks = [f"{n:032d}" for n in range(SESSIONS)]
    data = [template_pb2.TemplateSession(user_id=mark, responses=responses) for mark in marks]
    message = template_service_pb2.SubmitFromTemplateRequest(
        template=template, data=data, request_id=PLACEHOLDERS[1]
    ).SerializeToString()
    parts = []
    for mark in marks:
        before, _, message = message.partition(mark.encode())
        parts.append(before)
    middle, _, end = message.partition(PLACEHOLDERS[1].encode())
    while True:
        body = b"".join(part + uuid.uuid4().hex.encode() for part in parts)
        yield SUBMIT, body + middle + str(uuid.uuid4()).encode() + end


def _done(bench: Bench, process: Process, database: SqliteFile, calls: Iterator[Call]) -> Figure:
    """Operations completed a second, beside the raw driver's inserts of the rows they leave, by turns."""
    count = max(4, int(8 * bench.seconds))
    raw = RawDriver(bench.database("templates-raw"))
    runs: list[dict[str, Any]] = []
    for n in range(bench.runs):
        bench.say(f"{count} operations, run {n + 1} of {bench.runs}")
        took = _complete(process, list(itertools.islice(calls, count)))
        with bench.cores.on_server():
            floor = raw.insert(_newest_rows(database, count * SESSIONS))
        runs.append({"value": {"seconds": took}, "floor": {"seconds": floor}, "ratio": floor / took})
    raw.close()
    took, floor = (median(run[side]["seconds"] for run in runs) for side in ("value", "floor"))
    ratio = median(run["ratio"] for run in runs)
    return Figure(
        f"Operations of {SESSIONS} sessions completed",
        value=f"{count / took:.1f}/s, {count * SESSIONS / took:,.0f} sessions/s",
        floor=f"bare insert of the same rows {count / floor:.0f}/s",
        ratio=ratio,
        target="≥ 0.25",
        met=ratio >= 0.25,  # noqa: PLR2004 - the target
        notes=f"ratios {spread([run['ratio'] for run in runs])}; {count} operations, from the first call to the end "
        f"of the last; each session with {QUESTIONS} responses, its script and three rows of history",
        runs=runs,
    )


def _complete(process: Process, calls: list[Call]) -> float:
    """Submits one after the other; the seconds until all are done."""
    with grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE) as channel:
        operations = operations_pb2_grpc.OperationsStub(channel)
        submit = channel.unary_unary(SUBMIT, None, operations_pb2.Operation.FromString)
        _wait_for_all(operations)
        began = time.perf_counter()
        for _, request in calls:
            submit(request)
        _wait_for_all(operations)
        return time.perf_counter() - began


def _newest_rows(database: SqliteFile, sessions: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of so many sessions, those that were made last."""
    newest = {"sessions": ("id", sessions), "scripts": ("session_id", sessions), "events": ("sequence", 3 * sessions)}
    return {
        table: database.rows(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT {count}")
        for table, (key, count) in newest.items()
    }


def _wait_for_all(operations: operations_pb2_grpc.OperationsStub) -> None:
    """Until no operation is under way."""
    for word in ("queued", "running"):
        while found := operations.ListOperations(
            operations_pb2.ListOperationsRequest(filter=f"status={word}", page_size=1)
        ).operations:
            operations.WaitOperation(operations_pb2.WaitOperationRequest(name=found[0].name))
