from __future__ import annotations

import json
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import psycopg
import pytest
from groups import arrived, grouped, told
from grpc import StatusCode
from messages import booking, bookings, mask, new_id, outcome_of, send
from rows import count
from state_paths import bring_to

import sampling
from exam_sessions.store import sqlite_connection
from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving, until

pytestmark = pytest.mark.both_databases("transactions fail in other ways")

MANY = sampling.fewer(10_000, 3_000)


@pytest.fixture
def impatient(database, monkeypatch):
    """A server that waits for other writers half a second only."""
    monkeypatch.setattr(sqlite_connection, "BUSY_S", 0.5)
    monkeypatch.setenv("EXAM_SESSIONS_LOCK_TIMEOUT_S", "0.5")
    with serving(database) as server:
        yield server


@pytest.fixture
def desk_of_impatient(impatient):
    api = ApiClient(impatient.target)
    yield api
    api.close()


@pytest.fixture
def patient(database, monkeypatch):
    """A server that waits for other writers as long as a slow machine may need."""
    monkeypatch.setenv("EXAM_SESSIONS_LOCK_TIMEOUT_S", "60")
    with serving(database) as server:
        yield server


@pytest.fixture
def desk_of_patient(patient):
    api = ApiClient(patient.target)
    yield api
    api.close()


def test_calls_of_one_transaction_see_each_other(server, api):
    session = api.book()
    rpcs = ["CreatePackage", "DownloadSession", "EnterKeycode", "CreatePackage", "PauseSession"]
    outcomes = grouped(server, api, *[(rpc, {"keycode": session.keycode}) for rpc in rpcs])
    assert told(outcomes, lambda reply: reply.session.state) == [2, 4, 6, "INVALID_TRANSITION", 7]
    assert [event.to_state for event in api.history(session)] == [1, 2, 4, 6, 7]


def test_a_refused_call_costs_its_neighbours_nothing(server, api):
    release = api.release()
    api.book(release, "taken")
    rows = [
        booking("a", access_code="X"),
        booking("taken"),
        booking("b", access_code="x"),
        booking("a"),
        booking("c"),
    ]
    outcomes = grouped(server, api, *[("CreateSession", {"release_id": release.id, "booking": row}) for row in rows])
    assert told(outcomes, lambda reply: reply.session.candidate.candidate_id) == [
        "a",
        "DUPLICATE_CANDIDATE",
        "DUPLICATE_ACCESS_CODE",
        "DUPLICATE_CANDIDATE",
        "c",
    ]
    assert count(server, "sessions", api.workspace) == 3


def test_two_sessions_of_a_candidate_opened_in_one_transaction_have_one_winner(server, api):
    ready = [api.book(None, "ben") for _ in range(3)]
    for session in ready:
        api.walk(session, "CreatePackage", "DownloadSession")
    ready.insert(1, bring_to(api, "READY"))
    outcomes = grouped(server, api, *[("EnterKeycode", {"keycode": session.keycode}) for session in ready])
    taken = "CANDIDATE_HAS_OPEN_SESSION"
    assert told(outcomes, lambda reply: reply.session.state) == [6, 6, taken, taken]


def test_a_session_closed_in_the_same_transaction_does_not_stand_in_its_own_way(server, api):
    session = bring_to(api, "IN_PROGRESS")
    asked = {"keycode": session.keycode, "validate_only": True}
    outcomes = grouped(server, api, ("ClearResponses", {"session_id": session.id}), ("EnterKeycode", asked))
    assert told(outcomes, lambda reply: reply.session.state) == [4, 6]


def test_a_repetition_behind_the_deletion_in_one_transaction_is_shown_what_was_deleted(server, api):
    session = api.book()
    pin = {"session_id": session.id, "pin": "qwerty", "request_id": new_id()}
    gone = {"session_id": session.id}
    first, _, again = grouped(server, api, ("SetPin", pin), ("DeleteSession", gone), ("SetPin", pin))
    assert (first.pin, again.pin) == ("QWERTY", "")
    assert again.session == first.session


