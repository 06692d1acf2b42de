"""google.longrunning.Operations: reading, listing, awaiting, cancelling and forgetting."""

from __future__ import annotations

import pytest
from forms import PAPER, form, mcq
from grpc import StatusCode
from messages import micros, new_id
from operations import (
    COMPLETED,
    HALTED,
    QUEUED,
    RUNNING,
    OperationsApi,
    counts_of,
    done_of,
    filled,
    handed,
    info_of,
    long_lasting,
    metadata_of,
    result_of,
    status_of,
    times_done,
)
from rows import count

from exam_sessions.app import now
from exam_sessions_client.v1 import operation_pb2, session_pb2
from serving import ApiClient, Refused, until


@pytest.fixture
def work(api):
    return OperationsApi(api)


@pytest.fixture
def paper(api):
    """A paper release with a form."""
    form(api, mcq("1", "A"))
    return api.release(test_form="form-1", **PAPER)


@pytest.fixture
def operation(api, work):
    """An operation that lasts as long as a test does; it is ended in the end."""
    operation = long_lasting(work, filled(api, 40), per_second=2)
    yield operation
    work.cancel(operation)


def test_an_operation_tells_how_far_it_has_come(api, work):
    release = filled(api, 20)
    operation = long_lasting(work, release, per_second=20)
    seen = [metadata_of(operation)]
    while not (operation := work.get(operation)).done:
        seen.append(metadata_of(operation))
    seen.append(metadata_of(operation))
    done = [metadata.done_count for metadata in seen]
    assert (done[0], done[-1], done) == (0, 20, sorted(done))
    assert len(set(done)) > 5
    statuses = list(dict.fromkeys(metadata.status for metadata in seen))
    assert statuses == [QUEUED, RUNNING, COMPLETED]
    assert {metadata.total_count for metadata in seen} == {20}
    assert {metadata.kind for metadata in seen} == {operation_pb2.OPERATION_KIND_TRANSITION}
    assert {metadata.action for metadata in seen} == {session_pb2.ACTION_REMOVE_PIN}
    assert {metadata.actor for metadata in seen} == {"test"}
    assert {metadata.HasField("end_time") for metadata in seen[:-1]} == {False}
    begun, ended = (micros(getattr(seen[-1], name)) for name in ("create_time", "end_time"))
    moments = [micros(metadata.update_time) for metadata in seen]
    assert begun == moments[0] == min(moments)
    assert moments == sorted(moments)
    assert moments[-1] == ended
    assert result_of(operation).succeeded_count == 20


def test_a_wait_ends_with_the_operation(api, work, paper):
    ended = work.wait(work.submit(work.template(paper), handed("u1")), seconds=2**62)
    assert (ended.done, status_of(ended)) == (True, COMPLETED)
    # Somebody who would wait for ever, and longer.
    assert work.wait(ended, seconds=2**62) == ended


def test_the_id_of_an_operation_may_be_in_capitals(work, operation):
    place, _, own = operation.name.rpartition("/")
    assert work.get(operation, name=f"{place}/{own.upper()}").name == operation.name


@pytest.mark.parametrize("seconds", [0, -1, 0.4])
def test_a_wait_ends_at_its_deadline_too(work, operation, seconds):
    waited = work.wait(operation, seconds=seconds)
    assert not waited.done
    assert status_of(waited) in {QUEUED, RUNNING}


def test_an_operation_that_was_cancelled_is_halted_and_what_was_done_stays(server, api, work):
    release = filled(api, 40)
    operation = long_lasting(work, release, per_second=10)
    until(lambda: done_of(work, operation) >= 3)
    work.cancel(operation)
    ended = work.wait(operation)
    assert (ended.done, status_of(ended), ended.WhichOneof("result")) == (True, HALTED, "error")
    assert ended.error.code == StatusCode.CANCELLED.value[0]
    info = info_of(ended.error)
    assert (info.reason, info.metadata["name"]) == ("OPERATION_CANCELLED", operation.name)
    assert metadata_of(ended).cancel_requested
    done, total, failed = counts_of(ended)
    assert 3 <= done < 40
    assert (total, failed) == (40, 0)
    result = operation_pb2.OperationResult()
    assert ended.error.details[1].Unpack(result)
    assert (result.succeeded_count, result.failed_count) == (done, 0)
    later = filled(api, 2, "later")
    work.wait(long_lasting(work, later, per_second=0))
    assert times_done(server, later) == {1: 2}, "the worker has had its turn"
    assert times_done(server, release) == {1: done}
    assert work.get(operation) == ended


def test_a_cancel_need_not_wait_for_the_pause_of_a_slow_operation(server, api, work, operation):
    until(lambda: done_of(work, operation) >= 1)
    name = operation.name.rpartition("/")[2]
    tomorrow = now() + 86_400_000_000
    server.database.write("UPDATE operations SET next_time = ? WHERE id = ?", tomorrow, name)
    work.cancel(operation)
    assert status_of(work.wait(operation)) == HALTED


def test_cancelling_twice_or_what_has_ended_changes_nothing(api, work, operation):
    work.cancel(operation)
    work.cancel(operation)
    halted = work.wait(operation)
    work.cancel(operation)
    assert work.get(operation) == halted
    completed = work.wait(long_lasting(work, filled(api, 2, "d"), per_second=0))
    work.cancel(completed)
    assert work.get(completed) == completed
    assert not metadata_of(completed).cancel_requested


