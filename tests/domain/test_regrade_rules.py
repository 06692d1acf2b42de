"""A regrade against arithmetic of its own, for every type of question: what is marked anew, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_forms import a_draft, a_form, an_attempt, options, revision
from sample_sessions import NOW, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.attempts import current_attempt_of, with_total
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import Decision, decide
from exam_sessions.domain.marking import deciding_columns
from exam_sessions.domain.question_types import QuestionType
from exam_sessions.domain.records import AttemptRecord, MarkingContext, Session, Unreadable
from exam_sessions.domain.regrade_summary import Part, Summary, part_of
from exam_sessions.domain.revisions import difference
from exam_sessions.domain.scoring import total_of, waits_for_marks
from exam_sessions.domain.states import Action, State
from sampling import examples

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form

T = QuestionType
KEYS = {
    T.ASSOCIATION: {("b", "a"): ["b", "a"], ("a", "b"): ["a", "b"]},
    T.CHOICEMATRIX: {("a", "a,b"): [[0], [0, 1]], ("b", "c"): [[1], [2]]},
    T.CLOZEFORMULA: {("y=2x",): {"values": [["y=2x"]], "boxes": []}, ("y=3x",): {"values": [["y=3x"]], "boxes": []}},
    T.CLOZEINLINETEXT: {("b",): ["b"], ("a",): ["a"]},
    T.CLOZETEXT: {("a", "b"): ["a", "b"], ("b", "c"): ["b", "c"]},
    T.FORMULAV2: {("y=2x",): "y=2x", ("y=3x",): "y=3x"},
    T.GRIDDED: {("1.5",): "1.50", ("2",): "+2"},
    T.LONGTEXT: {("so",): "So", ("not so",): "not so"},
    T.LONGTEXTV2: {("so",): "SO", ("not so",): "Not so"},
    T.MCQ: {("b",): 1, ("a", "c"): [0, 2]},
    T.ORDERLIST: {("c", "a", "b"): [2, 0, 1], ("a", "b", "c"): [0, 1, 2]},
    T.PLAINTEXT: {("so",): "so", ("not so",): "not so"},
    T.SHORTTEXT: {("so",): "so", ("not so",): "not so"},
}
"""Two keys for each type, and what is stored of the response that each makes right."""

OFFERED = {T.ASSOCIATION, T.CHOICEMATRIX, T.CLOZEINLINETEXT, T.CLOZETEXT, T.MCQ, T.ORDERLIST}
MACHINE, HUMAN = 1, 2
UNIT = 10_000

marked_so = st.tuples(st.integers(0, 1), st.integers(1, 4), st.sampled_from([MACHINE, MACHINE, MACHINE, HUMAN]))
"""How a revision marks a question: which key, how many marks, and who."""
questions = st.lists(st.tuples(st.sampled_from(T), marked_so, marked_so), min_size=1, max_size=5)


def form_of(kinds: list[QuestionType], rules: list[tuple[int, int, int]], number: int) -> Form:
    """A revision whose questions are marked so."""
    drafts = [
        a_draft(
            number=str(n),
            type=int(kind),
            options=options("ABC") if kind in OFFERED else (),
            keys=[*KEYS[kind]][key],
            available_mark=str(available),
            marking=marking,
        )
        for n, (kind, (key, available, marking)) in enumerate(zip(kinds, rules, strict=True))
    ]
    return revision(a_form(*drafts), number)


def earned(kinds, rules, record) -> int:
    """The naive computation: nothing but comparing."""
    points = 0
    for n, (kind, (key, available, marking)) in enumerate(zip(kinds, rules, strict=True)):
        if str(n) in record.marks:
            points += record.marks[str(n)] or 0
        elif marking == MACHINE and record.responses.get(str(n)) == [*KEYS[kind].values()][key]:
            points += available * UNIT
    return points


def half_up(number: int, by: int) -> int:
    return (2 * number + by) // (2 * by)


def counted(strategy, totals):
    """What counts of the marked attempts, worked out apart."""
    if not totals:
        return None, None, None
    if strategy == 4:
        return tuple(half_up(sum(total[n] for total in totals), len(totals)) for n in range(3))
    best = max(totals, key=lambda total: total[2])
    return {1: best, 2: totals[-1], 3: totals[0]}[strategy]


def asked(session: Session, marking_context: MarkingContext, release, form_revision=2) -> Decision:
    command = Command(Action.REGRADE, form_revision=form_revision, message="a wrong key")
    return decide(session, release, command, NOW, marking_context)


@st.composite
def cases(draw):
    drawn = draw(questions)
    kinds, before, after = ([*column] for column in zip(*drawn, strict=True))
    sat, revised = form_of(kinds, before, 1), form_of(kinds, after, 2)
    attempts = []
    for attempt in range(1, draw(st.integers(1, 3)) + 1):
        responses = {
            str(n): [*KEYS[kind].values()][place]
            for n, kind in enumerate(kinds)
            if (place := draw(st.integers(0, 2))) < 2
        }
        marks = {
            str(n): draw(st.sampled_from([0, 5_000, UNIT, None]))
            for n in range(len(kinds))
            if draw(st.sampled_from([False, False, True]))
        }
        record = an_attempt(responses, marks, attempt, version=1)
        attempts.append(record)
    waits = waits_for_marks(sat, attempts[-1])
    state = State.AWAITING_MARKING if waits else draw(st.sampled_from([State.MARKED, State.SCRIPT_VERIFIED]))
    last = attempts[-1] if waits else with_total(attempts[-1], total_of(sat, attempts[-1]))
    attempts = [*(with_total(record, total_of(sat, record)) for record in attempts[:-1]), last]
    strategy = draw(st.sampled_from([1, 2, 3, 4]))
    session = a_session(state, form_revision=1, attempt=len(attempts), start_time=NOW - 9, end_time=NOW - 5)
    session = session._replace(**deciding_columns(strategy, attempts))
    return kinds, after, sat, revised, session, tuple(attempts), strategy


@settings(max_examples=examples(300), deadline=None)
@given(case=cases())
def test_a_regrade_equals_marking_everything_from_scratch(case):
    kinds, after, sat, revised, session, attempts, strategy = case
    release = a_release(attempt_strategy=strategy)
    decision = asked(session, MarkingContext(sat, attempts, 0, revised, (sat,)), release)
    became = decision.session
    written = {record.attempt: record for record in decision.attempts}
    assert set(written) == {record.attempt for record in attempts}
    most = sum(available for _, available, _ in after) * UNIT
    missing = any(marking == HUMAN and str(n) not in attempts[-1].marks for n, (_, _, marking) in enumerate(after))
    expected = []
    for record in attempts:
        points = earned(kinds, after, record)
        total = (points, most, half_up(points * 100 * UNIT, most))
        if record.attempt == session.attempt and missing:
            total = (None, None, None)
        else:
            expected.append(total)
        found = written[record.attempt]
        assert (found.points, found.points_max, found.score) == total
        assert (found.responses, found.marks, found.marking_revision) == (record.responses, record.marks, 2)
    assert (became.points, became.points_max, became.score) == counted(strategy, expected)
    usual = State.MARKED if session.state == State.AWAITING_MARKING else session.state
    assert became.state == (State.AWAITING_MARKING if missing else usual)
    assert (became.marking_revision, became.form_revision) == (2, 1)
    assert len(decision.events) == len(attempts) == became.version - session.version
    assert {event.action for event in decision.events} == {"regrade"}
    known = MarkingContext(revised, tuple(written[s.attempt] for s in attempts), 0, revised, (sat,))
    assert asked(became, known, release).events == ()


@settings(max_examples=examples(60), deadline=None)
@given(case=cases())
def test_a_summary_counts_what_the_history_tells(case):
    *_, sat, revised, session, attempts, strategy = case
    marking_context = MarkingContext(sat, attempts, 0, revised, (sat,))
    decision = asked(session, marking_context, a_release(attempt_strategy=strategy))
    summary = Summary("form-a", 2)
    summary.add(session, attempts, decision)
    moved = any(
        name.rpartition(".")[2] in {"points", "points_max", "score"}
        for event in decision.events
        for name in event.changes or {}
    )
    assert bool(summary.changed) == (moved or decision.session.state != session.state) != bool(summary.unchanged)
    assert Summary.from_json(summary.as_json()) == summary
    scores = [score for score in (session.score, decision.session.score) if score is not None]
    assert summary.before.count + summary.after.count == len(scores) == sum(map(sum, summary.bands))
    assert len(summary.moves) == (len(scores) == 2 and scores[0] != scores[1])


KIND_FORMS = {kind: [form_of([kind], [(key, 1, MACHINE)], key + 1) for key in (0, 1)] for kind in T}


@pytest.mark.parametrize("kind", T)
def test_a_corrected_key_is_applied_to_every_type(kind):
    sat, revised = KIND_FORMS[kind]
    assert difference(sat, revised) is None
    wrong, right = KEYS[kind].values()
    for response, points in ((right, UNIT), (wrong, 0), (None, 0)):
        record = an_attempt({} if response is None else {"0": response}, version=1)
        record = with_total(record, total_of(sat, record))
        session = a_session(State.MARKED, form_revision=1, **total_of(sat, record)._asdict())
        became = asked(session, MarkingContext(sat, (record,), 0, revised, (sat,)), a_release()).session
        assert became.points == points


@pytest.mark.parametrize("kind", T)
def test_another_type_with_the_same_id_does_not_fit(kind):
    sat = KIND_FORMS[kind][0]
    for other in T:
        revised = revision(KIND_FORMS[other][0], 2)
        assert (difference(sat, revised) is None) == (kind == other)


def test_an_attempt_whose_responses_cannot_be_read_is_not_regraded():
    sat, revised = KIND_FORMS[T.MCQ]
    session = a_session(State.MARKED, form_revision=1, points=0, points_max=UNIT, score=0)
    record = an_attempt(points=0, points_max=UNIT, score=0, version=1)._replace(responses=Unreadable("{"))
    with pytest.raises(errors.SessionDamaged):
        asked(session, MarkingContext(sat, (record,), 0, revised, (sat,)), a_release())


def test_a_revision_that_was_sat_and_is_gone_from_the_catalogue_is_refused():
    sat, revised = KIND_FORMS[T.MCQ]
    session = a_session(State.MARKED, form_revision=1, points=0, points_max=UNIT, score=0)
    with pytest.raises(errors.TestFormUnknown):
        asked(session, MarkingContext(sat, (), 0, revised, ()), a_release())


def test_an_attempt_of_another_form_is_left_alone():
    sat, revised = KIND_FORMS[T.MCQ]
    other = an_attempt({"0": 0}, attempt=1, test_form="form-b", points=UNIT, points_max=UNIT, score=100 * UNIT)
    last = an_attempt({"0": 1}, attempt=2, version=1)
    last = with_total(last, total_of(sat, last))
    session = a_session(State.MARKED, form_revision=1, attempt=2, points=UNIT, points_max=UNIT, score=100 * UNIT)
    decision = asked(session, MarkingContext(sat, (other, last), 0, revised, (sat,)), a_release(attempt_strategy=2))
    assert [record.attempt for record in decision.attempts] == [2]


def parts(state, *attempts: AttemptRecord, **fields):
    return part_of(a_session(state, **fields), attempts, "form-a")


def test_what_a_session_has_to_do_with_a_regrade_is_said_by_its_state_and_attempts():
    done = an_attempt({}, attempt=1, points=0, points_max=UNIT, score=0)
    elsewhere = done._replace(test_form="form-b")
    assert parts(State.VOIDED, done, attempt=2) is Part.VOIDED
    assert parts(State.ARCHIVED, done) is Part.ARCHIVED
    assert parts(State.READY) is Part.NOT_HANDED_IN
    assert parts(State.READY, done, attempt=2) is Part.REGRADED
    assert parts(State.READY, elsewhere, attempt=2) is Part.OTHER_FORM
    assert parts(State.MARKED) is Part.REGRADED
    assert parts(State.MARKED, test_form="form-b") is Part.OTHER_FORM
    assert parts(State.EXCEPTION, done) is Part.NOT_HANDED_IN


def test_what_is_answered_after_a_reopening_is_marked_by_the_revision_of_the_regrade():
    session = a_session(State.IN_PROGRESS, form_revision=1, marking_revision=2)
    assert current_attempt_of(session, ()).marking_revision == 2
