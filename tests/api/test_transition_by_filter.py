"""BatchTransitionSessions by a filter: an operation that takes every session that matches, each for itself."""

from __future__ import annotations

import itertools

import pytest
from messages import bookings, new_id
from operations import (
    COMPLETED,
    HALTED,
    OperationsApi,
    counts_of,
    done_of,
    filled,
    long_lasting,
    metadata_of,
    only,
    result_of,
    rows_of,
    status_of,
    times_done,
    told,
)
from rows import count, read, unchanged
from state_paths import FINISHED, STARTED, bring_to, name_of, walk

from exam_sessions_client.v1 import operation_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused, until


@pytest.fixture
def work(api):
    return OperationsApi(api)


def everybody(**fields):
    """A filter, of everybody when nothing is said."""
    return session_service_pb2.SessionFilter(**fields)


def test_a_fire_alarm_pauses_every_session_of_a_room(api, work):
    release = api.release()
    room = [walk(api, api.book(release, centre_id="hall"), *STARTED) for _ in range(4)]
    elsewhere = walk(api, api.book(release, centre_id="gym"), *STARTED)
    states = [session_pb2.STATE_IN_PROGRESS]
    reply = work.transition("PAUSE", filter=everybody(centre_id="hall", states=states), message="fire alarm")
    assert reply.session_count == 4
    ended = work.wait(reply.operation)
    metadata = metadata_of(ended)
    assert (metadata.kind, metadata.action) == (operation_pb2.OPERATION_KIND_TRANSITION, session_pb2.ACTION_PAUSE)
    assert (status_of(ended), counts_of(ended)) == (COMPLETED, (4, 4, 0))
    assert [name_of(api.get(session)) for session in (*room, elsewhere)] == ["PAUSED"] * 4 + ["IN_PROGRESS"]


FILTERS = [
    ({"candidate_ids": ["a1", "a2"]}, {"a1", "a2"}),
    ({"school_id": "north"}, {"a0", "a1"}),
    ({"states": [session_pb2.STATE_READY]}, {"a3"}),
    ({"maturities": [session_pb2.MATURITY_NOT_STARTED], "school_id": "south"}, {"a2", "a3"}),
    ({"centre_id": "nowhere"}, set()),
    ({}, {"a0", "a1", "a2", "a3"}),
]


@pytest.mark.parametrize(("filter_", "candidates"), FILTERS)
def test_those_are_moved_who_match(api, work, filter_, candidates):
    release = api.release()
    for n, school in enumerate(("north", "north", "south", "south")):
        candidate = session_pb2.Candidate(candidate_id=f"a{n}", school_id=school)
        booking = session_pb2.Booking(candidate=candidate)
        session = api.call("CreateSession", release_id=release.id, booking=booking).session
    walk(api, session, "CreatePackage", "DownloadSession")
    reply = work.transition("VOID", filter=everybody(**filter_))
    assert reply.session_count == len(candidates)
    assert result_of(work.wait(reply.operation)).succeeded_count == len(candidates)
    voided = api.call("ListSessions", filter=everybody(states=[session_pb2.STATE_VOIDED])).sessions
    assert {session.candidate.candidate_id for session in voided} == candidates


def test_a_preview_counts_and_writes_nothing(server, api, work):
    release = filled(api, 7)
    with unchanged(server, api):
        reply = work.transition("CREATE_PACKAGE", filter=only(release), validate_only=True, request_id=new_id())
    assert (reply.session_count, reply.HasField("operation")) == (7, False)
    assert count(server, "operations", api.workspace) == 0


def test_another_workspaces_sessions_are_not_counted_nor_moved(server, api, work):
    other = ApiClient(server.target)
    theirs = walk(other, other.book(), *STARTED)
    ours = walk(api, api.book(), *STARTED)
    reply = work.transition("PAUSE", filter=everybody())
    work.wait(reply.operation)
    assert reply.session_count == 1
    assert (name_of(api.get(ours)), name_of(other.get(theirs))) == ("PAUSED", "IN_PROGRESS")
    other.close()


def test_each_session_that_cannot_be_moved_is_told_and_the_rest_is_moved(api, work):
    states = ["IN_PROGRESS", "READY", "IN_PROGRESS", "PAUSED", "IN_PROGRESS", "VOIDED"]
    sessions = [bring_to(api, state) for state in states]
    by_id = sorted(sessions, key=lambda session: session.id)
    bad = [(n, session.id) for n, session in enumerate(by_id) if name_of(session) != "IN_PROGRESS"]
    ended = work.wait(work.transition("PAUSE", filter=everybody()).operation)
    result = result_of(ended)
    assert (result.succeeded_count, result.failed_count, counts_of(ended)) == (3, 3, (6, 6, 3))
    assert [(row.index, row.session_id) for row in result.rows] == bad
    assert {told(row) for row in result.rows} == {("FAILED_PRECONDITION", "INVALID_TRANSITION")}
    after = [name_of(api.get(session)) for session in sessions]
    assert after == ["PAUSED", "READY", "PAUSED", "PAUSED", "PAUSED", "VOIDED"]


