"""Test forms: their questions, what makes one valid, and what a response to a question may be.

A Form is a revision, immutable; sessions hold the revision they were booked with. Scoring is scoring.py's.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.marks import decimals_of, mark_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.commands import Answers

MARK_AT_MOST = mark_of("100000")
TEXT_AT_MOST = 100_000
"""Characters of one written response."""


class QuestionType(IntEnum):
    """How a question is answered: the types of Learnosity (Template Submission), numbered as in the protos."""

    ASSOCIATION = 1
    CHOICEMATRIX = 2
    CLOZEFORMULA = 3
    CLOZEINLINETEXT = 4
    CLOZETEXT = 5
    FORMULAV2 = 6
    GRIDDED = 7
    LONGTEXT = 8
    LONGTEXTV2 = 9
    MCQ = 10
    ORDERLIST = 11
    PLAINTEXT = 12
    SHORTTEXT = 13


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


class Question(NamedTuple):
    """One question; `keys` are the places of the right options in ascending order, `available` is in marks.UNIT."""

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


OPTIONS = Question._fields.index("options")

Value = int | list[int] | str
"""A response as it is kept: the place of the chosen option, the places of several in ascending order, or a text.

One option is no list: a script of fifty would be fifty lists, for every search for garbage to walk through.
"""

Choice = int | str | tuple[str]
"""An option as a caller names it: by its place, by its id, or, in a tuple of one, by its label."""


def kept(places: Sequence[int]) -> int | list[int]:
    """Places of options in ascending order, as a response keeps them."""
    return places[0] if len(places) == 1 else list(places)


def places_of(value: Value | None) -> Sequence[int]:
    """The places of the options a response holds; none when it holds a text, or there is none."""
    if isinstance(value, int):
        return (value,)
    return value if isinstance(value, list) else ()


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
    ) -> None:
        self.reference, self.revision, self.name, self.mark_decimals = reference, revision, name, mark_decimals
        self.questions, self.objectives = tuple(questions), tuple(objectives)
        self.by_number = {question.number: question for question in self.questions}
        self.by_id = {question.id: question for question in self.questions}
        self.holds_texts = any(question.type != QuestionType.MCQ for question in self.questions)
        self.available = sum(question.available for question in self.questions)
        self.marked_by_machine = tuple(
            (question.number, kept(question.keys), question.available)
            for question in self.questions
            if question.marking == Marking.MACHINE
        )
        self.marked_by_people = tuple(q.number for q in self.questions if q.marking == Marking.HUMAN)
        self._places: dict[str, dict[Choice, int]] = {q.number: _places(q) for q in self.questions}
        self._plain = {
            question.id: (question.number, question.item_id, self._places[question.number])
            for question in self.questions
            if question.type == QuestionType.MCQ
        }

    def plainly_chosen(self, items: Iterable[Answers]) -> dict[str, Value] | None:
        """Responses by the number of the question, when each is one option of a question that is there.

        The road of nearly every call, at a third of the price; None when something else is among them.
        """
        found: dict[str, Value] = {}
        plain = self._plain
        try:
            for item_id, answers in items:
                for question_id, (option,), text in answers:
                    number, own_item, places = plain[question_id]
                    if text or number in found or (item_id and item_id != own_item):
                        return None
                    found[number] = places[option]
        except (KeyError, ValueError):
            return None
        return found

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
            raise errors.ResponseMismatch(question.number, QuestionType(question.type).name)
        places = self._places[question.number]
        found = []
        for choice in choices:
            place = places.get(choice)
            if place is None:
                raise errors.UnknownOption(question.number, choice[0] if isinstance(choice, tuple) else str(choice))
            found.append(place)
        return kept(sorted(set(found)))

    def written(self, question: Question, text: str) -> str:
        """A text as the response to a question. Raises ResponseMismatch, InvalidField."""
        if question.type == QuestionType.MCQ:
            raise errors.ResponseMismatch(question.number, QuestionType(question.type).name)
        if len(text) > TEXT_AT_MOST:
            raise errors.invalid("response.text", f"must be at most {TEXT_AT_MOST:,} characters")
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
        if not 0 <= mark <= question.available or (text.startswith("-") and mark):
            raise errors.MarkAboveAvailable(question.number, text, text_of(question.available))
        return mark


def _places(question: Question) -> dict[Choice, int]:
    places: dict[Choice, int] = {}
    for place, option in enumerate(question.options):
        places[place] = places[option.id] = place
        places[(option.label.upper(),)] = place
    return places


class Draft(NamedTuple):
    """A question as its author writes it: gaps are still empty, keys are ids of options."""

    number: str
    id: str
    item_id: str
    item_name: str
    type: int
    content: str
    options: tuple[Option, ...]
    keys: tuple[str, ...]
    available_mark: str
    marking: int
    objective_ids: tuple[str, ...]


def question_of(draft: Draft, place: int, mark_decimals: int) -> Question:
    """A question with its gaps filled in; `place` counts from 0.

    Raises:
        errors.InvalidField: its parts do not fit each other.
    """
    number = draft.number or str(place + 1)
    question_id = draft.id or number
    options = tuple(
        Option(option.id or str(n), option.label or _letters(n), option.content)
        for n, option in enumerate(draft.options)
    )
    _check_distinct([option.id for option in options], "options", "id")
    _check_distinct([option.label.upper() for option in options], "options", "label")
    kind = draft.type or (QuestionType.MCQ if options else QuestionType.LONGTEXT)
    places = {option.id: n for n, option in enumerate(options)}
    unknown = next((n for n, key in enumerate(draft.keys) if key not in places), None)
    if unknown is not None:
        raise errors.invalid(f"keys[{unknown}]", f"names no option of the question: {draft.keys[unknown]!r}")
    if draft.keys and kind != QuestionType.MCQ:
        raise errors.invalid("keys", "are for multiple choice; a question of another type is marked by people")
    marking = draft.marking or (Marking.MACHINE if draft.keys else Marking.HUMAN)
    if marking == Marking.MACHINE and not draft.keys:
        raise errors.invalid("keys", "are needed for a question the machine marks")
    if kind == QuestionType.MCQ and not options:
        raise errors.invalid("options", "are needed for multiple choice")
    if decimals_of(draft.available_mark) > mark_decimals:
        raise errors.invalid("available_mark", f"has more decimals than the form's marks, {mark_decimals}")
    available = mark_of(draft.available_mark or "1")
    if available > MARK_AT_MOST:
        raise errors.invalid("available_mark", "must be at most 100000")
    return Question(
        number,
        question_id,
        draft.item_id or question_id,
        draft.item_name,
        int(kind),
        draft.content,
        options,
        tuple(sorted({places[key] for key in draft.keys})),
        available,
        int(marking),
        draft.objective_ids,
    )


def form_of(
    reference: str, name: str, mark_decimals: int, drafts: Sequence[Draft], objectives: Sequence[Objective]
) -> Form:
    """A form, still without its revision, once its parts have been found to fit each other.

    Raises:
        errors.InvalidField: they do not; the field is named as in the TestForm message.
    """
    if not reference.strip():
        raise errors.invalid("reference", "a test form needs a reference that is not blank")
    if not drafts:
        raise errors.invalid("questions", "a test form needs at least one question")
    questions = []
    for place, draft in enumerate(drafts):
        try:
            questions.append(question_of(draft, place, mark_decimals))
        except errors.InvalidField as refusal:
            raise refusal.under(f"questions[{place}]") from None
    _check_distinct([question.number for question in questions], "questions", "number")
    _check_distinct([question.id for question in questions], "questions", "id")
    _check_distinct([objective.id for objective in objectives], "objectives", "id")
    known = {objective.id for objective in objectives}
    for place, question in enumerate(questions):
        strange = [n for n, objective in enumerate(question.objective_ids) if objective not in known]
        if strange:
            path = f"questions[{place}].objective_ids[{strange[0]}]"
            raise errors.invalid(path, "names no objective of the form; add it to objectives")
        _check_distinct(question.objective_ids, f"questions[{place}].objective_ids", "")
    return Form(reference, 0, name, mark_decimals, questions, objectives)


def _check_distinct(values: Sequence[str], path: str, field: str) -> None:
    seen: set[str] = set()
    for n, value in enumerate(values):
        if value in seen:
            place = f"{path}[{n}].{field}".removesuffix(".")
            raise errors.invalid(place, f"is there already: {value!r}")
        seen.add(value)


def _letters(place: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def as_json(form: Form) -> dict[str, Any]:
    """What a form is kept as: its questions and objectives; the rest of it stands in columns."""
    questions = [[*q[:OPTIONS], [list(option) for option in q.options], *q[OPTIONS + 1 :]] for q in form.questions]
    return {"questions": questions, "objectives": [list(objective) for objective in form.objectives]}


def from_json(reference: str, revision: int, name: str, mark_decimals: int, kept: dict[str, Any]) -> Form:
    """A form from what it is kept as."""
    questions = [_question_from_json(row) for row in kept["questions"]]
    return Form(reference, revision, name, mark_decimals, questions, [Objective(*row) for row in kept["objectives"]])


def _question_from_json(row: list[Any]) -> Question:
    question = Question._make(row)
    return question._replace(
        options=tuple(Option(*option) for option in question.options),
        keys=tuple(question.keys),
        objective_ids=tuple(question.objective_ids),
    )
