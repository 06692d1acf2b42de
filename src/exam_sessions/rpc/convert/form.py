"""Test forms, between messages and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.session_changes import etag_of
from exam_sessions.domain.answer_keys import keys_of
from exam_sessions.domain.authoring import form_of
from exam_sessions.domain.forms import ANY_PART, Form, Objective, Option, Rule
from exam_sessions.domain.marks import text_of
from exam_sessions.domain.question_draft import QuestionDraft
from exam_sessions.rpc.convert.times import put

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Question
    from exam_sessions.domain.stored_records import FormRow, StoredForm
    from exam_sessions_client.v1 import test_form_pb2

FORM_AT_MOST = 2_000_000
"""Bytes of a form, so that the form, a template and results each fit into a reply of 3.5 MB."""


def form_in(message: test_form_pb2.TestForm) -> Form:
    """A form as a record, gaps filled in. Raises InvalidField."""
    if message.ByteSize() > FORM_AT_MOST:
        raise errors.invalid("test_form", f"may have {FORM_AT_MOST:,} bytes in all, not {message.ByteSize():,}")
    drafts = [
        QuestionDraft(
            question.number,
            question.id,
            question.item_id,
            question.item_name,
            question.type,
            question.content,
            tuple(Option(option.id, option.label, option.content) for option in question.options),
            tuple(question.keys),
            question.available_mark,
            question.marking,
            tuple(question.objective_ids),
            tuple(question.parts),
            item_version=question.item_version,
            rule=Rule(question.case_sensitive, question.numeric, question.decimal_comma, question.gap_order),
            marks=tuple(
                (row.key, row.part if row.HasField("part") else ANY_PART, row.mark)
                for row in question.partial_credit.marks
            ),
            lower_bound=question.partial_credit.lower_bound,
            upper_bound=question.partial_credit.upper_bound,
        )
        for question in message.questions
    ]
    objectives = [Objective(row.id, row.text, row.abbreviation) for row in message.objectives]
    try:
        return form_of(
            message.reference,
            message.name,
            message.mark_decimals,
            drafts,
            objectives,
            negative_marks=message.negative_marks,
        )
    except errors.InvalidField as refusal:
        raise refusal.under("test_form") from None


def fill_form(message: test_form_pb2.TestForm, workspace: str, stored: StoredForm) -> None:
    """Writes a form into a message."""
    form = stored.form
    message.workspace_id = workspace
    message.reference, message.revision, message.name = form.reference, form.revision, form.name
    message.mark_decimals, message.negative_marks = form.mark_decimals, form.negative_marks
    for question in form.questions:
        fill_question(message.questions.add(), question)
    for objective in form.objectives:
        row = message.objectives.add()
        row.id, row.text, row.abbreviation = objective
    message.available_mark = text_of(form.available)
    message.etag = etag_of(form.revision)
    put(message.create_time, stored.create_time)


def fill_question(message: test_form_pb2.Question, question: Question) -> None:
    """Writes a question, keys and all."""
    message.number, message.id = question.number, question.id
    message.item_id, message.item_name = question.item_id, question.item_name
    message.item_version = question.item_version
    message.type = question.type  # type: ignore[assignment]
    message.content = question.content
    for option in question.options:
        row = message.options.add()
        row.id, row.label, row.content = option
    message.keys.extend(keys_of(question))
    message.parts.extend(question.parts)
    message.available_mark = text_of(question.available)
    message.marking = question.marking  # type: ignore[assignment]
    message.objective_ids.extend(question.objective_ids)
    rule = question.rule
    message.case_sensitive, message.numeric, message.decimal_comma = rule[:3]
    message.gap_order = rule.gap_order  # type: ignore[assignment]
    if rule.marks:
        credit = message.partial_credit
        credit.lower_bound, credit.upper_bound = text_of(rule.lower), text_of(rule.upper)
        for key, part, mark in rule.marks:
            entry = credit.marks.add()
            entry.key, entry.mark = key, text_of(mark)
            if part != ANY_PART:
                entry.part = part


def fill_form_row(message: test_form_pb2.TestForm, workspace: str, row: FormRow) -> None:
    """Writes what a list shows of a form."""
    message.workspace_id = workspace
    message.reference, message.revision, message.name = row.reference, row.revision, row.name
    message.mark_decimals = row.mark_decimals
    message.available_mark = text_of(row.available)
    message.etag = etag_of(row.revision)
    put(message.create_time, row.create_time)