def test_a_session_opened_in_the_same_transaction_stands_in_the_way_of_another(server, api):
    one, other = (api.walk(api.book(None, "ben"), "CreatePackage", "DownloadSession") for _ in range(2))
    asked = {"keycode": other.keycode, "validate_only": True}
    outcomes = grouped(server, api, ("EnterKeycode", {"keycode": one.keycode}), ("EnterKeycode", asked))
    assert told(outcomes, lambda reply: reply.session.state) == [6, "CANDIDATE_HAS_OPEN_SESSION"]


def test_an_edit_there_and_back_in_one_transaction_is_two_edits(server, api):
    session = api.book(access_code="OLD")
    edits = [{"booking": booking(access_code=code), "update_mask": mask("access_code")} for code in ("NEW", "OLD")]
    outcomes = grouped(server, api, *[("UpdateSession", {"session_id": session.id, **edit}) for edit in edits])
    assert told(outcomes, lambda reply: reply.session.access_code) == ["NEW", "OLD"]


def test_a_candidate_deleted_and_booked_again_in_one_transaction_is_there(server, api):
    release = api.release()
    old = api.book(release, "anna", access_code="CODE", keycode="KEY")
    again = booking("anna", access_code="CODE", keycode="KEY")
    deleted, booked = grouped(
        server,
        api,
        ("DeleteSession", {"session_id": old.id}),
        ("CreateSession", {"release_id": release.id, "booking": again}),
    )
    assert not isinstance(deleted, Refused)
    if isinstance(booked, Refused):
        # As if it had come first.
        assert booked.reason.startswith("DUPLICATE_")
        api.call("CreateSession", release_id=release.id, booking=again)
    (session,) = api.call("ListSessions").sessions
    assert (session.candidate.candidate_id, session.keycode) == ("anna", "KEY")


