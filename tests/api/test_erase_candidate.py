"""Erasing a candidate: nothing of the person is left anywhere, and what they have earned stays."""

from __future__ import annotations

import pytest
from messages import new_id
from operations import COMPLETED, OperationsApi, metadata_of, result_of, status_of
from personal import (
    ANSWERED,
    CANDIDATE,
    EVERYTHING,
    FORM_TEXT,
    IDENTIFYING,
    REASON,
    TYPED,
    WORDS,
    corrected_booking,
    deleted_session,
    erase,
    found_in_files,
    found_in_tables,
    person,
    their_booking,
    voided_session,
    written_about,
)
from rows import read
from watchers import Watch

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from processes import ServerProcess, calling
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("what is left in the tables is each database's own")


@pytest.fixture
def alone(database):
    """A server on a database that nobody else writes."""
    with serving(database) as running:
        yield running


@pytest.fixture
def api(alone):
    api = ApiClient(alone.target)
    yield api
    api.close()


@pytest.fixture
def work(api):
    return OperationsApi(api)


@both_databases
def test_nothing_that_was_written_about_a_person_is_left_in_any_column_of_any_table(alone, api, work):
    written_about(api)
    before = found_in_tables(alone, EVERYTHING)
    assert {word for _, _, word in before} == EVERYTHING
    assert {"sessions", "events", "operations", "outcomes", "requests"} <= {table for table, _, _ in before}
    erase(work, erase_free_text=True, erase_responses=True)
    assert found_in_tables(alone, EVERYTHING) == {FORM_TEXT}


def test_texts_that_were_not_asked_for_are_all_that_is_left(alone, api, work):
    written_about(api)
    erase(work)
    left = found_in_tables(alone, EVERYTHING)
    assert {word for _, _, word in left} == {*TYPED.values(), *ANSWERED.values()}
    assert {table for table, _, _ in left} == {"sessions", "events", "scripts", "test_forms"}


@pytest.mark.sqlite(reason="a database server's files are its own")
def test_the_files_of_the_database_hold_nothing_either_while_it_is_served(alone, api, work):
    written_about(api)
    assert {word for _, word in found_in_files(alone.database.path, IDENTIFYING)} == IDENTIFYING
    erase(work, erase_free_text=True, erase_responses=True)
    until(lambda: not found_in_files(alone.database.path, EVERYTHING - {ANSWERED["short text"]}))


def test_what_was_earned_stays_and_the_history_says_who_erased_the_person_and_why(api, work):
    archived, _ = written_about(api)
    results = api.call("GetSessionResults", session_id=archived.id).results
    summary = erase(work, erase_free_text=True, erase_responses=True)
    became = api.get(archived)
    assert (became.state, became.score, became.points) == (archived.state, archived.score, archived.points)
    assert (became.attempt.start_time, became.attempt.end_time) == (
        archived.attempt.start_time,
        archived.attempt.end_time,
    )
    after = api.call("GetSessionResults", session_id=archived.id).results
    assert (after.points, after.percent) == (results.points, results.percent)
    assert [q.score for i in after.items for q in i.questions] == [
        q.score for i in results.items for q in i.questions
    ]
    assert became.candidate.candidate_id.startswith("erased-")
    expected = session_pb2.Candidate(candidate_id=became.candidate.candidate_id, school_id="school-1")
    assert became.candidate == expected
    assert (became.external_reference, dict(became.annotations), became.extra_time_reason) == ("", {}, "")
    last = api.history(archived)[-1]
    assert (last.action, last.actor, last.message) == (session_pb2.ACTION_ERASE, "test", REASON)
    assert last.from_state == last.to_state == archived.state
    assert summary.session_count == 5
    assert summary.former_session_count == 2
    assert summary.operation_count >= 4
    assert summary.request_count == 1
    assert summary.attempt_count == 1


def test_each_session_of_a_person_gets_an_id_of_its_own(api, work):
    sessions = [archived_session_without_form(api) for _ in range(3)]
    erase(work)
    assert len({api.get(session).candidate.candidate_id for session in sessions}) == 3


def archived_session_without_form(api):
    session = api.call("CreateSession", release_id=api.release(name=new_id()).id, booking=their_booking()).session
    return api.move("VoidSession", session)


