"""What the commands on marks, and those that end attempts, write: to the session and to its current attempt.

Each effect is called after the machine has moved `context.state`. Nothing is half written: rows at fault are
collected and refused together. What anything earns is scoring.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from exam_sessions import errors
from exam_sessions.domain import scoring
from exam_sessions.domain.attempts import with_marks, with_total, without_total
from exam_sessions.domain.marks import text_of
from exam_sessions.domain.records import Unreadable
from exam_sessions.domain.response_effects import write_responses
from exam_sessions.domain.responses import online_value, values_of
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.domain.forms import Value
    from exam_sessions.domain.records import AttemptRecord
    from exam_sessions.domain.submitted_responses import Answer
    from exam_sessions.domain.transition import TransitionContext

Changes = dict[str, Any]
Row = TypeVar("Row")
Result = TypeVar("Result")
MARKED_STATES = frozenset({State.MARKED, State.AWAITING_VERIFICATION, State.SCRIPT_VERIFIED, State.ARCHIVED})


def assign_item_marks(context: TransitionContext) -> Changes:
    """Enters marks of a paper (Surpass, ItemMarks): later ones replace earlier ones, None is "not attempted".

    Raises:
        errors.BatchRefused: rows that do not fit the form.
        errors.InvalidField: the paper would have been completed in the future.
    """
    form, rows = context.form(), context.command.marks

    def judge(number: str, text: str | None) -> int | None:
        question = form.question(number)
        mark = None if text is None else form.check_mark(question, text)
        form.known_marks.add(number, text, mark)
        return mark

    marks = form.known_marks.of(rows)
    write_marks(context, context.attempt_record.marks | (_judged("marks", rows, judge) if marks is None else marks))
    return _completed(context)


def assign_item_responses(context: TransitionContext) -> Changes:
    """Enters responses of a paper (Surpass, ItemResponses); one without a value is "not attempted".

    Raises:
        errors.BatchRefused: rows that do not fit the form.
        errors.InvalidField: the paper would have been completed in the future.
    """
    form, command = context.form(), context.command

    def judge(number: str, answer: Answer) -> Value | None:
        _, options, other = answer
        try:
            return online_value(form, form.question(number), options, other)
        except errors.ResponseMismatch as refusal:
            # Options stand beside the number of the question, every other value in a message of its own.
            refusal.takes = refusal.takes if refusal.takes == "options" else f"response.{refusal.takes}"
            raise

    if command.template is None:
        responses = _judged("responses", [(answer[0], answer) for answer in command.paper_responses], judge)
    else:
        responses = values_of(form, command.template, ignore_revisions=command.ignore_revisions)
    write_responses(context, responses)
    # A response takes the place of "not attempted", and the other way round; a mark of people stays.
    before = context.attempt_record.marks
    if before or None in responses.values() or isinstance(before, Unreadable):
        marks = dict(before)
        for number, chosen in responses.items():
            if chosen is None:
                marks.setdefault(number, None)
            elif marks.get(number, 0) is None:
                del marks[number]
        write_marks(context, marks)
    return _completed(context) | {"responses_revision": context.session.responses_revision + 1}


def _judged(path: str, rows: Sequence[tuple[str, Row]], judge: Callable[[str, Row], Result]) -> dict[str, Result]:
    """The result of each row, by its question. Raises BatchRefused, every bad row named."""
    found: dict[str, Result] = {}
    refused: list[errors.RowRefusal] = []
    for index, (number, row) in enumerate(rows):
        try:
            if number in found:
                raise errors.QuestionRepeated(number)
            found[number] = judge(number, row)
        except errors.Refusal as refusal:
            refused.append(errors.RowRefusal(index, "", refusal))
    if refused:
        raise errors.BatchRefused(path, refused, len(rows))
    return found


def _completed(context: TransitionContext) -> Changes:
    """When the paper was completed, as far as it is said (Surpass, completionDate)."""
    moment = context.command.completion_time
    if moment > context.now:
        raise errors.invalid("completion_time", "must not be in the future")
    return {"end_time": moment} if moment else {}


def score_response(context: TransitionContext) -> Changes:
    """Gives a question the mark of a person (ItemLogic, response/score).

    Raises:
        errors.UnknownQuestion, errors.MarkTooFine, errors.MarkAboveAvailable: it does not fit the form.
    """
    form, marks = context.form(), context.attempt_record.marks
    for number, mark in context.command.marks:
        marks = marks | {number: form.check_mark(form.question(number), mark or "")}
    write_marks(context, marks)
    return scored(context) if context.state in MARKED_STATES else progress(context)


def unscore_response(context: TransitionContext) -> Changes:
    """Takes the mark of a person back (ItemLogic, response/unscore). Raises UnknownQuestion."""
    form, marks = context.form(), dict(context.attempt_record.marks)
    for number, _ in context.command.marks:
        marks.pop(form.question(number).number, None)
    write_marks(context, marks)
    return progress(context)


def write_marks(context: TransitionContext, marks: dict[str, int | None]) -> None:
    """Writes marks into the attempt record, and returns the questions whose mark changed."""
    before = context.attempt_record.marks
    if isinstance(before, Unreadable):
        context.attempt_record, context.extra_changes["marks"] = (
            with_marks(context.attempt_record, dict(marks)),
            (before.raw, _mark_texts(marks)),
        )
        return
    if not before:
        # The first write, which is that of nearly every paper: it changes all that it names.
        if marks:
            context.attempt_record = with_marks(context.attempt_record, marks)
            context.extra_changes["marks"] = ({}, _mark_texts(marks))
        return
    changed = [n for n in before | marks if n not in before or n not in marks or before[n] != marks[n]]
    if not changed:
        return
    context.attempt_record = with_marks(context.attempt_record, marks)
    old, new = (_mark_texts({n: all_[n] for n in changed if n in all_}) for all_ in (before, marks))
    context.extra_changes["marks"] = (old, new)


def _mark_texts(marks: dict[str, int | None]) -> dict[str, str | None]:
    return {number: None if mark is None else text_of(mark) for number, mark in marks.items()}


def progress(context: TransitionContext) -> Changes:
    """How far people have come with the marking."""
    return {"marking_progress": scoring.marking_progress(context.form(), context.attempt_record)}


def scored(context: TransitionContext) -> Changes:
    """The attempt's total, now that every mark is in, and what counts of all attempts; nothing without a form."""
    if context.marking_context.form is None:
        return {}
    total = scoring.total_of(context.marking_context.form, context.attempt_record)
    context.attempt_record = with_total(context.attempt_record, total)
    return counted(context) | progress(context)


