"""Keys as their author writes them, and which responses they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import normalize

from exam_sessions import errors
from exam_sessions.domain.forms import ANY_PART, GapOrder, KeyMark, indexes_of, number_of, stored_choice
from exam_sessions.domain.marks import decimals_of, mark_of, text_of
from exam_sessions.domain.question_types import GAPS, OFFERING, SHAPE, TEXT, QuestionType
from exam_sessions.domain.texts import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.forms import Question, Rule, Value
    from exam_sessions.domain.question_draft import QuestionDraft


def keys_of(question: Question) -> tuple[str, ...]:
    """The keys of a question as its author writes them."""
    options, kind = question.options, question.type
    if kind == QuestionType.MCQ:
        return tuple(options[index].id for index in question.keys)
    if kind == QuestionType.ORDERLIST:
        return tuple(options[index].id for index in question.right)
    if kind == QuestionType.CHOICEMATRIX:
        return tuple(",".join(options[index].id for index in row) for row in question.right)
    if kind == QuestionType.CLOZEFORMULA:
        return tuple(formula for (formula,) in question.right)
    return tuple(question.right)


class KeyPart(NamedTuple):
    """One key of a question as results show it."""

    value: str
    option: int = 0
    """The option's index, where it is an option."""
    part: int = 0
    """The gap, sub-question or position in the order that it is right for."""


def key_parts(question: Question) -> list[KeyPart]:
    """The keys of a question, one by one, with what each is right for."""
    options, kind = question.options, question.type
    if kind == QuestionType.MCQ:
        return [KeyPart(options[index].id, index) for index in question.keys]
    if kind in GAPS:
        indexes = {option.id: index for index, option in enumerate(options)}
        return [KeyPart(key, indexes[key], part) for part, key in enumerate(question.right)]
    if kind == QuestionType.ORDERLIST:
        return [KeyPart(options[index].id, index, part) for part, index in enumerate(question.right)]
    if kind == QuestionType.CHOICEMATRIX:
        return [KeyPart(options[index].id, index, part) for part, row in enumerate(question.right) for index in row]
    if kind == QuestionType.CLOZEFORMULA:
        return [KeyPart(formula, 0, part) for part, (formula,) in enumerate(question.right)]
    return [KeyPart(text) for text in question.right]


def is_correct(question: Question, value: Value) -> bool:
    """Whether a response of the shape of its type (stored_values.py) is what the keys ask for, all of it."""
    if value is None:
        return False
    kind = question.type
    if kind == QuestionType.MCQ:
        return bool(value == stored_choice(question.keys))
    if kind in GAPS:
        order = question.rule.gap_order
        return bool(_arranged(order, value) == _arranged(order, question.right))
    if kind in {QuestionType.ORDERLIST, QuestionType.CHOICEMATRIX}:
        return bool(value == list(question.right))
    if kind == QuestionType.CLOZEFORMULA:
        return _formulas(value["values"]) == _formulas(question.right)
    return any(_is_same(question, value, key) for key in question.right)


def _arranged(order: int, values: Sequence[str]) -> list[Any]:
    """Gaps so that those of one meaning are equal."""
    if order == GapOrder.ANY:
        return sorted(values)
    return sorted(_pairs(values)) if order == GapOrder.UNORDERED_PAIRS else list(values)


def _pairs(values: Sequence[str]) -> list[list[str]]:
    """Each two gaps as a pair, its ids in order."""
    return [sorted(values[n : n + PAIR]) for n in range(0, len(values), PAIR)]


def _is_same(question: Question, text: str, key: str) -> bool:
    """Whether a written response says what a key does."""
    if question.type == QuestionType.GRIDDED or question.rule.numeric:
        number = number_of(question, text)
        return number is not None and number == number_of(question, key)
    if question.type == QuestionType.FORMULAV2:
        return _composed(text.strip()) == _composed(key.strip())
    text, key = _words(text), _words(key)
    return text == key or (not question.rule.case_sensitive and _folded(text) == _folded(key))


def _composed(text: str) -> str:
    """A text in Unicode form NFC: what looks the same is the same, whichever keyboard wrote it."""
    return text if text.isascii() else normalize("NFC", text)


def _words(text: str) -> str:
    """A text with one blank between its words, whatever stood there, and none around them."""
    return " ".join(_composed(text).split())


def _folded(text: str) -> str:
    return _composed(text.casefold())


def _formulas(rows: Iterable[Iterable[str]]) -> list[list[str]]:
    return [[_composed(formula.strip()) for formula in row] for row in rows]


def earned(question: Question, value: Value) -> int:
    """What a response of the shape of its type earns, in marks.UNIT: all or nothing, or what its parts do."""
    rule = question.rule
    if not rule.marks:
        return question.available if is_correct(question, value) else 0
    if value is None:
        return 0
    return max(rule.lower, min(rule.upper, _mapped(question, value)))


def _mapped(question: Question, value: Value) -> int:
    """The marks of the parts of a response together; each mark counts once, one meant for a part before any other."""
    if SHAPE[QuestionType(question.type)] == TEXT:
        return max((mark for key, _, mark in question.rule.marks if _is_same(question, value, key)), default=0)
    left, total = list(question.rule.marks), 0
    for part, keys in _parts_of(question, value):
        fitting = [mark for mark in left if mark.key in keys and mark.part in {part, ANY_PART}]
        if fitting:
            best = max(fitting, key=lambda mark: (mark.part, mark.mark))
            left.remove(best)
            total += best.mark
    return total


