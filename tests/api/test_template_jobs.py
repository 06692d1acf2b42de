"""Sessions made from templates: where each ends up, and that the job itself is done once."""

from __future__ import annotations

import pytest
from concurrency import assert_unbroken, at_once
from drawn_codes import with_one_in_use
from forms import PAPER, essay, form, mcq, question_of, results
from messages import booking, bookings, new_id, send
from operations import COMPLETED, OperationsApi, counts_of, handed, null, picked, rows_of, status_of, told, written
from rows import count, read, snapshot, unchanged

from serving import Refused, State, until


@pytest.fixture
def work(api):
    return OperationsApi(api)


@pytest.fixture
def release(api):
    """A paper release of two questions the machine marks."""
    form(api, mcq("1", "A"), mcq("2", "B"))
    return api.release(test_form="form-1", **PAPER)


def session_of(api, row):
    return api.call("GetSession", session_id=row.session_id).session


WITH_ESSAY = (mcq("1", "A"), essay("2"))
CHOICES = (mcq("1", "A"), mcq("2", "B"))

ROUTES = [
    (CHOICES, {}, (picked("1", "1-A"), picked("2", "2-B")), "MARKED", [0, 19, 19, 11]),
    (CHOICES, {}, (), "MARKED", [0, 19, 19, 11]),
    (WITH_ESSAY, {}, (picked("1", "1-A"), written("2", "x", word_count=1)), "AWAITING_MARKING", [0, 19, 19, 15]),
    (WITH_ESSAY, {}, (picked("1", "1-A"), null("2")), "MARKED", [0, 19, 19, 11]),
    (CHOICES, {"moderated": True}, (picked("1", "1-A"),), "AWAITING_VERIFICATION", [0, 19, 19, 16]),
    (
        WITH_ESSAY,
        {"moderated": True},
        (written("2", "x", word_count=1),),
        "AWAITING_MARKING",
        [0, 19, 19, 15],
    ),
]


@pytest.mark.parametrize(("questions", "fields", "responses", "state", "states"), ROUTES)
def test_a_session_moves_on_to_where_its_responses_lead(api, work, questions, fields, responses, state, states):
    form(api, *questions)
    release = api.release(test_form="form-1", **(PAPER | fields))
    (row,) = work.submitted(work.template(release), handed("u1", *responses))
    assert told(row) == state
    session = session_of(api, row)
    assert session.state == row.state
    events = api.history(session)
    assert [0, *(event.to_state for event in events)] == states
    assert_unbroken(events, State.Value(f"STATE_{state}"))
    assert [event.actor for event in events] == ["test", "test", "system"]


def test_what_was_not_attempted_is_told_from_what_was_wrong(api, work, release):
    (row,) = work.submitted(work.template(release), handed("u1", picked("1", "1-B")))
    found = results(api, session_of(api, row))
    wrong, missing = (question_of(found, number) for number in "12")
    assert (wrong.not_attempted, wrong.score.actual) == (False, "0")
    assert (missing.not_attempted, missing.score.actual) == (True, "0")
    assert session_of(api, row).score.actual == "0"


def test_responses_of_another_revision_are_taken_when_that_is_ignored(work, release):
    data = handed("u0", picked("1", "1-A", revision=7))
    (row,) = work.submitted(work.template(release), data, ignore_response_revisions=True)
    assert told(row) == "MARKED"


def test_sessions_are_booked_with_the_revision_of_the_template(api, work, release):
    template = work.template(release)
    edited = api.call("GetTestForm", reference="form-1").test_form
    edited.questions[0].keys[:] = ["1-D"]
    api.call("UpdateTestForm", test_form=edited)
    old, new = (
        work.submitted(t, handed(f"u{t.form_revision}", picked("1", "1-A")))[0]
        for t in (template, work.template(release))
    )
    earned = [question_of(results(api, session_of(api, row)), "1").score.actual for row in (old, new)]
    assert earned == ["1", "0"]
    assert [session_of(api, row).form_revision for row in (old, new)] == [1, 2]


def test_a_submission_sent_again_is_the_same_operation(server, api, work, release):
    template, request_id = work.template(release), new_id()
    data = [handed(f"u{n}", picked("1", "1-A")) for n in range(20)]
    first = work.submit(template, *data, request_id=request_id)
    again = work.submit(template, *data, request_id=request_id.upper())
    ended = work.wait(first)
    later = work.submit(template, *data, request_id=request_id)
    assert first.name == again.name == ended.name == later.name
    assert (later.done, status_of(later)) == (True, COMPLETED)
    assert counts_of(ended) == (20, 20, 0)
    assert count(server, "operations", api.workspace) == 1
    assert count(server, "sessions", api.workspace) == 20


def test_a_submission_sent_by_many_at_once_is_one_operation(server, api, work, release):
    template, request_id = work.template(release), new_id()
    data = [handed(f"u{n}", picked("1", "1-A")) for n in range(5)]
    sent = at_once(*[lambda: work.submit(template, *data, request_id=request_id)] * 8)
    assert len({operation.name for operation in sent}) == 1
    assert counts_of(work.wait(sent[0])) == (5, 5, 0)
    assert count(server, "sessions", api.workspace) == 5


