"""Test forms to try the rules of marking on, the attempts of candidates, and both together as papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions.domain.authoring import form_of
from exam_sessions.domain.forms import Form, Option
from exam_sessions.domain.question_draft import QuestionDraft
from exam_sessions.domain.records import AttemptRecord, MarkingContext

if TYPE_CHECKING:
    from exam_sessions.domain.submitted_responses import Answer, Answers


def a_draft(**fields: Any) -> QuestionDraft:
    """A question as its author writes it, all gaps open unless said otherwise."""
    draft = QuestionDraft("", "", "", "", 0, "", (), (), "", 0, ())
    return draft._replace(**fields)


def options(labels: str) -> tuple[Option, ...]:
    """Options whose ids are their labels in lower case."""
    return tuple(Option(label.lower(), label, "") for label in labels)


def choice(number: str, keys: str, among: str = "ABCD", **fields: Any) -> QuestionDraft:
    """A multiple-choice question; `keys` are the labels of its right options."""
    return a_draft(number=number, options=options(among), keys=tuple(keys.lower()), **fields)


def essay(number: str, available_mark: str = "5", **fields: Any) -> QuestionDraft:
    """A question people mark."""
    return a_draft(number=number, available_mark=available_mark, **fields)


def a_form(*drafts: QuestionDraft, mark_decimals: int = 0, objectives: Any = (), reference: str = "form-a") -> Form:
    """A form at its first revision."""
    form = form_of(reference, "Sample", mark_decimals, drafts, objectives)
    form.revision = 1
    return form


MACHINE = a_form(choice("1", "C"), choice("2", "B"), choice("3", "D"))
"""Three questions of one mark, all marked by the machine: the shape of the vendor's example."""

MIXED = a_form(choice("1", "A"), choice("2", "BC", available_mark="2"), essay("3"), mark_decimals=1)
"""Two questions the machine marks, one of them with two keys, and one of five marks for people."""

CHOSEN_FOR_PEOPLE = a_form(choice("1", "A"), a_draft(number="2", options=options("AB"), available_mark="2"))
"""The second question is multiple choice without a key, so people mark what was chosen."""


BY_MACHINE = a_form(
    choice("1", "A"), choice("2", "BC", available_mark="2"), essay("3", keys=("so",), marking=1), mark_decimals=1
)
"""MIXED, all of it marked by the machine."""


def revision(form: Form, number: int) -> Form:
    """A form as another revision of itself."""
    return Form(form.reference, number, form.name, form.mark_decimals, form.questions, form.objectives)


def an_attempt(responses: Any = None, marks: Any = None, attempt: int = 1, **fields: Any) -> AttemptRecord:
    """An attempt of `a_session`; marks are in ten-thousandths."""
    record = AttemptRecord("default", "session-1", attempt, "form-a", 1, responses or {}, marks or {})
    return record._replace(**fields)


def marking_context(form: Form | None = MIXED, *attempts: AttemptRecord) -> MarkingContext:
    """A form and the attempts written so far."""
    return MarkingContext(form, attempts, form.revision if form else 0)


def answers(**said: str) -> tuple[Answers, ...]:
    """Responses in one unnamed item: `q1="BC"` chooses B and C, `q3="~words"` writes, `q1=""` is empty."""
    return (("", tuple(answer(name[1:], words) for name, words in said.items())),)


def answer(number: str, words: str) -> Answer:
    """What is said of one question."""
    if words.startswith("~"):
        return (number, (), words[1:])
    return (number, tuple((label,) for label in words), "")
