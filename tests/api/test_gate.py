"""The gate, through real clients: who is let in, and to what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from authenticated import bearer, client_of, guarded, key_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from reflected import names_of
from state_paths import walk

from exam_sessions.app import CannotServe
from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving


@pytest.fixture(scope="module")
def guarded_server(new_database):
    with new_database() as database, guarded(database) as server:
        yield server


def test_a_call_without_a_credential_is_refused(guarded_server):
    with pytest.raises(Refused) as refused:
        ApiClient(guarded_server.target, "default").call("ListSessions")
    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING")


def test_an_admin_with_a_key_may_do_everything(guarded_server):
    admin = client_of(guarded_server, "admin", name="head")
    session = admin.book()
    admin.move("VoidSession", session)
    assert [event.actor for event in admin.history(session)] == ["head", "head"]


def test_a_principal_without_the_permission_is_refused(guarded_server):
    reader = client_of(guarded_server, "reader")
    with pytest.raises(Refused) as refused:
        reader.call("VoidSession", session_id="00000000-0000-0000-0000-000000000001")
    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert refused.value.metadata == {"permission": "VOID_SESSIONS", "rpc": "VoidSession"}


def test_a_claim_to_be_somebody_is_believed_of_those_who_may_act_for_others_only(guarded_server):
    admin, scheduler = (
        client_of(guarded_server, "admin", name="svc"),
        client_of(guarded_server, "scheduler", name="s"),
    )
    for client, extra, shown in (
        (admin, ("x-actor", "mary"), ("svc", "mary")),
        (admin, ("x-actor-bin", "Zoë".encode()), ("svc", "Zoë")),
        (scheduler, ("x-actor", "mary"), ("s", "")),
    ):
        plain = client.metadata
        client.metadata = (*plain, extra)
        release = admin.release(name=f"R {shown}")
        (event,) = admin.history(client.book(release))
        assert (event.actor, event.acting_for) == shown
        client.metadata = plain


@pytest.mark.parametrize(
    "metadata",
    [
        (("authorization", "Basic YTpi"),),
        (("authorization", "Bearer "),),
        bearer("es_nobody_" + "0" * 64),
        bearer("a.b.c"),
        (*bearer("x"), *bearer("x")),
        bearer("x" * 5_000),
    ],
    ids=["basic", "empty", "unknown key", "no token", "two", "long"],
)
def test_what_is_no_credential_of_this_service_is_refused(guarded_server, metadata):
    client = ApiClient(guarded_server.target, "default")
    client.metadata = metadata
    with pytest.raises(Refused) as refused:
        client.call("GetStateMachine")
    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")


def test_a_bound_principal_finds_no_other_workspace_whether_there_is_one_or_not(guarded_server):
    admin = client_of(guarded_server, "admin", workspace="north")
    session = admin.book()
    bound = client_of(guarded_server, "admin", workspaces=["south"])
    found = []
    for workspace in ("north", "nowhere"):
        with pytest.raises(Refused) as refused:
            bound.call("GetSession", workspace_id=workspace, session_id=session.id)
        found.append((refused.value.code, refused.value.reason, str(refused.value).replace(workspace, "it")))
    assert found[0] == found[1]
    assert found[0][1] == "WORKSPACE_NOT_FOUND"


def test_callers_of_other_machines_are_authenticated_or_nobody_is_served(tmp_path, database):
    with (
        pytest.raises(CannotServe, match="nobody is authenticated"),
        serving(database, listen="0.0.0.0:0", tls_cert="x", tls_key="y"),
    ):
        pass


@pytest.mark.parametrize("auth", ["key", "keys,oauth", ""])
def test_a_way_to_authenticate_that_is_none_is_refused(database, auth):
    with pytest.raises(CannotServe, match="no way to authenticate"), serving(database, auth=auth):
        pass


def test_health_needs_no_credential_and_reflection_does(guarded_server):
    client = ApiClient(guarded_server.target)
    health = health_pb2_grpc.HealthStub(client.channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as refused:
        names_of(client)
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_a_key_is_used_from_many_calls_at_once(guarded_server):
    client = ApiClient(guarded_server.target, "default")
    client.metadata = bearer(key_of(guarded_server, "reader"))
    with ThreadPoolExecutor(32) as pool:
        assert len(list(pool.map(lambda _: client.call("ListSessions"), range(64)))) == 64


def test_a_refusal_does_not_identify_a_candidate_to_those_who_may_not_read_personal_data(guarded_server):
    admin, device = client_of(guarded_server, "admin"), client_of(guarded_server, "candidate")
    one, other = (admin.release(invigilated=False) for _ in range(2))
    for release in (one, other):
        session = walk(admin, admin.book(release, "SECRET-ID"), "CreatePackage", "DownloadSession")
        if release is one:
            admin.call("EnterKeycode", keycode=session.keycode)
    for client, shown in ((device, "***"), (admin, "SECRET-ID")):
        with pytest.raises(Refused) as refused:
            client.call("EnterKeycode", keycode=session.keycode)
        assert refused.value.reason == "CANDIDATE_HAS_OPEN_SESSION"
        assert refused.value.metadata == {"candidate_id": shown}
        assert ("SECRET-ID" in refused.value.message) == (client is admin)


def test_explain_session_says_what_its_caller_may_do(guarded_server):
    admin, invigilator = client_of(guarded_server, "admin"), client_of(guarded_server, "invigilator")
    session = admin.book()
    may = {
        client: set(client.call("ExplainSession", session_id=session.id).allowed_actions)
        for client in (admin, invigilator)
    }
    assert session_pb2.ACTION_VOID in may[invigilator] < may[admin]
    verdicts = invigilator.call("ExplainSession", session_id=session.id).verdicts
    denied = {verdict.action for verdict in verdicts if verdict.reason == "PERMISSION_DENIED"}
    assert session_pb2.ACTION_CREATE_PACKAGE in denied
    assert not denied & may[invigilator]
