"""The shapes of responses to the thirteen question types (Learnosity, Template Submission), and what fits a question.

A response is checked against its question and turned into the value that is kept (forms.py, Value). Texts arrive
URL-encoded, `+` for a space, and are kept decoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from exam_sessions import errors
from exam_sessions.domain.forms import GAPS, NUMBER, TEXT_AT_MOST, QuestionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form, Question, Value

T = QuestionType
STRINGS, MATRIX, ORDER, FORMULAS, TEXT = "strings", "matrix", "order", "formulas", "text"
SHAPE = {
    T.ASSOCIATION: STRINGS,
    T.CLOZETEXT: STRINGS,
    T.CLOZEINLINETEXT: STRINGS,
    T.MCQ: STRINGS,
    T.CHOICEMATRIX: MATRIX,
    T.ORDERLIST: ORDER,
    T.CLOZEFORMULA: FORMULAS,
    T.FORMULAV2: TEXT,
    T.GRIDDED: TEXT,
    T.LONGTEXT: TEXT,
    T.LONGTEXTV2: TEXT,
    T.PLAINTEXT: TEXT,
    T.SHORTTEXT: TEXT,
}
"""The shape of each type's value."""

WITH_WORD_COUNT = frozenset({T.LONGTEXT, T.LONGTEXTV2, T.PLAINTEXT})
ENCODED = re.compile(r"([A-Za-z0-9_.~!*'()+-]|%[0-9A-Fa-f]{2})*")
"""A URL-encoded text: what may stand as it is, `+` for a space, and the rest in percents."""


class Given(NamedTuple):
    """A response as it was sent. `shape` names the value that is set; empty is null, an unattempted question."""

    question_id: str
    shape: str
    value: Any
    type: str = ""
    """`array` or `string`, where it was said."""
    boxes: list[list[str]] | None = None
    character_count: int | None = None
    word_count: int | None = None
    revision: int = 0


def values_of(form: Form, given: Sequence[Given], *, ignore_revisions: bool) -> dict[str, Value | None]:
    """What is kept of the responses to a form, for every question of it; one that is not named was not attempted.

    Raises:
        errors.BatchRefused: responses that do not fit, each named.
    """
    found: dict[str, Value | None] = dict.fromkeys(form.by_number)
    named: set[str] = set()
    refused: list[errors.RowRefusal] = []
    for index, response in enumerate(given):
        try:
            question = form.by_id.get(response.question_id)
            if question is None:
                raise errors.UnknownQuestion(response.question_id)
            if question.number in named:
                raise errors.QuestionRepeated(response.question_id)
            named.add(question.number)
            if response.revision and not ignore_revisions and response.revision != form.revision:
                raise errors.StaleResponses(form.revision)
            found[question.number] = value_of(form, question, response)
        except errors.Refusal as refusal:
            refused.append(errors.RowRefusal(index, "", refusal))
    if refused:
        raise errors.BatchRefused("responses", refused, len(given))
    return found


def value_of(form: Form, question: Question, given: Given) -> Value | None:
    """What is kept of one response; None when the question was not attempted.

    Raises:
        errors.ResponseMismatch: the value has another shape than the question's type.
        errors.UnknownOption: it names what the question does not offer.
        errors.InvalidField: it breaks a rule of its type.
    """
    kind = QuestionType(question.type)
    shape = SHAPE[kind]
    if given.type and given.type != ("string" if shape == TEXT else "array"):
        raise errors.ResponseMismatch(question.number, kind.name)
    if not given.shape:
        return None
    if given.shape != shape:
        raise errors.ResponseMismatch(question.number, kind.name)
    if shape == TEXT:
        return _text(kind, given)
    if not given.value:
        raise errors.invalid("value", "needs at least one entry; leave it unset for a question not attempted")
    if kind == T.MCQ:
        return form.chosen(question, given.value)
    if kind in GAPS:
        return _gaps(question, given.value)
    if kind == T.ORDERLIST:
        return _order(question, given.value)
    return _matrix(question, given.value) if kind == T.CHOICEMATRIX else _formulas(given)


def _gaps(question: Question, values: list[str]) -> Value:
    offered = {option.id for option in question.options}
    for value in values:
        if value not in offered:
            raise errors.UnknownOption(question.number, value)
    return list(values)


def _order(question: Question, values: list[int]) -> Value:
    if sorted(values) != list(range(len(question.options))):
        raise errors.invalid("value", f"must hold each of 0 to {len(question.options) - 1} once")
    return list(values)


def _matrix(question: Question, rows: list[list[int]]) -> Value:
    if question.parts and len(rows) != len(question.parts):
        raise errors.invalid("value", f"needs one list for each of the {len(question.parts)} sub-questions")
    for n, row in enumerate(rows):
        if not row:
            raise errors.invalid(f"value[{n}]", "needs at least one number")
        for place in row:
            if not 0 <= place < len(question.options):
                raise errors.UnknownOption(question.number, str(place))
    return [sorted(set(row)) for row in rows]


def _formulas(given: Given) -> Value:
    for n, row in enumerate(given.value):
        if not row or not all(row):
            raise errors.invalid(f"value[{n}]", "needs at least one formula, and none that is empty")
    if not given.boxes:
        raise errors.invalid("responses", "are required for clozeformula: what stood in each box")
    return {"values": [list(row) for row in given.value], "boxes": [list(row) for row in given.boxes]}


def _text(kind: QuestionType, given: Given) -> Value | None:
    text: str = given.value
    if len(text) > TEXT_AT_MOST:
        raise errors.invalid("value", f"must be at most {TEXT_AT_MOST:,} characters")
    if kind == T.GRIDDED:
        if not NUMBER.fullmatch(text):
            raise errors.invalid("value", "must be a number, with a point before its decimals")
        return text
    if not ENCODED.fullmatch(text):
        raise errors.invalid("value", "must be URL-encoded, with + for a space")
    decoded = unquote_plus(text, errors="replace")
    if "\0" in decoded:
        raise errors.invalid("value", "must not contain a NUL character")
    _check_counts(kind, given, text, decoded)
    return decoded


def _check_counts(kind: QuestionType, given: Given, text: str, decoded: str) -> None:
    """Counts are required where the vendor asks for them. Its sample leaves open which form of a text is counted."""
    if kind == T.SHORTTEXT:
        if given.character_count is None:
            raise errors.invalid("character_count", "is required for shorttext")
        if given.character_count not in {len(text), len(decoded)}:
            raise errors.invalid("character_count", f"must be {len(decoded)}, the characters of the value")
    if kind in WITH_WORD_COUNT:
        if given.word_count is None:
            raise errors.invalid("word_count", f"is required for {kind.name.lower()}")
        if given.word_count < 0:
            raise errors.invalid("word_count", "must not be negative")
