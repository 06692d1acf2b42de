"""Marking by people: mark by mark, submitted, corrected, moderated, archived."""

from __future__ import annotations

import pytest
from forms import answer, enter_marks, essay, form, hand_in, mcq, mixed, paper, question_of, results, sitting
from grpc import StatusCode
from rows import unchanged
from state_paths import STATE_PATHS, bring_to, name_of, walk

from exam_sessions_client.v1 import session_pb2
from serving import Refused


def score(api, session, number, mark, **fields):
    return api.move("ScoreResponse", session, question_number=number, mark=mark, **fields)


def unscore(api, session, number, **fields):
    return api.move("UnscoreResponse", session, question_number=number, **fields)


def handed_in(api, **fields):
    """An attempt whose two choices are right and whose essay waits for a mark."""
    mixed(api)
    session = hand_in(api, sitting(api, **fields), answer("1", "A"), answer("2", "B"), answer("3", text="Because."))
    assert name_of(session) == "AWAITING_MARKING"
    return session


def told(api, session):
    return {change.field: (change.old_value, change.new_value) for change in api.history(session)[-1].changes}


def test_an_attempt_is_marked_submitted_and_archived(api):
    session = handed_in(api)
    assert (session.marking_progress, session.HasField("score")) == (0, False)
    session = score(api, session, "3", "2.5", message="well argued")
    assert (name_of(session), session.marking_progress, session.HasField("score")) == ("AWAITING_MARKING", 100, False)
    event = api.history(session)[-1]
    assert (event.action, event.actor, event.message) == (session_pb2.ACTION_SCORE_RESPONSE, "test", "well argued")
    assert told(api, session)["marks"] == ("{}", '{"3":"2.5"}')
    session = api.move("SubmitMarkedSession", session)
    assert (name_of(session), session.points.actual, session.points.max) == ("MARKED", "4.5", "7")
    assert session.score.actual == "64.2857"
    assert name_of(api.move("ArchiveSession", session)) == "ARCHIVED"
    assert results(api, session).points.actual == "4.5"


def test_the_progress_is_rounded_down_and_counts_only_what_people_mark(api):
    form(api, mcq("1"), essay("2"), essay("3"), essay("4"))
    session = hand_in(api, sitting(api), answer("1", "A"))
    seen = [score(api, session, number, "1").marking_progress for number in ("2", "1", "3", "3", "4")]
    assert seen == [33, 33, 66, 66, 100]
    assert unscore(api, session, "2").marking_progress == 66
    assert results(api, session).marking_progress == 66


def test_a_mark_is_taken_back(api):
    session = score(api, handed_in(api), "3", "5")
    session = unscore(api, session, "3", message="wrong attempt")
    assert (name_of(session), session.marking_progress) == ("AWAITING_MARKING", 0)
    assert told(api, session)["marks"] == ('{"3":"5"}', "{}")
    found = results(api, session)
    assert (question_of(found, "3").marked_by_people, found.provisional, found.points.is_scorable) == (
        False,
        True,
        False,
    )
    assert unscore(api, session, "3").marking_progress == 0, "there is nothing to take back, and that is fine"


def test_the_mark_of_a_person_stands_in_place_of_the_machine_s_until_it_is_taken_back(api):
    session = score(api, handed_in(api), "1", "0.5")
    assert (results(api, session).points.actual, session.marking_progress) == ("1.5", 0)
    assert question_of(results(api, session), "1").marked_by_people
    unscore(api, session, "1")
    assert results(api, session).points.actual == "2"


BAD_MARKS = {
    "an unknown question": ("9", "1", "UNKNOWN_QUESTION"),
    "more than there is": ("3", "5.1", "MARK_ABOVE_AVAILABLE"),
    "less than nothing": ("3", "-0.5", "MARK_ABOVE_AVAILABLE"),
    "too fine a mark": ("3", "1.05", "MARK_TOO_FINE"),
}


