"""Whether a stored response has the shape of its question's type.

Responses are checked before they are stored (responses.py); but older versions stored texts for structured types, and
rows can be damaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.domain.known_answers import known_answers_of
from exam_sessions.domain.question_types import GAPS, SHAPE, TEXT, QuestionType

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form, Question, Value

T = QuestionType


def fits(question: Question, value: Value) -> bool:
    """Whether a stored response can be compared with the keys of its question. Never raises."""
    kind, count = question.type, len(question.options)
    if kind == T.MCQ:
        return _is_index(value, count) or _are_indexes(value, count)
    if kind in GAPS:
        return _are_texts(value)
    if kind == T.ORDERLIST:
        return _are_indexes(value, count) and len({*value}) == len(value)
    if kind == T.CHOICEMATRIX:
        return isinstance(value, list) and all(_are_indexes(row, count) for row in value)
    if kind == T.CLOZEFORMULA:
        return isinstance(value, dict) and _are_rows(value.get("values")) and _are_rows(value.get("boxes"))
    return SHAPE.get(QuestionType(kind)) == TEXT and isinstance(value, str)


def _is_index(value: Any, count: int) -> bool:
    return type(value) is int and 0 <= value < count


def _are_indexes(value: Any, count: int) -> bool:
    return isinstance(value, list) and all(_is_index(index, count) for index in value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(_are_texts(row) for row in value)


def unfit_numbers(form: Form, responses: dict[str, Value]) -> tuple[str, ...]:
    """Numbers of the questions whose stored response does not fit; a person must look at each."""
    if not responses or form.fitting is responses:
        return ()
    values = responses.values()
    # Two microseconds for fifty answers, in place of twenty: one option each, and each of them there.
    if not form.holds_texts and set(map(type, values)) == {int} and 0 <= min(values) <= max(values) < form.fewest:
        # An attempt that is handed in is asked about three times, and is never changed in place.
        form.fitting = responses
        return ()
    known_answers = known_answers_of(form)
    unfit = tuple(
        question.number
        for question in form.questions
        if (value := responses.get(question.number)) is not None
        and not known_answers.of_value(value, question.number)
        and not fits(question, value)
    )
    if not unfit:
        form.fitting = responses
    return unfit
