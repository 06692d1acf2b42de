"""Whether a revision of a test form can mark what was sat on another one, so that no answer changes its meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.attempts import damage_of
from exam_sessions.domain.marks import text_of
from exam_sessions.domain.question_types import GAPS, QuestionType

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form, Question
    from exam_sessions.domain.records import AttemptRecord, MarkingContext

PARTED = GAPS | {QuestionType.CHOICEMATRIX, QuestionType.CLOZEFORMULA}
"""Types with a key for each part of a response."""


def check_revision(marking_context: MarkingContext, record: AttemptRecord) -> None:
    """Whether `marking_context.revised` can mark an attempt; without one, the form it is marked by anyhow.

    Raises:
        errors.SessionDamaged: responses or marks of the attempt cannot be read.
        errors.TestFormUnknown: the catalogue does not hold the revision that was sat.
        errors.FormRevisionIncompatible: questions differ in more than keys, marks and texts.
        errors.MarkOutsideRevision: a person gave a mark that the revision does not allow.
    """
    if damage := damage_of(record):
        raise errors.SessionDamaged(record.session_id, damage)
    revised = marking_context.revised
    if revised is None:
        return
    if record.form_revision != revised.revision:
        sat = next((form for form in marking_context.sat if form.revision == record.form_revision), None)
        if sat is None:
            raise errors.TestFormUnknown(record.test_form)
        check_compatible(sat, revised)
    for number, mark in record.marks.items():
        question = revised.by_number.get(number)
        if mark is not None and question and not question.rule.lower <= mark <= question.available:
            raise errors.MarkOutsideRevision(revised.revision, number, text_of(mark), text_of(question.available))


def check_compatible(sat: Form, revised: Form) -> None:
    """Whether what was sat on one revision means the same on another. Raises FormRevisionIncompatible."""
    if found := difference(sat, revised):
        raise errors.FormRevisionIncompatible(sat.reference, sat.revision, revised.revision, *found)


@lru_cache(maxsize=256)
def difference(sat: Form, revised: Form) -> tuple[str, str] | None:
    """The number of the first question that is not the same, and what differs; None when there is none."""
    for number, question in sat.by_number.items():
        other = revised.by_number.get(number)
        if other is None:
            return number, "is missing"
        if what := _differs(question, other):
            return number, what
    added = next((number for number in revised.by_number if number not in sat.by_number), None)
    return None if added is None else (added, "is new")


def _differs(question: Question, other: Question) -> str:
    """What differs besides keys, marks, rules and texts; empty when nothing does."""
    if (question.id, question.item_id) != (other.id, other.item_id):
        return "has another id or item"
    if question.type != other.type:
        return "is of another type"
    if [option.id for option in question.options] != [option.id for option in other.options]:
        return "has other options, or in another order"
    if len(question.parts) != len(other.parts):
        return "has another number of sub-questions"
    if question.type in PARTED and question.right and other.right and len(question.right) != len(other.right):
        return "has another number of gaps"
    return ""
