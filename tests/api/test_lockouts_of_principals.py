"""Guessing by authenticated callers: principals, those they act for, and wrong credentials."""

from __future__ import annotations

from contextlib import closing

import pytest
from authenticated import bearer, client_of, guarded
from test_lockouts import LIMIT, WRONG, guess, is_locked_out, lock_out, reason_of, recorded

from exam_sessions.rpc.access.code_guard import CANDIDATE_ADDRESS
from exam_sessions_client.v1 import lockout_service_pb2
from serving import ApiClient, until

NOT_ACCEPTED = bearer("es_aaaaaaaaaaaaaaaa_" + "a" * 43)


@pytest.fixture
def server(database, clock):
    """A server that authenticates its callers; programs of its machine are not counted by address."""
    with guarded(database, clock, tick_ms=3_600_000) as running:
        yield running


def test_a_principal_is_locked_out_wherever_it_calls_from_and_no_other_is(server):
    one, two = (client_of(server, "candidate", name=name) for name in ("device-1", "device-2"))
    lock_out(one)
    assert is_locked_out(one)
    assert guess(two) == ["SESSION_NOT_FOUND"]
    one.close()
    two.close()


def test_the_lock_out_of_a_principal_names_it(server):
    with (
        closing(client_of(server, "candidate", name="device-1")) as device,
        closing(client_of(server, "invigilator", name="ms-berg")) as invigilator,
    ):
        lock_out(device)
        (lockout,) = recorded(invigilator)
        assert lockout.subject == lockout_service_pb2.LOCKOUT_SUBJECT_PRINCIPAL
        assert lockout.value == "device-1"
        assert reason_of(device.call, "LiftLockout", lockout_id=lockout.id) == "PERMISSION_DENIED"
        assert reason_of(device.call, "ListLockouts") == "PERMISSION_DENIED"
        lifted = invigilator.call("LiftLockout", lockout_id=lockout.id).lockout
        assert lifted.lifted_by == "ms-berg"
        assert guess(device) == ["SESSION_NOT_FOUND"]


def test_a_tenant_locks_nobody_out_of_another_workspace_whose_name_it_gives_to_a_key(server):
    tenant = [f"south-{number}" for number in range(10)]
    with (
        closing(client_of(server, "candidate", name="portal", workspaces=tenant)) as hostile,
        closing(client_of(server, "candidate", name="portal", workspace="north")) as portal,
        closing(client_of(server, "admin", name="root", workspace="north")) as admin,
    ):
        for workspace in tenant:
            hostile.workspace = workspace
            lock_out(hostile)
        assert guess(portal) == ["SESSION_NOT_FOUND"]
        found = [lockout.value for lockout in recorded(admin, whole_deployment=True)]
        assert found == [f"portal of {', '.join(tenant)}"]
        assert is_locked_out(hostile)


def test_a_platform_that_acts_for_others_locks_out_the_addresses_it_names(server):
    with closing(client_of(server, "admin", name="platform")) as platform:
        own = platform.metadata

        def of(address):
            platform.metadata = (*own, (CANDIDATE_ADDRESS, address))
            return platform

        lock_out(of("192.0.2.7"))
        assert is_locked_out(of("192.0.2.7"))
        assert guess(of("192.0.2.8")) == ["SESSION_NOT_FOUND"]
        # All of them together are limited too, at ten times as many.
        for number in range(100, 108):
            lock_out(of(f"192.0.2.{number}"))
        assert guess(of("192.0.2.9"), LIMIT) == ["SESSION_NOT_FOUND"] * (LIMIT - 1) + ["TOO_MANY_WRONG_CODES"]


def test_nobody_else_is_believed_for_which_address_it_calls(server):
    with closing(client_of(server, "candidate", name="device-1")) as device:
        own = device.metadata
        for number in range(LIMIT):
            device.metadata = (*own, (CANDIDATE_ADDRESS, f"192.0.2.{number}"))
            assert guess(device) == ["SESSION_NOT_FOUND"]
        assert is_locked_out(device)


def test_a_principal_bound_to_a_workspace_sees_nothing_of_the_deployment(server):
    with closing(client_of(server, "invigilator", name="ms-berg", workspaces=["default"])) as bound:
        bound.call("ListLockouts")
        assert reason_of(bound.call, "ListLockouts", whole_deployment=True) == "PERMISSION_DENIED"
        assert reason_of(bound.call, "ListLockouts", workspace_id="north") == "WORKSPACE_NOT_FOUND"


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_a_wrong_credential_is_refused_as_such_on_every_transport(database, transport):
    if transport == "native":
        pytest.importorskip("pygrpc_native")
    with guarded(database, transport=transport) as server, closing(ApiClient(server.target, "default")) as stranger:
        stranger.metadata = NOT_ACCEPTED
        assert reason_of(stranger.call, "GetSession", keycode=WRONG) == "CREDENTIAL_INVALID"
        stranger.metadata = ()
        assert reason_of(stranger.call, "GetSession", keycode=WRONG) == "CREDENTIAL_MISSING"


def test_wrong_credentials_lock_out_those_that_are_not_known_to_be_right(database, clock):
    with guarded(database, clock, tick_ms=3_600_000, limit_loopback=1) as server:
        stranger = ApiClient(server.target, "default")
        stranger.metadata = NOT_ACCEPTED
        known, unknown = client_of(server, "admin", name="known"), client_of(server, "admin", name="unknown")
        known.call("ListSessions")
        told = [reason_of(stranger.call, "ListSessions") for _ in range(LIMIT + 1)]
        assert told == ["CREDENTIAL_INVALID"] * LIMIT + ["TOO_MANY_WRONG_CODES"]
        # A right one gets in where it has before, and others wait: nobody can shut a whole school out.
        assert known.call("ListSessions") is not None
        assert guess(known) == ["SESSION_NOT_FOUND"]
        assert reason_of(unknown.call, "ListSessions") == "TOO_MANY_WRONG_CODES"
        until(lambda: known.call("ListLockouts", whole_deployment=True).lockouts)
        (lockout,) = known.call("ListLockouts", whole_deployment=True).lockouts
        assert lockout.guarded == lockout_service_pb2.LOCKOUT_GUARDED_CREDENTIALS
        known.call("LiftLockout", whole_deployment=True, lockout_id=lockout.id)
        assert unknown.call("ListSessions") is not None
        for client in (stranger, known, unknown):
            client.close()


def test_a_call_without_a_credential_is_no_wrong_one(database, clock):
    with guarded(database, clock, tick_ms=3_600_000, limit_loopback=1) as server:
        with closing(ApiClient(server.target, "default")) as stranger:
            stranger.metadata = ()
            told = {reason_of(stranger.call, "ListSessions") for _ in range(2 * LIMIT)}
        assert told == {"CREDENTIAL_MISSING"}
        with closing(client_of(server, "admin", name="unknown")) as unknown:
            assert unknown.call("ListSessions") is not None