@both_databases
def test_a_preview_counts_what_would_be_erased_and_writes_nothing(alone, api, work):
    written_about(api)
    before = found_in_tables(alone, EVERYTHING)
    fields = {"candidate_id": CANDIDATE, "reason": REASON, "erase_free_text": True, "erase_responses": True}
    reply = api.call("EraseCandidate", **fields, validate_only=True)
    assert not reply.HasField("operation")
    assert found_in_tables(alone, EVERYTHING) == before
    assert erase(work, erase_free_text=True, erase_responses=True) == reply.preview


def test_a_person_who_was_erased_is_erased_again_without_effect(api, work):
    session = voided_session(api)
    erase(work)
    etag = api.get(session).etag
    assert erase(work).session_count == 0
    assert api.get(session).etag == etag


def test_a_repeated_request_returns_the_same_operation(api, work):
    voided_session(api)
    request_id = new_id()
    first = api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON, request_id=request_id).operation
    work.wait(first)
    again = api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON, request_id=request_id).operation
    assert again.name == first.name


def test_sessions_that_have_not_ended_are_refused_and_named_unless_they_are_asked_for(api, work):
    release = api.release(name=new_id())
    session = api.call("CreateSession", release_id=release.id, booking=their_booking()).session
    with pytest.raises(Refused) as refused:
        api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON)
    assert refused.value.reason == "CANDIDATE_HAS_LIVE_SESSIONS"
    assert refused.value.metadata == {"session_ids": session.id, "count": "1"}
    assert api.get(session) == session
    erase(work, include_live=True)
    assert api.get(session).candidate.candidate_id.startswith("erased-")
    with pytest.raises(Refused, match="SESSION_NOT_FOUND"):
        api.call("GetSession", keycode=session.keycode)
    api.call("CreateSession", release_id=release.id, booking=their_booking())


def test_a_session_under_way_goes_on_without_the_person(api, work):
    release = api.release(name=new_id())
    session = api.call("CreateSession", release_id=release.id, booking=their_booking()).session
    for rpc in ("CreatePackage", "DownloadSession", "EnterKeycode"):
        session = api.move(rpc, session)
    erase(work, include_live=True)
    assert api.move("FinishSession", session).state == session_pb2.STATE_FINISHED


def test_an_operation_under_way_that_names_the_person_is_waited_for(api, work):
    release = api.release(name=new_id())
    api.call("CreateSession", release_id=release.id, booking=their_booking())
    for n in range(5):
        api.book(release, f"other-{n}")
    named = {"release_ids": [release.id], "candidate_ids": [CANDIDATE, *(f"other-{n}" for n in range(5))]}
    operation = work.transition("VOID", filter=named, sessions_per_second=1).operation
    with pytest.raises(Refused) as refused:
        api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON, include_live=True)
    assert refused.value.reason == "CANDIDATE_IN_OPERATION"
    assert refused.value.metadata == {"name": operation.name}
    work.cancel(operation)
    work.wait(operation)
    erase(work, include_live=True)


def test_a_booking_of_somebody_else_keeps_what_is_theirs(api, work):
    session = corrected_booking(api)
    erase(work)
    became = api.get(session)
    assert became.candidate == session_pb2.Candidate(candidate_id="somebody-else", name_last="Another")
    changes = [change for event in api.history(session) for change in event.changes]
    names = [(c.old_value, c.new_value) for c in changes if c.field == "candidate_id"]
    assert names[0][0] == names[1][1] == "somebody-else"
    assert names[0][1] == names[1][0] != CANDIDATE
    assert "Another" in {c.new_value for c in changes if c.field == "name_last"}


@both_databases
def test_the_history_of_a_deleted_session_is_erased_and_the_same_id_may_be_booked_again(api, work):
    session = deleted_session(api)
    erase(work)
    events = api.history(session)
    assert [event.action for event in events][-2:] == [session_pb2.ACTION_DELETE, session_pb2.ACTION_ERASE]
    assert events[-1].message == REASON
    release = api.release(name=new_id())
    booking = session_pb2.Booking(
        session_id=session.id, candidate=session_pb2.Candidate(candidate_id="new", name_last="New")
    )
    again = api.call("CreateSession", release_id=release.id, booking=booking).session
    api.call("DeleteSession", session_id=again.id)
    api.call("CreateSession", release_id=release.id, booking=booking)
    assert erase(work).former_session_count == 0
    values = {c.old_value for event in api.history(session) for c in event.changes if c.field == "name_last"}
    assert "New" in values


