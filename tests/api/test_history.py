from __future__ import annotations

import pytest
from concurrency import assert_unbroken
from google.protobuf.timestamp_pb2 import Timestamp
from messages import booking, bookings, mask, new_id
from state_paths import STATE_PATHS, bring_to, edit, walk

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, State

pytestmark = pytest.mark.both_databases("events are found in another way")


def told(event):
    return {change.field: (change.old_value, change.new_value) for change in event.changes}


def number_of(state):
    return State.Value(f"STATE_{state}")


@pytest.mark.parametrize("state", STATE_PATHS)
def test_a_history_is_unbroken_up_to_the_state(api, state):
    session = bring_to(api, state)
    events = api.history(session)
    assert_unbroken(events, number_of(state))
    assert len(events) == len(STATE_PATHS[state][1]) + 1
    assert {(event.session_id, event.release_id, event.actor) for event in events} == {
        (session.id, session.release_id, "test")
    }
    times = [(event.time.seconds, event.time.nanos) for event in events]
    assert times == sorted(times)


def test_a_move_tells_who_when_why_and_what_changed(server, api):
    session, invigilator = bring_to(api, "IN_PROGRESS"), ApiClient(server.target, api.workspace, actor="ms. jones")
    reason = session_pb2.VOID_REASON_OTHER
    session = invigilator.move("VoidSession", session, reason=reason, message="left the room")
    event = api.history(session)[-1]
    assert (event.actor, event.reason, event.message) == ("ms. jones", "OTHER", "left the room")
    assert (event.action, event.from_state, event.to_state) == (session_pb2.ACTION_VOID, 6, 10)
    assert event.time == session.update_time
    assert told(event) == {"void_reason": ("", "VOID_REASON_OTHER"), "void_message": ("", "left the room")}
    invigilator.close()


@pytest.mark.parametrize(("reason", "word"), [(0, "CANDIDATE"), (1, "CANDIDATE"), (2, "INVIGILATOR")])
def test_a_finish_tells_who_ended_it(api, reason, word):
    session = api.move("FinishSession", bring_to(api, "IN_PROGRESS"), reason=reason)
    assert api.history(session)[-1].reason == word
    assert session_pb2.FinishReason.Name(session.attempt.finish_reason) == f"FINISH_REASON_{word}"
    assert session.attempt.end_time == session.update_time


def test_an_edit_tells_every_field_before_and_after(api):
    session = api.book(centre_id="north")
    changes = booking(candidate=session_pb2.Candidate(name_last="Müller"), centre_id="south", external_reference="r")
    paths = mask("candidate.name_last", "centre_id", "external_reference", "test_form")
    api.call("UpdateSession", session_id=session.id, booking=changes, update_mask=paths)
    event = api.history(session)[-1]
    assert (event.action, event.from_state, event.to_state) == (session_pb2.ACTION_UPDATE, 1, 1)
    assert told(event) == {
        "name_last": ("", "Müller"),
        "centre_id": ("north", "south"),
        "external_reference": ("", "r"),
    }


def test_a_verb_of_a_newer_server_is_told_without_its_name(api, server):
    session = walk(api, api.book(), "CreatePackage")
    server.database.write("UPDATE events SET action = ? WHERE session_id = ?", "frobnicate", session.id)
    assert [event.action for event in api.history(session)] == [session_pb2.ACTION_UNSPECIFIED] * 2


def test_a_pin_is_never_told(api):
    session = walk(api, api.book(pin="secret", release=api.release(invigilated=True)), "CreatePackage")
    api.move("SetPin", session, pin="hidden")
    api.move("RemovePin", session)
    api.call("DeleteSession", session_id=session.id)
    events = api.history(session)
    assert [told(event).get("pin") for event in events[2:4]] == [("***", "***"), ("***", "***")]
    text = str(events)
    assert "SECRET" not in text
    assert "HIDDEN" not in text


def test_a_wrong_pin_is_told_without_the_pin(api):
    session = bring_to(api, "LOCKED_BY_PIN")
    with pytest.raises(Refused):
        api.move("EnterPin", session, pin="ZZZZZZ")
    event = api.history(session)[-1]
    assert (event.action, event.from_state, event.to_state) == (session_pb2.ACTION_ENTER_PIN, 14, 14)
    assert event.reason == "WRONG_PIN"
    assert "ZZZZZZ" not in str(event)


def test_a_history_is_read_page_by_page_in_any_size(api):
    session = bring_to(api, "IN_PROGRESS")
    for _ in range(6):
        session = walk(api, session, "PauseSession", "ResumeSession")
    whole = api.history(session)
    assert len(whole) == 16
    for size in (1, 3, 5, 8, 16, 17):
        assert api.history(session, size) == whole


def test_a_history_is_read_by_keycode(api):
    session = bring_to(api, "READY")
    by_keycode = api.call("ListSessionEvents", keycode=session.keycode.lower()).events
    assert list(by_keycode) == api.history(session)


def test_fifty_events_are_a_page_when_no_size_is_asked(api):
    session = api.book()
    edit(api, session, 60)
    page = api.call("ListSessionEvents", session_id=session.id)
    assert (len(page.events), bool(page.next_page_token)) == (50, True)


def test_a_page_token_of_another_session_is_refused(api):
    one, other = bring_to(api, "READY"), bring_to(api, "READY")
    token = api.call("ListSessionEvents", session_id=one.id, page_size=1).next_page_token
    for fields in (
        {"session_id": other.id, "page_token": token},
        {"session_id": one.id, "page_token": token[:-3]},
        {"session_id": one.id, "page_token": "x"},
    ):
        with pytest.raises(Refused) as refused:
            api.call("ListSessionEvents", **fields)
        assert refused.value.reason == "INVALID_PAGE_TOKEN"


def test_the_history_of_a_session_nobody_booked_is_not_found(api):
    for key, value in (("session_id", new_id()), ("keycode", "NOBODY")):
        with pytest.raises(Refused) as refused:
            api.call("ListSessionEvents", **{key: value})
        assert (refused.value.reason, refused.value.metadata) == ("SESSION_NOT_FOUND", {"session": value})


def test_the_sequence_is_one_order_of_the_whole_workspace(api):
    release = api.release()
    rows = api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(30)).sessions
    sessions = [session_pb2.Session(id=row.id) for row in rows]
    for session in sessions[::3]:
        api.move("CreatePackage", session)
    events = [event for session in sessions for event in api.history(session)]
    assert sorted(event.sequence for event in events) == list(range(1, 41))
    booked = [api.history(session)[0].sequence for session in sessions]
    assert booked == sorted(booked)


def test_a_refused_move_leaves_no_line(api):
    session = bring_to(api, "READY")
    before = api.history(session)
    for rpc in ("UnlockSession", "PauseSession", "CreatePackage"):
        with pytest.raises(Refused):
            api.move(rpc, session)
    assert api.history(session) == before


def test_the_start_of_an_attempt_is_written_once(api):
    session = bring_to(api, "IN_PROGRESS")
    started = session.attempt.start_time
    session = walk(api, session, "PauseSession", "ResumeSession", "GoOffline", "ReconnectSession", "FinishSession")
    assert session.attempt.start_time == started != Timestamp()
    lines = [event for event in api.history(session) if "start_time" in told(event)]
    assert [event.action for event in lines] == [session_pb2.ACTION_ENTER_KEYCODE]
