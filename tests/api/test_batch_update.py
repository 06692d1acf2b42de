from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import booking, bookings, mask, moment, new_id
from rows import count, unchanged
from state_paths import bring_to

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import Refused

both_databases = pytest.mark.both_databases("many rows are written in another way")


def row(session, message=None, **fields):
    return session_service_pb2.SessionEdit(session_id=session.id, booking=message or booking(**fields))


def update(api, rows, *paths, **fields):
    return api.call("BatchUpdateSessions", edits=rows, update_mask=mask(*paths), **fields).updated_count


def refusal_of(api, server, rows, *paths):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        update(api, rows, *paths)
    return refused.value


@pytest.fixture
def sessions(api):
    release = api.release()
    return [api.book(release, f"c{n}", access_code=f"A{n}") for n in range(5)]


@both_databases
def test_every_row_gets_its_own_values(api, sessions):
    rows = [row(s, centre_id=f"centre-{n}", external_reference=f"r{n}") for n, s in enumerate(sessions)]
    assert update(api, rows, "centre_id", "external_reference") == 5
    stored = [api.get(session) for session in sessions]
    assert [(s.centre_id, s.external_reference) for s in stored] == [(f"centre-{n}", f"r{n}") for n in range(5)]
    assert [len(api.history(session)) for session in sessions] == [2] * 5


def test_ten_thousand_sessions_are_edited_in_one_call(api, server):
    release = api.release()
    booked = api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(10_000)).sessions
    rows = [row(session, centre_id="north", access_code=f"NEW{n}") for n, session in enumerate(booked)]
    assert update(api, rows, "centre_id", "access_code") == 10_000
    found = api.call(
        "ListSessions", filter=session_service_pb2.SessionFilter(centre_id="north"), show_total_size=True
    )
    assert found.total_size == 10_000
    assert count(server, "events", api.workspace) == 20_000


def test_one_bad_row_refuses_all_and_every_bad_row_is_named(api, server, sessions):
    api.move("CreatePackage", sessions[0])
    ready = bring_to(api, "READY")
    missing = session_pb2.Session(id=new_id())
    late, early = moment("2090-01-02T00:00:00+00:00"), moment("2090-01-01T00:00:00+00:00")
    rows = [row(session, centre_id="x") for session in (sessions[0], ready, missing, sessions[1])]
    rows.append(row(sessions[2], window_start=late, window_end=early))
    refused = refusal_of(api, server, rows, "centre_id", "window_start", "window_end")
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "SESSION_NOT_EDITABLE")
    assert {path: reason for path, (reason, _) in refused.fields.items()} == {
        "edits[1]": "SESSION_NOT_EDITABLE",
        "edits[2]": "SESSION_NOT_FOUND",
        "edits[4].booking.window_end": "INVALID_FIELD",
    }
    assert (refused.metadata["index"], refused.metadata["bad_rows"]) == ("1", "3")


@both_databases
def test_what_is_taken_is_named_row_by_row(api, server, sessions):
    rows = [
        row(sessions[0], booking("c3", access_code="fine")),
        row(sessions[1], booking("new", access_code="a4")),
        row(sessions[2], booking("new", access_code="FINE")),
    ]
    refused = refusal_of(api, server, rows, "candidate.candidate_id", "access_code")
    assert {path: reason for path, (reason, _) in refused.fields.items()} == {
        "edits[0].booking.candidate.candidate_id": "DUPLICATE_CANDIDATE",
        "edits[1].booking.access_code": "DUPLICATE_ACCESS_CODE",
        "edits[2].booking.access_code": "DUPLICATE_ACCESS_CODE",
        "edits[2].booking.candidate.candidate_id": "DUPLICATE_CANDIDATE",
    }


def test_one_session_twice_is_refused(api, server, sessions):
    rows = [row(sessions[0], centre_id="a"), row(sessions[1], centre_id="b"), row(sessions[0], centre_id="c")]
    rows[2].session_id = rows[2].session_id.upper()
    refused = refusal_of(api, server, rows, "centre_id")
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["edits[2].session_id"])


@both_databases
def test_rows_of_several_releases_are_edited_together(api):
    sessions = [api.book(None, "anna", access_code="X") for _ in range(3)]
    rows = [row(session, booking("bella", access_code="Y")) for session in sessions]
    assert update(api, rows, "candidate.candidate_id", "access_code") == 3


@pytest.mark.parametrize("paths", [(), ("keycode",), ("centre_id", "nonsense"), ("pin",)])
def test_a_mask_is_refused_as_in_a_single_edit(api, server, sessions, paths):
    refused = refusal_of(api, server, [row(sessions[0])], *paths)
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["update_mask"])


def test_rules_of_the_message_are_told_with_their_rows(api, server, sessions):
    rows = [row(sessions[0], centre_id="c"), row(sessions[1], centre_id="c" * 65), row(sessions[2], pin="1")]
    rows.append(session_service_pb2.SessionEdit(session_id="one"))
    refused = refusal_of(api, server, rows, "centre_id")
    assert set(refused.fields) == {
        "edits[1].booking.centre_id",
        "edits[2].booking.pin",
        "edits[3].session_id",
        "edits[3].booking",
    }


def test_many_bad_rows_are_refused_in_a_readable_way(api, server):
    release = api.release()
    booked = api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(3000)).sessions
    rows = [row(session, access_code="SAME") for session in booked]
    refused = refusal_of(api, server, rows, "access_code")
    assert (refused.reason, refused.metadata["bad_rows"]) == ("DUPLICATE_ACCESS_CODE", "2999")
    assert next(iter(refused.fields)) == "edits[1].booking.access_code"


@both_databases
def test_a_code_is_given_up_in_one_call_and_taken_in_the_next(api, server, sessions):
    hand_round = [row(sessions[n], access_code=f"A{(n + 1) % 5}") for n in range(5)]
    assert refusal_of(api, server, hand_round, "access_code").metadata["bad_rows"] == "5"
    update(api, [row(session, access_code=f"FREE{n}") for n, session in enumerate(sessions)], "access_code")
    assert update(api, hand_round, "access_code") == 5
    assert [api.get(session).access_code for session in sessions] == ["A1", "A2", "A3", "A4", "A0"]
