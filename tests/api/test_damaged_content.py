"""One session whose stored data is damaged takes no other down, is shown as damaged, and can be repaired."""

from __future__ import annotations

from contextlib import closing
from functools import partial

import pytest
from forms import answer, essay, form, hand_in, mcq, question_of, results, sitting
from messages import lasting
from rows import read, write
from state_paths import STARTED, name_of, walk

from sampling import sampled
from serving import ApiClient, Refused

SCRIPTS = {
    "responses that are no JSON": "responses = '{\"1\":'",
    "responses that are a list": "responses = '[1]'",
    "responses that are a number": "responses = '7'",
    "marks that are no JSON": "marks = 'x'",
    "marks that are texts": 'marks = \'{"1":"two"}\'',
    "both": "responses = '', marks = ''",
    "a response of another shape": 'responses = \'{"1":{"a":[]},"2":7,"3":[[]]}\'',
}
SESSIONS = {
    "a state that does not exist": "state = 17",
    "a revision that the form does not have": "form_revision = 99",
    "a start at the end of time": "start_time = 9223372036854775807",
    "a release that does not exist": "release_id = 'gone'",
}
NO_NUMBER = {"a start that is no number": "start_time = 'noon'", "a pause that is no number": "paused_time = 'long'"}
untyped = pytest.mark.sqlite(reason="elsewhere a column of numbers takes numbers only")
DAMAGE = SCRIPTS | SESSIONS | NO_NUMBER
ALL = [*SCRIPTS, *SESSIONS, *(pytest.param(damage, marks=untyped) for damage in NO_NUMBER)]


def three(api, count=3):
    """Sessions of one release in progress, each with a response."""
    form(api, mcq("1", "C"), essay("2"), mcq("3", "A"))
    release = api.release(test_form="form-1", duration=lasting(60))
    sat = [walk(api, api.book(release), *STARTED) for _ in range(count)]
    return [api.move("SetResponses", session, responses=[answer("1", "C")]) for session in sat]


def spoil(server, session, damage):
    """Damages what is stored of a session; every session is due again."""
    if damage in SCRIPTS:
        write(server, f"UPDATE scripts SET {SCRIPTS[damage]} WHERE session_id = ?", session.id)
    else:
        write(server, f"UPDATE sessions SET {DAMAGE[damage]} WHERE id = ?", session.id)


@pytest.mark.parametrize("damage", sampled(ALL, 6))
def test_pages_aggregates_and_finalizing_go_on(clocked_server, clocked_desk, damage):
    server, api = clocked_server, clocked_desk
    before, broken, after = three(api)
    spoil(server, broken, damage)
    for fields in ({}, {"show_responses": True}, {"show_results": True, "show_keys": True}):
        page = api.call("ListSessions", **fields).sessions
        assert {session.id for session in page} == {before.id, broken.id, after.id}
    if damage != "a response of another shape":
        shown = next(session for session in page if session.id == broken.id)
        assert shown.damage or damage == "a start at the end of time"
        assert not any(session.damage for session in page if session.id != broken.id)
    assert api.call("AggregateSessions").total.session_count == 3
    assert api.history(broken)
    api.call("FinalizeRelease", release_id=before.release_id)
    server.sweep()
    assert [name_of(api.get(session)) for session in (before, after)] == ["AWAITING_MARKING"] * 2
    assert api.call("GetRelease", release_id=before.release_id).release.statistics.session_count


@pytest.mark.parametrize("damage", [name for name in SCRIPTS if name != "a response of another shape"])
def test_a_damaged_attempt_is_set_aside_with_its_error_and_the_attempt_can_be_cleared(
    clocked_server, clocked_desk, clock, damage
):
    server, api = clocked_server, clocked_desk
    before, broken, after = three(api)
    spoil(server, broken, damage)
    clock.advance(61)
    server.sweep()
    server.sweep()
    assert [name_of(api.get(session)) for session in (before, after)] == ["AWAITING_MARKING"] * 2
    aside = api.get(broken)
    assert name_of(aside) == "EXCEPTION"
    assert "cannot be read" in aside.exception_message
    session = walk(api, aside, "RecoverSession", "ClearResponses")
    assert name_of(session) == "READY"
    assert not api.call("GetSession", session_id=session.id, show_responses=True).session.damage
    session = walk(api, session, "EnterKeycode")
    assert name_of(hand_in(api, session, answer("1", "C"))) == "AWAITING_MARKING"


