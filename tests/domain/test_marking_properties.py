"""What holds of responses, marks and scores whatever is asked, in whatever order; told by arithmetic of its own."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import example, given, settings
from sample_histories import MARKING, Ask, histories, histories_of_marking, history
from sample_sessions import MINUTE, PIN, WRONG, a_release

import sampling
from exam_sessions.domain.commands import Command
from exam_sessions.domain.states import Action, AttemptStrategy, State
from sampling import examples

WITH_A_RESULT = {State.MARKED, State.AWAITING_VERIFICATION, State.SCRIPT_VERIFIED, State.ARCHIVED}
FAILED_OR_VOIDED = {State.EXCEPTION, State.VOIDED}


RULES = []
"""What holds of every history of marking."""


def rule(holds):
    """All rules are asked of the same histories: to draw one takes longer than to ask all of them."""
    RULES.append(holds)
    return holds


def kept(told):
    return [step for step in told.steps if step.accepted and step.decision.session is not None]


def attempt_in(attempts, attempt):
    return next((record for record in attempts if record.attempt == attempt), None)


def contents(record):
    return (record.responses, record.marks, record.points, record.score) if record else ({}, {}, None, None)


def rounded(number):
    """Half up, in ten-thousandths."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def chosen(record, question):
    """The places of the options a candidate chose: one is kept without a list."""
    response = record.responses.get(question.number, [])
    return {response} if isinstance(response, int) else set(response)


def points_and_percent(form, record):
    """What an attempt is worth by its keys, responses and marks; in ten-thousandths."""
    earned = most = Fraction(0)
    for question in form.questions:
        most += question.available
        if question.number in record.marks:
            earned += record.marks[question.number] or 0
        elif question.keys and chosen(record, question) == set(question.keys):
            earned += question.available
    return int(earned), rounded(earned / most * 100 * 10_000)


def what_counts(strategy, scored):
    """Points and percent of the attempts that count."""
    if not scored:
        return None, None
    if strategy == AttemptStrategy.AVERAGE:
        count = len(scored)
        return rounded(Fraction(sum(s.points for s in scored), count)), rounded(
            Fraction(sum(s.score for s in scored), count)
        )
    chosen = {
        AttemptStrategy.FIRST: scored[0],
        AttemptStrategy.LATEST: scored[-1],
        AttemptStrategy.HIGHEST: max(scored, key=lambda record: record.score),
    }[strategy]
    return chosen.points, chosen.score


@rule
def the_number_of_the_attempt_grows_by_retakes_only(told):
    for step in kept(told):
        retaken = step.command.action == "retake"
        assert step.after.attempt == step.before.attempt + retaken
        if retaken and step.release.max_attempts:
            assert step.after.attempt <= step.release.max_attempts


@rule
def an_earlier_attempt_never_changes(told):
    for step in kept(told):
        for record in step.marking_context.attempts:
            if record.attempt < step.before.attempt:
                assert attempt_in(step.attempts, record.attempt) == record


@rule
def a_retake_keeps_the_attempt_as_it_was_with_its_clock(told):
    for step in kept(told):
        if step.command.action != "retake":
            continue
        before, record = step.before, attempt_in(step.attempts, step.before.attempt)
        assert contents(record) == contents(attempt_in(step.marking_context.attempts, before.attempt))
        assert (record.start_time, record.end_time) == (before.start_time, before.end_time)
        assert (record.finish_reason, record.paused_time) == (before.finish_reason, before.paused_time)
        assert attempt_in(step.attempts, step.after.attempt) is None


@rule
def the_count_of_writes_never_goes_back_within_an_attempt(told):
    for step in kept(told):
        if step.after.attempt != step.before.attempt:
            assert step.after.responses_revision == 0
            continue
        changed = any("responses" in event.changes for event in step.decision.events)
        assert step.after.responses_revision >= step.before.responses_revision + changed


@rule
def an_attempt_has_a_score_exactly_while_its_session_has_a_result(told):
    for step in kept(told):
        record = attempt_in(step.attempts, step.after.attempt)
        scored = record is not None and record.score is not None
        if step.after.state in WITH_A_RESULT:
            assert scored is bool(step.after.form_revision)
        elif step.after.state not in FAILED_OR_VOIDED:
            assert not scored


