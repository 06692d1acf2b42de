"""Responses to the thirteen question types, and what fits a question (Learnosity, Template Submission).

A response is checked against its question and turned into the value that is kept (forms.py, Value): online, on paper
and in a template by the same rules, but for two. In a template texts arrive URL-encoded, `+` for a space, and are
kept decoded; and every part of an answer must be there, as the vendor says, where a candidate may save half of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from exam_sessions import errors
from exam_sessions.domain.forms import NOT_A_NUMBER, TEXT_AT_MOST, fits_grid, mismatch
from exam_sessions.domain.known_answers import known_answers_of
from exam_sessions.domain.question_types import GAPS, SHAPE, TEXT, QuestionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form, Question, Value
    from exam_sessions.domain.submitted_responses import Choice, Structured, TemplateResponse

T = QuestionType
WITH_WORD_COUNT = frozenset({T.LONGTEXT, T.LONGTEXTV2, T.PLAINTEXT})
ENCODED = re.compile(r"([A-Za-z0-9_.~!*'()+-]|%[0-9A-Fa-f]{2})*")
"""A URL-encoded text: what may stand as it is, `+` for a space, and the rest in percents."""

FORMULA_AT_MOST = 4000
"""Characters of one formula, and of what stood in one box."""

OPEN_GAP = ""
"""What stands for a gap that is not filled in."""

MARKUP = re.compile(r"<[^<>]*>")
"""Tags of a rich text, which part words where they are counted as shown."""


def values_of(form: Form, given: Sequence[TemplateResponse], *, ignore_revisions: bool) -> dict[str, Value | None]:
    """What is kept of the responses to a form, for every question of it; one that is not named was not attempted.

    Raises:
        errors.BatchRefused: responses that do not fit, each named.
    """
    known_answers = known_answers_of(form)
    known = known_answers.of_responses(given)
    if known is not None:
        # In the order of the form, and each was checked before.
        form.fitting = found = known if form.numbers == (*known,) else dict.fromkeys(form.numbers) | known
        return found
    found = dict.fromkeys(form.numbers)
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
            found[question.number] = value = value_of(form, question, response)
            if response.revision in {0, form.revision}:
                known_answers.add_response(response, question.number, value)
        except errors.Refusal as refusal:
            refused.append(errors.RowRefusal(index, "", refusal))
    if refused:
        raise errors.BatchRefused("responses", refused, len(given))
    return found


def online_value(form: Form, question: Question, options: Sequence[Choice], other: str | Structured) -> Value | None:
    """What is kept of a response that was sent online; None when it takes an earlier one back.

    Raises:
        errors.ResponseMismatch: the value has another shape than the question's type.
        errors.UnknownOption: it names what the question does not offer.
        errors.InvalidField: it breaks a rule of its type.
    """
    if not other:
        return form.chosen(question, options) if options else None
    if options:
        raise errors.invalid("response", "holds options and another value; send one of them")
    if isinstance(other, str):
        return form.written(question, other)
    kind = QuestionType(question.type)
    if kind == T.MCQ or other.shape != SHAPE[kind]:
        raise mismatch(question)
    return _structured(form, question, other.value, other.boxes or [], f"response.{other.shape}", open_parts=True)


def value_of(form: Form, question: Question, given: TemplateResponse) -> Value | None:
    """What is kept of one response of a template; None when the question was not attempted.

    Raises:
        errors.ResponseMismatch: the value has another shape than the question's type.
        errors.UnknownOption: it names what the question does not offer.
        errors.InvalidField: it breaks a rule of its type.
    """
    kind = QuestionType(question.type)
    shape = SHAPE[kind]
    data_type = "string" if shape == TEXT else "array"
    if given.type and given.type != data_type:
        raise mismatch(question, f"the type {data_type}")
    if not given.shape:
        return None
    if given.shape != shape:
        raise mismatch(question, shape)
    if shape == TEXT:
        return _text(question, kind, given)
    value = _structured(form, question, given.value, given.boxes or [], "value", open_parts=False)
    if kind == T.CLOZEFORMULA and not given.boxes:
        raise errors.invalid("responses", "are required for clozeformula: what stood in each box")
    return value


def _structured(
    form: Form, question: Question, value: Any, boxes: list[list[str]], path: str, *, open_parts: bool
) -> Value:
    """A value that has the shape of its type, and is no text, as it is kept; `open_parts` may be left unanswered."""
    if not value:
        raise errors.invalid(path, "needs at least one entry; leave it unset for a question not attempted")
    kind = QuestionType(question.type)
    if kind == T.MCQ:
        return form.chosen(question, value)
    if kind in GAPS:
        return _gaps(question, value, open_parts=open_parts)
    if kind == T.ORDERLIST:
        return _order(question, value, path, open_parts=open_parts)
    if kind == T.CHOICEMATRIX:
        return _matrix(question, value, path, open_parts=open_parts)
    return _formulas(value, boxes, path, open_parts=open_parts)


def _gaps(question: Question, values: list[str], *, open_parts: bool) -> Value:
    offered = {option.id for option in question.options}
    if open_parts:
        offered.add(OPEN_GAP)
    for value in values:
        if value not in offered:
            raise errors.UnknownOption(question.number, value)
    return list(values)


def _order(question: Question, values: list[int], path: str, *, open_parts: bool) -> Value:
    count, last = len(question.options), len(question.options) - 1
    if not open_parts and len(values) != count:
        raise errors.invalid(path, f"must hold each of 0 to {last} once")
    if len({*values}) != len(values) or not 0 <= min(values) <= max(values) <= last:
        raise errors.invalid(path, f"must hold numbers from 0 to {last}, each at most once")
    return list(values)


def _matrix(question: Question, rows: list[list[int]], path: str, *, open_parts: bool) -> Value:
    if question.parts and len(rows) != len(question.parts):
        raise errors.invalid(path, f"needs one list for each of the {len(question.parts)} sub-questions")
    for n, row in enumerate(rows):
        if not row and not open_parts:
            raise errors.invalid(f"{path}[{n}]", "needs at least one number")
        for index in row:
            if not 0 <= index < len(question.options):
                raise errors.UnknownOption(question.number, str(index))
    return [sorted(set(row)) for row in rows]


def _formulas(rows: list[list[str]], boxes: list[list[str]], path: str, *, open_parts: bool) -> Value:
    for n, row in enumerate(rows):
        if not open_parts and not (row and all(row)):
            raise errors.invalid(f"{path}[{n}]", "needs at least one formula, and none that is empty")
    _check_formulas(rows, path)
    _check_formulas(boxes, "responses" if path == "value" else "response.boxes")
    return {"values": [list(row) for row in rows], "boxes": [list(row) for row in boxes]}


def _check_formulas(rows: list[list[str]], path: str) -> None:
    """A request with sessions of a template is not held to the rules of its fields before its turn."""
    for n, row in enumerate(rows):
        for index, text in enumerate(row):
            if len(text) > FORMULA_AT_MOST:
                raise errors.invalid(f"{path}[{n}][{index}]", f"must be at most {FORMULA_AT_MOST:,} characters")


def _text(question: Question, kind: QuestionType, given: TemplateResponse) -> Value | None:
    text: str = given.value
    if len(text) > TEXT_AT_MOST:
        raise errors.invalid("value", f"must be at most {TEXT_AT_MOST:,} characters")
    if kind == T.GRIDDED:
        if not fits_grid(question, text):
            raise errors.invalid("value", NOT_A_NUMBER)
        return text
    if not ENCODED.fullmatch(text):
        raise errors.invalid("value", "must be URL-encoded, with + for a space")
    decoded = unquote_plus(text, errors="replace")
    if "\0" in decoded:
        raise errors.invalid("value", "must not contain a NUL character")
    _check_counts(kind, given, text, decoded)
    return decoded


def _check_counts(kind: QuestionType, given: TemplateResponse, text: str, decoded: str) -> None:
    """Counts are required where the vendor asks for them. Its sample leaves open which form of a text is counted.

    Characters may be those of the value as sent or decoded, words those with the markup of a rich text or without.
    """
    if kind == T.SHORTTEXT:
        if given.character_count is None:
            raise errors.invalid("character_count", "is required for shorttext")
        if given.character_count not in {len(text), len(decoded)}:
            raise errors.invalid("character_count", f"must be {len(decoded)}, the characters of the value")
    if kind in WITH_WORD_COUNT:
        if given.word_count is None:
            raise errors.invalid("word_count", f"is required for {kind.name.lower()}")
        words = len(decoded.split())
        if given.word_count not in {words, len(MARKUP.sub(" ", decoded).split())}:
            raise errors.invalid("word_count", f"must be {words}, the words of the value")
