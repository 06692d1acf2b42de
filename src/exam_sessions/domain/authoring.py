"""Writing a test form: what makes one valid, and how the gaps its author leaves are filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.answer_keys import PAIR, rule_of
from exam_sessions.domain.forms import NUMBER, Form, GapOrder, Marking, Option, Question, Rule
from exam_sessions.domain.marks import decimals_of, mark_of
from exam_sessions.domain.question_types import GAPS, OFFERING, QuestionType
from exam_sessions.domain.texts import fold_label, is_blank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Objective
    from exam_sessions.domain.question_draft import QuestionDraft

MARK_AT_MOST = mark_of("100000")


def question_of(draft: QuestionDraft, index: int, mark_decimals: int, *, negative_marks: bool = False) -> Question:
    """A question with its gaps filled in; `index` counts from 0.

    Raises:
        errors.InvalidField: its parts do not fit each other.
    """
    number = draft.number or str(index + 1)
    question_id = draft.id or number
    options = tuple(
        Option(option.id or str(n), option.label or _letters(n), option.content)
        for n, option in enumerate(draft.options)
    )
    _check_distinct([option.id for option in options], "options", "id")
    _check_distinct([fold_label(option.label) for option in options], "options", "label")
    kind = draft.type or (QuestionType.MCQ if options else QuestionType.LONGTEXT)
    _check_keys(QuestionType(kind), draft)
    keys, right = _keys_of(QuestionType(kind), options, draft)
    marking = draft.marking or (Marking.MACHINE if draft.keys or draft.marks else Marking.HUMAN)
    if marking == Marking.MACHINE and not (draft.keys or draft.marks):
        raise errors.invalid("keys", "are needed for a question the machine marks")
    if kind in OFFERING and not options:
        raise errors.invalid("options", f"are needed for {QuestionType(kind).name.lower()}")
    if decimals_of(draft.available_mark) > mark_decimals:
        raise errors.invalid("available_mark", f"has more decimals than the form's marks, {mark_decimals}")
    available = mark_of(draft.available_mark or "1")
    if available > MARK_AT_MOST:
        raise errors.invalid("available_mark", "must be at most 100000")
    question = Question(
        number,
        question_id,
        draft.item_id or question_id,
        draft.item_name,
        int(kind),
        draft.content,
        options,
        keys,
        available,
        int(marking),
        draft.objective_ids,
        draft.parts,
        right,
        item_version=draft.item_version,
        rule=draft.rule,
    )
    return question._replace(rule=rule_of(question, draft, mark_decimals, negative=negative_marks))


def _check_keys(kind: QuestionType, draft: QuestionDraft) -> None:
    """Refuses keys that no response could be meant to match. Raises InvalidField."""
    if kind in GAPS and draft.rule.gap_order == GapOrder.UNORDERED_PAIRS and len(draft.keys) % PAIR:
        raise errors.invalid("keys", "must name two options for each pair")
    for n, key in enumerate(() if kind in OFFERING else draft.keys):
        if is_blank(key):
            raise errors.invalid(f"keys[{n}]", "must not be blank")


def _keys_of(
    kind: QuestionType, options: Sequence[Option], draft: QuestionDraft
) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """The indexes of right options, and what is right where it is no option. Raises InvalidField."""
    indexes = {option.id: n for n, option in enumerate(options)}

    def index_of(n: int, key: str) -> int:
        if key not in indexes:
            raise errors.invalid(f"keys[{n}]", f"names no option of the question: {key!r}")
        return indexes[key]

    keys = draft.keys
    if kind == QuestionType.MCQ:
        return tuple(sorted({index_of(n, key) for n, key in enumerate(keys)})), ()
    if kind in GAPS:
        return (), tuple(options[index_of(n, key)].id for n, key in enumerate(keys))
    if kind == QuestionType.ORDERLIST:
        order = tuple(index_of(n, key) for n, key in enumerate(keys))
        if order and sorted(order) != list(range(len(options))):
            raise errors.invalid("keys", "must name every option once, in the right order")
        return (), order
    if kind == QuestionType.CHOICEMATRIX:
        if keys and draft.parts and len(keys) != len(draft.parts):
            raise errors.invalid("keys", "must name the right options of each part")
        return (), tuple(sorted({index_of(n, key.strip()) for key in row.split(",")}) for n, row in enumerate(keys))
    if kind == QuestionType.CLOZEFORMULA:
        return (), tuple([key] for key in keys)
    return (), _accepted(kind, draft.rule, tuple(key.strip() for key in keys))


def _accepted(kind: QuestionType, rule: Rule, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts a written question accepts. Raises InvalidField."""
    for n, text in enumerate(texts):
        number = text.replace(",", ".", 1) if rule.decimal_comma else text
        if (kind == QuestionType.GRIDDED or rule.numeric) and not NUMBER.fullmatch(number):
            raise errors.invalid(f"keys[{n}]", f"is no number with a point before its decimals: {text!r}")
    return texts


def form_of(
    reference: str,
    name: str,
    mark_decimals: int,
    drafts: Sequence[QuestionDraft],
    objectives: Sequence[Objective],
    *,
    negative_marks: bool = False,
) -> Form:
    """A form, still without its revision, once its parts have been found to fit each other.

    Raises:
        errors.InvalidField: they do not; the field is named as in the TestForm message.
    """
    if is_blank(reference):
        raise errors.invalid("reference", "a test form needs a reference that is not blank")
    if not drafts:
        raise errors.invalid("questions", "a test form needs at least one question")
    questions = []
    for index, draft in enumerate(drafts):
        try:
            questions.append(question_of(draft, index, mark_decimals, negative_marks=negative_marks))
        except errors.InvalidField as refusal:
            raise refusal.under(f"questions[{index}]") from None
    _check_distinct([question.number for question in questions], "questions", "number")
    _check_distinct([question.id for question in questions], "questions", "id")
    _check_distinct([objective.id for objective in objectives], "objectives", "id")
    known = {objective.id for objective in objectives}
    for index, question in enumerate(questions):
        strange = [n for n, objective in enumerate(question.objective_ids) if objective not in known]
        if strange:
            path = f"questions[{index}].objective_ids[{strange[0]}]"
            raise errors.invalid(path, "names no objective of the form; add it to objectives")
        _check_distinct(question.objective_ids, f"questions[{index}].objective_ids", "")
    return Form(reference, 0, name, mark_decimals, questions, objectives, negative_marks=negative_marks)


def _check_distinct(values: Sequence[str], path: str, field: str) -> None:
    seen: set[str] = set()
    for n, value in enumerate(values):
        if value in seen:
            field_path = f"{path}[{n}].{field}".removesuffix(".")
            raise errors.invalid(field_path, f"is there already: {value!r}")
        seen.add(value)


def _letters(index: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
