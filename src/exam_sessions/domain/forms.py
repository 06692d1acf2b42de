"""Test forms: their questions, and what a response to a question may be.

A Form is a revision, immutable; sessions hold the revision they were booked with. What makes one valid is
authoring.py's, what responses earn scoring.py's.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.known_marks import KnownMarks
from exam_sessions.domain.marks import decimals_of, mark_of, text_of
from exam_sessions.domain.question_types import SHAPE, TEXT, QuestionType
from exam_sessions.domain.texts import fold_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.submitted_responses import Answers, Choice

TEXT_AT_MOST = 100_000
"""Characters of one written response."""

GRID = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)")
GRID_SO_FAR = re.compile(r"[+-]?[0-9]*[.]?[0-9]*")
NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?")
"""What a grid holds: a number with a point before its decimals, and what such a number may begin with; and numbers
with an exponent besides."""

MINUS = "\N{MINUS SIGN}"
"""What word processors write before a negative number."""

NOT_A_NUMBER = "must be a number, with a point before its decimals"


class Marking(IntEnum):
    """Who gives the mark."""

    MACHINE = 1
    HUMAN = 2


class Option(NamedTuple):
    """One of the answers a question offers."""

    id: str
    label: str
    content: str


class Objective(NamedTuple):
    """Something a test measures."""

    id: str
    text: str
    abbreviation: str


class GapOrder(IntEnum):
    """How gaps are compared with their keys."""

    EACH = 0
    ANY = 1
    UNORDERED_PAIRS = 2


class KeyMark(NamedTuple):
    """What one part of a response earns, in marks.UNIT; `part` is ANY_PART where it may stand anywhere."""

    key: str
    part: int
    mark: int


ANY_PART = -1


class Rule(NamedTuple):
    """How responses are compared with keys; without `marks` a question earns all or nothing. Bounds in marks.UNIT."""

    case_sensitive: bool = False
    numeric: bool = False
    decimal_comma: bool = False
    gap_order: int = 0
    marks: tuple[KeyMark, ...] = ()
    lower: int = 0
    upper: int = 0


class Question(NamedTuple):
    """One question; `keys` are the indexes of the right options in ascending order, `available` is in marks.UNIT."""

    number: str
    id: str
    item_id: str
    item_name: str
    type: int
    content: str
    options: tuple[Option, ...]
    keys: tuple[int, ...]
    available: int
    marking: int
    objective_ids: tuple[str, ...]
    parts: tuple[str, ...] = ()
    """What the sub-questions of a choicematrix say."""
    right: tuple[Any, ...] = ()
    """What is right where it is not one set of options: what answer_keys.py compares with."""
    item_version: str = ""
    """The version of the item, as its bank names it."""
    rule: Rule = Rule()


Value = Any
"""A response as it is kept, and as JSON holds it. None is no response.