def test_an_id_of_a_submission_is_not_free_for_another(server, api, work, release):
    template, request_id = work.template(release), new_id()
    work.wait(work.submit(template, handed("u1"), request_id=request_id))
    with unchanged(server, api), pytest.raises(Refused) as refused:
        work.submit(template, handed("u2"), request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_a_submission_that_is_only_checked_writes_nothing(server, api, work, release):
    template = work.template(release)
    with unchanged(server, api):
        checked = work.submit(template, handed("u1"), handed("u2"), validate_only=True, request_id=new_id())
        assert counts_of(checked) == (0, 2, 0)
        assert count(server, "operations", api.workspace) == 0
        with pytest.raises(Refused) as refused:
            work.get(checked)
        assert refused.value.reason == "OPERATION_NOT_FOUND"
    template.form_revision = 9
    with pytest.raises(Refused) as refused:
        work.submit(template, handed("u1"), validate_only=True)
    assert refused.value.reason == "TEST_FORM_NOT_FOUND"


def test_a_finalized_release_takes_no_more_sessions(server, api, work, release):
    template = work.template(release)
    api.call("FinalizeRelease", release_id=release.id)
    before = snapshot(server, api.workspace)
    rows = work.submitted(template, handed("u1"), handed("u2"))
    assert [told(row) for row in rows] == [("FAILED_PRECONDITION", "RELEASE_FINALIZED")] * 2
    assert snapshot(server, api.workspace) == before


def test_every_event_carries_the_request_and_the_actor_of_the_submission(server, api, work, release):
    request_id = new_id()
    work.submitted(work.template(release), handed("u1"), handed("u2"), request_id=request_id)
    told_of = read(server, "SELECT DISTINCT request_id FROM events WHERE workspace_id = ?", api.workspace)
    assert told_of == [(request_id,)]


def test_two_submissions_of_the_same_candidates_make_each_session_once(server, api, work, release):
    template = work.template(release)
    data = [handed(f"u{n}", picked("1", "1-A")) for n in range(50)]
    ended = [work.wait(operation) for operation in [work.submit(template, *data) for _ in range(3)]]
    made = [sum(told(row) == "MARKED" for row in rows_of(operation)) for operation in ended]
    assert sum(made) == 50
    refused = {told(row) for operation in ended for row in rows_of(operation)} - {"MARKED"}
    assert refused == {("ALREADY_EXISTS", "DUPLICATE_CANDIDATE")}
    assert count(server, "sessions", api.workspace) == 50
    assert count(server, "scripts", api.workspace) == 50
    assert count(server, "events", api.workspace) == 150


def test_a_submission_and_a_roster_of_the_same_candidates_make_each_session_once(server, api, work, release):
    pupils = [f"u{n}" for n in range(50)]
    roster = [*bookings(6_000, "roster"), *(booking(pupil) for pupil in pupils)]
    template = work.template(release)
    call = send(api, "BatchCreateSessions", release_id=release.id, bookings=roster)
    until(lambda: count(server, "sessions", api.workspace) > 0)
    operation = work.submit(template, *[handed(pupil) for pupil in pupils])
    booked = call.exception() is None
    ended = work.wait(operation)
    made = [told(row) for row in rows_of(ended)]
    assert made == [("ALREADY_EXISTS", "DUPLICATE_CANDIDATE") if booked else "MARKED"] * 50
    assert count(server, "sessions", api.workspace) == (6_050 if booked else 50)


def test_a_candidate_is_free_for_a_later_row_once_the_responses_of_an_earlier_one_were_refused(api, work, release):
    data = (
        handed("u1", picked("1", "no such option")),
        handed("u1", picked("1", "1-A")),
        handed("u1", picked("1", "1-A")),
    )
    refused, made, again = work.submitted(work.template(release), *data)
    assert (refused.session_id, again.session_id) == ("", "")
    assert told(made) == "MARKED"
    assert session_of(api, made).candidate.candidate_id == "u1"


@pytest.mark.both_databases(reason="the unique index says that a code is in use")
@pytest.mark.parametrize(("nth", "column"), [(0, "keycode"), (1, "access_code")])
def test_a_drawn_code_that_a_session_has_is_drawn_again(api, server, work, release, monkeypatch, nth, column):
    asked = with_one_in_use(monkeypatch, nth, getattr(api.book(release, "taken"), column))
    rows = work.submitted(work.template(release), *[handed(f"u{n}", picked("1", "1-A")) for n in range(10)])
    assert [told(row) for row in rows] == ["MARKED"] * 10
    assert asked == [10] * 4
    stored = read(server, f"SELECT {column} FROM sessions WHERE workspace_id = ?", api.workspace)
    assert len({code for (code,) in stored}) == 11
    assert count(server, "events", api.workspace) == 31


@pytest.mark.parametrize("column", ["keycode", "access_code"])
def test_codes_on_paper_that_are_drawn_together_begin_alike_and_are_all_different(server, api, work, release, column):
    for step in ("a", "b"):
        work.submitted(work.template(release), *[handed(f"{step}{n}", picked("1", "1-A")) for n in range(50)])
    codes = read(server, f"SELECT candidate_id, {column} FROM sessions WHERE workspace_id = ?", api.workspace)
    begins = {step: {code[:3] for candidate, code in codes if candidate[0] == step} for step in "ab"}
    assert [len(begins[step]) for step in "ab"] == [1, 1]
    assert len({code for _, code in codes}) == 100
    assert len({letter for _, code in codes for letter in code[3:]}) == 32


def test_rows_beside_refused_ones_are_made_each_in_its_place(api, work, release):
    data = [handed(f"u{n}", picked("1", "1-A" if n % 3 else "no such option"), picked("2", "2-B")) for n in range(50)]
    rows = work.submitted(work.template(release), *data)
    assert [bool(row.session_id) for row in rows] == [bool(n % 3) for n in range(50)]
    candidates = [session_of(api, row).candidate.candidate_id for row in rows if row.session_id]
    assert candidates == [f"u{n}" for n in range(50) if n % 3]
