"""Structured answers that were checked before earn and weigh what they do when they are looked at anew."""

from __future__ import annotations

import pytest
from sample_forms import an_attempt
from test_any_stored_response import KEYS, OFFERED, RIGHT, asked

from exam_sessions.domain.known_answers import CHARACTERS_AT_MOST, KNOWN_AT_MOST, KnownAnswers, known_answers_of
from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.scoring import total_of, waits_for_marks
from exam_sessions.domain.submitted_responses import Structured

T = QuestionType
STRUCTURED = [kind for kind in T if isinstance(RIGHT[kind], list | dict)]


@pytest.mark.parametrize("kind", STRUCTURED)
def test_a_known_value_earns_what_an_equal_one_earns(kind):
    form = asked(kind)
    value, answer = RIGHT[kind], ("1", (), Structured("shape", RIGHT[kind]))
    before = total_of(form, an_attempt({"1": value}))
    known_answers_of(form).add(answer, form.questions[0], value)
    assert known_answers_of(form).by_answer[id(answer)].value is value
    assert known_answers_of(form).of_value(value, "1").points == before.points == 10_000
    assert total_of(form, an_attempt({"1": value})) == before
    assert not waits_for_marks(form, an_attempt({"1": value}))
    assert known_answers_of(form).of_value(value, "2") is None


def test_long_answers_texts_and_options_are_not_remembered():
    form, known = asked(T.CLOZEFORMULA), KnownAnswers()
    long = {"values": [["x" * (CHARACTERS_AT_MOST + 1)]], "boxes": []}
    for answer, value in (
        (("1", (), Structured("formulas", long)), long),
        (("1", (), "a text"), "a text"),
        (("1", (0,), ""), 0),
    ):
        known.add(answer, form.questions[0], value)
        assert id(answer) not in known.by_answer
        assert known.of_value(value, "1") is None


def test_no_more_answers_are_remembered_than_there_is_room_for():
    form, known = asked(T.ORDERLIST), KnownAnswers()
    answers = [("1", (), Structured("order", [2, 0, 1])) for _ in range(KNOWN_AT_MOST + 1)]
    for answer in answers:
        known.add(answer, form.questions[0], answer[2].value)
    assert id(answers[0]) not in known.by_answer
    assert id(answers[-1]) in known.by_answer


def test_every_structured_type_is_tried():
    assert set(STRUCTURED) == (OFFERED - {T.MCQ}) | {T.CLOZEFORMULA}
    assert set(KEYS) == set(T)
