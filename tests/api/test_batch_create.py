from __future__ import annotations

import pytest
from concurrency import at_once, reasons
from drawn_codes import with_one_in_use
from grpc import StatusCode
from messages import booking, bookings, new_id
from rows import count, read, unchanged
from state_paths import ON_PAPER

from exam_sessions_client.v1 import session_pb2
from serving import Refused

both_databases = pytest.mark.both_databases("many rows are written in another way")

MOST = 10_000
FOUR_MIB = 4 * 1024 * 1024


def create(api, release, rows, **fields):
    return api.call("BatchCreateSessions", release_id=release.id, bookings=rows, **fields).sessions


def refusal_of(api, server, release, rows):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        create(api, release, rows)
    return refused.value


@both_databases
def test_one_row_is_a_batch(api):
    (row,) = create(api, api.release(), [booking("anna", keycode="k1", access_code="a1")])
    assert (row.keycode, row.access_code, row.candidate_id) == ("K1", "A1", "anna")


@both_databases
def test_the_reply_stands_in_request_order_and_every_session_is_there(api):
    release = api.release()
    rows = [booking(f"c{n * 7919 % 1000}", centre_id=f"centre-{n}") for n in range(1000)]
    reply = create(api, release, rows)
    assert [row.candidate_id for row in reply] == [row.candidate.candidate_id for row in rows]
    stored = api.call("BatchGetSessions", session_ids=[row.id for row in reply]).sessions
    assert [session.centre_id for session in stored] == [row.centre_id for row in rows]
    assert [(s.keycode, s.access_code) for s in stored] == [(row.keycode, row.access_code) for row in reply]


def test_ten_thousand_sessions_fit_one_call_and_the_default_limit_of_a_reply(api, server):
    release = api.release(auto_create_pin=True)
    rows = [booking(f"{n:0128}", centre_id=f"c{n % 50}") for n in range(MOST)]
    reply = api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    assert reply.ByteSize() < FOUR_MIB
    assert len({row.id for row in reply.sessions}) == len({row.keycode for row in reply.sessions}) == MOST
    assert count(server, "sessions", api.workspace) == count(server, "events", api.workspace) == MOST
    pins = read(server, "SELECT DISTINCT pin FROM sessions WHERE workspace_id = ?", api.workspace)
    assert len(pins) == 50


def test_a_batch_on_paper_begins_where_marks_are_entered(api):
    reply = create(api, api.release(**ON_PAPER), bookings(3))
    sessions = api.call("BatchGetSessions", session_ids=[row.id for row in reply]).sessions
    assert {session.state for session in sessions} == {session_pb2.STATE_PAPER_RESPONSE_UPLOAD}


