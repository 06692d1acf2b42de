"""A wrong key is found after the exam: one session, or a whole release, is marked by a corrected revision."""

from __future__ import annotations

import pytest
from forms import answer, essay, form, hand_in, mcq, question_of, results
from messages import new_id
from operations import COMPLETED, OperationsApi, counts_of, info_of, metadata_of, rows_of, status_of
from regrading import (
    REASON,
    corrected,
    preview,
    regrade,
    regrade_now,
    regraded,
    sat,
    score_of,
    told,
    with_essay,
    wrong_key,
)
from state_paths import bring_to, name_of, walk

from exam_sessions_client.v1 import operation_pb2, test_form_pb2
from serving import Refused


@pytest.fixture
def work(api):
    return OperationsApi(api)


def refused(call, *args, **fields):
    with pytest.raises(Refused) as refusal:
        call(*args, **fields)
    return refusal.value


def test_a_session_is_marked_by_the_corrected_key(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    assert (score_of(session), session.form_revision, session.marking_revision) == ("50", 1, 1)
    corrected(api)
    checked = regraded(api, session, validate_only=True)
    assert (score_of(checked), api.get(session)) == ("100", session)
    became = regraded(api, session)
    assert (score_of(became), became.form_revision, became.marking_revision) == ("100", 1, 2)
    assert name_of(became) == "MARKED"
    assert told(api.history(session)) == [
        ("test", REASON, {
            "points": ("1", "2"), "score": ("50", "100"), "marking_revision": ("1", "2"),
        })
    ]  # fmt: skip


def test_results_show_the_keys_and_marks_of_the_revision_a_session_is_marked_by(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api, mcq("1", "A"), mcq("2", "C", available_mark="3"))
    regraded(api, session)
    found = results(api, session)
    assert (found.form_revision, found.marking_revision) == (1, 2)
    assert (found.points.actual, found.points.max, found.percent.actual) == ("4", "4", "100")
    assert [key.value for key in question_of(found, "2").keys] == ["2-C"]
    (listed,) = api.call("ListSessions", show_results=True).sessions
    assert (listed.marking_revision, listed.results.points) == (2, found.points)


def test_a_session_that_is_marked_by_the_revision_already_stays_as_it_is(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api)
    became = regraded(api, session)
    assert regraded(api, session) == became
    assert regraded(api, session, form_revision=2) == became
    assert len(told(api.history(session))) == 1


def test_a_regrade_can_be_taken_back_by_the_revision_that_was_sat(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api)
    regraded(api, session)
    back = regraded(api, session, form_revision=1)
    assert (score_of(back), back.marking_revision) == ("50", 1)
    assert [changes["marking_revision"] for *_, changes in told(api.history(session))] == [("1", "2"), ("2", "1")]


def test_marks_given_by_people_stay(api):
    with_essay(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    for number, mark in (("3", "2.5"), ("1", "0")):
        api.move("ScoreResponse", session, question_number=number, mark=mark)
    session = api.move("SubmitMarkedSession", session)
    assert session.points.actual == "2.5"
    corrected(api, mcq("1", "B"), mcq("2", "C"), essay("3"), mark_decimals=1)
    assert regraded(api, session).points.actual == "3.5"
    assert question_of(results(api, session), "3").score.actual == "2.5"


def test_a_mark_of_a_person_that_the_revision_does_not_allow_is_to_be_given_again_first(api):
    with_essay(api)
    session = sat(api, api.release(test_form="form-1"), "A", "B")
    api.move("ScoreResponse", session, question_number="3", mark="4.5")
    session = api.move("SubmitMarkedSession", session)
    corrected(api, mcq("1", "A"), mcq("2", "C"), essay("3", "4"), mark_decimals=1)
    refusal = refused(regraded, api, session)
    assert (refusal.code.name, refusal.reason) == ("FAILED_PRECONDITION", "MARK_OUTSIDE_REVISION")
    assert refusal.metadata == {"form_revision": "2", "question": "3", "mark": "4.5", "available_mark": "4"}
    api.move("ScoreResponse", session, question_number="3", mark="4")
    assert regraded(api, session).points.actual == "5"


def test_what_people_have_to_mark_by_the_revision_goes_to_marking(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "B")
    corrected(api, mcq("1", "A"), mcq("2", "B", marking=test_form_pb2.MARKING_HUMAN))
    became = regraded(api, session)
    assert (name_of(became), score_of(became), became.marking_progress) == ("AWAITING_MARKING", None, 0)
    api.move("ScoreResponse", session, question_number="2", mark="1")
    assert score_of(api.move("SubmitMarkedSession", session)) == "100"


def test_what_people_had_to_mark_and_the_machine_does_now_is_marked(api):
    with_essay(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    assert name_of(session) == "AWAITING_MARKING"
    corrected(api, mcq("1", "A"), mcq("2", "C"), essay("3", keys=["so"]), mark_decimals=1)
    became = regraded(api, session)
    assert (name_of(became), became.points.actual, became.marking_progress) == ("MARKED", "2", 100)


def test_earlier_attempts_are_regraded_with_the_last_each_with_a_row_of_history(api):
    wrong_key(api)
    release = api.release(test_form="form-1", max_attempts=2)
    session = sat(api, release, "A", "C")
    again = walk(api, api.move("RetakeSession", session), "EnterKeycode")
    hand_in(api, again, answer("1", "B"), answer("2", "B"))
    corrected(api)
    became = regraded(api, session)
    assert score_of(became) == "100"
    rows = told(api.history(session))
    assert [changes for *_, changes in rows] == [
        {
            "attempts[1].points": ("1", "2"),
            "attempts[1].score": ("50", "100"),
            "attempts[1].marking_revision": ("1", "2"),
        },
        {
            "attempts[2].points": ("1", "0"),
            "attempts[2].score": ("50", "0"),
            "attempts[2].marking_revision": ("1", "2"),
            "points": ("1", "2"),
            "score": ("50", "100"),
            "marking_revision": ("1", "2"),
        },
    ]
    assert [results(api, session, attempt=n).percent.actual for n in (1, 2)] == ["100", "0"]


def test_while_a_retake_goes_on_only_the_earlier_attempt_is_regraded(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1", max_attempts=2), "A", "C")
    session = walk(api, api.move("RetakeSession", session), "EnterKeycode")
    corrected(api)
    became = regraded(api, session)
    assert (name_of(became), score_of(became), became.marking_revision) == ("IN_PROGRESS", "100", 1)


@pytest.mark.parametrize("state", ["READY", "IN_PROGRESS", "VOIDED", "ARCHIVED", "EXCEPTION"])
def test_what_is_not_handed_in_or_is_over_cannot_be_regraded(api, state):
    wrong_key(api)
    if state == "ARCHIVED":
        session = api.move("ArchiveSession", sat(api, api.release(test_form="form-1"), "A", "B"))
    else:
        session = bring_to(api, state, test_form="form-1")
    refusal = refused(regraded, api, session)
    assert (refusal.reason, refusal.metadata["action"]) == ("INVALID_TRANSITION", "regrade")


QUESTIONS = {
    "is missing": (mcq("1", "A"),),
    "is new": (mcq("1", "A"), mcq("2", "C"), mcq("3", "A")),
    "is of another type": (mcq("1", "A"), essay("2", keys=["C"])),
    "has other options, or in another order": (mcq("1", "A"), mcq("2", "C", options="DCBA")),
    "has another id or item": (mcq("1", "A"), mcq("2", "C", id="other")),
}


@pytest.mark.parametrize("difference", QUESTIONS)
def test_a_revision_with_other_questions_is_refused_by_name(api, difference):
    wrong_key(api)
    release = api.release(test_form="form-1")
    session = sat(api, release, "A", "C")
    corrected(api, *QUESTIONS[difference])
    for call in (regraded, regrade, preview):
        refusal = refused(call, api, session if call is regraded else release)
        assert (refusal.code.name, refusal.reason) == ("FAILED_PRECONDITION", "FORM_REVISION_INCOMPATIBLE")
        assert refusal.metadata == {
            "test_form": "form-1", "sat_revision": "1", "form_revision": "2",
            "question": "3" if difference == "is new" else "2", "difference": difference,
        }  # fmt: skip
    assert api.get(session) == session


def test_a_release_is_regraded_as_its_preview_says(api, work):
    wrong_key(api)
    release = api.release(test_form="form-1")
    sessions = {
        name: sat(api, release, *labels, candidate_id=name)
        for name, labels in {"up": "AC", "down": "AB", "same": "BD", "archived": "AC", "voided": "AC"}.items()
    }
    api.move("ArchiveSession", sessions["archived"])
    api.move("VoidSession", sessions["voided"])
    api.book(release)
    corrected(api)
    reply = regrade(api, release, validate_only=True)
    assert (reply.session_count, reply.HasField("operation")) == (6, False)
    assert not told(api.history(sessions["up"]))
    operation = work.wait(regrade(api, release).operation)
    assert (status_of(operation), counts_of(operation)) == (COMPLETED, (6, 6, 0))
    assert metadata_of(operation).kind == operation_pb2.OPERATION_KIND_REGRADE
    result = operation_pb2.OperationResult()
    operation.response.Unpack(result)
    assert result == reply.preview
    summary = result.regrade
    assert (summary.changed_count, summary.unchanged_count, summary.changed_attempt_count) == (2, 1, 2)
    assert (summary.archived_count, summary.voided_count, summary.not_handed_in_count) == (1, 1, 1)
    assert (summary.before.average_score, summary.after.average_score) == ("50", "50")
    assert (summary.before.scored_count, summary.before.min_score, summary.before.max_score) == (3, "0", "100")
    bands = {b.from_percent: (b.before_count, b.after_count) for b in summary.bands}
    assert {start: counts for start, counts in bands.items() if any(counts)} == {0: (1, 1), 50: (1, 1), 90: (1, 1)}
    assert [(m.candidate_id, m.score_before, m.score_after) for m in summary.largest_moves] == [
        ("up", "50", "100"), ("down", "100", "50"),
    ]  # fmt: skip
    now = {name: api.get(session) for name, session in sessions.items()}
    assert {name: (score_of(s), s.marking_revision) for name, s in now.items()} == {
        "up": ("100", 2), "down": ("50", 2), "same": ("0", 2), "archived": ("50", 1), "voided": (None, 1),
    }  # fmt: skip
    assert [len(told(api.history(s))) for s in now.values()] == [1, 1, 1, 0, 0]
    after = regrade_now(work, release).regrade
    assert (after.changed_count, after.unchanged_count) == (0, 3)
    assert {name: api.get(session) for name, session in sessions.items()} == now


def test_a_finalized_release_is_regraded_and_its_statistics_follow(api, work):
    wrong_key(api)
    release = api.release(test_form="form-1")
    for labels in ("AC", "AB"):
        sat(api, release, *labels)
    api.call("FinalizeRelease", release_id=release.id)
    corrected(api, mcq("1", "A"), mcq("2", "BC"))
    corrected(api, mcq("1", "B"), mcq("2", "C"))
    regrade_now(work, release, form_revision=3)
    found = api.call("GetRelease", release_id=release.id).release
    assert found.statistics == api.call("AggregateSessions", release_ids=[release.id]).total
    assert (found.statistics.min_score, found.statistics.max_score) == ("0", "50")


def test_a_repeated_request_shows_the_operation_of_the_first_time(api, work):
    wrong_key(api)
    release = api.release(test_form="form-1")
    sat(api, release, "A", "C")
    corrected(api)
    request_id = new_id()
    first = regrade(api, release, request_id=request_id).operation
    work.wait(first)
    corrected(api)
    again = regrade(api, release, request_id=request_id).operation
    assert (again.name, again.done) == (first.name, True)
    assert refused(regrade, api, release, request_id=request_id, message="other").reason == "REQUEST_ID_REUSED"


def test_refusals_of_a_release(api):
    wrong_key(api)
    release = api.release(test_form="form-1")
    unknown = release.__class__(id=new_id())
    assert refused(regrade, api, unknown).reason == "RELEASE_NOT_FOUND"
    assert refused(regrade, api, release, form_revision=9).reason == "TEST_FORM_NOT_FOUND"
    assert refused(regrade, api, release, test_form="other").reason == "TEST_FORM_NOT_FOUND"
    assert "message" in refused(regrade, api, release, message=" ").fields
    assert "test_form" in refused(regrade, api, api.release()).fields
    for fields in ({}, {"validate_only": True}):
        stale = refused(regrade, api, release, etag="v9", **fields)
        assert (stale.code.name, stale.reason) == ("ABORTED", "STALE_RELEASE")
        assert regrade(api, release, etag=release.etag, **fields).session_count == 0


def test_a_session_is_refused_when_it_has_changed_since(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api)
    assert refused(regraded, api, session, etag="v1").reason == "STALE_SESSION"
    assert score_of(regraded(api, session, etag=session.etag)) == "100"


def test_a_session_without_a_form_in_the_catalogue_is_refused(api):
    session = bring_to(api, "FINISHED", test_form="late")
    assert refused(regraded, api, session).reason == "TEST_FORM_UNKNOWN"
    form(api, mcq("1", "A"), reference="late")
    assert refused(regraded, api, session).reason == "TEST_FORM_UNKNOWN"
    assert refused(regraded, api, session, form_revision=7).reason in {"TEST_FORM_NOT_FOUND", "TEST_FORM_UNKNOWN"}


def test_sessions_that_cannot_be_regraded_are_set_aside_and_the_others_go_on(api, work):
    with_essay(api)
    release = api.release(test_form="form-1")
    first, hopeless, last = (sat(api, release, "A", "C") for _ in range(3))
    for session in (first, hopeless, last):
        api.move("ScoreResponse", session, question_number="3", mark="5" if session is hopeless else "1")
        api.move("SubmitMarkedSession", session)
    corrected(api, mcq("1", "A"), mcq("2", "C"), essay("3", "2"), mark_decimals=1)
    foreseen = preview(api, release)
    operation = work.wait(regrade(api, release).operation)
    (row,) = rows_of(operation)
    assert (row.session_id, row.index, info_of(row.status).reason) == (hopeless.id, 1, "MARK_OUTSIDE_REVISION")
    assert [api.get(s).marking_revision for s in (first, hopeless, last)] == [2, 1, 2]
    result = operation_pb2.OperationResult()
    operation.response.Unpack(result)
    assert (result.failed_count, result) == (1, foreseen)
