"""Responses of a running attempt: what is stored, what comes too late, what does not fit the form."""

import pytest
from sample_forms import MACHINE, MIXED, a_draft, a_form, an_attempt, answers, choice, essay, marking_context
from sample_sessions import NOW, a_release, a_session, decided

from exam_sessions import errors
from exam_sessions.domain.forms import Option
from exam_sessions.domain.states import Action, State

RUNNING = a_session(State.IN_PROGRESS, form_revision=1, attempt=2, responses_revision=7)


def answered(said, *attempts, form=MIXED, session=RUNNING, **more):
    return decided(
        session, a_release(), Action.SET_RESPONSES, NOW, marking_context(form, *attempts), responses=said, **more
    )


def stored(said, before=None, form=MIXED, **more):
    """The responses after a write; those before it when nothing was written."""
    attempts = answered(said, an_attempt(before, attempt=2), form=form, **more).attempts
    return attempts[0].responses if attempts else before


def vendor_item(item, question, *option_ids, key):
    return a_draft(
        id=question, item_id=item, options=tuple(Option(o, "", "") for o in option_ids), keys=(option_ids[key],)
    )


VENDORS = a_form(
    vendor_item("b842bb5e", "1CkpwzuRQSfg", "wM7IvnjKcCCS", "6NiO4mi8zWln", "fZosNqHDUhiG", "X3RTxQQFe2E3", key=2),
    vendor_item("cdf02148", "5Vkl1ZQLt3Io", "o0", "o1", "o2", "o3", key=1),
    vendor_item("993d673c", "oRrwhIkKBBH", "o0", "o1", "o2", "o3", key=3),
)
"""The form of the vendor's sample request (ExamSpark, Set Responses); its item ids are cut short."""


@pytest.mark.parametrize("first", [2, "fZosNqHDUhiG", ("C",)], ids=["by place", "by id", "by label"])
def test_the_vendors_sample_request_scores_three_of_three_and_a_hundred_percent(first):
    said = (
        ("b842bb5e", (("1CkpwzuRQSfg", (first,), ""),)),
        ("cdf02148", (("5Vkl1ZQLt3Io", (1,), ""),)),
        ("993d673c", (("oRrwhIkKBBH", (3,), ""),)),
    )
    decision = answered(said, form=VENDORS, submit=True)
    after = decision.session
    assert (after.state, after.points, after.points_max, after.score) == (11, 30_000, 30_000, 1_000_000)
    assert decision.attempts[0].responses == {"1": 2, "2": 1, "3": 3}


def test_responses_are_kept_by_the_number_of_the_question():
    assert stored(answers(q1="B", q2="CA", q3="~because")) == {"1": 1, "2": [0, 2], "3": "because"}


def test_what_is_not_named_stays_as_it_was():
    assert stored(answers(q2="B"), {"1": 3, "2": 0, "3": "because"}) == {"1": 3, "2": 1, "3": "because"}


def test_an_empty_response_takes_an_earlier_one_back():
    assert stored(answers(q1="", q3=""), {"1": 3, "3": "because"}) == {}


def test_the_first_option_is_a_response_and_not_an_empty_one():
    assert stored(answers(q1="A")) == {"1": 0}


def test_an_option_named_twice_is_chosen_once():
    assert stored(answers(q1="BB", q2="ABA")) == {"1": 1, "2": [0, 1]}


def test_only_what_changed_is_told():
    before = an_attempt({"1": 0, "2": 1}, attempt=2)
    (event,) = answered(answers(q1="A", q2="BC", q3="~new"), before).events
    assert event.changes["responses"] == ({"2": 1}, {"2": [1, 2], "3": "new"})


def test_a_response_taken_back_is_told():
    (event,) = answered(answers(q1=""), an_attempt({"1": 0}, attempt=2)).events
    assert event.changes["responses"] == ({"1": 0}, {})


def test_a_write_that_changes_no_response_still_counts_as_a_write():
    decision = answered(answers(q1="A"), an_attempt({"1": 0}, attempt=2))
    assert (decision.attempts, decision.session.responses_revision) == ((), 8)
    assert decision.events[0].changes == {"responses_revision": (7, 8)}


@pytest.mark.parametrize("attempt", [0, 2])
def test_a_write_of_the_current_attempt_is_taken(attempt):
    assert answered(answers(q1="A"), attempt=attempt).attempts[0].attempt == 2


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_write_of_another_attempt_is_stale(attempt):
    with pytest.raises(errors.StaleAttempt) as refusal:
        answered(answers(q1="A"), attempt=attempt)
    assert refusal.value.metadata() == {"attempt": "2"}


