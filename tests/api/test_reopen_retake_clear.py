"""Three ways back after an attempt, each kept apart from the others and from Reset."""

from __future__ import annotations

import json

import pytest
from forms import (
    answer,
    enter_marks,
    essay,
    form,
    hand_in,
    mcq,
    mixed,
    paper,
    question_of,
    results,
    sitting,
    three_choices,
)
from grpc import StatusCode
from messages import mask
from rows import count, unchanged
from state_paths import FETCHED, LONG_AGO, STATE_PATHS, bring_to, name_of, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2, test_form_pb2
from serving import Refused

SUBMITTED = {"FINISHED", "AWAITING_MARKING", "MARKED", "AWAITING_VERIFICATION", "SCRIPT_VERIFIED"}
LEGAL = {
    "ClearResponses": SUBMITTED | {"IN_PROGRESS", "PAUSED"},
    "ReopenSession": SUBMITTED,
    "RetakeSession": {"FINISHED", "MARKED", "SCRIPT_VERIFIED"},
    "ResetSession": {"SCHEDULED_BUT_NOT_CREATED", "SCHEDULED_BUT_NOT_DOWNLOADED", "SCHEDULED_BUT_LOCKED", "READY"},
}
LEADS_TO = {
    "ClearResponses": "READY",
    "ReopenSession": "IN_PROGRESS",
    "RetakeSession": "READY",
    "ResetSession": "SCHEDULED_BUT_NOT_CREATED",
}


@pytest.mark.parametrize("rpc", LEGAL)
@pytest.mark.parametrize("state", sorted(STATE_PATHS))
def test_each_way_back_has_states_of_its_own(api, server, state, rpc):
    session = bring_to(api, state)
    if state in LEGAL[rpc]:
        assert name_of(api.move(rpc, session)) == LEADS_TO[rpc]
        return
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move(rpc, session)
    reason = "SESSION_NOT_RESETTABLE" if rpc == "ResetSession" else "INVALID_TRANSITION"
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, reason)
    assert refused.value.metadata["state"] == state


@pytest.mark.parametrize("rpc", ["ClearResponses", "ReopenSession", "RetakeSession"])
def test_a_finalized_release_has_no_way_back(api, server, rpc):
    session = bring_to(api, "FINISHED")
    api.call("FinalizeRelease", release_id=session.release_id)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move(rpc, session)
    assert refused.value.reason == "RELEASE_FINALIZED"
    api.call("UnfinalizeRelease", release_id=session.release_id)
    assert name_of(api.move(rpc, session)) == LEADS_TO[rpc]


def told(api, session):
    return {change.field: (change.old_value, change.new_value) for change in api.history(session)[-1].changes}


def marked(api, **fields):
    """A marked attempt: the first choice right, four of five for the essay."""
    mixed(api)
    session = hand_in(api, sitting(api, **fields), answer("1", "A"), answer("2", "C"), answer("3", text="So."))
    api.move("ScoreResponse", session, question_number="3", mark="4")
    return api.move("SubmitMarkedSession", session)


def test_clearing_wipes_the_attempt_and_the_history_keeps_what_was_removed(api):
    before = marked(api)
    session = api.move("ClearResponses", before, message="the wrong room")
    assert (name_of(session), session.attempt.number) == ("READY", 1)
    assert (session.HasField("score"), session.HasField("points"), session.marking_progress) == (False, False, 0)
    assert session.attempt.responses_revision == before.attempt.responses_revision + 1
    for clock in ("start_time", "end_time", "deadline", "time_elapsed"):
        assert not session.attempt.HasField(clock)
    event = api.history(session)[-1]
    assert (event.action, event.message) == (session_pb2.ACTION_CLEAR_RESPONSES, "the wrong room")
    assert json.loads(told(api, session)["responses"][0]) == {"1": 0, "2": 2, "3": "So."}
    assert told(api, session)["marks"] == ('{"3":"4"}', "{}")
    assert told(api, session)["score"] == ("71.4286", "")
    found = results(api, api.move("EnterKeycode", session), show_keys=True)
    assert not any(question.HasField("response") for item in found.items for question in item.questions)
    assert (found.points.actual, found.marking_progress) == ("0", 0)


def test_a_write_from_before_the_clearing_is_late(api, server):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")], revision=7)
    walk(api, session, "ClearResponses", "EnterKeycode")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=[answer("1", "C")], revision=8)
    assert (refused.value.reason, refused.value.metadata) == ("STALE_RESPONSES", {"revision": "8"})
    assert api.move("SetResponses", session, responses=[answer("1", "A")], revision=9)


def test_a_retake_counts_its_writes_from_the_beginning_again(api, server):
    three_choices(api)
    first = api.move("SetResponses", sitting(api), responses=[answer("1", "C")], revision=7, submit_for_scoring=True)
    retaken = api.move("RetakeSession", first)
    assert retaken.attempt.responses_revision == 0
    session = walk(api, retaken, "EnterKeycode")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=[answer("1", "C")], revision=8, attempt=1)
    assert refused.value.reason == "STALE_ATTEMPT"
    session = api.move("SetResponses", session, responses=[answer("1", "A")], revision=1, attempt=2)
    assert session.attempt.responses_revision == 1
    session = walk(api, session, "ClearResponses", "EnterKeycode")
    assert session.attempt.responses_revision == 2


