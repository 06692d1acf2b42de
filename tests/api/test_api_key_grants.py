"""Who may give, see and end which API keys; and when a key was last used."""

from __future__ import annotations

import logging

import pytest
from authenticated import bearer, client_of, guarded, key_of
from credentials import client_with
from grpc import StatusCode
from messages import micros

from serving import Refused, until


@pytest.fixture
def guarded_server(database, clock):
    with guarded(database, clock, tick_ms=3_600_000) as running:
        yield running


def test_nobody_gives_more_than_it_has(guarded_server):
    bound = client_of(guarded_server, "admin", workspaces=["north", "east"], centres=["K-03"])
    grant = {"name": "anna", "roles": ["reader"], "workspaces": ["north"], "centres": ["K-03"]}
    assert bound.call("CreateApiKey", **grant).credential
    for change, facts in (
        ({"workspaces": ["north", "south"]}, {"kind": "workspace", "value": "south"}),
        ({"workspaces": [], "all_workspaces": True}, {"kind": "workspace", "value": "all"}),
        ({"centres": ["K-04"]}, {"kind": "centre", "value": "K-04"}),
        ({"centres": []}, {"kind": "centre", "value": "all"}),
    ):
        with pytest.raises(Refused) as refused:
            bound.call("CreateApiKey", **grant | change)
        assert (refused.value.code, refused.value.reason) == (StatusCode.PERMISSION_DENIED, "GRANT_EXCEEDS_CALLER")
        assert refused.value.metadata == facts


def test_nobody_sees_rotates_or_revokes_a_key_that_has_more(guarded_server):
    admin = client_of(guarded_server, "admin")
    bound = client_of(guarded_server, "admin", name="north", workspaces=["north"])
    grant = {"name": "anna", "roles": ["reader"]}
    mine = admin.call("CreateApiKey", workspaces=["north"], **grant).api_key.id
    for more in ({"workspaces": ["south"]}, {"workspaces": ["north", "south"]}, {"all_workspaces": True}):
        other = admin.call("CreateApiKey", **grant | more).api_key.id
        for rpc in ("RotateApiKey", "RevokeApiKey"):
            refusals = []
            for key_id in (other, "000000000000"):
                with pytest.raises(Refused) as refused:
                    bound.call(rpc, api_key_id=key_id)
                refusals.append((refused.value.reason, refused.value.message.replace(key_id, "it")))
            assert refusals[0] == refusals[1]
            assert refusals[0][0] == "API_KEY_NOT_FOUND"
    assert {key.name for key in bound.call("ListApiKeys").api_keys} == {"north", "anna"}
    assert [key.id for key in bound.call("ListApiKeys").api_keys if key.name == "anna"] == [mine]
    assert bound.call("RevokeApiKey", api_key_id=mine).api_key.HasField("revoke_time")


def test_keys_are_managed_with_the_permission_only(guarded_server):
    for role in (
        "author",
        "scheduler",
        "invigilator",
        "candidate",
        "marker",
        "moderator",
        "reader",
        "auditor",
        "operator",
    ):
        client = client_of(guarded_server, role)
        for rpc, fields in (
            ("ListApiKeys", {}),
            ("CreateApiKey", {"name": "x", "roles": [role], "all_workspaces": True}),
            ("RotateApiKey", {"api_key_id": "x"}),
            ("RevokeApiKey", {"api_key_id": "x"}),
        ):
            with pytest.raises(Refused) as refused:
                client.call(rpc, **fields)
            assert refused.value.metadata == {"permission": "MANAGE_ACCESS", "rpc": rpc}
        assert client.call("GetPrincipal").principal.roles == [role]


@pytest.mark.both_databases("keys are rows of each database")
def test_the_last_use_of_a_key_is_recorded_once_a_minute(guarded_server, clock):
    admin = client_of(guarded_server, "admin")
    credential = key_of(guarded_server, "reader", name="portal")
    client, look = client_with(guarded_server, *bearer(credential)), guarded_server.app._server._gate.look

    def last_use():
        found = {key.id: key for key in admin.call("ListApiKeys").api_keys}
        return micros(found[credential.split("_")[1]].last_use_time)

    def used():
        client.call("GetPrincipal")
        guarded_server.run(look())

    assert last_use() == 0
    first = clock()
    used()
    until(lambda: last_use() == first)
    clock.advance(59)
    used()
    clock.advance(1)
    guarded_server.run(look())
    assert last_use() == first, "it was not used in the second minute"
    used()
    until(lambda: last_use() == first + 60_000_000)


def test_a_key_says_who_made_it_and_for_whom(guarded_server, caplog):
    admin = client_of(guarded_server, "admin", name="portal")
    admin.metadata = (*admin.metadata, ("x-actor-bin", "Zoë".encode()))
    with caplog.at_level(logging.INFO):
        key = admin.call("CreateApiKey", name="anna", roles=["reader"], all_workspaces=True).api_key
    assert (key.creator, key.created_for) == ("portal", "Zoë")
    assert f"API key {key.id} of anna: created by portal for Zoë" in caplog.messages
