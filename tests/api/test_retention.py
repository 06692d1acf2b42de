"""Retention: what was archived long ago is erased or deleted, what is younger stays."""

from __future__ import annotations

import pytest
from messages import new_id
from operations import OperationsApi, counts_of, done_of, result_of
from personal import EVERYTHING, archived_session, found_in_tables, person, their_form, voided_session
from rows import count, read, write

from exam_sessions_client.v1 import session_pb2
from processes import ServerProcess, calling
from serving import ApiClient, Clock, Refused, serving, until

both_databases = pytest.mark.both_databases("what is left in the tables is each database's own")

REASON = "retention policy"
MONTH = 31 * 86_400


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def alone(database, clock):
    """A server on a database that nobody else writes, whose clock the test holds."""
    with serving(database, clock, tick_ms=3_600_000) as running:
        yield running


@pytest.fixture
def api(alone):
    api = ApiClient(alone.target)
    yield api
    api.close()


@pytest.fixture
def work(api):
    return OperationsApi(api)


def retain(work, **fields):
    """ApplyRetention: what the operation came to."""
    reply = work.api.call("ApplyRetention", **({"months": 12, "reason": REASON} | fields))
    return result_of(work.wait(reply.operation)).erasure


def archived(api, candidate="anna"):
    release = api.release(name=new_id())
    session = api.book(release, candidate)
    for rpc in ("CreatePackage", "DownloadSession", "EnterKeycode", "FinishSession", "SendToMarking"):
        session = api.move(rpc, session)
    return api.move("ArchiveSession", api.move("SubmitMarkedSession", session))


@both_databases
def test_what_was_archived_before_is_erased_and_what_was_archived_since_stays(api, work, clock):
    old = archived(api)
    clock.advance(13 * MONTH)
    young, live = archived(api, "ben"), api.book(candidate_id="carl")
    preview = api.call("ApplyRetention", months=12, reason=REASON, validate_only=True)
    assert (preview.session_count, preview.HasField("operation")) == (1, False)
    assert retain(work).session_count == 1
    became = api.get(old)
    assert became.candidate.candidate_id.startswith("erased-")
    assert (became.state, became.attempt.end_time) == (old.state, old.attempt.end_time)
    last = api.history(old)[-1]
    assert (last.action, last.message) == (session_pb2.ACTION_ERASE, REASON)
    assert [api.get(session) for session in (young, live)] == [young, live]


def test_voided_sessions_are_erased_where_they_are_asked_for(api, work, clock):
    session = voided_session(api)
    clock.advance(13 * MONTH)
    assert retain(work).session_count == 0
    assert api.get(session).candidate == person()
    assert retain(work, include_voided=True).session_count == 1
    assert retain(work, include_voided=True).session_count == 0


def test_sessions_of_named_releases_alone_are_erased(api, work, clock):
    first, second = archived(api), archived(api, "ben")
    clock.advance(13 * MONTH)
    assert retain(work, release_ids=[first.release_id]).session_count == 1
    assert api.get(second) == second
    with pytest.raises(Refused, match="RELEASE_NOT_FOUND"):
        api.call("ApplyRetention", months=12, reason=REASON, release_ids=[new_id()])


def test_deleted_sessions_leave_an_erased_history_and_no_result(alone, api, work, clock):
    their_form(api)
    session = archived_session(api)
    clock.advance(13 * MONTH)
    assert retain(work, delete_sessions=True).session_count == 1
    assert [count(alone, table, api.workspace) for table in ("sessions", "scripts")] == [0, 0]
    actions = [event.action for event in api.history(session)][-2:]
    assert actions == [session_pb2.ACTION_ERASE, session_pb2.ACTION_DELETE]
    left = found_in_tables(alone, EVERYTHING)
    assert {table for table, _, _ in left} <= {"test_forms", "requests"}


def test_operations_that_had_ended_by_then_are_deleted(alone, api, work, clock):
    release = api.release()
    api.book(release, "anna")
    work.wait(work.of_release("VOID", release))
    clock.advance(13 * MONTH)
    young = work.of_release("CREATE_PACKAGE", release)
    work.wait(young)
    assert retain(work).operation_count == 1
    assert (work.get(young).name, count(alone, "operations", api.workspace)) == (young.name, 2)


def test_retention_whose_server_is_killed_is_completed_by_the_next(database):
    size = 60
    with ServerProcess(database) as server, calling(server, "w") as api:
        release = api.release()
        for n in range(size):
            api.move("VoidSession", api.book(release, f"candidate-QX-{n}"))
        write(server, "UPDATE sessions SET update_time = 1700000000000000")
        fields = {"months": 12, "reason": REASON, "include_voided": True, "sessions_per_second": 50}
        operation = api.call("ApplyRetention", **fields).operation
        work = OperationsApi(api)
        until(lambda: done_of(work, operation) >= size // 4)
        server.kill()
        server.wait()
    with ServerProcess(database) as server, calling(server, "w") as api:
        ended = OperationsApi(api).wait(operation)
        assert counts_of(ended) == (size, size, 0)
        assert result_of(ended).erasure.session_count == size
        erased = read(server, "SELECT session_id, count(*) FROM events WHERE action = 'erase' GROUP BY session_id")
        assert (len(erased), {times for _, times in erased}) == (size, {1})
        assert found_in_tables(server, {"candidate-QX-"}) == set()


def test_retention_can_be_cancelled(api, work, clock):
    release = api.release()
    for n in range(30):
        api.move("VoidSession", api.book(release, f"c{n}"))
    clock.advance(13 * MONTH)
    fields = {"months": 12, "reason": REASON, "include_voided": True, "sessions_per_second": 10}
    clock.go_on()
    operation = api.call("ApplyRetention", **fields).operation
    until(lambda: done_of(work, operation))
    work.cancel(operation)
    done, total, _ = counts_of(work.wait(operation))
    assert 0 < done < total


def test_the_workspaces_own_months_are_taken_where_none_are_named(api, work, clock):
    old = archived(api)
    clock.advance(13 * MONTH)
    young = archived(api, "ben")
    with pytest.raises(Refused) as refused:
        retain(work, months=0)
    assert list(refused.value.fields) == ["months"]
    api.call(
        "UpdateWorkspace",
        workspace={"workspace_id": api.workspace, "settings": {"retention_months": 12}},
        update_mask={"paths": ["settings.retention_months"]},
    )
    retain(work, months=0)
    assert api.get(old).candidate.candidate_id.startswith("erased-")
    assert api.get(young).candidate.candidate_id == "ben"
