"""What another workspace holds is as unknown as what nobody has ever had, byte for byte, in every RPC."""

from __future__ import annotations

import copy

import pytest
from authenticated import client_of, guarded
from google.longrunning import operations_pb2
from grpc import StatusCode
from messages import METHOD, new_id
from walls import held_by, outcome_of, paths_of, put, request_in, rows_of, unknown, within

from serving import ApiClient, Clock, Refused, serving

OPERATIONS = {m.name: m for m in operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods}
METHODS = METHOD | OPERATIONS


@pytest.fixture(scope="module")
def server(new_database):
    # Its clock stands still, so that no reply tells how long anything took.
    with new_database() as database, serving(database, Clock(), tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture(scope="module")
def owner(server):
    """The workspace behind the wall."""
    api = ApiClient(server.target)
    yield api
    api.close()


@pytest.fixture(scope="module")
def held(server, owner):
    """What is in it, by name."""
    return held_by(server, owner)


def compared(api, method, path, held):
    """What a call answers that names what another workspace holds, and one that names what nobody has."""
    answers, prepared = [], request_in(api, method)
    for names in (held, unknown()):
        request = copy.deepcopy(prepared)
        named = put(request, path, within(names, api))
        answers.append(outcome_of(api, method, request, named))
        if answers[-1][0] is StatusCode.OK:
            prepared = request_in(api, method)  # the other may have been used up
    return answers


@pytest.mark.parametrize("rpc", METHODS)
def test_nothing_of_another_workspace_is_reached_by_any_name(server, owner, held, rpc):
    method, api = METHODS[rpc], ApiClient(server.target)
    before = rows_of(server, owner.workspace)
    for path in paths_of(method.input_type):
        theirs, nobodys = compared(api, method, path, held)
        assert theirs == nobodys, ".".join(path)
    assert rows_of(server, owner.workspace) == before
    api.close()


@pytest.mark.parametrize(
    ("rpc", "path", "reason"),
    [
        ("GetSession", ("session_id",), "SESSION_NOT_FOUND"),
        ("GetSession", ("keycode",), "SESSION_NOT_FOUND"),
        ("GetSession", ("access_code", "access_code"), "SESSION_NOT_FOUND"),
        ("PauseSession", ("session_id",), "SESSION_NOT_FOUND"),
        ("PauseSession", ("etag",), "STALE_SESSION"),
        ("UpdateRelease", ("release", "id"), "RELEASE_NOT_FOUND"),
        ("GetTestForm", ("reference",), "TEST_FORM_NOT_FOUND"),
        ("ListSessions", ("page_token",), "INVALID_PAGE_TOKEN"),
        ("GetOperation", ("name",), "OPERATION_NOT_FOUND"),
        ("LiftLockout", ("lockout_id",), "LOCKOUT_NOT_FOUND"),
    ],
)
def test_a_name_of_another_workspace_is_refused_as_one_that_is_unknown(server, held, rpc, path, reason):
    api = ApiClient(server.target)
    theirs, _ = compared(api, METHODS[rpc], path, held)
    assert any(reason.encode() in value for key, value in theirs[2] if key == "grpc-status-details-bin"), theirs
    api.close()


def test_the_names_do_lead_somewhere_in_their_own_workspace(owner, held):
    for path in (("session_id",), ("keycode",), ("access_code", "access_code")):
        request = request_in(owner, METHOD["GetSession"])
        named = put(request, path, within(held, owner))
        code, text, _ = outcome_of(owner, METHOD["GetSession"], request, named)
        assert code.name == "OK", text


QUIET = {"tick_ms": 3_600_000, "wrong_codes_at_most": 0}
"""Nothing is written but by calls."""


@pytest.fixture(scope="module")
def walled(new_database):
    """A server that takes API keys and registered workspaces only."""
    with new_database() as database, guarded(database, open_workspaces=0, **QUIET) as running:
        yield running.quiet()


@pytest.fixture(scope="module")
def tenants(walled):
    """An administrator of the workspace north, and one of south."""
    admin = client_of(walled, "admin")
    for name in ("north", "south"):
        admin.call("CreateWorkspace", workspace_id=name)
    north = client_of(walled, "admin", workspace="north", workspaces=["north"])
    south = client_of(walled, "admin", workspace="south", workspaces=["south"])
    yield north, south
    for client in (admin, north, south):
        client.close()


OUTSIDE = {
    "GetStateMachine", "ListWorkspaces", "GetPrincipal", "CreateApiKey", "ListApiKeys", "RotateApiKey",
    "RevokeApiKey",
}  # fmt: skip
"""RPCs that name no workspace."""


@pytest.mark.parametrize("rpc", [name for name in METHODS if name not in OUTSIDE])
def test_who_is_bound_to_a_workspace_cannot_tell_another_from_none(walled, tenants, rpc):
    north, south = tenants
    method, absent = METHODS[rpc], f"w{new_id()[:4]}"
    request = request_in(north, method)
    before = rows_of(walled, "north")
    answers = []
    for workspace in ("north", absent):
        asked = copy.deepcopy(request)
        if rpc in OPERATIONS:
            asked.name = asked.name.replace("north", workspace)
            if rpc != "ListOperations":
                asked.name = f"workspaces/{workspace}/operations/{new_id()}"
        else:
            asked.workspace_id = workspace
        answers.append(outcome_of(south, method, asked, [workspace]))
    assert answers[0] == answers[1]
    assert any(b"WORKSPACE_NOT_FOUND" in value for key, value in answers[0][2] if key.endswith("-bin")), answers[0]
    assert rows_of(walled, "north") == before


def test_who_is_bound_to_a_workspace_lists_that_one_only(tenants):
    assert [w.workspace_id for w in tenants[1].call("ListWorkspaces").workspaces] == ["south"]


def test_who_is_bound_to_a_workspace_does_not_learn_who_is_locked_out_of_another(new_database):
    with new_database() as database, guarded(database, wrong_codes_at_most=1, limit_loopback=1) as server:
        north = client_of(server, "reader", workspace="north", name="nora")
        south = client_of(server, "admin", workspace="south", name="sam", workspaces=["south"])
        for _ in range(3):
            with pytest.raises(Refused) as refused:
                north.call("GetSession", keycode="WRONG234")
        assert refused.value.reason == "TOO_MANY_WRONG_CODES"
        south.workspace = "north"
        with pytest.raises(Refused) as refused:
            south.call("GetSession", keycode="WRONG234")
        assert refused.value.reason == "WORKSPACE_NOT_FOUND"
        north.close()
        south.close()