@rule
def a_score_is_what_keys_responses_and_marks_come_to(told):
    for step in kept(told):
        for record in step.attempts:
            if record.score is not None:
                assert (record.points, record.score) == points_and_percent(step.marking_context.form, record)
                assert record.points_max == sum(
                    question.available for question in step.marking_context.form.questions
                )


@rule
def what_counts_of_all_attempts_is_what_the_release_says(told):
    for step in kept(told):
        scored = [record for record in step.attempts if record.score is not None]
        if step.after.state == State.VOIDED:
            scored = []
        assert (step.after.points, step.after.score) == what_counts(step.release.attempt_strategy, scored)


@rule
def no_mark_is_below_zero_or_above_what_the_question_can_earn(told):
    for step in kept(told):
        for record in step.attempts:
            for number, mark in record.marks.items():
                assert 0 <= (mark or 0) <= step.marking_context.form.by_number[number].available


def replayed(told):
    """Each step with the responses and marks that its history, and the history before it, tells."""
    kinds = {"responses": {}, "marks": {}}
    for step in kept(told):
        for event in step.decision.events:
            if event.action == "retake":
                kinds = {"responses": {}, "marks": {}}
            for kind, held in kinds.items():
                old, new = event.changes.get(kind, ({}, {}))
                assert old != new or not old
                assert {number: held[number] for number in held if number in old or number in new} == old
                kinds[kind] = {n: v for n, v in held.items() if n not in old} | new
        yield step, kinds["responses"], kinds["marks"]


@rule
def the_history_replays_to_the_responses_and_marks(told):
    for step, responses, marks in replayed(told):
        record = attempt_in(step.attempts, step.after.attempt)
        told_marks = {n: None if mark is None else int(Decimal(mark) * 10_000) for n, mark in marks.items()}
        assert (responses, told_marks) == ((record.responses, record.marks) if record else ({}, {}))


def usual(action, **said):
    return Ask(Command(Action(action), **said), None, MINUTE)


A_WRONG_PIN_BEFORE_A_FAILURE = history(
    a_release(invigilated=1),
    0,
    None,
    [
        *(usual(action) for action in ("create_package", "download")),
        *(usual("set_pin", pin=PIN), Ask(Command(Action.ENTER_KEYCODE), None, 5 * MINUTE)),
        *(usual("enter_pin", pin=WRONG), usual("fail", message="the fire alarm")),
    ],
)
"""What was counted of the wrong PIN, the failure keeps; what is refused is history all the same."""


@settings(max_examples=examples(150), deadline=None)
@given(histories)
@example(A_WRONG_PIN_BEFORE_A_FAILURE)
def test_the_whole_history_replays_to_the_row_of_the_session(told):
    row = told.fresh._asdict()
    for step in told.steps:
        if step.decision is None or step.decision.session is None:
            continue
        for event in step.decision.events:
            assert event.from_state == row["state"]
            row |= {name: new for name, (_, new) in event.changes.items() if name in row}
            # A wrong PIN is history, but no new version: it must not make anybody's etag stale.
            row["version"] += step.accepted
            row["state"], row["update_time"] = event.to_state, step.now
        after = step.decision.session
        # The PIN is a secret; the two times follow from the rest.
        unsaid = {"pin": after.pin, "due_time": after.due_time, "open_candidate": after.open_candidate}
        assert after._asdict() | unsaid == row | unsaid


def test_the_failure_after_a_wrong_pin_is_one_of_the_histories():
    assert [step.after.state for step in kept(A_WRONG_PIN_BEFORE_A_FAILURE)][-2:] == [14, 99]
    assert A_WRONG_PIN_BEFORE_A_FAILURE.steps[-1].after.pin_failures == 1


def test_every_rule_holds_in_random_histories_that_do_everything_there_is_to_do():
    done, numbers, scores = Counter(), set(), set()

    # The fast run takes the same ones each time, for among so few random ones a rare action may be missing.
    @settings(max_examples=examples(900), deadline=None, derandomize=not sampling.full)
    @given(histories_of_marking)
    def ask(told):
        for holds in RULES:
            holds(told)
        for step in kept(told):
            done[str(step.command.action)] += 1
            numbers.add(step.after.attempt)
            scores.add(step.after.score)

    ask()
    assert not [name for name in MARKING if done[name] < 10]
    assert {1, 2, 3} <= numbers
    assert len(scores) > 8