def test_damaged_responses_take_no_more_answers_and_say_so(clocked_server, clocked_desk):
    api = clocked_desk
    (broken,) = three(api, 1)
    spoil(clocked_server, broken, "responses that are no JSON")
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", broken, responses=[answer("3", "A")])
    assert (refused.value.reason, refused.value.metadata["what"]) == ("SESSION_DAMAGED", "responses")
    (kept,) = read(clocked_server, "SELECT responses FROM scripts WHERE session_id = ?", broken.id)
    assert kept == ('{"1":',)


@pytest.mark.parametrize("damage", [name for name in SCRIPTS if name != "a response of another shape"])
def test_a_damaged_attempt_is_marked_by_hand(clocked_server, clocked_desk, damage):
    api = clocked_desk
    (broken,) = three(api, 1)
    spoil(clocked_server, broken, damage)
    session = api.move("FinishSession", broken)
    assert (name_of(session), session.marking_progress) == ("AWAITING_MARKING", 0)
    for number in ("1", "2", "3"):
        session = api.move("ScoreResponse", session, question_number=number, mark="1")
    session = api.move("SubmitMarkedSession", session)
    assert (name_of(session), session.points.actual) == ("MARKED", "3")


def test_responses_of_another_shape_wait_for_a_person(clocked_server, clocked_desk):
    api = clocked_desk
    (broken,) = three(api, 1)
    spoil(clocked_server, broken, "a response of another shape")
    session = api.move("FinishSession", broken)
    assert name_of(session) == "AWAITING_MARKING"
    found = results(api, session)
    assert [question_of(found, number).score.is_scorable for number in "123"] == [False] * 3
    assert question_of(found, "1").response.text == '{"a": []}'


def each_damaged(server, database_kind):
    """The name of each damage, a client in a workspace of its own, and a session there that is damaged so."""
    for damage in DAMAGE if database_kind == "sqlite" else SCRIPTS | SESSIONS:
        with closing(ApiClient(server.target)) as api:
            (broken,) = three(api, 1)
            spoil(server, broken, damage)
            yield damage, api, broken


def test_a_damaged_session_can_be_voided(clocked_server, database_kind):
    for damage, api, broken in each_damaged(clocked_server, database_kind):
        if damage != "a release that does not exist":
            assert name_of(api.move("VoidSession", broken)) == "VOIDED", damage


def reason_of(call):
    """The reason a call is refused for; empty when it is answered."""
    try:
        call()
    except Refused as refused:
        return refused.reason
    return ""


def test_nothing_that_is_asked_of_a_damaged_session_is_an_internal_error(clocked_server, database_kind):
    moves = ["PauseSession", "ResumeSession", "GoOffline", "ReconnectSession", "ClearResponses", "FinishSession"]
    for damage, api, broken in each_damaged(clocked_server, database_kind):
        asked = {
            "GetSession": {"session_id": broken.id, "show_results": True, "show_responses": True},
            "BatchGetSessions": {"session_ids": [broken.id]},
            "GetSessionResults": {"session_id": broken.id, "show_keys": True},
            "ListSessionEvents": {"session_id": broken.id},
            "ExplainSession": {"session_id": broken.id},
        }
        for rpc, fields in asked.items():
            assert reason_of(partial(api.call, rpc, **fields)) != "INTERNAL", (damage, rpc)
        for rpc in moves:
            assert reason_of(partial(api.move, rpc, broken)) != "INTERNAL", (damage, rpc)


def test_a_test_form_that_is_damaged_stops_no_list(clocked_server, clocked_desk):
    api = clocked_desk
    (broken,) = three(api, 1)
    form(api, mcq("1", "C"), reference="form-2")
    sound = walk(api, api.book(api.release(test_form="form-2")), *STARTED)
    write(clocked_server, "UPDATE test_forms SET content = '{' WHERE reference = 'form-1'")
    page = api.call("ListSessions", show_results=True).sessions
    assert {session.id for session in page} == {broken.id, sound.id}


def test_changes_of_an_event_that_are_damaged_are_told_to_be(clocked_server, clocked_desk):
    api = clocked_desk
    (broken,) = three(api, 1)
    write(clocked_server, "UPDATE events SET changes = '{' WHERE session_id = ?", broken.id)
    assert {change.field for event in api.history(broken) for change in event.changes} == {"damaged"}


def test_an_upload_to_damaged_responses_is_refused(clocked_server, clocked_desk):
    api = clocked_desk
    form(api, mcq("1", "C"))
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")])
    session = walk(api, session, "GoOffline", "FinishOffline")
    spoil(clocked_server, session, "responses that are a list")
    with pytest.raises(Refused) as refused:
        api.move("UploadSession", session, responses=[answer("1", "C")])
    assert refused.value.reason == "SESSION_DAMAGED"
    assert name_of(api.move("UploadSession", session)) == "AWAITING_MARKING"
