"""Scoring is a total function: whatever may be stored of a response earns points, or a person must mark it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_forms import a_draft, a_form, an_attempt, options

from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.scoring import marking_progress, results_of, total_of, waits_for_marks
from exam_sessions.domain.stored_values import fits
from exam_sessions.rpc.convert.result import fill_responses, fill_results
from exam_sessions_client.v1 import result_pb2

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form

T = QuestionType
KEYS = {
    T.ASSOCIATION: ("b", "a"),
    T.CHOICEMATRIX: ("a", "a,b"),
    T.CLOZEFORMULA: ("y=2x",),
    T.CLOZEINLINETEXT: ("b",),
    T.CLOZETEXT: ("a", "b"),
    T.FORMULAV2: ("y=2x",),
    T.GRIDDED: ("1.5",),
    T.LONGTEXT: ("upsy daisy",),
    T.LONGTEXTV2: ("upsy daisy",),
    T.MCQ: ("b",),
    T.ORDERLIST: ("c", "a", "b"),
    T.PLAINTEXT: ("upsy daisy",),
    T.SHORTTEXT: ("Co",),
}
OFFERED = {T.ASSOCIATION, T.CHOICEMATRIX, T.CLOZEINLINETEXT, T.CLOZETEXT, T.MCQ, T.ORDERLIST}
RIGHT = {
    T.ASSOCIATION: ["b", "a"],
    T.CHOICEMATRIX: [[0], [0, 1]],
    T.CLOZEFORMULA: {"values": [["y=2x"]], "boxes": [["2x"]]},
    T.CLOZEINLINETEXT: ["b"],
    T.CLOZETEXT: ["a", "b"],
    T.FORMULAV2: "y=2x",
    T.GRIDDED: "1.5",
    T.LONGTEXT: "upsy daisy",
    T.LONGTEXTV2: "upsy daisy",
    T.MCQ: 1,
    T.ORDERLIST: [2, 0, 1],
    T.PLAINTEXT: "upsy daisy",
    T.SHORTTEXT: "co",
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["a", "b", "1.5"])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["values", "boxes", "x"]), inner),
    max_leaves=8,
)
STORED = JSON | st.sampled_from([*RIGHT.values(), "[3, 1, 0, 2]"])


def asked(kind: QuestionType) -> Form:
    """One question of a type, marked by its keys."""
    return a_form(a_draft(type=int(kind), options=options("ABC") if kind in OFFERED else (), keys=KEYS[kind]))


FORMS = {kind: asked(kind) for kind in T}


@pytest.mark.parametrize("kind", T)
def test_the_right_response_of_each_type_earns_its_mark(kind):
    record = an_attempt({"1": RIGHT[kind]})
    assert fits(FORMS[kind].questions[0], RIGHT[kind])
    assert (total_of(FORMS[kind], record).points, waits_for_marks(FORMS[kind], record)) == (10_000, False)


@given(kind=st.sampled_from(T), stored=STORED)
def test_whatever_is_stored_earns_points_or_waits_for_a_person(kind, stored):
    form, record = FORMS[kind], an_attempt({"1": stored})
    results = results_of(form, record, provisional=False)
    score = results.items[0].questions[0].score
    assert score.is_scorable != waits_for_marks(form, record)
    assert score.is_scorable == (stored is None or fits(form.questions[0], stored))
    assert total_of(form, record).points == score.actual
    assert marking_progress(form, record) == (100 if score.is_scorable else 0)
    marked = an_attempt({"1": stored}, {"1": 5_000})
    assert (total_of(form, marked).points, waits_for_marks(form, marked)) == (5_000, False)


@given(kind=st.sampled_from(T), stored=STORED)
def test_whatever_is_stored_is_shown(kind, stored):
    record = an_attempt({"1": stored})
    fill_results(result_pb2.Results(), results_of(FORMS[kind], record, provisional=False))
    items: list[result_pb2.ItemResponse] = []

    class Added:
        def add(self) -> result_pb2.ItemResponse:
            items.append(result_pb2.ItemResponse())
            return items[-1]

    fill_responses(Added(), FORMS[kind], record)  # type: ignore[arg-type]
    assert bool(items) == (stored is not None)


@given(kind=st.sampled_from(T), stored=STORED, withheld=st.booleans())
def test_a_result_that_attempts_share_is_shown_as_one_alone(kind, stored, withheld):
    shared = results_of(FORMS[kind], an_attempt({"1": stored}), provisional=False)
    (item,) = shared.items
    apart = shared._replace(items=(item._replace(questions=(item.questions[0]._replace(is_shared=False),)),))
    shown = [result_pb2.Results() for _ in range(3)]
    for message, results in zip(shown, (shared, shared, apart), strict=True):
        fill_results(message, results, withheld=withheld)
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.parametrize("kind", OFFERED - {T.MCQ} | {T.CLOZEFORMULA})
def test_a_text_that_an_older_version_stored_for_a_structured_type_waits_for_a_person(kind):
    form, record = FORMS[kind], an_attempt({"1": "[3, 1, 0, 2]"})
    assert waits_for_marks(form, record)
    assert marking_progress(form, record) == 0