def test_a_writer_that_waits_too_long_for_another_is_told_to_retry(impatient, desk_of_impatient):
    api = desk_of_impatient
    session = api.book()
    with impatient.database.locked_for_writing(), pytest.raises(Refused) as refused:
        api.move("CreatePackage", session)
    assert (refused.value.code, refused.value.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    assert api.move("CreatePackage", session).state == session_pb2.STATE_SCHEDULED_BUT_NOT_DOWNLOADED
    assert len(api.history(session)) == 2


def test_a_roster_that_another_writer_kept_waiting_is_completed_by_its_repetition(impatient, desk_of_impatient):
    api = desk_of_impatient

    def kept_waiting():
        """A roster that another writer came between; it may be through before, so as many are sent as it takes."""
        content = {"release_id": api.release().id, "bookings": bookings(MANY), "request_id": new_id()}
        before = count(impatient, "sessions", api.workspace)
        call = send(api, "BatchCreateSessions", **content)
        until(lambda: count(impatient, "sessions", api.workspace) > before)
        with impatient.database.locked_for_writing():
            outcome = outcome_of(call)
        if isinstance(outcome, Refused):
            return content, outcome, before
        assert len(outcome.sessions) == MANY
        return None

    content, refused, before = until(kept_waiting)
    assert refused.reason == "DATABASE_UNAVAILABLE"

    def repeated():
        outcome = outcome_of(send(api, "BatchCreateSessions", **content))
        assert not isinstance(outcome, Refused) or outcome.code is StatusCode.UNAVAILABLE, outcome
        return not isinstance(outcome, Refused) and outcome.sessions

    assert len(until(repeated)) == MANY
    assert count(impatient, "sessions", api.workspace) == before + MANY


COPY = """INSERT INTO sessions SELECT (jsonb_populate_record(s, %s::jsonb)).* FROM sessions s WHERE id = %s"""


@pytest.mark.postgresql("elsewhere there is one writer, who waits for nobody")
def test_calls_given_up_for_a_deadlock_are_done_again(patient, desk_of_patient):
    api = desk_of_patient
    release = api.release()
    model = api.book(release, "model")

    def books(database, candidate):
        row = {"id": new_id(), "candidate_id": candidate, "keycode": candidate, "access_code": candidate}
        database.execute(COPY, (json.dumps(row), model.id))

    def is_waiting(database):
        told = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return database.execute(told).fetchone()[0]

    def deadlock(n):
        """Has the server wait for a transaction that waits for it; whether it was the server that gave up."""
        x, a, b = (f"{name}{n}" for name in "xab")
        url = patient.database.url
        with psycopg.connect(url) as in_front, psycopg.connect(url) as other:
            # The server is to be the one who notices. It looks once, a second after it began to wait: on a slow
            # machine the other may be later than that, and must not wait for ever.
            other.execute("SET LOCAL deadlock_timeout = '60s'")
            other.execute("SET LOCAL lock_timeout = '10s'")
            books(in_front, x)
            books(other, b)
            sent = [send(api, "CreateSession", release_id=release.id, booking=booking(x))]
            until(lambda: is_waiting(in_front))
            for candidate in (a, b):
                sent.append(send(api, "CreateSession", release_id=release.id, booking=booking(candidate)))
                arrived(api)
            in_front.rollback()
            until(lambda: sent[0].done() and is_waiting(other))
            try:
                books(other, a)
            except psycopg.errors.LockNotAvailable:
                given_up = False
            else:
                given_up = True
            other.rollback()
        assert told(map(outcome_of, sent), lambda reply: reply.session.candidate.candidate_id) == [x, a, b]
        return given_up

    assert any(deadlock(n) for n in range(10))


def test_calls_in_line_do_not_wait_for_a_lock_one_after_the_other(impatient, desk_of_impatient):
    """Twenty calls that each waited as long as one may would take ten seconds."""
    api = desk_of_impatient
    calls = [{"session_id": api.book().id, "timeout": 8} for _ in range(20)]

    def reason(fields):
        with pytest.raises(Refused) as refused:
            api.call("SetPin", **fields)
        return refused.value.reason

    with impatient.database.locked_for_writing(), ThreadPoolExecutor(20) as pool:
        assert set(pool.map(reason, calls)) == {"DATABASE_UNAVAILABLE"}


def test_reads_do_not_wait_for_writers(impatient, desk_of_impatient):
    api = desk_of_impatient
    session = api.book()
    with impatient.database.locked_for_writing():
        assert api.get(session) == session
        assert list(api.call("ListSessions", view=2).sessions) == [session]
        assert len(api.history(session)) == 1


def test_every_call_is_told_when_the_database_does_not_answer(server, api):
    session = api.book()
    calls = {
        "a read": lambda: api.get(session),
        "a list": lambda: api.call("ListSessions"),
        "a history": lambda: api.history(session),
        "a move": lambda: api.move("CreatePackage", session),
        "a roster": lambda: api.call(
            "BatchCreateSessions", release_id=session.release_id, bookings=bookings(600, "b")
        ),
        "an explanation": lambda: api.call("ExplainSession", session_id=session.id),
        "a release": lambda: api.call("GetRelease", release_id=session.release_id),
    }
    with server.database.unusable():
        for call in calls.values():
            with pytest.raises(Refused) as refused:
                call()
            assert (refused.value.code, refused.value.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    for call in calls.values():
        assert call()


def test_too_many_calls_are_refused_and_the_rest_are_answered(database):
    with serving(database, backlog=5) as server, ThreadPoolExecutor(30) as pool:
        api = ApiClient(server.target)
        with database.locked_for_writing():
            calls = [pool.submit(api.release) for _ in range(30)]
            wait(calls, return_when=FIRST_EXCEPTION)
        outcomes = [call.exception() or call.result() for call in calls]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert {(r.code, r.reason) for r in refusals} == {(StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")}
        assert count(server, "releases", api.workspace) == 30 - len(refusals)
        api.close()


def test_a_server_takes_no_calls_once_it_stops(database):
    with serving(database) as server:
        api = ApiClient(server.target)
        session = api.book()
        server.run(server.app.service.close())
        for call in (lambda: api.get(session), lambda: api.move("CreatePackage", session), api.release):
            with pytest.raises(Refused) as refused:
                call()
            assert refused.value.code is StatusCode.UNAVAILABLE
        assert refused.value.reason == "SHUTTING_DOWN"
        api.close()
