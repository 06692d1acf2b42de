from __future__ import annotations

import re

import pytest
from messages import booking, bookings, lasting, moment, new_id
from rows import read, unchanged
from state_paths import ON_PAPER

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused

pytestmark = pytest.mark.both_databases("who was booked twice is found in another way")

CODE = re.compile("[A-HJ-NP-Z2-9]{8}")
"""Eight of A-Z and 2-9 without I and O."""

EVERYTHING = {
    "candidate": session_pb2.Candidate(
        candidate_id="anna",
        name_first="Anna",
        name_middle="Maria",
        name_last="Müller 穆勒",
        gender=session_pb2.GENDER_FEMALE,
        grade_level=session_pb2.GRADE_LEVEL_AE,
        ethnicity=session_pb2.ETHNICITY_OTHR,
        school_id="s-1",
        district_id="d-1",
    ),
    "external_reference": "r" * 30,
    "centre_id": "north",
    "test_form": "form-7",
    "window_start": moment("2090-01-01T08:00:00+00:00"),
    "window_end": moment("2090-01-01T12:00:00+00:00"),
}


def test_a_session_is_booked_with_everything_that_was_said_of_it(api):
    release = api.release(test_form="form-1")
    session = api.call("CreateSession", release_id=release.id, booking=session_pb2.Booking(**EVERYTHING)).session
    for name, value in EVERYTHING.items():
        assert getattr(session, name) == value
    assert (session.workspace_id, session.release_id) == (api.workspace, release.id)
    assert (session.state, session.maturity) == (
        session_pb2.STATE_SCHEDULED_BUT_NOT_CREATED,
        session_pb2.MATURITY_NOT_STARTED,
    )
    assert (session.attempt, session.HasField("client")) == (session_pb2.Attempt(number=1), False)
    assert session.create_time == session.update_time
    assert api.get(session) == session


def test_what_a_booking_leaves_open_is_the_release_s(api):
    window = {"window_start": moment("2090-01-01T08:00:00+00:00"), "window_end": moment("2090-01-02T08:00:00+00:00")}
    session = api.book(api.release(test_form="form-1", duration=lasting(60), **window))
    assert session.test_form == "form-1"
    assert (session.window_start, session.window_end) == (window["window_start"], window["window_end"])


def test_a_session_on_paper_begins_where_marks_are_entered(api):
    session = api.book(api.release(**ON_PAPER))
    assert session.state == session_pb2.STATE_PAPER_RESPONSE_UPLOAD
    assert session.maturity == session_pb2.MATURITY_IN_PROGRESS


def test_generated_codes_are_eight_letters_nobody_mistakes(api):
    release = api.release()
    rows = api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(2000)).sessions
    for codes in ([row.keycode for row in rows], [row.access_code for row in rows]):
        assert len(set(codes)) == 2000
        assert all(CODE.fullmatch(code) for code in codes)
        letters = set("".join(codes))
        assert letters == set("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    assert {row.keycode for row in rows}.isdisjoint({row.access_code for row in rows})


def test_generated_ids_are_uuids_of_version_seven_in_the_order_of_the_rows(api):
    rows = api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(500)).sessions
    ids = [row.id for row in rows]
    assert all(re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", i) for i in ids)
    assert ids == sorted(set(ids))


def test_given_codes_are_kept_in_upper_case(api, server):
    session = api.book(access_code="abc-d_1", keycode="xyz9", pin="secret")
    assert (session.access_code, session.keycode) == ("ABC-D_1", "XYZ9")
    stored = read(server, "SELECT access_code, keycode, pin FROM sessions WHERE id = ?", session.id)
    assert stored == [("ABC-D_1", "XYZ9", "SECRET")]


def test_a_chosen_session_id_is_kept_in_lower_case(api):
    chosen = new_id()
    assert api.book(session_id=chosen.upper()).id == chosen
    assert api.call("GetSession", session_id=chosen.upper()).session.id == chosen


@pytest.mark.parametrize("keycode", ["abc123", "ABC123", "aBc123"])
def test_a_keycode_is_typed_in_any_case(api, keycode):
    session = api.book(keycode="Abc123")
    assert api.call("GetSession", keycode=keycode).session.id == session.id


def test_access_codes_and_candidates_are_unique_in_their_release_only(api):
    first = api.book(candidate_id="anna", access_code="OPEN")
    second = api.book(candidate_id="anna", access_code="open")
    assert first.release_id != second.release_id
    assert (second.access_code, second.candidate.candidate_id) == ("OPEN", "anna")


def test_candidate_ids_are_not_folded(api):
    release = api.release()
    assert api.book(release, "anna").id != api.book(release, "ANNA").id


def test_keycodes_and_ids_are_unique_in_their_workspace_only(server, api):
    other, chosen = ApiClient(server.target), new_id()
    api.book(keycode="SAME", session_id=chosen)
    assert other.book(keycode="SAME", session_id=chosen).workspace_id == other.workspace
    for again in ({"keycode": "same"}, {"session_id": chosen}):
        with pytest.raises(Refused):
            api.book(**again)
    other.close()


@pytest.mark.parametrize("taken", ["candidate", "access code", "keycode", "session id"])
def test_what_a_stored_session_has_is_refused_by_name_and_nothing_changes(api, server, taken):
    release, chosen = api.release(), new_id()
    api.book(release, "anna", access_code="OPEN", keycode="KEY", session_id=chosen)
    message, reason, field = {
        "candidate": (booking("anna"), "DUPLICATE_CANDIDATE", "booking.candidate.candidate_id"),
        "access code": (booking("b", access_code="oPEN"), "DUPLICATE_ACCESS_CODE", "booking.access_code"),
        "keycode": (booking("b", keycode="key"), "DUPLICATE_KEYCODE", "booking.keycode"),
        "session id": (booking("b", session_id=chosen), "DUPLICATE_SESSION_ID", "booking.session_id"),
    }[taken]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=release.id, booking=message)
    assert refused.value.reason == reason
    assert set(refused.value.fields) <= {field}


def test_a_booking_leaves_one_line_of_history(api):
    session = api.book()
    (event,) = api.history(session)
    assert (event.action, event.from_state, event.to_state) == (session_pb2.ACTION_SCHEDULE, 0, session.state)
    assert (event.session_id, event.release_id, event.time) == (session.id, session.release_id, session.create_time)


def test_a_release_of_another_workspace_cannot_be_booked(server, api):
    other = ApiClient(server.target)
    release = other.release()
    with unchanged(server, api), unchanged(server, other), pytest.raises(Refused) as refused:
        api.book(release)
    assert refused.value.reason == "RELEASE_NOT_FOUND"
    other.close()