def _parts_of(question: Question, value: Value) -> list[tuple[int, Sequence[str]]]:
    """A structured response part by part: which gap, sub-question or position it is, and what stands in it."""
    options, kind = question.options, question.type
    if kind == QuestionType.MCQ:
        return [(0, (options[index].id,)) for index in indexes_of(question, value)]
    if kind == QuestionType.ORDERLIST:
        return [(n, (options[index].id,)) for n, index in enumerate(value)]
    if kind == QuestionType.CHOICEMATRIX:
        return [(n, (options[index].id,)) for n, row in enumerate(value) for index in row]
    if kind == QuestionType.CLOZEFORMULA:
        return list(enumerate(_formulas(value["values"])))
    if question.rule.gap_order == GapOrder.UNORDERED_PAIRS:
        return [(n, (",".join(pair),)) for n, pair in enumerate(_pairs(value))]
    anywhere = question.rule.gap_order == GapOrder.ANY
    return [(ANY_PART if anywhere else n, (text,)) for n, text in enumerate(value)]


def rule_of(question: Question, draft: QuestionDraft, mark_decimals: int, *, negative: bool) -> Rule:
    """How a question is compared, once its marks have been found to fit it. Raises InvalidField."""
    plain = draft.rule._replace(upper=question.available)
    if not draft.marks:
        return draft.rule
    lower, upper = mark_of(draft.lower_bound or "0"), mark_of(draft.upper_bound or text_of(question.available))
    bare = question._replace(rule=plain)
    marks = tuple(
        KeyMark(_key_of(bare, key, n), part, mark_of(mark)) for n, (key, part, mark) in enumerate(draft.marks)
    )
    for path, text in (
        *((f"marks[{n}].mark", mark) for n, (_, _, mark) in enumerate(draft.marks)),
        ("lower_bound", draft.lower_bound),
        ("upper_bound", draft.upper_bound),
    ):
        if decimals_of(text) > mark_decimals:
            raise errors.invalid(f"partial_credit.{path}", f"has more than the form's {mark_decimals} decimals")
    if lower < 0 and not negative:
        raise errors.invalid("partial_credit.lower_bound", "is less than 0; the form's negative_marks allows it")
    if not lower <= 0 <= upper <= question.available:
        raise errors.invalid("partial_credit", "must have bounds around 0, the upper one up to the available mark")
    return plain._replace(marks=marks, lower=lower, upper=upper)


def _key_of(question: Question, key: str, n: int) -> str:
    """A key of marks as it is compared. Raises InvalidField."""
    path, kind = f"partial_credit.marks[{n}].key", QuestionType(question.type)
    if kind in OFFERING:
        pairs = question.rule.gap_order == GapOrder.UNORDERED_PAIRS and kind in GAPS
        ids = key.split(",") if pairs else [key]
        offered = {option.id for option in question.options}
        if not offered.issuperset(ids) or (pairs and len(ids) != PAIR):
            raise errors.invalid(path, f"must name {2 if pairs else 1} of the question's options: {key!r}")
        return ",".join(sorted(ids)) if pairs else key
    if (kind == QuestionType.GRIDDED or question.rule.numeric) and number_of(question, key) is None:
        raise errors.invalid(path, f"is no number: {key!r}")
    if is_blank(key):
        raise errors.invalid(path, "must not be blank")
    return _composed(key.strip())


PAIR = 2

RULES: dict[QuestionType, tuple[str, str]] = {
    QuestionType.ASSOCIATION: ("the ids in the gaps, as `gap_order` says", "a gap, or a pair"),
    QuestionType.CHOICEMATRIX: ("for each sub-question exactly its options", "a cell"),
    QuestionType.CLOZEFORMULA: ("for each gap exactly its formula, with case", "a gap"),
    QuestionType.CLOZEINLINETEXT: ("the ids in the gaps, as `gap_order` says", "a gap, or a pair"),
    QuestionType.CLOZETEXT: ("the ids in the gaps, as `gap_order` says", "a gap, or a pair"),
    QuestionType.FORMULAV2: ("one of the keys, with case", "an accepted text, the best one"),
    QuestionType.GRIDDED: ("one of the keys, as an exact number", "an accepted number, the best one"),
    QuestionType.LONGTEXT: ("one of the keys; case counts with `case_sensitive`", "an accepted text, the best one"),
    QuestionType.LONGTEXTV2: ("one of the keys; case counts with `case_sensitive`", "an accepted text, the best one"),
    QuestionType.MCQ: ("exactly the options of the keys", "an option"),
    QuestionType.ORDERLIST: ("the options in the order of the keys", "a place"),
    QuestionType.PLAINTEXT: ("one of the keys; case counts with `case_sensitive`", "an accepted text, the best one"),
    QuestionType.SHORTTEXT: ("one of the keys; case counts with `case_sensitive`", "an accepted text, the best one"),
}
"""What is right for each type, and what a mark of partial credit is for; a page of docs/concepts says it too."""