Numbers are indexes of options. mcq: the option that was chosen, or several in ascending order. One option is no list:
an attempt of fifty would be fifty lists, which every garbage collection visits. association, clozetext,
clozeinlinetext: the id of an option for each gap, empty for an open one. choicematrix: lists of options, empty for an
open row. orderlist: the options chosen so far, from the first. clozeformula: {"values", "boxes"}, the formulas and
what stood in the boxes. Every other type: a text.
"""


def mismatch(question: Question, takes: str = "") -> errors.ResponseMismatch:
    """The refusal of a value of another shape; `takes` names the field to be set, by default that of a Response."""
    kind = QuestionType(question.type)
    takes = takes or ("options" if kind == QuestionType.MCQ else SHAPE[kind])
    return errors.ResponseMismatch(question.number, kind.name, question.item_id, takes)


def number_of(question: Question, text: str) -> Decimal | None:
    """The number a text writes, exactly; None when it writes none. A comma is a point where the form says so."""
    text = _with_point(question, text.strip().replace(MINUS, "-", 1))
    return Decimal(text) if NUMBER.fullmatch(text) else None


def fits_grid(question: Question, text: str) -> bool:
    """Whether a text is a number as a grid takes it: nothing beside it, and no exponent."""
    return bool(GRID.fullmatch(_with_point(question, text)))


def begins_number(question: Question, text: str) -> bool:
    """Whether a text is such a number, or the beginning of one."""
    return bool(GRID_SO_FAR.fullmatch(_with_point(question, text)))


def _with_point(question: Question, text: str) -> str:
    return text.replace(",", ".", 1) if question.rule.decimal_comma else text


def stored_choice(indexes: Sequence[int]) -> int | list[int]:
    """Indexes of options in ascending order, as a response keeps them."""
    return indexes[0] if len(indexes) == 1 else list(indexes)


def indexes_of(question: Question, value: Value) -> Sequence[int]:
    """The indexes of the options a response to a multiple-choice question holds; of any other none."""
    if question.type != QuestionType.MCQ or not isinstance(value, int | list):
        return ()
    return (value,) if isinstance(value, int) else tuple(value)


class Form:
    """A revision of a test form, and its questions by number and by id."""

    def __init__(
        self,
        reference: str,
        revision: int,
        name: str,
        mark_decimals: int,
        questions: Sequence[Question],
        objectives: Sequence[Objective],
        *,
        negative_marks: bool = False,
    ) -> None:
        self.reference, self.revision, self.name, self.mark_decimals = reference, revision, name, mark_decimals
        self.negative_marks = negative_marks
        self.questions, self.objectives = tuple(questions), tuple(objectives)
        self.by_number = {question.number: question for question in self.questions}
        self.numbers = tuple(self.by_number)
        self.by_id = {question.id: question for question in self.questions}
        self.holds_texts = any(question.type != QuestionType.MCQ for question in self.questions)
        self.fewest = min((len(question.options) for question in self.questions), default=0)
        """Options of the question that offers the fewest."""
        self.fitting: object = None
        """The last responses that were found to fit, for stored_values.py."""
        self.known_answers: object = None
        """Answers that were checked before, for known_answers.py."""
        self.known_marks = KnownMarks()
        self.shared_results: dict[tuple[str, int | None], object] = {}
        """Results by the number of the question and the index that was chosen, for scoring.py."""
        self.available = sum(question.available for question in self.questions)
        self.least = sum(question.rule.lower for question in self.questions)
        """The least that can be earned: below 0 with negative marks."""
        self.marked_by_machine = tuple(
            (question.number, stored_choice(question.keys), question.available)
            for question in self.questions
            if question.marking == Marking.MACHINE and question.type == QuestionType.MCQ and not question.rule.marks
        )
        self.machine_columns = tuple(zip(*self.marked_by_machine, strict=True)) or ((), (), ())
        """Numbers, keys and available marks of the same, each as a tuple."""
        self.marked_by_comparing = tuple(
            question
            for question in self.questions
            if question.marking == Marking.MACHINE and (question.type != QuestionType.MCQ or question.rule.marks)
        )
        self.marked_by_people = tuple(q.number for q in self.questions if q.marking == Marking.HUMAN)
        self._indexes: dict[str, dict[Choice, int]] = {q.number: _indexes(q) for q in self.questions}
        self._plain = {
            question.id: (question.number, question.item_id, self._indexes[question.number])
            for question in self.questions
            if question.type == QuestionType.MCQ
        }

    def fast_single_choice(self, items: Iterable[Answers]) -> dict[str, Value] | None:
        """Responses by the number of the question, when each is one option of a question that is there.

        The road of nearly every call, at a third of the price; None when something else is among them.
        """
        found: dict[str, Value] = {}
        plain, count = self._plain, 0
        try:
            for item_id, answers in items:
                count += len(answers)
                for question_id, (option,), other in answers:
                    number, own_item, indexes = plain[question_id]
                    if other or (own_item != item_id and item_id):
                        return None
                    found[number] = indexes[option]
        except (KeyError, ValueError):
            return None
        # Fewer, where a question came twice.
        return found if len(found) == count else None

    def question(self, number: str) -> Question:
        """The question of a number. Raises UnknownQuestion."""
        try:
            return self.by_number[number]
        except KeyError:
            raise errors.UnknownQuestion(number) from None

    def chosen(self, question: Question, choices: Iterable[Choice]) -> Value:
        """The options a caller names, as they are kept.

        Raises:
            errors.ResponseMismatch: the question is not multiple choice.
            errors.UnknownOption: one of them is not the question's.
        """
        if question.type != QuestionType.MCQ:
            raise mismatch(question)
        indexes = self._indexes[question.number]
        found = []
        for choice in choices:
            index = indexes.get(choice)
            if index is None:
                raise errors.UnknownOption(question.number, choice[0] if isinstance(choice, tuple) else str(choice))
            found.append(index)
        return stored_choice(sorted(set(found)))

    def written(self, question: Question, text: str) -> str:
        """A text as the response to a question. Raises ResponseMismatch, InvalidField."""
        if SHAPE[QuestionType(question.type)] != TEXT:
            raise mismatch(question)
        if len(text) > TEXT_AT_MOST:
            raise errors.invalid("response.text", f"must be at most {TEXT_AT_MOST:,} characters")
        if question.type == QuestionType.GRIDDED and not begins_number(question, text):
            raise errors.invalid("response.text", NOT_A_NUMBER)
        return text

    def check_mark(self, question: Question, text: str) -> int:
        """A mark as a caller writes it, in marks.UNIT.

        Raises:
            errors.MarkTooFine: it has more decimals than the form allows.
            errors.MarkAboveAvailable: it is not between 0 and the available mark.
        """
        if decimals_of(text) > self.mark_decimals:
            raise errors.MarkTooFine(question.number, text, self.mark_decimals)
        mark = mark_of(text)
        if not question.rule.lower <= mark <= question.available:
            raise errors.MarkAboveAvailable(question.number, text, text_of(question.available))
        return mark


def _indexes(question: Question) -> dict[Choice, int]:
    indexes: dict[Choice, int] = {}
    for index, option in enumerate(question.options):
        indexes[index] = indexes[option.id] = index
        indexes[(fold_label(option.label),)] = index
    return indexes