def test_of_two_sessions_of_one_candidate_only_one_is_opened(api, work):
    twins = [walk(api, api.book(api.release(), "twin"), *FINISHED) for _ in range(2)]
    other = walk(api, api.book(api.release(), "other"), *FINISHED)
    rows = rows_of(work.wait(work.transition("REOPEN", filter=everybody()).operation))
    assert [told(row) for row in rows] == [("FAILED_PRECONDITION", "CANDIDATE_HAS_OPEN_SESSION")]
    assert sorted(name_of(api.get(session)) for session in twins) == ["FINISHED", "IN_PROGRESS"]
    assert name_of(api.get(other)) == "IN_PROGRESS"


def test_what_an_action_needs_is_judged_session_by_session(api, work):
    begun, booked = bring_to(api, "PAUSED"), bring_to(api, "READY")
    reason = session_pb2.VOID_REASON_PARTIALLY_COMPLETED
    (row,) = rows_of(work.wait(work.transition("VOID", filter=everybody(), void_reason=reason).operation))
    assert (row.session_id, told(row)) == (booked.id, ("FAILED_PRECONDITION", "VOID_REASON_MISMATCH"))
    assert name_of(api.get(begun)) == "VOIDED"


def test_a_result_fits_into_a_message_however_many_rows_failed(server, api, work):
    release = api.release()
    for prefix in "ab":
        rows = bookings(5_100, prefix)
        api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    ended = work.wait(work.of_release("PAUSE", release))
    result = result_of(ended)
    assert (result.succeeded_count, result.failed_count) == (0, 10_200)
    assert 5_000 < len(result.rows) < 10_000
    assert [row.index for row in result.rows] == list(range(len(result.rows)))
    assert count(server, "outcomes", api.workspace) == 10_000


def test_a_rate_is_a_limit_and_is_reached(server, api, work):
    release = filled(api, 60)
    work.wait(long_lasting(work, release, per_second=40))
    moments = sorted(
        moment / 1_000_000
        for (moment,) in read(
            server,
            "SELECT time FROM events WHERE workspace_id = ? AND action = 'remove_pin'",
            api.workspace,
        )
    )
    assert len(moments) == 60
    assert 1.3 < moments[-1] - moments[0] < 4
    # No second has more than it may, and the step with which it began.
    busiest = max(sum(begin <= moment < begin + 1 for moment in moments) for begin in moments)
    assert busiest <= 40 + 4


def test_what_is_cancelled_stays_done_as_far_as_it_is_done(server, api, work):
    release = filled(api, 50)
    operation = work.of_release("CREATE_PACKAGE", release, sessions_per_second=20)
    until(lambda: done_of(work, operation) > 3)
    work.cancel(operation)
    ended = work.wait(operation)
    assert status_of(ended) == HALTED
    done = counts_of(ended)[0]
    states = read(
        server, "SELECT state, count(*) FROM sessions WHERE release_id = ? GROUP BY state ORDER BY 1", release.id
    )
    assert states == [(1, 50 - done), (2, done)]
    reply = work.transition("CREATE_PACKAGE", filter=only(release, states=[session_pb2.State.Value(BOOKED)]))
    assert reply.session_count == 50 - done
    assert result_of(work.wait(reply.operation)).failed_count == 0
    assert times_done(server, release, "create_package") == {1: 50}


BOOKED = "STATE_SCHEDULED_BUT_NOT_CREATED"


def test_a_request_sent_again_is_the_same_operation(server, api, work):
    release, request_id = filled(api, 30), new_id()
    first = work.transition("REMOVE_PIN", filter=only(release), request_id=request_id)
    work.wait(first.operation)
    again = work.transition("REMOVE_PIN", filter=only(release), request_id=request_id)
    assert (again.operation.name, again.operation.done, again.session_count) == (first.operation.name, True, 30)
    assert times_done(server, release) == {1: 30}
    with unchanged(server, api), pytest.raises(Refused) as refused:
        work.transition("CREATE_PACKAGE", filter=only(release), request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_sessions_that_come_after_it_was_accepted_are_taken_along_and_those_that_go_are_not_missed(api, work):
    release = filled(api, 30)
    ids = sorted(session.id for session in api.call("ListSessions", filter=only(release)).sessions)
    operation = long_lasting(work, release, per_second=20)
    api.call("DeleteSession", session_id=ids[-1])
    for n in range(3):
        api.book(release, f"late{n}")
    ended = work.wait(operation)
    assert (status_of(ended), counts_of(ended)) == (COMPLETED, (32, 30, 0))


def test_every_event_says_who_and_why(server, api, work):
    release, request_id = filled(api, 3), new_id()
    work.wait(work.of_release("FAIL", release, message="a power cut", request_id=request_id))
    told_of = read(
        server,
        "SELECT DISTINCT actor, request_id, message FROM events WHERE workspace_id = ? AND action = 'fail'",
        api.workspace,
    )
    assert told_of == [("test", request_id, "a power cut")]


def test_operations_of_opposite_actions_leave_an_unbroken_history(api, work):
    release = api.release()
    sessions = [walk(api, api.book(release), *STARTED) for _ in range(20)]
    operations = [work.of_release(action, release) for action in ("PAUSE", "RESUME") * 4]
    succeeded = sum(result_of(work.wait(operation)).succeeded_count for operation in operations)
    events = [api.history(session)[4:] for session in sessions]
    assert sum(len(history) for history in events) == succeeded
    for history in events:
        states = [session_pb2.STATE_IN_PROGRESS, *(event.to_state for event in history)]
        assert [event.from_state for event in history] == states[:-1]
        assert all(before != after for before, after in itertools.pairwise(states))
