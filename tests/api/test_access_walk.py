"""Every RPC with every role, workspace and centre: walked from the descriptors, with expectations typed by hand."""

from __future__ import annotations

import random

import grpc
import pytest
from authenticated import bearer, client_of, guarded, key_of
from google.longrunning import operations_pb2, operations_pb2_grpc
from messages import METHOD, booking, new_id, request_of, send_bytes
from mutations import MUTATIONS
from rows import snapshot
from state_paths import walk

from exam_sessions.domain.access import ROLES
from exam_sessions_client.v1 import lifecycle_service_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused, read_refusal

LETTERS = dict(
    zip("AUSICMORDP", ("admin", "author", "scheduler", "invigilator", "candidate", "marker", "moderator", "reader",
    "auditor", "operator"), strict=True)
)  # fmt: skip
EVERYBODY = "".join(LETTERS)

MAY_CALL = {
    "CreateSession": "AS", "BatchCreateSessions": "AS", "ImportSessions": "AS", "UpdateSession": "AS",
    "BatchUpdateSessions": "AS", "DeleteSession": "AS", "GetSessionTemplate": "AS", "SubmitFromTemplate": "AS",
    "GetSession": "ASICMORDP",
    "BatchGetSessions": "ASIMORDP", "ListSessions": "ASIMORDP", "AggregateSessions": "ASIMORDP",
    "ListSessionEvents": "ASIMORDP", "ExplainSession": "ASIMORDP",
    "WatchSessions": "ASIORDP", "AcknowledgeEvents": "ASIORDP", "ListEventConsumers": "ASIORDP",
    "CreatePackage": "ASP", "OpenWindow": "ASP",
    "DownloadSession": "AC", "EnterKeycode": "AC", "EnterPin": "AC", "SetResponses": "AC",
    "GoOffline": "AIC", "ReconnectSession": "AIC", "FinishOffline": "AIC", "UploadSession": "AIC",
    "FinishSession": "AIC", "RequestScan": "AIC", "ReceiveScan": "AIC",
    "CheckInSession": "AI", "AllowTakeOver": "AI",
    "UnlockSession": "AI", "SetPin": "AI", "RemovePin": "AI", "GetPin": "AI",
    "PauseSession": "AI", "ResumeSession": "AI", "SetExtraTime": "AI", "SetAccommodation": "AI",
    "VoidSession": "AI",
    "ResetSession": "AO", "ReopenSession": "AO", "RetakeSession": "AO", "ClearResponses": "AO",
    "FailSession": "AOP", "RecoverSession": "AOP",
    "SendToMarking": "AMO", "AssignItemMarks": "AMO", "BatchAssignItemMarks": "AMO",
    "AssignItemResponses": "AMO", "ScoreResponse": "AMO",
    "UnscoreResponse": "AMO", "SubmitMarkedSession": "AMO",
    "RequestVerification": "AO", "VerifySession": "AO", "ArchiveSession": "AO", "RegradeSession": "AO",
    "RegradeRelease": "AO",
    "GetSessionResults": "AMORD",
    "GetTestForm": "AUMOD", "ListTestForms": "AUMOD", "CreateTestForm": "AU", "UpdateTestForm": "AU",
    "GetRelease": "AUSIMORDP", "ListReleases": "AUSIMORDP", "CreateRelease": "AS", "UpdateRelease": "AS",
    "FinalizeRelease": "AO", "UnfinalizeRelease": "AO",
    "GetOperation": "ASIORDP", "ListOperations": "ASIORDP", "WaitOperation": "ASIORDP",
    "CancelOperation": "AOP", "DeleteOperation": "AOP",
    "GetStateMachine": EVERYBODY, "BatchTransitionSessions": EVERYBODY, "GetPrincipal": EVERYBODY,
    "CreateApiKey": "A", "ListApiKeys": "A", "RotateApiKey": "A", "RevokeApiKey": "A",
    "ListLockouts": "AIDP", "LiftLockout": "AIP",
    "EraseCandidate": "A", "ApplyRetention": "A", "ExportCandidate": "A",
    **dict.fromkeys(("CreateWorkspace", "GetWorkspace", "ListWorkspaces", "UpdateWorkspace", "CloseWorkspace"), "A"),
    "ReopenWorkspace": "A",
}  # fmt: skip
"""The roles that may call each RPC. Which of them may ask for which action at once is that of the action's RPC."""

WHOLE_WORKSPACE = {
    "GetSessionTemplate", "SubmitFromTemplate", "CreateRelease", "UpdateRelease", "FinalizeRelease",
    "UnfinalizeRelease", "CreateTestForm", "UpdateTestForm", "RegradeRelease", "AcknowledgeEvents",
    "ListEventConsumers", "EraseCandidate", "ApplyRetention", "ExportCandidate",
}  # fmt: skip
"""What principals bound to centres may not call."""