def test_what_is_under_way_cannot_be_forgotten(work, operation):
    with pytest.raises(Refused) as refused:
        work.delete(operation)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "OPERATION_UNDER_WAY")
    assert refused.value.metadata["name"] == operation.name


def test_an_operation_is_forgotten_with_its_outcomes(server, api, work, paper):
    first, second = (work.wait(work.submit(work.template(paper), handed(user))) for user in ("u1", "u2"))
    work.delete(first)
    assert [found.name for found in work.list().operations] == [second.name]
    assert count(server, "outcomes", api.workspace) == 1
    for call in (work.get, work.wait, work.cancel, work.delete):
        with pytest.raises(Refused) as refused:
            call(first)
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "OPERATION_NOT_FOUND")
    assert api.call("ListSessions").sessions


NAMES = ["", "operations", "workspaces//operations/x", "operations/no-uuid", "workspaces/W/operations/{id}", "{id}"]


@pytest.mark.parametrize("name", [*NAMES, "workspaces/{workspace}/operations/{other}", "operations/{id}"])
def test_a_name_of_nothing_is_not_found(api, work, operation, name):
    own = operation.name.rpartition("/")[2]
    text = name.format(id=own, other=new_id(), workspace=api.workspace)
    for call in (work.get, work.cancel, work.delete):
        with pytest.raises(Refused) as refused:
            call(operation, name=text)
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "OPERATION_NOT_FOUND")


def test_another_workspace_knows_nothing_of_it(server, work, operation):
    other = ApiClient(server.target)
    name = f"workspaces/{other.workspace}/operations/{operation.name.rpartition('/')[2]}"
    for call in (work.get, work.cancel, work.delete):
        with pytest.raises(Refused) as refused:
            call(operation, name=name)
        assert refused.value.reason == "OPERATION_NOT_FOUND"
    assert not OperationsApi(other).list().operations
    assert not metadata_of(work.get(operation)).cancel_requested
    other.close()


@pytest.fixture
def several(api, work, paper, operation):
    """Names of operations, the newest first: two completed templates, one under way, one halted."""
    halted = long_lasting(work, filled(api, 9, "h"), per_second=1)
    work.cancel(halted)
    work.wait(halted)
    until(lambda: done_of(work, operation) > 0)
    template = work.template(paper)
    made = [work.wait(work.submit(template, handed(user))) for user in ("u1", "u2")]
    return [found.name for found in (*reversed(made), halted, operation)]


def names(page):
    return [operation.name for operation in page.operations]


def test_operations_are_listed_with_the_newest_first(api, work, several):
    page = work.list()
    assert (names(page), page.next_page_token) == (several, "")
    assert names(work.list(name=f"workspaces/{api.workspace}/operations")) == several
    assert [status_of(operation) for operation in page.operations] == [COMPLETED, COMPLETED, HALTED, RUNNING]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ("", [0, 1, 2, 3]),
        ("status=completed", [0, 1]),
        ("status=COMPLETED", [0, 1]),
        ("status=halted", [2]),
        ("status=running", [3]),
        ("status=queued", []),
        ("kind=template", [0, 1]),
        ("kind=transition", [2, 3]),
        ("kind=transition AND status=running", [3]),
        ("status=running kind=template", []),
    ],
)
def test_a_filter_picks_by_state_and_by_kind(work, several, wanted, places):
    assert names(work.list(filter=wanted)) == [several[place] for place in places]


def test_a_list_goes_on_page_by_page(work, several):
    for size in (1, 2, 3, 4):
        found, token = [], ""
        while True:
            page = work.list(page_size=size, page_token=token)
            assert len(page.operations) <= size
            found += names(page)
            token = page.next_page_token
            if not token:
                break
        assert found == several
    first = work.list(page_size=1, filter="kind=transition")
    second = work.list(page_size=1, filter="kind=transition", page_token=first.next_page_token)
    assert (names(first), names(second), second.next_page_token) == (several[2:3], several[3:], "")


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"filter": "status=done"}, "INVALID_FIELD", "filter"),
        ({"filter": "state=running"}, "INVALID_FIELD", "filter"),
        ({"filter": "running"}, "INVALID_FIELD", "filter"),
        ({"filter": "status=running OR kind=template"}, "INVALID_FIELD", "filter"),
        ({"page_size": -1}, "INVALID_FIELD", "page_size"),
        ({"name": "releases/1"}, "INVALID_FIELD", "name"),
        ({"page_token": "garbage"}, "INVALID_PAGE_TOKEN", ""),
    ],
)
def test_a_list_that_is_not_understood_is_refused(work, fields, reason, field):
    with pytest.raises(Refused) as refused:
        work.list(**fields)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert list(refused.value.fields) == [field] * bool(field)


def test_a_page_token_is_the_filters_own(work, several):
    token = work.list(page_size=1, filter="kind=transition").next_page_token
    assert token
    with pytest.raises(Refused) as refused:
        work.list(page_size=1, filter="kind=template", page_token=token)
    assert refused.value.reason == "INVALID_PAGE_TOKEN"
    assert several
