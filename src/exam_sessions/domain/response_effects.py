"""What the commands on responses write: the responses of the current attempt, checked against its form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from exam_sessions import errors
from exam_sessions.domain.attempts import with_responses
from exam_sessions.domain.clock import lateness
from exam_sessions.domain.known_answers import known_answers_of
from exam_sessions.domain.records import Unreadable
from exam_sessions.domain.responses import online_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exam_sessions.domain.forms import Form, Value
    from exam_sessions.domain.submitted_responses import Answers
    from exam_sessions.domain.transition import TransitionContext

Changes = dict[str, Any]

QUESTIONS_AT_MOST = 500
"""Questions of a form, and so of what is answered at once."""


def set_responses(context: TransitionContext) -> Changes:
    """Stores responses of the current attempt (ExamSpark, Set Responses).

    Raises:
        errors.StaleAttempt, errors.StaleResponses: the write comes too late.
        errors.BatchRefused: rows that do not fit the form.
    """
    session, command = context.session, context.command
    if command.attempt and command.attempt != session.attempt:
        raise errors.StaleAttempt(session.attempt)
    if command.revision and command.revision <= session.responses_revision:
        raise errors.StaleResponses(session.responses_revision)
    write_responses(context, _answered(context.form(), command.responses))
    changes: Changes = {"responses_revision": command.revision or session.responses_revision + 1}
    if context.release.online_grace_period and (late := lateness(session, context.release, context.now)):
        changes["late_by"] = late
    return changes


def take_offline_answers(context: TransitionContext) -> Changes:
    """What was answered without a connection comes with the upload; the client holds the session no more."""
    changes: Changes = {"held_offline": 0}
    if context.command.responses:
        write_responses(context, _answered(context.form(), context.command.responses))
        changes["responses_revision"] = context.session.responses_revision + 1
    return changes


def _answered(form: Form, items: Sequence[Answers]) -> Mapping[str, Value | None]:
    """Responses by the number of the question; None takes an earlier one back."""
    plain = form.fast_single_choice(items)
    if plain is not None:
        form.fitting = plain
        return plain
    if sum(len(answers) for _, answers in items) > QUESTIONS_AT_MOST:
        raise errors.invalid(
            "responses", f"must answer no more than {QUESTIONS_AT_MOST} questions in the whole request"
        )
    found: dict[str, Value | None] = {}
    refused: list[errors.RowRefusal] = []
    by_id, known_answers = form.by_id, known_answers_of(form)
    known_by_answer = known_answers.by_answer.get
    for index, (item_id, answers) in enumerate(items):
        for part, answer in enumerate(answers):
            known = known_by_answer(id(answer))
            if known and known.number not in found and item_id in {"", known.item_id}:
                found[known.number] = known.value
                continue
            question_id, options, other = answer
            try:
                question = by_id.get(question_id)
                if question is None or (item_id and item_id != question.item_id):
                    raise errors.UnknownQuestion(question_id)
                if question.number in found:
                    raise errors.QuestionRepeated(question_id)
                found[question.number] = value = online_value(form, question, options, other)
                known_answers.add(answer, question, value)
            except errors.Refusal as refusal:
                refused.append(errors.RowRefusal(index, f"questions[{part}]", refusal, part))
    if refused:
        raise errors.BatchRefused("responses", refused, sum(len(answers) for _, answers in items))
    # Each was checked a moment ago.
    form.fitting = found
    return found


def write_responses(context: TransitionContext, answered: Mapping[str, Value | None]) -> None:
    """Writes responses into the attempt record, and records which changed."""
    record = context.attempt_record
    before = record.responses
    if isinstance(before, Unreadable):
        raise errors.SessionDamaged(record.session_id, "responses")
    if answered and not before and None not in answered.values():
        # A first write changes everything it names.
        responses = cast("dict[str, Value]", answered)
        _check_size(context.form(), responses)
        context.attempt_record, context.extra_changes["responses"] = (
            with_responses(record, responses),
            ({}, responses),
        )
        return
    said = {number: value for number, value in answered.items() if before.get(number) != value}
    if not said:
        return
    responses = {number: value for number, value in (before | said).items() if value is not None}
    _check_size(context.form(), responses)
    context.attempt_record = with_responses(record, responses)
    old, new = ({n: all_[n] for n in said if n in all_} for all_ in (before, responses))
    context.extra_changes["responses"] = (old, new)


SCRIPT_AT_MOST = 500_000
"""Characters of all the texts of one attempt, so that a result fits into a message."""


def _check_size(form: Form, responses: Mapping[str, Value]) -> None:
    if form.holds_texts and known_answers_of(form).characters(responses.values()) > SCRIPT_AT_MOST:
        raise errors.invalid("responses", f"the texts of an attempt may have {SCRIPT_AT_MOST:,} characters in all")
