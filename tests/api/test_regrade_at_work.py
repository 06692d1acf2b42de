"""A regrade of a release while servers die, somebody cancels it, and sessions move on meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest
from forms import answer, essay, form, hand_in, mcq
from google.longrunning import operations_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messages import new_id
from operations import COMPLETED, OperationsApi, counts_of, done_of, info_of, metadata_of, status_of, times_done
from race_harness import Race, RaceHarness, run_race, servers_on
from regrading import REASON, corrected, preview, regrade, regrade_now, regraded, sat, score_of, told, wrong_key
from rows import write
from state_paths import FETCHED, STARTED, walk

from exam_sessions_client.v1 import operation_pb2, session_pb2
from processes import ServerProcess, calling
from sampling import examples
from serving import Refused, until

both_databases = pytest.mark.both_databases("rows are kept from each other in other ways")

CLASS_SIZE, A_SECOND = 60, 100
"""Sessions of a release, and how many of them a regrade may take a second: ten a step."""


def release_sat(api, size=CLASS_SIZE):
    """A release that so many candidates have sat with a wrong key, every second of whom answered right."""
    wrong_key(api)
    release = api.release(test_form="form-1")
    sessions = [sat(api, release, "A", "BC"[n % 2]) for n in range(size)]
    corrected(api)
    return release, sessions


def scores_of(api, sessions):
    return [(score_of(session), session.marking_revision) for session in map(api.get, sessions)]


def test_a_regrade_whose_servers_are_killed_is_done_once_by_those_after_them(database):
    workspace, request_id = "w", new_id()
    with ServerProcess(database) as server, calling(server, workspace) as api:
        release, sessions = release_sat(api)
        work = OperationsApi(api)
        operation = regrade(api, release, request_id=request_id, sessions_per_second=A_SECOND).operation
        until(lambda: done_of(work, operation) >= CLASS_SIZE // 4)
        server.kill()
        server.wait()
    with ServerProcess(database) as server, calling(server, workspace) as api:
        work = OperationsApi(api)
        before = done_of(work, operation)
        assert 0 < before < CLASS_SIZE
        until(lambda: done_of(work, operation) > before, seconds=30)
        server.kill()
        server.wait()
    with ServerProcess(database) as server, calling(server, workspace) as api:
        work = OperationsApi(api)
        again = regrade(api, release, request_id=request_id, sessions_per_second=A_SECOND).operation
        assert again.name == operation.name
        ended = work.wait(operations_pb2.Operation(name=operation.name), seconds=60)
        assert (status_of(ended), counts_of(ended)) == (COMPLETED, (CLASS_SIZE, CLASS_SIZE, 0))
        result = operation_pb2.OperationResult()
        ended.response.Unpack(result)
        assert (result.regrade.changed_count, result.regrade.unchanged_count) == (CLASS_SIZE, 0)
        assert times_done(server, release, "regrade") == {1: CLASS_SIZE}
        assert scores_of(api, sessions) == [("50", 2), ("100", 2)] * (CLASS_SIZE // 2)


def test_a_cancelled_regrade_leaves_done_what_was_done_and_is_done_again_from_there(api, server):
    work = OperationsApi(api)
    release, sessions = release_sat(api, 30)
    operation = regrade(api, release, sessions_per_second=10).operation
    until(lambda: done_of(work, operation))
    work.cancel(operation)
    ended = work.wait(operation)
    assert (ended.error.code, info_of(ended.error).reason) == (1, "OPERATION_CANCELLED")
    done = metadata_of(ended).done_count
    result = operation_pb2.OperationResult()
    assert ended.error.details[1].Unpack(result)
    assert result.regrade.changed_count == done == times_done(server, release, "regrade")[1]
    again = regrade_now(work, release).regrade
    assert (again.changed_count, again.unchanged_count) == (30 - done, done)
    assert times_done(server, release, "regrade") == {1: 30}
    assert scores_of(api, sessions) == [("50", 2), ("100", 2)] * 15


DAMAGE = {
    "responses": "UPDATE scripts SET responses = '{' WHERE session_id = ?",
    "marks": "UPDATE scripts SET marks = '{' WHERE session_id = ?",
    "state": "UPDATE sessions SET state = 77 WHERE id = ?",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_session_is_set_aside_and_the_others_are_regraded(api, server, what):
    work = OperationsApi(api)
    release, sessions = release_sat(api, 4)
    write(server, DAMAGE[what], sessions[1].id)
    foreseen = preview(api, release)
    ended = work.wait(regrade(api, release).operation)
    result = operation_pb2.OperationResult()
    ended.response.Unpack(result)
    (row,) = result.rows
    assert (row.session_id, info_of(row.status).reason) == (sessions[1].id, "SESSION_DAMAGED")
    assert (result.succeeded_count, result.failed_count, result.regrade.changed_count) == (3, 1, 3)
    assert result == foreseen
    assert scores_of(api, [sessions[n] for n in (0, 2, 3)]) == [("50", 2), ("50", 2), ("100", 2)]


BOTH = {"message": REASON}
RACES = {
    "a mark of a person": Race(
        (*STARTED, "SetResponses", "FinishSession"),
        ("RegradeSession", "ScoreResponse"),
        {
            ("regrade", "score_response"): ("AWAITING_MARKING", "AWAITING_MARKING"),
            ("score_response", "regrade"): ("AWAITING_MARKING", "AWAITING_MARKING"),
        },
        (BOTH, {"question_number": "3", "mark": "2"}),
    ),
    "a submission of marks": Race(
        (*STARTED, "SetResponses", "FinishSession"),
        ("RegradeSession", "SubmitMarkedSession"),
        {
            ("regrade", "submit_marked"): ("AWAITING_MARKING", "MARKED"),
            ("submit_marked", "regrade"): ("MARKED", "MARKED"),
        },
        (BOTH, {}),
    ),
    "a reopening": Race(
        (*STARTED, "SetResponses", "FinishSession"),
        ("RegradeSession", "ReopenSession"),
        {
            ("regrade", "reopen"): ("AWAITING_MARKING", "IN_PROGRESS"),
            ("reopen",): ("INVALID_TRANSITION", "IN_PROGRESS"),
        },
        (BOTH, {}),
    ),
    "a void": Race(
        (*STARTED, "SetResponses", "FinishSession"),
        ("RegradeSession", "VoidSession"),
        {("regrade", "void"): ("AWAITING_MARKING", "VOIDED"), ("void",): ("INVALID_TRANSITION", "VOIDED")},
        (BOTH, {}),
    ),
    "an archive": Race(
        (*STARTED, "SetResponses", "FinishSession", "SubmitMarkedSession"),
        ("RegradeSession", "ArchiveSession"),
        {("regrade", "archive"): ("MARKED", "ARCHIVED"), ("archive",): ("INVALID_TRANSITION", "ARCHIVED")},
        (BOTH, {}),
    ),
    "a late upload": Race(
        (*STARTED, "GoOffline", "FinishOffline"),
        ("RegradeSession", "UploadSession"),
        {
            ("upload", "route"): ("INVALID_TRANSITION", "AWAITING_MARKING"),
            ("upload", "route", "regrade"): ("AWAITING_MARKING", "AWAITING_MARKING"),
        },
        (BOTH, {"responses": [answer("1", "A"), answer("2", "C")]}),
    ),
    "another regrade": Race(
        (*STARTED, "SetResponses", "FinishSession"),
        ("RegradeSession", "RegradeSession"),
        {("regrade",): ("AWAITING_MARKING", "AWAITING_MARKING")},
        (BOTH, BOTH | {"form_revision": 2}),
    ),
}


@pytest.fixture(scope="module")
def servers(database_kind, new_database):
    with servers_on(database_kind, new_database, at_length=False) as started:
        yield started


@both_databases
@pytest.mark.parametrize("name", RACES)
def test_a_regrade_and_a_change_at_the_same_instant_come_one_after_the_other(servers, name):
    harness = RaceHarness([servers[0].target, servers[-1].target])
    form(harness.api, mcq("1", "B"), mcq("2", "B"), essay("3"), mark_decimals=1)
    release = {"test_form": "form-1"}
    # Every session is sat on the first revision; the second is made while none has been regraded.
    prepared = harness.prepared

    def then_corrected(count, steps, **fields):
        sessions = prepared(count, steps, **fields)
        corrected(harness.api, mcq("1", "A"), mcq("2", "C"), essay("3"), mark_decimals=1)
        return sessions

    harness.prepared = then_corrected
    seen = run_race(harness, RACES[name]._replace(release=release), 20)
    for order, session in seen:
        expected = 2 if "regrade" in order else 1
        assert session.marking_revision == expected
        if session.HasField("score"):
            points = {1: "0", 2: "1"}[expected]
            assert session.points.actual == points
    harness.close()


ANSWERS = st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("ABCD")), min_size=1, max_size=6)
ENDS = st.lists(st.sampled_from(["", "", "ArchiveSession", "VoidSession", "ReopenSession"]), min_size=6, max_size=6)


@settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(answers=ANSWERS, ends=ENDS, key=st.sampled_from("ABCD"), again=st.booleans())
def test_what_happens_is_what_the_preview_said_and_the_statistics_follow(api, answers, ends, key, again):
    work, reference = OperationsApi(api), new_id()
    form(api, mcq("1", "A"), mcq("2", "B"), reference=reference)
    release = api.release(test_form=reference, max_attempts=0)
    sessions = []
    for labels, end in zip(answers, ends, strict=False):
        session = sat(api, release, *labels)
        if again:
            session = walk(api, api.move("RetakeSession", session), "EnterKeycode")
            session = hand_in(api, session, answer("1", labels[1]), answer("2", labels[0]))
        sessions.append(api.move(end, session) if end else session)
    api.call("FinalizeRelease", release_id=release.id)
    corrected(api, mcq("1", "A"), mcq("2", key), reference=reference)
    foreseen = preview(api, release)
    ended = work.wait(regrade(api, release).operation)
    result = operation_pb2.OperationResult()
    ended.response.Unpack(result)
    assert result == foreseen
    statistics = api.call("GetRelease", release_id=release.id).release.statistics
    assert statistics == api.call("AggregateSessions", release_ids=[release.id]).total
    handed_in = [s for s in map(api.get, sessions) if s.state == session_pb2.STATE_MARKED]
    best = Counter()
    for session in handed_in:
        labels = answers[[s.id for s in sessions].index(session.id)]
        tries = [labels, labels[::-1]] if again else [labels]
        best[session.id] = max(50 * (one == "A") + 50 * (two == key) for one, two in tries)
        assert (session.score.actual, session.marking_revision) == (str(best[session.id]), 2)
    assert result.regrade.changed_count + result.regrade.unchanged_count == len(handed_in)


def test_what_is_uploaded_after_the_regrade_is_marked_by_what_was_sat_until_it_is_regraded(api):
    work = OperationsApi(api)
    wrong_key(api)
    release = api.release(test_form="form-1")
    late = walk(api, api.book(release), *FETCHED, "EnterKeycode", "GoOffline", "FinishOffline")
    corrected(api)
    assert regrade_now(work, release).regrade.not_handed_in_count == 1
    late = api.move("UploadSession", late, responses=[answer("1", "A"), answer("2", "C")])
    assert (score_of(late), late.marking_revision) == ("50", 1)
    assert regrade_now(work, release).regrade.changed_count == 1
    assert score_of(api.get(late)) == "100"


def test_an_attempt_reopened_after_a_regrade_is_marked_by_its_revision(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api)
    regraded(api, session)
    session = api.move("ReopenSession", session)
    session = hand_in(api, session, answer("2", "B"))
    assert (score_of(session), session.marking_revision, session.form_revision) == ("50", 2, 1)
    assert len(told(api.history(session))) == 1


def test_a_reset_to_a_newer_form_forgets_the_revision_of_a_regrade(api):
    wrong_key(api)
    session = sat(api, api.release(test_form="form-1"), "A", "C")
    corrected(api)
    regraded(api, session)
    session = api.move("ResetSession", api.move("ClearResponses", session))
    assert (session.form_revision, session.marking_revision) == (2, 2)
    with pytest.raises(Refused):
        regraded(api, session)