@pytest.mark.parametrize(("revision", "count"), [(0, 8), (8, 8), (20, 20)])
def test_a_newer_write_is_taken_and_sets_the_count(revision, count):
    assert answered(answers(q1="A"), revision=revision).session.responses_revision == count


@pytest.mark.parametrize("revision", [1, 6, 7])
def test_a_write_that_is_not_newer_is_stale(revision):
    with pytest.raises(errors.StaleResponses) as refusal:
        answered(answers(q1="A"), revision=revision)
    assert refusal.value.metadata() == {"revision": "7"}


def test_an_old_attempt_is_told_before_an_old_revision():
    with pytest.raises(errors.StaleAttempt):
        answered(answers(q1="A"), attempt=1, revision=1)


def test_a_write_of_an_earlier_attempt_touches_no_other_attempt():
    first = an_attempt({"1": 3}, {"3": None}, points=0, points_max=80_000, score=0)
    (written,) = answered(answers(q1="A"), first).attempts
    assert (written.attempt, written.responses, written.marks) == (2, {"1": 0}, {})


BAD = [
    (answers(q9="A"), "UNKNOWN_QUESTION", "responses[0].questions[0]"),
    (answers(q1="A", q2="E"), "UNKNOWN_OPTION", "responses[0].questions[1]"),
    (answers(q3="A"), "RESPONSE_MISMATCH", "responses[0].questions[0]"),
    (answers(q1="~A"), "RESPONSE_MISMATCH", "responses[0].questions[0]"),
    ((*answers(q1="A"), *answers(q1="A")), "QUESTION_REPEATED", "responses[1].questions[0]"),
    ((("item-2", (("1", (0,), ""),)),), "UNKNOWN_QUESTION", "responses[0].questions[0]"),
    ((("", (("1", (0,), "and words"),)),), "INVALID_FIELD", "responses[0].questions[0].response"),
    ((("", (("3", (), "x" * 100_001),)),), "INVALID_FIELD", "responses[0].questions[0].response.text"),
]


@pytest.mark.parametrize(
    ("said", "reason", "field"),
    BAD,
    ids=[
        *("no such question", "no such option", "a tick for an essay", "words for a choice", "a question twice"),
        *("a question of another item", "options and words", "too many words"),
    ],
)
def test_a_response_that_does_not_fit_the_form_is_named(said, reason, field):
    with pytest.raises(errors.BatchRefused) as refusal:
        answered(said)
    assert refusal.value.first.reason == reason
    violation = refusal.value.violations()[0]
    assert violation.field.startswith(field)
    assert violation.reason == reason


def test_every_bad_response_is_named_not_only_the_first():
    said = (*answers(q1="Z", q2="A", q9="A"), *answers(q3="A"))
    with pytest.raises(errors.BatchRefused) as refusal:
        answered(said)
    assert [violation.field for violation in refusal.value.violations()] == [
        "responses[0].questions[0]",
        "responses[0].questions[2]",
        "responses[1].questions[0]",
    ]
    assert str(refusal.value).startswith("3 of 4 rows are refused, nothing was written")


def test_a_question_is_found_by_its_id_and_its_item():
    form = a_form(choice("1", "A", id="q-1", item_id="i-1"), essay("2", id="q-2", item_id="i-1"))
    said = (("i-1", (("q-2", (), "because"), ("q-1", (0,), ""))),)
    assert stored(said, form=form) == {"1": 0, "2": "because"}


def test_answers_given_offline_come_with_the_upload():
    waiting = a_session(State.AWAITING_UPLOAD, form_revision=1, responses_revision=3)
    release, record = a_release(), an_attempt({"1": 0, "2": 0})
    decision = decided(
        waiting, release, Action.UPLOAD, NOW, marking_context(MACHINE, record), responses=answers(q1="C", q3="D")
    )
    after = decision.session
    assert (after.state, after.responses_revision, after.points) == (11, 4, 20_000)
    assert decision.attempts[0].responses == {"1": 2, "2": 0, "3": 3}
    assert decision.events[0].changes["responses"] == ({"1": 0}, {"1": 2, "3": 3})


def test_an_upload_without_answers_keeps_those_there_are():
    waiting = a_session(State.AWAITING_UPLOAD, form_revision=1, responses_revision=3)
    decision = decided(waiting, a_release(), Action.UPLOAD, NOW, marking_context(MACHINE, an_attempt({"1": 2})))
    assert (decision.session.responses_revision, decision.session.points) == (3, 10_000)


def test_a_session_whose_form_nobody_knows_takes_no_answers():
    with pytest.raises(errors.TestFormUnknown) as refusal:
        answered(answers(q1="A"), form=None)
    assert refusal.value.metadata() == {"test_form": "form-a"}