def route(context: TransitionContext) -> Changes:
    """What is known of an attempt that was just handed in, or is complete."""
    return scored(context) if context.state in MARKED_STATES else progress(context)


NO_SCORE: Changes = {"points": None, "points_max": None, "score": None, "points_min": 0, "score_min": 0}
"""The session's columns for what counts, where nothing does."""


def counted(context: TransitionContext) -> Changes:
    """What counts of all attempts, by the release's strategy."""
    earlier = [
        record for record in context.marking_context.attempts if record.attempt != context.attempt_record.attempt
    ]
    return deciding_columns(context.release.attempt_strategy, [*earlier, context.attempt_record])


def deciding_columns(strategy: int, attempts: Sequence[AttemptRecord]) -> Changes:
    """The session's columns for what counts of its attempts."""
    if len(attempts) != 1:
        found = scoring.deciding(strategy, attempts)
        return found._asdict() if found else NO_SCORE
    # The first attempt counts by every strategy, while it is the only one.
    (only,) = attempts
    if only.points is None:
        return NO_SCORE
    return {
        "points": only.points,
        "points_max": only.points_max,
        "score": only.score,
        "points_min": only.points_min,
        "score_min": only.total().score_min if only.points_min else 0,
    }


def drop_scores(context: TransitionContext) -> Changes:
    """Takes back what the current attempt earned."""
    if (
        context.attempt_record.score is None
        and context.session.score is None
        and not context.session.marking_progress
    ):
        return {}
    context.attempt_record = without_total(context.attempt_record)
    return counted(context) | {"marking_progress": 0}


def take_back(context: TransitionContext) -> Changes:
    """What the attempt earned, for it goes on: scores, and marks where they are not what was uploaded."""
    if not context.on_paper():
        write_marks(context, {})
    return drop_scores(context)
