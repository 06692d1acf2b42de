"""Responses, results and statistics as messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exam_sessions.domain.answer_keys import key_parts
from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.forms import indexes_of
from exam_sessions.domain.marks import UNIT, percent, text_of
from exam_sessions.domain.question_types import FORMULAS, MATRIX, ORDER, SHAPE, STRINGS, QuestionType
from exam_sessions.domain.scoring import Score
from exam_sessions.domain.states import MATURITY, State
from exam_sessions.domain.stored_values import fits
from exam_sessions_client.v1 import result_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.forms import Form, Question, Value
    from exam_sessions.domain.marks import Total
    from exam_sessions.domain.records import AttemptRecord
    from exam_sessions.domain.scoring import QuestionResult, Results
    from exam_sessions.domain.statistics import Statistics
    from exam_sessions_client.v1 import session_pb2

HUNDRED = 100 * UNIT

RENDERED_AT_MOST = 20_000
"""Results of questions kept as bytes; one of four options takes about 500 bytes."""

_rendered: dict[tuple[int, bool], tuple[QuestionResult, bytes]] = {}
"""Results that many attempts share, by their id() and whether keys and scores are withheld. Each is held here, for
its identity is unique only as long as it exists."""


def fill_score(message: result_pb2.Score, actual: int, most: int, least: int, *, is_scorable: bool = True) -> None:
    """Writes what something earned, and the most and the least that could be."""
    message.actual, message.max = text_of(actual), text_of(most)
    message.min = text_of(least) if least else "0"
    message.is_scorable = is_scorable


def _fill(message: result_pb2.Score, score: Score) -> None:
    fill_score(message, score.actual, score.most, score.least, is_scorable=score.is_scorable)


def fill_results(
    message: result_pb2.Results, results: Results, counted: Total | None = None, *, withheld: bool = False
) -> None:
    """Writes results; `counted` stands in place of points and percent where the mean of all attempts counts.

    Where they are `withheld`, keys and scores are left out.
    """
    record = results.record
    message.attempt, message.test_form, message.form_revision = record.attempt, record.test_form, record.form_revision
    message.marking_revision = marking_revision_of(record)
    message.withheld = withheld
    for item in results.items:
        row = message.items.add()
        row.id, row.name, row.version = item.id, item.name, item.version
        row.objective_ids.extend(item.objective_ids)
        for question in item.questions:
            if question.is_shared:
                row.MergeFromString(_shared(question, withheld=withheld))
            else:
                _fill_question(row.questions.add(), question, withheld=withheld)
        if not withheld:
            _fill(row.score, item.score)
    for objective in results.objectives:
        entry = message.objectives.add()
        entry.id, entry.text, entry.abbreviation = objective.id, objective.text, objective.abbreviation
        if not withheld:
            _fill(entry.score, objective.score)
            for score in objective.scores:
                _fill(entry.scores.add(), score)
    message.provisional, message.marking_progress = results.provisional, results.marking_progress
    if not withheld:
        _fill_total(message, results, counted)


def _fill_total(message: result_pb2.Results, results: Results, counted: Total | None) -> None:
    points, score = results.points, results.percent
    least = percent(points.least, points.most) if points.most else 0
    known = score is not None and points.is_scorable
    if counted:
        points = Score(counted.points, is_scorable=True, most=counted.points_max, least=counted.points_min)
        score, least = counted.score, counted.score_min
    _fill(message.points, points)
    _fill(message.percent, Score(score or 0, known, HUNDRED, least))


def _shared(question: QuestionResult, *, withheld: bool) -> bytes:
    """The bytes of an item with this question alone: merged into an item they add it."""
    known = _rendered.get((id(question), withheld))
    if known is None:
        item = result_pb2.ItemResult()
        _fill_question(item.questions.add(), question, withheld=withheld)
        if len(_rendered) >= RENDERED_AT_MOST:
            _rendered.clear()
        known = _rendered[id(question), withheld] = question, item.SerializeToString()
    return known[1]


def _fill_question(message: result_pb2.QuestionResult, result: QuestionResult, *, withheld: bool) -> None:
    question = result.question
    message.number, message.id, message.position = question.number, question.id, result.position
    message.type = question.type  # type: ignore[assignment]
    message.marking = question.marking  # type: ignore[assignment]
    chosen = indexes_of(question, result.response)
    for index, option in enumerate(question.options):
        row = message.options.add()
        row.id, row.label, row.content = option
        row.index, row.is_chosen = index, index in chosen
        row.is_key = index in question.keys and not withheld
    if result.response is not None:
        fill_response(message.response, question, result.response)
    message.not_attempted, message.marked_by_people = result.not_attempted, result.marked_by_people
    if withheld:
        return
    _fill(message.score, result.score)
    for part in key_parts(question):
        key = message.keys.add()
        key.value, key.index, key.part = part


def fill_response(message: result_pb2.Response, question: Question, value: Value) -> None:
    """Writes a response in the shape of its type; one that does not fit as its text, or as its JSON."""
    if not fits(question, value):
        message.text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return
    shape = SHAPE[QuestionType(question.type)]
    if question.type == QuestionType.MCQ:
        for index in indexes_of(question, value):
            message.options.add().index = index
    elif shape in {STRINGS, ORDER}:
        (message.strings if shape == STRINGS else message.order).values.extend(value)
    elif shape == MATRIX:
        for row in value:
            message.matrix.rows.add().values.extend(row)
    elif shape == FORMULAS:
        for field, rows in ((message.formulas, value["values"]), (message.boxes, value["boxes"])):
            for row in rows:
                field.rows.add().values.extend(row)
    else:
        message.text = value


def fill_responses(messages: Iterable[result_pb2.ItemResponse], form: Form, record: AttemptRecord) -> None:
    """Adds the responses of an attempt, item by item, in the order of the form."""
    items: dict[str, result_pb2.ItemResponse] = {}
    for question in form.questions:
        value = record.responses.get(question.number)
        if value is None:
            continue
        if question.item_id not in items:
            items[question.item_id] = messages.add()  # type: ignore[attr-defined]
            items[question.item_id].item_id = question.item_id
        row = items[question.item_id].questions.add()
        row.id = question.id
        fill_response(row.response, question, value)


def fill_statistics(message: session_pb2.SessionStatistics, statistics: Statistics) -> None:
    """Writes counts and scores."""
    maturities: dict[int, int] = {}
    for code, count in sorted(statistics.states.items()):
        state = message.states.add()
        state.state, state.count = code, count  # type: ignore[assignment]
        maturity = MATURITY.get(code, MATURITY[State.EXCEPTION])
        maturities[maturity] = maturities.get(maturity, 0) + count
    for code, count in sorted(maturities.items()):
        row = message.maturities.add()
        row.maturity, row.count = code, count  # type: ignore[assignment]
    message.session_count, message.scored_count = sum(statistics.states.values()), statistics.scored
    if statistics.scored:
        message.min_score = text_of(statistics.least or 0)
        message.average_score = text_of(statistics.average or 0)
        message.max_score = text_of(statistics.most or 0)
