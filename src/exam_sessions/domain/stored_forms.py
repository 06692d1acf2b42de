"""Test forms as they are stored: questions and objectives as JSON. The rest of a form stands in columns."""

from __future__ import annotations

from typing import Any

from exam_sessions.domain.forms import Form, KeyMark, Objective, Option, Question, Rule

OPTIONS = Question._fields.index("options")


def form_content(form: Form) -> dict[str, Any]:
    """What a form is kept as: its questions and objectives; the rest of it stands in columns."""
    objectives = [list(objective) for objective in form.objectives]
    kept = {"questions": [_question_as_json(question) for question in form.questions], "objectives": objectives}
    return kept | {"negative_marks": True} if form.negative_marks else kept


def _question_as_json(q: Question) -> list[Any]:
    row = [*q[:OPTIONS], [list(option) for option in q.options], *q[OPTIONS + 1 : -1]]
    if q.rule != Rule():
        fields = q.rule._asdict()
        row.append([*(fields | {"marks": [list(mark) for mark in q.rule.marks]}).values()])
    return row


def from_json(reference: str, revision: int, name: str, mark_decimals: int, kept: dict[str, Any]) -> Form:
    """A form from what it is kept as."""
    questions = [_question_from_json(row) for row in kept["questions"]]
    objectives = [Objective(*row) for row in kept["objectives"]]
    negative = bool(kept.get("negative_marks"))
    return Form(reference, revision, name, mark_decimals, questions, objectives, negative_marks=negative)


def _question_from_json(row: list[Any]) -> Question:
    # A form of an older version has fewer fields.
    question = Question(*row)
    rule = Rule(*question.rule)
    return question._replace(
        rule=rule._replace(marks=tuple(KeyMark(*mark) for mark in rule.marks)),
        options=tuple(Option(*option) for option in question.options),
        keys=tuple(question.keys),
        objective_ids=tuple(question.objective_ids),
        parts=tuple(question.parts),
        right=tuple(question.right),
    )
