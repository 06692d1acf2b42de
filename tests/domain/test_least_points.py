"""What an attempt earned lies between the least and the most that it could have, by every strategy."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_forms import a_form, an_attempt, choice
from sample_sessions import a_session

from exam_sessions.domain.attempts import with_total
from exam_sessions.domain.authoring import form_of
from exam_sessions.domain.marking import deciding_columns
from exam_sessions.domain.marks import text_of
from exam_sessions.domain.scoring import results_of, total_of
from exam_sessions.domain.states import AttemptStrategy, State
from sampling import examples

UNIT = 10_000
bounds = st.integers(-30, 0)
questions = st.lists(st.tuples(st.integers(1, 4), bounds, st.lists(st.integers(-20, 20), min_size=4, max_size=4)))
drawn_attempts = st.lists(
    st.tuples(questions.filter(bool), st.integers(0, 2**12), st.booleans()), min_size=1, max_size=3
)


def negative_form(rules):
    """Questions of four options, each of which has a mark, in tenths; so has the lower bound."""
    drafts = [
        choice(
            str(n),
            "A",
            available_mark=str(available),
            lower_bound=text_of(lower * UNIT // 10),
            upper_bound=str(available),
            marks=tuple((label, -1, text_of(mark * UNIT // 10)) for label, mark in zip("abcd", marks, strict=True)),
        )
        for n, (available, lower, marks) in enumerate(rules)
    ]
    return form_of("form-a", "", 1, drafts, [], negative_marks=True)


def scored(rules, bits, by_people):
    """An attempt in which the options of each question were chosen at random, or people gave the least mark."""
    form = negative_form(rules)
    responses, marks = {}, {}
    for n, question in enumerate(form.questions):
        places = [place for place in range(4) if bits >> (4 * n % 12 + place) & 1]
        if by_people:
            marks[str(n)] = question.rule.lower
        elif places:
            responses[str(n)] = places[0] if len(places) == 1 else places
    record = an_attempt(responses, marks)
    return form, with_total(record, total_of(form, record))


@settings(max_examples=examples(300), deadline=None)
@given(drawn=drawn_attempts, strategy=st.sampled_from(AttemptStrategy))
@example([([(1, -30, [0, 0, 0, 0])], 0, True), ([(4, 0, [0, 0, 0, 0])], 0, False)], AttemptStrategy.AVERAGE)
def test_what_counts_lies_between_the_least_and_the_most(drawn, strategy):
    forms, attempts = [], []
    for attempt, (rules, bits, by_people) in enumerate(drawn, 1):
        form, record = scored(rules, bits, by_people)
        forms.append(form)
        attempts.append(record._replace(attempt=attempt))
        lowest = sum(lower * UNIT // 10 for _, lower, _ in rules)
        assert (form.least, record.points_min) == (lowest, lowest)
        assert lowest <= record.points <= record.points_max
        assert results_of(form, record, provisional=False).points.least == lowest
    session = a_session(State.MARKED, **deciding_columns(strategy, attempts))
    assert session.points_min <= session.points <= session.points_max
    assert session.score_min <= session.score <= 100 * UNIT


def test_without_negative_marks_the_least_is_nothing():
    form = a_form(choice("1", "A"))
    assert (form.least, total_of(form, an_attempt()).points_min, total_of(form, an_attempt()).score_min) == (0, 0, 0)