def test_clearing_a_later_attempt_leaves_the_earlier_and_its_score(api):
    three_choices(api)
    first = hand_in(api, sitting(api), answer("1", "C"))
    kept = results(api, first)
    second = hand_in(api, walk(api, first, "RetakeSession", "EnterKeycode"), answer("1", "C"), answer("2", "B"))
    assert second.points.actual == "2"
    session = api.move("ClearResponses", second)
    assert (session.attempt.number, session.points.actual) == (2, "1")
    assert results(api, session, attempt=1) == kept


def test_clearing_a_paper_leads_back_to_its_upload(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": "1", "2": None, "3": "5"})
    session = api.move("ClearResponses", session)
    assert (name_of(session), session.attempt.HasField("end_time")) == ("PAPER_RESPONSE_UPLOAD", False)
    assert enter_marks(api, session, {"1": "1"}).HasField("score") is False
    assert results(api, session).points.actual == "1"


def test_clearing_lets_the_candidate_open_another_session(api):
    first, other = (api.book(None, "ben") for _ in range(2))
    walk(api, first, *FETCHED, "EnterKeycode", "ClearResponses")
    walk(api, other, *FETCHED, "EnterKeycode")
    with pytest.raises(Refused) as refused:
        api.move("EnterKeycode", first)
    assert refused.value.reason == "CANDIDATE_HAS_OPEN_SESSION"


def test_reopening_keeps_the_responses_and_drops_marks_and_scores(api):
    before = marked(api)
    session = api.move("ReopenSession", before, message="a page was missing")
    assert (name_of(session), session.attempt.number, session.HasField("score")) == ("IN_PROGRESS", 1, False)
    assert session.attempt.start_time == before.attempt.start_time
    assert not session.attempt.HasField("end_time")
    assert (api.history(session)[-1].message, told(api, session)["marks"]) == (
        "a page was missing",
        ('{"3":"4"}', "{}"),
    )
    assert question_of(results(api, session), "3").response.text == "So."
    again = hand_in(api, session, answer("2", "B"))
    assert (name_of(again), again.HasField("score")) == ("AWAITING_MARKING", False)
    assert results(api, again).points.actual == "2"


def test_reopening_a_paper_keeps_its_marks_to_be_corrected(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": "1", "2": None, "3": "5"})
    session = api.move("ReopenSession", session)
    assert (name_of(session), session.HasField("score")) == ("PAPER_RESPONSE_UPLOAD", False)
    again = enter_marks(api, session, {"3": "2"})
    assert (name_of(again), again.points.actual, again.attempt.end_time) == ("MARKED", "3", LONG_AGO)


def test_reopening_is_refused_while_the_candidate_has_another_session_open(api, server):
    first = walk(api, api.book(None, "ben"), *FETCHED, "EnterKeycode", "FinishSession")
    other = walk(api, api.book(None, "ben"), *FETCHED, "EnterKeycode")
    for fields in ({}, {"deferred_clock": True}, {"validate_only": True}):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move("ReopenSession", first, **fields)
        assert (refused.value.reason, refused.value.metadata) == (
            "CANDIDATE_HAS_OPEN_SESSION",
            {"candidate_id": "ben"},
        )
    api.move("FinishSession", other)
    assert name_of(api.move("ReopenSession", first)) == "IN_PROGRESS"


def test_a_retake_begins_the_next_attempt_until_there_are_none_left(api, server):
    session = bring_to(api, "FINISHED", max_attempts=2)
    session = api.move("RetakeSession", session)
    assert (name_of(session), session.attempt.number) == ("READY", 2)
    assert not session.attempt.HasField("start_time")
    walk(api, session, "EnterKeycode", "FinishSession")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("RetakeSession", session)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "ATTEMPTS_EXHAUSTED")
    assert refused.value.metadata == {"attempt": "2", "max_attempts": "2"}
    more = catalog_pb2.Release(id=session.release_id, max_attempts=3)
    api.call("UpdateRelease", release=more, update_mask=mask("max_attempts"))
    assert api.move("RetakeSession", session).attempt.number == 3


def test_attempts_without_a_limit_go_on(api):
    three_choices(api)
    session = hand_in(api, sitting(api), answer("1", "C"))
    for number in range(2, 6):
        session = hand_in(api, walk(api, session, "RetakeSession", "EnterKeycode"), answer("2", "B"))
        assert (session.attempt.number, name_of(session)) == (number, "MARKED")


def test_a_paper_is_retaken_on_paper(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": "1", "2": "1", "3": "1"})
    session = api.move("RetakeSession", session)
    assert (name_of(session), session.attempt.number, session.points.actual) == ("PAPER_RESPONSE_UPLOAD", 2, "3")
    assert enter_marks(api, session, {"1": "0", "2": "1", "3": "5"}).points.actual == "6"


def test_an_earlier_attempt_is_changed_by_nothing_later(api):
    first = marked(api, moderated=True)
    session = api.move("RetakeSession", first)
    kept = api.call("GetSessionResults", session_id=session.id, attempt=1)
    assert (kept.attempt.start_time, kept.attempt.end_time) == (first.attempt.start_time, first.attempt.end_time)
    assert (kept.results.points.actual, kept.results.provisional) == ("5", False)
    new = test_form_pb2.TestForm(reference="form-1", questions=[mcq("1", "D"), mcq("2", "D"), essay("3", "9")])
    api.call("UpdateTestForm", test_form=new)
    for rpc, fields in (
        ("ResetSession", {}),
        ("CreatePackage", {}),
        ("DownloadSession", {}),
        ("EnterKeycode", {}),
        ("SetResponses", {"responses": [answer("1", "D")]}),
        ("ClearResponses", {}),
        ("EnterKeycode", {}),
        ("SetResponses", {"responses": [answer("1", "D")], "submit_for_scoring": True}),
        ("ScoreResponse", {"question_number": "3", "mark": "9"}),
        ("SubmitMarkedSession", {}),
        ("ReopenSession", {}),
        ("FinishSession", {}),
        ("ScoreResponse", {"question_number": "3", "mark": "0"}),
        ("SubmitMarkedSession", {}),
        ("RetakeSession", {}),
    ):
        session = api.move(rpc, session, **fields)
        reply = api.call("GetSessionResults", session_id=session.id, attempt=1)
        assert (reply.results, reply.attempt) == (kept.results, kept.attempt), rpc
    assert (session.attempt.number, session.form_revision) == (3, 2)
    assert results(api, session, attempt=2).form_revision == 2


def test_a_deleted_session_leaves_its_attempts_in_the_history_and_its_id_free(api, server):
    session = walk(api, marked(api), "RetakeSession", "ResetSession")
    assert (name_of(session), session.attempt.number, session.points.actual) == ("SCHEDULED_BUT_NOT_CREATED", 2, "5")
    api.call("DeleteSession", session_id=session.id)
    assert count(server, "scripts", api.workspace) == 0
    (kept,) = json.loads(told(api, session)["scripts"][0])
    assert (kept["attempt"], kept["test_form"], kept["form_revision"]) == (1, "form-1", 1)
    assert (kept["responses"], kept["marks"]) == ({"1": 0, "2": 2, "3": "So."}, {"3": "4"})
    assert (kept["points"], kept["points_max"], kept["score"]) == ("5", "7", "71.4286")
    assert kept["finish_reason"] == "FINISH_REASON_CANDIDATE"
    release = catalog_pb2.Release(id=session.release_id)
    again = api.book(release, session.candidate.candidate_id, session_id=session.id)
    assert (again.attempt.number, again.HasField("score")) == (1, False)
    sat = hand_in(api, walk(api, again, *FETCHED, "EnterKeycode"), answer("1", "A"))
    assert not question_of(results(api, sat), "3").HasField("response")


def test_a_form_is_sat_again_after_each_way_back(api):
    form(api, mcq("1", "A"), essay("2"))
    session = hand_in(api, sitting(api), answer("1", "A"))
    api.move("ClearResponses", session)
    hand_in(api, api.move("EnterKeycode", session), answer("1", "B"))
    session = hand_in(api, api.move("ReopenSession", session), answer("1", "A"))
    assert (results(api, session).points.actual, session.attempt.number) == ("1", 1)


def retaken(api):
    """A session in its third attempt, the first two marked."""
    form(api, mcq("1"), mcq("2"))
    session = sitting(api)
    hand_in(api, session, answer("1", "A"))
    for _ in range(2):
        session = walk(api, session, "RetakeSession", "EnterKeycode")
        session = hand_in(api, session, answer("1", "A"), answer("2", "A"))
    return api.get(session)


def test_clearing_all_attempts_begins_again_with_the_first_and_keeps_what_was_removed(api, server):
    before = retaken(api)
    assert (before.attempt.number, before.score.is_scorable) == (3, True)
    session = api.move("ClearResponses", before, all_attempts=True, message="another candidate sat here")
    assert (name_of(session), session.attempt.number) == ("READY", 1)
    assert not session.HasField("score")
    assert not session.attempt.HasField("start_time")
    assert count(server, "scripts", api.workspace) == 0
    event = api.history(session)[-1]
    removed = next(change for change in event.changes if change.field == "scripts")
    assert [row["attempt"] for row in json.loads(removed.old_value)] == [1, 2, 3]
    for attempt in (2, 3):
        with pytest.raises(Refused) as refused:
            results(api, session, attempt=attempt)
        assert refused.value.reason == "ATTEMPT_NOT_FOUND"


def test_after_clearing_all_attempts_the_session_is_sat_and_retaken_again(api):
    session = api.move("ClearResponses", retaken(api), all_attempts=True)
    session = hand_in(api, walk(api, session, "EnterKeycode"), answer("1", "A"))
    assert session.attempt.number == 1
    session = hand_in(api, walk(api, session, "RetakeSession", "EnterKeycode"), answer("1", "A"))
    assert (session.attempt.number, results(api, session).attempt) == (2, 2)
    assert results(api, session, attempt=1).attempt == 1