OPERATIONS = operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods
DENIED = grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture(scope="module")
def server(new_database):
    with new_database() as database, guarded(database, tick_ms=3_600_000) as server:
        yield server


def call_with_nothing(client, method):
    """What comes of an empty request: the refusal, or None."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    channel = client.channel
    try:
        if method.client_streaming:
            list(channel.stream_stream(path)(iter([b""]), timeout=30, metadata=client.metadata))
        elif method.server_streaming:
            call = channel.unary_stream(path)(b"", timeout=30, metadata=client.metadata)
            next(iter(call), None)
            call.cancel()
        else:
            channel.unary_unary(path)(b"", timeout=30, metadata=client.metadata)
    except grpc.RpcError as error:
        return read_refusal(error)
    return None


def test_the_table_names_every_rpc():
    assert set(METHOD) | {method.name for method in OPERATIONS} == set(MAY_CALL)
    assert set(LETTERS.values()) == set(ROLES)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_role_may_call_what_it_is_for_and_nothing_else(server, letter):
    client = client_of(server, LETTERS[letter])
    for method in (*METHOD.values(), *OPERATIONS):
        refused = call_with_nothing(client, method)
        is_denied = refused is not None and refused.code == DENIED
        assert is_denied == (letter not in MAY_CALL[method.name]), (method.name, refused)


@pytest.mark.parametrize("letter", LETTERS)
def test_an_action_on_many_needs_what_it_needs_on_one(server, letter):
    client = client_of(server, LETTERS[letter])
    by_name = {name.removesuffix("Session").lower(): roles for name, roles in MAY_CALL.items()}
    for name, number in session_pb2.Action.items():
        roles = by_name.get(name.removeprefix("ACTION_").replace("_", "").lower())
        if roles is None:
            continue
        ids = lifecycle_service_pb2.SessionIds(session_ids=[new_id()])
        with pytest.raises(Refused) as refused:
            client.call("BatchTransitionSessions", action=number, ids=ids)
        assert (refused.value.code == DENIED) == (letter not in roles), (name, refused.value)


def test_a_stranger_leaves_no_trace_and_learns_nothing(server):
    """With each mutation that would be accepted: without a credential, and with one of another workspace."""
    owner = client_of(server, "admin", workspace="north")
    nobody = ApiClient(server.target, "north")
    stranger = client_of(server, "admin", workspace="north", workspaces=["south"])
    for rpc, prepare in MUTATIONS.items():
        _, fields = prepare(owner)
        before = snapshot(server, "north")
        for client, reason in ((nobody, "CREDENTIAL_MISSING"), (stranger, "WORKSPACE_NOT_FOUND")):
            with pytest.raises(Refused) as refused:
                client.call(rpc, **fields)
            assert refused.value.reason == reason, rpc
        assert snapshot(server, "north") == before, rpc


def test_who_is_bound_to_a_centre_changes_nothing_of_another(server):
    """With each mutation that would be accepted: its sessions are of no centre, and the caller is bound to K-03."""
    owner = client_of(server, "admin", workspace="halls")
    bound = client_of(server, "admin", workspace="halls", centres=["K-03"])
    for rpc, prepare in MUTATIONS.items():
        _, fields = prepare(owner)
        before = snapshot(server, "halls")
        with pytest.raises(Refused) as refused:
            bound.call(rpc, **fields)
        books = rpc in {"CreateSession", "BatchCreateSessions"}
        expected = "PERMISSION_DENIED" if books or rpc in WHOLE_WORKSPACE else "SESSION_NOT_FOUND"
        assert refused.value.reason == expected, (rpc, refused.value)
        assert snapshot(server, "halls") == before, rpc


class Halls:
    """Sessions of two centres, and who is bound to one of them."""

    def __init__(self, server):
        self.workspace = f"w{new_id()[:8]}"
        self.owner = client_of(server, "admin", workspace=self.workspace)
        self.bound = client_of(server, "admin", workspace=self.workspace, centres=["K-03"])
        self.release = self.owner.release()
        self.ours = self.owner.book(self.release, centre_id="K-03")
        self.theirs = self.owner.book(self.release, centre_id="K-04")


@pytest.fixture
def halls(server):
    return Halls(server)


READS = {
    "GetSession": {},
    "ListSessionEvents": {},
    "ExplainSession": {},
    "GetSessionResults": {},
}


@pytest.mark.parametrize("rpc", READS)
@pytest.mark.parametrize("key", ["session_id", "keycode", "access_code"])
def test_a_session_of_another_centre_is_not_found_by_anything(halls, rpc, key):
    def named(session):
        if key == "access_code":
            code = session_pb2.AccessCodeKey(release_id=session.release_id, access_code=session.access_code)
            return {key: code}
        return {key: session.id if key == "session_id" else session.keycode}

    with pytest.raises(Refused) as refused:
        halls.bound.call(rpc, **named(halls.theirs))
    assert refused.value.reason == "SESSION_NOT_FOUND"
    if rpc != "GetSessionResults":  # it has no form
        halls.bound.call(rpc, **named(halls.ours))


def test_lists_and_sums_hold_the_sessions_of_ones_own_centres(halls):
    listed = halls.bound.call("ListSessions", show_total_size=True, show_statistics=True)
    assert [session.id for session in listed.sessions] == [halls.ours.id]
    assert (listed.total_size, listed.statistics.session_count) == (1, 1)
    assert halls.bound.call("AggregateSessions").total.session_count == 1
    asked = session_service_pb2.SessionFilter(centre_id="K-04")
    assert not halls.bound.call("ListSessions", filter=asked).sessions
    with pytest.raises(Refused) as refused:
        halls.bound.call("BatchGetSessions", session_ids=[halls.ours.id, halls.theirs.id])
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_an_action_on_all_that_match_is_on_those_of_ones_own_centres(halls):
    reply = halls.bound.call(
        "BatchTransitionSessions",
        action=session_pb2.ACTION_VOID,
        filter=session_service_pb2.SessionFilter(release_ids=[halls.release.id]),
    )
    assert reply.session_count == 1
    operation = finished(halls.bound, reply.operation.name)
    assert operation.done
    assert halls.owner.get(halls.ours).state == session_pb2.STATE_VOIDED
    assert halls.owner.get(halls.theirs).state != session_pb2.STATE_VOIDED


def finished(client, name):
    request = operations_pb2.WaitOperationRequest(name=name)
    return stub(client).WaitOperation(request, timeout=60, metadata=client.metadata)


def stub(client):
    return operations_pb2_grpc.OperationsStub(client.channel)


def test_an_operation_is_found_by_those_of_the_same_centres_only(server, halls):
    name = halls.bound.call(
        "BatchTransitionSessions",
        action=session_pb2.ACTION_VOID,
        filter=session_service_pb2.SessionFilter(release_ids=[halls.release.id]),
    ).operation.name
    other = client_of(server, "admin", workspace=halls.workspace, centres=["K-04"])
    for method, request in (
        ("GetOperation", operations_pb2.GetOperationRequest(name=name)),
        ("WaitOperation", operations_pb2.WaitOperationRequest(name=name)),
        ("CancelOperation", operations_pb2.CancelOperationRequest(name=name)),
        ("DeleteOperation", operations_pb2.DeleteOperationRequest(name=name)),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            getattr(stub(other), method)(request, timeout=60, metadata=other.metadata)
        assert read_refusal(refused.value).reason == "OPERATION_NOT_FOUND"
    listing = operations_pb2.ListOperationsRequest(name=f"workspaces/{halls.workspace}")
    assert not stub(other).ListOperations(listing, timeout=60, metadata=other.metadata).operations
    for client in (halls.bound, halls.owner):
        (found,) = stub(client).ListOperations(listing, timeout=60, metadata=client.metadata).operations
        assert found.name == name


def test_a_session_cannot_be_booked_at_or_moved_to_another_centre(halls):
    with pytest.raises(Refused) as refused:
        halls.bound.call("CreateSession", release_id=halls.release.id, booking=booking("eve", centre_id="K-04"))
    assert refused.value.reason == "PERMISSION_DENIED"
    halls.bound.call("CreateSession", release_id=halls.release.id, booking=booking("eve", centre_id="K-03"))
    with pytest.raises(Refused) as refused:
        halls.bound.call(
            "UpdateSession",
            session_id=halls.ours.id,
            booking=booking(centre_id="K-04"),
            update_mask={"paths": ["centre_id"]},
        )
    assert refused.value.reason == "PERMISSION_DENIED"


def watch(client, **fields):
    request = request_of("WatchSessions", workspace_id=client.workspace, **fields)
    call = client.channel.unary_stream(
        "/exam_sessions.v1.SessionService/WatchSessions",
        request_serializer=type(request).SerializeToString,
        response_deserializer=session_service_pb2.WatchSessionsResponse.FromString,
    )
    return call(request, timeout=60, metadata=client.metadata)


def test_a_watch_shows_the_sessions_of_ones_own_centres(halls):
    for session in (halls.theirs, halls.ours):
        walk(halls.owner, session, "CreatePackage")
    halls.owner.call("DeleteSession", session_id=halls.theirs.id)
    walk(halls.owner, halls.ours, "VoidSession")
    seen = []
    stream = watch(halls.bound, start_sequence=1)
    for piece in stream:
        seen += [(event.session_id, event.action) for event in piece.events]
        if seen and seen[-1][1] == session_pb2.ACTION_VOID:
            break
    stream.cancel()
    actions = (session_pb2.ACTION_SCHEDULE, session_pb2.ACTION_CREATE_PACKAGE, session_pb2.ACTION_VOID)
    assert seen == [(halls.ours.id, action) for action in actions]
    snapshot_stream = watch(halls.bound)
    first = next(iter(snapshot_stream))
    snapshot_stream.cancel()
    assert [session.id for session in first.sessions] == [halls.ours.id]


def test_a_watch_shows_a_session_that_is_moved_from_or_to_ones_own_centre(halls):
    for centre in ("K-05", "K-03"):
        halls.owner.call(
            "UpdateSession",
            session_id=halls.ours.id,
            booking=booking(centre_id=centre),
            update_mask={"paths": ["centre_id"]},
        )
    stream = watch(halls.bound, start_sequence=1)
    seen = []
    for piece in stream:
        seen += [event.action for event in piece.events if event.session_id == halls.ours.id]
        if seen.count(session_pb2.ACTION_UPDATE) == 2:
            break
    stream.cancel()


def test_a_reader_sees_neither_names_nor_codes_in_any_read(server, halls):
    reader = client_of(server, "reader", workspace=halls.workspace)
    halls.owner.call(
        "CreateSession",
        release_id=halls.release.id,
        booking=session_pb2.Booking(
            candidate=session_pb2.Candidate(candidate_id="SECRET-ID", name_first="SECRET-NAME"),
            keycode="SECRETKEY",
            access_code="SECRETCODE",
            annotations={"lti": "SECRET-LTI"},
        ),
    )
    replies = [reader.call("ListSessions", view=2), reader.call("BatchGetSessions", session_ids=[halls.ours.id])]
    for session in replies[0].sessions:
        replies += [reader.get(session), reader.call("ListSessionEvents", session_id=session.id)]
    stream = watch(reader)
    replies.append(next(iter(stream)))
    stream.cancel()
    assert "SECRET" not in "".join(map(str, replies))
    assert "***" in str(replies[0])
    assert "SECRET" in str(halls.owner.call("ListSessions", view=2))


def test_what_a_request_asks_for_needs_permission_too(server, halls):
    reader = client_of(server, "reader", workspace=halls.workspace)
    for fields in (
        {"filter": session_service_pb2.SessionFilter(name="a")},
        {"filter": session_service_pb2.SessionFilter(candidate_ids=["a"])},
        {"show_responses": True},
        {"show_keys": True},
    ):
        with pytest.raises(Refused) as refused:
            reader.call("ListSessions", **fields)
        assert refused.value.reason == "PERMISSION_DENIED"
    reader.call("ListSessions", show_results=True)


def test_a_revoked_key_ends_calls_and_streams(server, halls):
    client = ApiClient(server.target, halls.workspace)
    key = key_of(server, "admin")
    client.metadata = bearer(key)
    stream = watch(client, now=True)
    next(iter(stream))
    halls.owner.call("RevokeApiKey", api_key_id=key.split("_")[1])
    with pytest.raises(grpc.RpcError) as ended:
        list(stream)
    assert read_refusal(ended.value).reason == "CREDENTIAL_REVOKED"
    with pytest.raises(Refused) as refused:
        client.call("ListSessions")
    assert refused.value.reason == "CREDENTIAL_REVOKED"


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x0a\x7f", b"\x00" * 100_000], ids=["empty", "bad", "cut", "long"])
def test_a_stranger_is_told_the_same_by_every_rpc_whatever_it_sends(server, data):
    stranger = ApiClient(server.target)
    for rpc, method in METHOD.items():
        if method.client_streaming or method.server_streaming:
            continue
        with pytest.raises(Refused) as refused:
            send_bytes(stranger, rpc, data)
        assert (refused.value.reason, refused.value.metadata) == ("CREDENTIAL_MISSING", {}), rpc


def test_random_bytes_from_every_role_are_no_fault_of_the_service(server):
    chance, codes = random.Random(15), []
    clients = [client_of(server, role) for role in ROLES]
    for rpc, method in METHOD.items():
        if method.client_streaming or method.server_streaming:
            continue
        for client in clients:
            data = chance.randbytes(chance.randrange(60))
            try:
                send_bytes(client, rpc, data)
            except Refused as refused:
                codes.append((rpc, client, refused.code))
    assert not [found for found in codes if found[2] in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}]
