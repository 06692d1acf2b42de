"""Keys as their author writes them, and which responses they ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.forms import GAPS, NUMBER, QuestionType, kept

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Question, Value


def keys_of(question: Question) -> tuple[str, ...]:
    """The keys of a question as its author writes them."""
    options, kind = question.options, question.type
    if kind == QuestionType.MCQ:
        return tuple(options[place].id for place in question.keys)
    if kind == QuestionType.ORDERLIST:
        return tuple(options[place].id for place in question.right)
    if kind == QuestionType.CHOICEMATRIX:
        return tuple(",".join(options[place].id for place in row) for row in question.right)
    if kind == QuestionType.CLOZEFORMULA:
        return tuple(formula for (formula,) in question.right)
    return tuple(question.right)


class KeyPart(NamedTuple):
    """One key of a question as results show it."""

    value: str
    place: int = 0
    """The option's place, where it is an option."""
    part: int = 0
    """The gap, sub-question or place in the order that it is right for."""


def key_parts(question: Question) -> list[KeyPart]:
    """The keys of a question, one by one, with what each is right for."""
    options, kind = question.options, question.type
    if kind == QuestionType.MCQ:
        return [KeyPart(options[place].id, place) for place in question.keys]
    if kind in GAPS:
        places = {option.id: place for place, option in enumerate(options)}
        return [KeyPart(key, places[key], part) for part, key in enumerate(question.right)]
    if kind == QuestionType.ORDERLIST:
        return [KeyPart(options[place].id, place, part) for part, place in enumerate(question.right)]
    if kind == QuestionType.CHOICEMATRIX:
        return [KeyPart(options[place].id, place, part) for part, row in enumerate(question.right) for place in row]
    if kind == QuestionType.CLOZEFORMULA:
        return [KeyPart(formula, 0, part) for part, (formula,) in enumerate(question.right)]
    return [KeyPart(text) for text in question.right]


def is_right(question: Question, value: Value) -> bool:
    """Whether a response of the shape of its type (stored_values.py) is what the keys ask for, all of it."""
    if value is None:
        return False
    if question.type == QuestionType.MCQ:
        return bool(value == kept(question.keys))
    if question.type in GAPS or question.type in {QuestionType.ORDERLIST, QuestionType.CHOICEMATRIX}:
        return bool(value == list(question.right))
    if question.type == QuestionType.CLOZEFORMULA:
        return bool(value["values"] == list(question.right))
    text = value.strip()
    if question.type == QuestionType.GRIDDED:
        # 1234.5 is 1234.50; responses that were not sent with a template may be no number at all.
        return bool(NUMBER.fullmatch(text)) and any(Decimal(text) == Decimal(key) for key in question.right)
    return text.casefold() in {key.casefold() for key in question.right}