def test_other_workspaces_keep_what_they_hold(alone, api, work):
    other = ApiClient(alone.target)
    session = voided_session(other)
    voided_session(api)
    erase(work)
    assert other.get(session).candidate == person()
    other.close()


def test_a_repeated_booking_is_answered_without_the_person(api, work):
    release = api.release(name=new_id())
    request_id = new_id()
    rows = [their_booking(), session_pb2.Booking(candidate=session_pb2.Candidate(candidate_id="another"))]
    first = api.call("BatchCreateSessions", release_id=release.id, bookings=rows, request_id=request_id).sessions
    erase(work, include_live=True)
    again = api.call("BatchCreateSessions", release_id=release.id, bookings=rows, request_id=request_id).sessions
    assert again[1] == first[1]
    assert (again[0].id, again[0].candidate_id, again[0].keycode) == (first[0].id, "erased", "erased")


def told_of(api, session):
    """Everything that reads tell of a session, and of what has happened in its workspace so far."""
    full = session_service_pb2.SESSION_VIEW_FULL
    told = [api.get(session), api.call("ListSessions", view=full), *api.history(session)]
    last = told[-1].sequence
    with Watch(api, start_sequence=1) as watch:
        watch.until(lambda: watch.sequence >= last)
        told += watch.events
    return "".join(map(str, told))


@both_databases
def test_another_server_that_had_read_the_person_tells_nothing_of_them_afterwards(database):
    with serving(database) as here, serving(database) as there:
        api = ApiClient(here.target)
        session = voided_session(api)
        other = ApiClient(there.target, api.workspace)
        words = IDENTIFYING | {TYPED["message of a void"]}
        with Watch(other, start_sequence=1):  # so that the other server keeps what it reads
            before = told_of(other, session)
            assert all(word in before for word in (CANDIDATE, WORDS["last name"], TYPED["message of a void"]))
            erase(OperationsApi(api), erase_free_text=True)
            until(lambda: not [word for word in words if word in told_of(other, session)])
        api.close()
        other.close()


def test_a_watch_tells_of_the_erasure_and_a_later_one_is_not_sent_the_person(api, work):
    session = voided_session(api)
    with Watch(api, start_sequence=1) as watch:
        until(lambda: any(WORDS["last name"] in str(e) or e.session_id == session.id for e in watch.events))
        erase(work, erase_free_text=True)
        until(lambda: any(e.action == session_pb2.ACTION_ERASE for e in watch.events))
        with Watch(api, start_sequence=1) as later:
            until(lambda: any(e.action == session_pb2.ACTION_ERASE for e in later.events))
            told = "".join(map(str, later.events))
            assert not [word for word in IDENTIFYING | {*TYPED.values()} if word in told]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"candidate_id": ""}, "candidate_id"),
        ({"reason": "  "}, "reason"),
        ({"reason": f"{CANDIDATE} asked"}, "reason"),
        ({"candidate_id": " x"}, "candidate_id"),
    ],
)
def test_a_request_that_names_nobody_or_says_no_reason_is_refused(api, fields, path):
    with pytest.raises(Refused) as refused:
        api.call("EraseCandidate", **({"candidate_id": CANDIDATE, "reason": REASON} | fields))
    assert list(refused.value.fields) == [path]


def test_an_erasure_does_not_keep_whom_it_erased(alone, api, work):
    voided_session(api)
    reply = api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON)
    ended = work.wait(reply.operation)
    assert status_of(ended) == COMPLETED
    assert read(alone, "SELECT payload FROM operations WHERE kind = 4") == [(b"",)]
    assert metadata_of(ended).actor == "test"


def test_an_erasure_whose_server_is_killed_is_completed_by_the_next(database):
    size = 60
    with ServerProcess(database) as server, calling(server, "w") as api:
        for _ in range(size):
            session = api.call(
                "CreateSession", release_id=api.release(name=new_id()).id, booking=their_booking()
            ).session
            api.move("VoidSession", session)
        operation = api.call("EraseCandidate", candidate_id=CANDIDATE, reason=REASON).operation
        server.kill()
        server.wait()
    with ServerProcess(database) as server, calling(server, "w") as api:
        ended = OperationsApi(api).wait(operation)
        assert result_of(ended).erasure.session_count == size
        assert found_in_tables(server, IDENTIFYING) == set()
        erased = read(server, "SELECT session_id, count(*) FROM events WHERE action = 'erase' GROUP BY session_id")
        assert (len(erased), {count for _, count in erased}) == (size, {1})
