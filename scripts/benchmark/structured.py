"""SetResponses of fifty structured answers, handed in and scored in one call, against the echo."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from benchmark.bench import Side
from benchmark.bulk_fill import fill, session_id
from benchmark.load_sessions import PLACEHOLDERS, Cohort, reply_size
from benchmark.marking import FORM, QUESTIONS, SET_RESPONSES, create_form
from benchmark.servers import echo, service
from exam_sessions_client.v1 import marking_service_pb2, result_pb2, template_pb2, test_form_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.load import Call
    from benchmark.results import Figure

FASTEST = 6_000
"""Submissions a second there are sessions for."""
TARGET = 0.35

KINDS: tuple[tuple[test_form_pb2.QuestionType, dict[str, Any], dict[str, Any]], ...] = (
    (test_form_pb2.QUESTION_TYPE_ASSOCIATION, {"keys": ["0", "1", "2"]}, {"strings": ["0", "1", "3"]}),
    (test_form_pb2.QUESTION_TYPE_CLOZETEXT, {"keys": ["3", "1"]}, {"strings": ["3", "1"]}),
    (test_form_pb2.QUESTION_TYPE_CHOICEMATRIX, {"keys": ["0", "1,2"]}, {"matrix": [[0], [1, 2]]}),
    (test_form_pb2.QUESTION_TYPE_ORDERLIST, {"keys": ["3", "1", "0", "2"]}, {"order": [3, 1, 0, 2]}),
    (test_form_pb2.QUESTION_TYPE_CLOZEFORMULA, {"keys": ["y=2x"]}, {"formulas": [["y=2x"]]}),
)
"""What each fifth question is: its type, its keys and what is answered. Options are called by their numbers."""


def structured(bench: Bench) -> Iterator[Figure]:
    """Associations, gaps, matrices, orders and formulas by turns."""
    database = bench.database("structured")
    with service(bench.cores, database) as process:
        create_form(process, _form())
        model = Cohort(process.port, 1).ids[0]
    count = int(FASTEST * (bench.runs * bench.seconds + min(1.0, bench.seconds))) + 1_000
    bench.say(f"filling the database with {count:,} sessions in progress")
    fill(database, count, [model], bench.count)
    with service(bench.cores, database) as process:
        handed_in = _submissions(count)
        size = reply_size(process.port, next(handed_in))
        with echo(bench.cores, {SET_RESPONSES: size}) as bare:
            yield bench.rate_figure(
                f"SetResponses, {QUESTIONS} structured answers, submitted and scored, 64 callers",
                Side("service", process, lambda: handed_in),
                Side("echo", bare, lambda: _submissions(count)),
                bench.callers(64),
                TARGET,
                "three rows of history each",
            )


def _form() -> test_form_pb2.TestForm:
    form = test_form_pb2.TestForm(reference=FORM, name="Biology")
    for n in range(QUESTIONS):
        kind, fields, answer = KINDS[n % len(KINDS)]
        question = form.questions.add(id=f"question-{n:04d}", item_id=f"item-{n // 5:04d}", type=kind, **fields)
        if "formulas" not in answer:
            for option in range(4):
                question.options.add().id = str(option)
    return form


def _response(answer: dict[str, Any]) -> result_pb2.Response:
    response = result_pb2.Response()
    for name, values in answer.items():
        field: Any = getattr(response, name)
        if isinstance(values[0], list):
            rows = template_pb2.StringList if name == "formulas" else template_pb2.IntegerList
            field.rows.extend(rows(values=row) for row in values)
        else:
            field.values.extend(values)
    return response


def _submissions(count: int) -> Iterator[Call]:
    """Every session handed in, one after the other; the runs go on where the last one ended."""
    items = []
    for first in range(0, QUESTIONS, 5):
        questions = [
            result_pb2.QuestionResponse(id=f"question-{n:04d}", response=_response(KINDS[n % len(KINDS)][2]))
            for n in range(first, first + 5)
        ]
        items.append(result_pb2.ItemResponse(item_id=f"item-{first // 5:04d}", questions=questions))
    message = marking_service_pb2.SetResponsesRequest(
        session_id=PLACEHOLDERS[0], request_id=PLACEHOLDERS[1], responses=items, submit_for_scoring=True, attempt=1
    )
    before, _, rest = message.SerializeToString().partition(PLACEHOLDERS[0].encode())
    between, _, after = rest.partition(PLACEHOLDERS[1].encode())
    for n in range(count):
        yield SET_RESPONSES, before + session_id(n).encode() + between + str(uuid.uuid4()).encode() + after