@pytest.mark.parametrize("bad", BAD_MARKS)
def test_a_mark_is_refused_for(api, server, bad):
    number, mark, reason = BAD_MARKS[bad]
    session = handed_in(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        score(api, session, number, mark)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    if reason == "UNKNOWN_QUESTION":
        with pytest.raises(Refused) as refused:
            unscore(api, session, number)
        assert refused.value.reason == reason


@pytest.mark.parametrize("mark", ["", "half", "1,5"])
def test_a_mark_is_refused_that_is_no_decimal(api, mark):
    with pytest.raises(Refused) as refused:
        score(api, handed_in(api), "3", mark)
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["mark"])


@pytest.mark.parametrize("state", sorted(STATE_PATHS))
def test_an_attempt_is_submitted_from_awaiting_marking_only(api, server, state):
    session = bring_to(api, state)
    if state == "AWAITING_MARKING":
        assert name_of(api.move("SubmitMarkedSession", session)) == "MARKED"
        return
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SubmitMarkedSession", session)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "INVALID_TRANSITION")
    assert (refused.value.metadata["state"], refused.value.metadata["action"]) == (state, "submit_marked")


def test_an_attempt_marked_elsewhere_is_submitted_without_our_marks(api):
    session = api.move("SubmitMarkedSession", handed_in(api))
    assert (name_of(session), session.points.actual, session.marking_progress) == ("MARKED", "2", 0)
    assert not question_of(results(api, session), "3").score.is_scorable


@pytest.mark.parametrize("state", sorted(set(STATE_PATHS) - {"AWAITING_MARKING", "MARKED", "AWAITING_VERIFICATION"}))
def test_nobody_marks_in_another_state(api, server, state):
    session = bring_to(api, state)
    for call in (lambda: score(api, session, "1", "1"), lambda: unscore(api, session, "1")):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            call()
        assert refused.value.reason == "INVALID_TRANSITION"


@pytest.mark.parametrize("moderated", [False, True])
def test_a_correction_after_the_marks_were_submitted_counts_the_score_anew(api, moderated):
    session = score(api, handed_in(api, moderated=moderated), "3", "1")
    session = walk(api, session, "SubmitMarkedSession", *(["RequestVerification"] if moderated else []))
    assert session.points.actual == "3"
    corrected = score(api, session, "3", "5")
    assert (corrected.state, corrected.points.actual, corrected.score.actual) == (session.state, "7", "100")
    assert told(api, session)["score"] == ("42.8571", "100")
    with pytest.raises(Refused) as refused:
        unscore(api, session, "3")
    assert refused.value.reason == "INVALID_TRANSITION"


def test_a_moderated_attempt_is_verified_before_it_becomes_a_result(api, server):
    session = walk(api, score(api, handed_in(api, moderated=True), "3", "3"), "SubmitMarkedSession")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("ArchiveSession", session)
    assert refused.value.reason == "MODERATION_REQUIRED"
    states = [name_of(walk(api, session, rpc)) for rpc in ("RequestVerification", "VerifySession")]
    assert states == ["AWAITING_VERIFICATION", "SCRIPT_VERIFIED"]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        score(api, session, "3", "5")
    assert refused.value.reason == "INVALID_TRANSITION"
    archived = api.move("ArchiveSession", session)
    assert (name_of(archived), archived.points.actual) == ("ARCHIVED", "5")


def test_a_stale_etag_stops_a_second_marker(api, server):
    session = handed_in(api)
    score(api, session, "3", "2", etag=session.etag)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        score(api, session, "3", "4", etag=session.etag)
    assert refused.value.reason == "STALE_SESSION"


def test_marks_of_paper_are_corrected_like_any_other(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": "1", "2": "0", "3": None})
    corrected = score(api, session, "3", "0.5")
    assert (name_of(corrected), corrected.points.actual) == ("MARKED", "1.5")
    assert not question_of(results(api, session), "3").not_attempted


def test_exact_decimals_add_up_where_floats_would_not(api):
    form(api, *[essay(str(n), "0.1") for n in range(1, 11)], mark_decimals=1)
    session = hand_in(api, sitting(api))
    for n in range(1, 11):
        score(api, session, str(n), "0.1")
    session = api.move("SubmitMarkedSession", session)
    assert (session.points.actual, session.points.max, session.score.actual) == ("1", "1", "100")