def test_what_is_repeated_inside_a_batch_is_named_where_it_is_repeated(api, server):
    chosen = new_id()
    rows = [
        booking("a", access_code="code", keycode="key", session_id=chosen),
        booking("b", access_code="CODE"),
        booking("c", keycode="Key"),
        booking("d", session_id=chosen.upper()),
        booking("a"),
        booking("e"),
    ]
    refused = refusal_of(api, server, api.release(), rows)
    assert (refused.code, refused.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_ACCESS_CODE")
    assert {path: reason for path, (reason, _) in refused.fields.items()} == {
        "bookings[1].access_code": "DUPLICATE_ACCESS_CODE",
        "bookings[2].keycode": "DUPLICATE_KEYCODE",
        "bookings[3].session_id": "DUPLICATE_SESSION_ID",
        "bookings[4].candidate.candidate_id": "DUPLICATE_CANDIDATE",
    }
    assert refused.metadata == {"access_code": "CODE", "index": "1", "bad_rows": "4"}


@both_databases
def test_what_stored_sessions_have_is_named_row_by_row(api, server):
    release, chosen = api.release(), new_id()
    api.book(release, "stored", access_code="CODE")
    api.book(keycode="KEY", session_id=chosen)
    rows = [
        booking("fine"),
        booking("stored"),
        booking("b", access_code="code"),
        booking("c", keycode="key", session_id=chosen),
    ]
    refused = refusal_of(api, server, release, rows)
    assert {path: reason for path, (reason, _) in refused.fields.items()} == {
        "bookings[1].candidate.candidate_id": "DUPLICATE_CANDIDATE",
        "bookings[2].access_code": "DUPLICATE_ACCESS_CODE",
        "bookings[3].keycode": "DUPLICATE_KEYCODE",
        "bookings[3].session_id": "DUPLICATE_SESSION_ID",
    }


def test_bad_fields_and_duplicates_are_told_together(api, server):
    release = api.release()
    api.book(release, "stored")
    refused = refusal_of(api, server, release, [booking("a"), booking(""), booking("stored"), booking("a")])
    assert set(refused.fields) == {f"bookings[{n}].candidate.candidate_id" for n in (1, 2, 3)}
    assert refused.metadata["bad_rows"] == "3"


def test_every_row_that_breaks_a_rule_is_named(api, server):
    rows = bookings(20)
    rows[3].candidate.name_first = "n" * 101
    rows[7].access_code = "A B"
    rows[7].pin = "12"
    rows[19].candidate.gender = 9
    refused = refusal_of(api, server, api.release(), rows)
    assert refused.reason == "INVALID_FIELD"
    assert set(refused.fields) == {
        "bookings[3].candidate.name_first",
        "bookings[7].access_code",
        "bookings[7].pin",
        "bookings[19].candidate.gender",
    }
    assert refused.metadata["violations"] == "4"


def test_ten_thousand_duplicates_are_refused_in_a_readable_way(api, server):
    release = api.release()
    create(api, release, bookings(MOST))
    refused = refusal_of(api, server, release, bookings(MOST))
    assert (refused.reason, refused.metadata["bad_rows"]) == ("DUPLICATE_CANDIDATE", "10000")
    named = [f"bookings[{n}].candidate.candidate_id" for n in range(len(refused.fields))]
    assert list(refused.fields) == named
    assert len(named) >= 20
    assert "10000 of 10000 rows" in refused.message


def test_of_ten_thousand_bad_fields_a_hundred_are_looked_for(api, server):
    rows = [booking("x" * 129) for _ in range(MOST)]
    refused = refusal_of(api, server, api.release(), rows)
    assert (refused.reason, refused.metadata["violations"]) == ("INVALID_FIELD", "100")
    assert refused.message.endswith("(and at least 99 more)")
    assert list(refused.fields)[:3] == [f"bookings[{n}].candidate.candidate_id" for n in range(3)]


def test_ten_thousand_rows_without_a_candidate_are_refused_with_their_number(api, server):
    refused = refusal_of(api, server, api.release(), [booking() for _ in range(MOST)])
    assert (refused.reason, refused.metadata["bad_rows"]) == ("INVALID_FIELD", "10000")
    assert refused.metadata["violations"] == "10000"


def test_one_bad_row_at_the_very_end_refuses_all(api, server):
    release, rows = api.release(), bookings(MOST)
    rows[-1].candidate.candidate_id = "c0"
    refused = refusal_of(api, server, release, rows)
    assert list(refused.fields) == ["bookings[9999].candidate.candidate_id"]
    assert len(create(api, release, rows[:-1])) == MOST - 1


def test_the_batch_of_a_finalized_release_is_refused_once(api, server):
    release = api.release()
    api.call("FinalizeRelease", release_id=release.id)
    refused = refusal_of(api, server, release, bookings(50))
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")
    assert refused.metadata == {"release_id": release.id}


@both_databases
def test_a_drawn_code_never_meets_a_given_one(api):
    release = api.release()
    given = [booking(f"g{n}", keycode=f"KEY{n}", access_code=f"CODE{n}") for n in range(100)]
    reply = create(api, release, given + bookings(100))
    assert len({row.keycode for row in reply}) == len({row.access_code for row in reply}) == 200
    assert [row.keycode for row in reply[:100]] == [f"KEY{n}" for n in range(100)]


def test_every_letter_of_a_code_with_which_a_candidate_enters_is_drawn(api):
    reply = create(api, api.release(), bookings(100))
    for codes in ([row.keycode for row in reply], [row.access_code for row in reply]):
        assert len({code[:3] for code in codes}) > 90


@both_databases
@pytest.mark.parametrize(("nth", "column"), [(0, "keycode"), (1, "access_code")])
def test_a_drawn_code_that_a_session_has_is_drawn_again(api, server, monkeypatch, nth, column):
    release = api.release()
    taken = getattr(api.book(release, "taken"), column)
    asked = with_one_in_use(monkeypatch, nth, taken)
    reply = create(api, release, bookings(500))
    codes = [getattr(row, column) for row in reply]
    assert asked == [500] * 4
    assert len({*codes, taken}) == 501
    stored = read(server, f"SELECT {column} FROM sessions WHERE workspace_id = ?", api.workspace)
    assert {code for (code,) in stored} == {*codes, taken}
    assert count(server, "events", api.workspace) == 501


@both_databases
def test_two_batches_may_share_nothing_but_their_release(api):
    release = api.release()
    first, second = create(api, release, bookings(500, "a")), create(api, release, bookings(500, "b"))
    assert {row.keycode for row in first}.isdisjoint({row.keycode for row in second})
    assert api.call("ListSessions", show_total_size=True).total_size == 1000


@both_databases
def test_a_batch_that_meets_a_single_booking_at_the_same_moment_loses_or_wins_as_a_whole(api, server):
    for n in range(5):
        release = api.release()
        before = count(server, "sessions", api.workspace)
        outcomes = at_once(lambda r=release: create(api, r, bookings(300)), lambda r=release: api.book(r, "c150"))
        booked = count(server, "sessions", api.workspace) - before
        assert reasons(outcomes) == ["DUPLICATE_CANDIDATE"], n
        assert booked == (1 if isinstance(outcomes[0], Refused) else 300)
