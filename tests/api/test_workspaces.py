"""The registry of workspaces: creating, reading, configuring, closing and reopening them."""

from __future__ import annotations

import pytest
from forms import three_choices
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode as Code
from messages import bookings, lasting, new_id, request_of
from operations import OperationsApi, metadata_of
from state_paths import name_of, walk

from exam_sessions_client.v1 import workspace_service_pb2
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("a closed workspace is refused by the statement that numbers its events")


@pytest.fixture
def walled(new_database):
    """A server that takes registered workspaces only, on a database of its own."""
    with new_database() as database, serving(database, open_workspaces=0, tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture
def admin(walled):
    """A client in the default workspace."""
    api = ApiClient(walled.target, "default")
    yield api
    api.close()


@pytest.fixture
def tenant(walled, admin):
    """A client in a workspace that was created."""
    admin.call("CreateWorkspace", workspace_id="north", display_name="North")
    api = ApiClient(walled.target, "north")
    yield api
    api.close()


def refused(call):
    """The refusal of a call: code and reason."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code, caught.value.reason


NOT_FOUND = (Code.NOT_FOUND, "WORKSPACE_NOT_FOUND")
CLOSED = (Code.FAILED_PRECONDITION, "WORKSPACE_CLOSED")


def settings(months):
    return workspace_service_pb2.WorkspaceSettings(retention_months=months)


def test_a_new_database_has_the_default_workspace_and_no_other(admin):
    (only,) = admin.call("ListWorkspaces").workspaces
    assert only.workspace_id == "default"
    assert only.HasField("create_time")
    assert not only.HasField("close_time")
    assert admin.book()


def test_a_workspace_is_created_read_and_listed(admin):
    made = admin.call("CreateWorkspace", workspace_id="north", display_name="North", settings=settings(36)).workspace
    assert (made.workspace_id, made.display_name, made.settings.retention_months) == ("north", "North", 36)
    assert made.create_time == made.update_time
    assert admin.call("GetWorkspace", workspace_id="north").workspace == made
    assert [w.workspace_id for w in admin.call("ListWorkspaces").workspaces] == ["default", "north"]


@both_databases
def test_workspaces_are_listed_page_by_page(admin):
    names = [f"w{n}" for n in range(5)]
    for name in names:
        admin.call("CreateWorkspace", workspace_id=name)
    found, token = [], ""
    while True:
        page = admin.call("ListWorkspaces", page_size=2, page_token=token)
        found += [workspace.workspace_id for workspace in page.workspaces]
        token = page.next_page_token
        if not token:
            break
    assert found == ["default", *names]


@both_databases
def test_a_name_is_given_once(admin, tenant):
    assert refused(lambda: admin.call("CreateWorkspace", workspace_id="north")) == (
        Code.ALREADY_EXISTS,
        "DUPLICATE_WORKSPACE",
    )
    assert refused(lambda: admin.call("CreateWorkspace", workspace_id="north", validate_only=True)) == (
        Code.ALREADY_EXISTS,
        "DUPLICATE_WORKSPACE",
    )
    assert admin.call("GetWorkspace", workspace_id="north").workspace.display_name == "North"


def test_a_name_that_no_request_could_carry_is_refused(admin):
    for name in ("", "North", "a b", "ä", "x" * 65, "a/b", "a\n"):
        with pytest.raises(Refused) as caught:
            admin.call("CreateWorkspace", workspace_id=name)
        assert (caught.value.reason, list(caught.value.fields)) == ("INVALID_FIELD", ["workspace_id"]), name


def test_only_checking_creates_nothing(admin):
    admin.call("CreateWorkspace", workspace_id="north", validate_only=True)
    assert refused(lambda: admin.call("GetWorkspace", workspace_id="north")) == NOT_FOUND


def test_a_repeated_creation_returns_the_first_answer(admin):
    request_id = new_id()
    first = admin.call("CreateWorkspace", workspace_id="north", request_id=request_id)
    assert admin.call("CreateWorkspace", workspace_id="north", request_id=request_id) == first


def test_settings_are_edited_by_mask(admin, tenant):
    new = workspace_service_pb2.Workspace(display_name="The North", settings=settings(24))
    paths = FieldMask(paths=["settings.retention_months"])
    edited = tenant.call("UpdateWorkspace", workspace=new, update_mask=paths).workspace
    assert (edited.display_name, edited.settings.retention_months) == ("North", 24)
    edited = tenant.call("UpdateWorkspace", workspace=new, update_mask=FieldMask(paths=["*"])).workspace
    assert (edited.display_name, edited.settings.retention_months) == ("The North", 24)
    assert admin.call("GetWorkspace", workspace_id="north").workspace == edited


@pytest.mark.parametrize(
    ("fields", "mask", "named"),
    [
        ({"display_name": " x"}, "display_name", "workspace.display_name"),
        ({"display_name": "a\u200bb"}, "display_name", "workspace.display_name"),
        ({"settings": settings(1201)}, "settings", "workspace.settings.retention_months"),
        ({}, "workspace_id", "update_mask"),
        ({}, "close_time", "update_mask"),
        ({"workspace_id": "south"}, "display_name", "workspace.workspace_id"),
    ],
)
def test_a_bad_edit_names_its_field(tenant, fields, mask, named):
    new = workspace_service_pb2.Workspace(**fields)
    with pytest.raises(Refused) as caught:
        tenant.call("UpdateWorkspace", workspace=new, update_mask=FieldMask(paths=[mask]))
    assert (caught.value.reason, list(caught.value.fields)) == ("INVALID_FIELD", [named])


def test_an_unknown_workspace_is_refused(walled):
    api = ApiClient(walled.target, "nowhere")
    calls = [
        api.release,
        lambda: api.call("UpdateWorkspace", workspace={"display_name": "x"}, update_mask=FieldMask(paths=["*"])),
        lambda: api.call("CloseWorkspace"),
        lambda: api.call("ReopenWorkspace"),
    ]
    for call in calls:
        assert refused(call) == NOT_FOUND
    api.close()


@both_databases
def test_a_closed_workspace_is_read_and_not_changed(admin, tenant):
    release = tenant.release()
    session = tenant.book(release)
    closed = tenant.call("CloseWorkspace").workspace
    assert closed.close_time == closed.update_time
    assert tenant.get(session) == session
    assert list(tenant.call("ListSessions").sessions) == [session]
    assert tenant.call("GetRelease", release_id=release.id).release == release
    changes = [
        lambda: tenant.move("CreatePackage", session),
        lambda: tenant.move("CreatePackage", session, validate_only=True),
        lambda: tenant.book(release),
        lambda: tenant.call("BatchCreateSessions", release_id=release.id, bookings=bookings(600)),
        tenant.release,
        lambda: three_choices(tenant),
        lambda: tenant.call("FinalizeRelease", release_id=release.id),
        lambda: tenant.call("AcknowledgeEvents", consumer="c", sequence=1),
        lambda: tenant.call("CloseWorkspace"),
        lambda: tenant.call("UpdateWorkspace", workspace={"display_name": "x"}, update_mask=FieldMask(paths=["*"])),
    ]
    before = tenant.history(session)
    for change in changes:
        assert refused(change) == CLOSED
    assert tenant.history(session) == before
    assert admin.book(), "other workspaces are as they were"


def test_a_reopened_workspace_is_changed_again(tenant):
    session = tenant.book()
    assert refused(lambda: tenant.call("ReopenWorkspace")) == (Code.FAILED_PRECONDITION, "WORKSPACE_NOT_CLOSED")
    tenant.call("CloseWorkspace")
    opened = tenant.call("ReopenWorkspace").workspace
    assert not opened.HasField("close_time")
    assert name_of(tenant.move("CreatePackage", session)) == "SCHEDULED_BUT_NOT_DOWNLOADED"


@both_databases
def test_a_workspace_that_another_server_creates_or_closes_is_so_here_at_once(database):
    options = {"open_workspaces": 0, "tick_ms": 3_600_000}
    with serving(database, **options) as one, serving(database, **options) as other:
        one.quiet(), other.quiet()
        here, there = ApiClient(one.target, "north"), ApiClient(other.target, "north")
        there.call("CreateWorkspace", workspace_id="north")
        release = here.release()
        session = here.book(release)
        assert there.move("CreatePackage", session)
        there.call("CloseWorkspace")
        for change in (
            lambda: here.move("DownloadSession", session),
            here.release,
            lambda: here.call("AcknowledgeEvents", consumer="c", sequence=1),
            lambda: here.call("BatchCreateSessions", release_id=release.id, bookings=bookings(600)),
        ):
            assert refused(change) == CLOSED
        there.call("ReopenWorkspace")
        assert here.move("DownloadSession", session)
        assert here.call("BatchCreateSessions", release_id=release.id, bookings=bookings(600, "d"))
        here.close()
        there.close()


def test_the_first_call_of_every_kind_finds_what_another_server_created(database):
    options = {"open_workspaces": 0, "tick_ms": 3_600_000}
    with serving(database, **options) as one, serving(database, **options) as other:
        admin = ApiClient(other.target, "default")
        long = bookings(600, "x" * 100)
        first_calls = {
            "queued": lambda api: api.call("GetSession", session_id=new_id()),
            "queued, a change": lambda api: api.call("CreatePackage", session_id=new_id()),
            "long": lambda api: api.call("BatchCreateSessions", release_id=new_id(), bookings=long),
            "alone": lambda api: api.call("GetRelease", release_id=new_id()),
            "a stream": lambda api: OperationsApi(api).imported(
                [request_of("ImportSessions", workspace_id=api.workspace, release_id=new_id(), import_id=new_id())]
            ),
        }
        for n, call in enumerate(first_calls.values()):
            admin.call("CreateWorkspace", workspace_id=f"w{n}")
            here = ApiClient(one.target, f"w{n}")
            assert refused(lambda call=call, here=here: call(here))[1] in {"SESSION_NOT_FOUND", "RELEASE_NOT_FOUND"}
            stranger = ApiClient(one.target, f"x{n}")
            assert refused(lambda call=call, api=stranger: call(api)) == NOT_FOUND
            here.close()
            stranger.close()
        admin.close()


def test_the_clock_stands_still_in_a_closed_workspace_and_catches_up_when_it_is_reopened(clocked_server, clock):
    api = ApiClient(clocked_server.target)
    release = api.release(duration=lasting(60))
    session = walk(api, api.book(release), "CreatePackage", "DownloadSession", "EnterKeycode")
    deadline = session.attempt.deadline
    api.call("CloseWorkspace")
    clock.advance(3600)
    assert clocked_server.sweep() == 0
    assert name_of(api.get(session)) == "IN_PROGRESS"
    api.call("ReopenWorkspace")
    assert clocked_server.sweep() == 1
    ended = api.get(session)
    assert (name_of(ended), ended.attempt.end_time) == ("FINISHED", deadline)
    api.close()


def test_an_operation_waits_while_its_workspace_is_closed(walled, tenant):
    operations, release = OperationsApi(tenant), tenant.release()
    for _ in range(20):
        tenant.book(release)
    started = operations.of_release("CREATE_PACKAGE", release, sessions_per_second=1)

    def done():
        return metadata_of(operations.get(started)).done_count

    until(lambda: done() > 0)
    tenant.call("CloseWorkspace")
    so_far = done()
    walled.run(walled.app.service.worker.round())
    assert done() == so_far < 20
    tenant.call("ReopenWorkspace")
    until(lambda: done() > so_far)
    operations.cancel(started)


def test_where_any_workspace_is_taken_the_first_change_registers_it(new_database):
    with new_database() as database, serving(database, open_workspaces=1) as server:
        api = ApiClient(server.target, "new")
        assert refused(lambda: api.call("GetWorkspace")) == NOT_FOUND
        assert not api.call("ListSessions").sessions
        with pytest.raises(Refused):
            api.call("CreatePackage", session_id=new_id())
        assert refused(lambda: api.call("GetWorkspace")) == NOT_FOUND
        api.release()
        made = api.call("GetWorkspace").workspace
        assert made.HasField("create_time")
        api.call("CloseWorkspace")
        assert refused(api.release) == CLOSED
        api.close()
