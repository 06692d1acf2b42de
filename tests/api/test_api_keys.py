"""API keys through a real client: created, listed, rotated, revoked; what is stored, and what a repetition gets."""

from __future__ import annotations

import hashlib
import logging
import re

import pytest
from concurrency import at_once, won
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode
from messages import at, micros, new_id
from rows import read

from exam_sessions_client.v1 import access_pb2
from serving import Refused, until

DAY = 24 * 3600
GRANT = {"name": "anna", "roles": ["reader"], "all_workspaces": True}


def refused_by(api, rpc, **fields):
    with pytest.raises(Refused) as refused:
        api.call(rpc, **fields)
    return refused.value


def stored(server, key_id):
    """The row of a key."""
    ((digest, last_use, *rest),) = read(
        server, "SELECT digest, last_use_time, name, roles, workspaces, centres FROM api_keys WHERE id = ?", key_id
    )
    return bytes(digest), last_use, tuple(rest)


def listed(api):
    """Every key, by id."""
    found, token = {}, ""
    while True:
        page = api.call("ListApiKeys", page_size=2, page_token=token)
        assert len(page.api_keys) <= 2
        found |= {key.id: key for key in page.api_keys}
        token = page.next_page_token
        if not token:
            return found


@pytest.mark.both_databases("keys are rows of their own")
def test_a_credential_is_shown_once_and_stored_as_a_digest(api, server):
    created = api.call("CreateApiKey", **GRANT)
    assert re.fullmatch(rf"es_{created.api_key.id}_[0-9a-f]{{64}}", created.credential)
    digest, last_use, rest = stored(server, created.api_key.id)
    assert digest == hashlib.sha256(created.credential.encode()).digest()
    assert last_use == 0
    assert rest == ("anna", '["reader"]', "", "")
    for _, *values in read(server, "SELECT * FROM api_keys WHERE id = ?", created.api_key.id):
        assert created.credential.rpartition("_")[2] not in str(values)
    shown = listed(api)[created.api_key.id]
    assert shown == created.api_key
    assert shown.creator == "test"
    assert not shown.HasField("expire_time")


def test_two_keys_have_nothing_in_common(api):
    one, two = (api.call("CreateApiKey", **GRANT) for _ in range(2))
    assert one.api_key.id != two.api_key.id
    assert one.credential.rpartition("_")[2] != two.credential.rpartition("_")[2]


def test_a_key_keeps_what_it_is_granted(api, server):
    grant = {"name": "k-03", "roles": ["invigilator", "marker", "invigilator"], "workspaces": ["b", "a"]}
    key = api.call("CreateApiKey", centres=["Żywiec", "K-03"], expire_time=at(4_000_000_000_000_000), **grant).api_key
    assert (key.name, list(key.roles), list(key.workspaces)) == ("k-03", ["invigilator", "marker"], ["a", "b"])
    assert (list(key.centres), key.all_workspaces) == (["K-03", "Żywiec"], False)
    assert micros(key.expire_time) == 4_000_000_000_000_000
    assert listed(api)[key.id] == key


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "with blank"}, "name"),
        ({"name": "System"}, "name"),
        ({"name": "anonymous"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["reader", "root"]}, "roles[1]"),
        ({"all_workspaces": False}, "workspaces"),
        ({"workspaces": ["w"]}, "workspaces"),
        ({"workspaces": ["A B"], "all_workspaces": False}, "workspaces[0]"),
        ({"centres": [""]}, "centres[0]"),
        ({"centres": ["K-03 "]}, "centres[0]"),
        ({"expire_time": at(1_000_000)}, "expire_time"),
        ({"request_id": "17"}, "request_id"),
    ],
)
def test_a_grant_that_means_nothing_is_refused_and_its_field_is_named(api, change, field):
    before = listed(api)
    refused = refused_by(api, "CreateApiKey", **GRANT | change)
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.fields) == [field]
    assert listed(api) == before


@pytest.mark.both_databases("keys are rows of their own")
def test_a_repeated_creation_returns_the_key_without_its_credential(api):
    request_id = new_id()
    first = api.call("CreateApiKey", request_id=request_id, **GRANT)
    again = api.call("CreateApiKey", request_id=request_id.upper(), **GRANT)
    assert first.credential
    assert (again.api_key, again.credential) == (first.api_key, "")
    refused = refused_by(api, "CreateApiKey", request_id=request_id, **GRANT | {"name": "bert"})
    assert refused.reason == "REQUEST_ID_REUSED"


def test_a_check_writes_no_key_and_shows_no_credential(api):
    before = listed(api)
    reply = api.call("CreateApiKey", validate_only=True, **GRANT)
    assert (reply.api_key.name, reply.credential) == ("anna", "")
    assert listed(api) == before
    key = api.call("CreateApiKey", **GRANT).api_key
    assert api.call("RotateApiKey", api_key_id=key.id, validate_only=True).credential == ""
    api.call("RevokeApiKey", api_key_id=key.id, validate_only=True)
    assert listed(api) == before | {key.id: key}


@pytest.mark.both_databases("keys are rows of their own")
@pytest.mark.parametrize(("overlap", "seconds"), [(None, DAY), (Duration(), 0), (Duration(seconds=60), 60)])
def test_a_rotated_key_goes_on_for_its_overlap(clocked_desk, clock, overlap, seconds):
    api = clocked_desk
    old = api.call("CreateApiKey", centres=["K-03"], **GRANT).api_key
    clock.advance(5)
    new = api.call("RotateApiKey", api_key_id=old.id, overlap=overlap)
    assert new.credential.startswith(f"es_{new.api_key.id}_")
    assert new.api_key.rotated_from == old.id
    same = (old.name, old.roles, old.centres, old.all_workspaces)
    assert (new.api_key.name, new.api_key.roles, new.api_key.centres, new.api_key.all_workspaces) == same
    ends = listed(api)[old.id].revoke_time
    assert micros(ends) == micros(old.create_time) + (5 + seconds) * 1_000_000
    refused = refused_by(api, "RotateApiKey", api_key_id=old.id)
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "API_KEY_ENDED")


def test_an_overlap_beyond_its_bounds_is_refused(api):
    key = api.call("CreateApiKey", **GRANT).api_key
    for overlap in (Duration(seconds=-1), Duration(seconds=90 * DAY + 1), Duration(nanos=1)):
        refused = refused_by(api, "RotateApiKey", api_key_id=key.id, overlap=overlap)
        assert list(refused.fields) == ["overlap"]


def test_a_repeated_rotation_makes_no_second_key(api):
    old, request_id = api.call("CreateApiKey", **GRANT).api_key, new_id()
    first = api.call("RotateApiKey", api_key_id=old.id, request_id=request_id)
    again = api.call("RotateApiKey", api_key_id=old.id, request_id=request_id)
    assert (again.api_key, again.credential) == (first.api_key, "")
    assert [key.id for key in listed(api).values() if key.rotated_from == old.id] == [first.api_key.id]


@pytest.mark.both_databases("keys are rows of their own")
def test_of_rotations_at_the_same_moment_one_wins(api):
    old = api.call("CreateApiKey", **GRANT).api_key
    outcomes = at_once(*[lambda: api.call("RotateApiKey", api_key_id=old.id)] * 6)
    assert len(won(outcomes)) == 1
    assert [key.id for key in listed(api).values() if key.rotated_from == old.id] == [won(outcomes)[0].api_key.id]


@pytest.mark.both_databases("keys are rows of their own")
def test_a_revoked_key_keeps_the_time_it_was_revoked(clocked_desk, clock):
    api = clocked_desk
    key = api.call("CreateApiKey", **GRANT).api_key
    api.call("RotateApiKey", api_key_id=key.id)
    clock.advance(1)
    revoked = api.call("RevokeApiKey", api_key_id=key.id).api_key
    assert micros(revoked.revoke_time) == micros(key.create_time) + 1_000_000
    clock.advance(1)
    assert api.call("RevokeApiKey", api_key_id=key.id).api_key == revoked == listed(api)[key.id]


def test_a_key_that_has_expired_cannot_be_rotated(clocked_desk, clock):
    key = clocked_desk.call("CreateApiKey", expire_time=at(clock() + 1_000_000), **GRANT).api_key
    clock.advance(1)
    assert refused_by(clocked_desk, "RotateApiKey", api_key_id=key.id).reason == "API_KEY_ENDED"


def test_an_id_nobody_has_is_not_found(api):
    for rpc in ("RotateApiKey", "RevokeApiKey"):
        refused = refused_by(api, rpc, api_key_id="000000000000")
        assert (refused.code, refused.reason) == (StatusCode.NOT_FOUND, "API_KEY_NOT_FOUND")
        assert list(refused_by(api, rpc, api_key_id="").fields) == ["api_key_id"]


def test_without_authentication_a_caller_is_told_that_everything_is_allowed(api):
    principal = api.call("GetPrincipal").principal
    assert (principal.name, principal.authenticated, principal.credential) == ("test", False, "")
    assert (principal.all_workspaces, principal.all_centres) == (True, True)
    assert {access_pb2.PERMISSION_MANAGE_ACCESS, access_pb2.PERMISSION_VOID_SESSIONS} < set(principal.permissions)


@pytest.mark.both_databases("requests are rows of each database")
def test_requests_about_keys_are_forgotten_with_all_others(clocked_server, clocked_desk, clock):
    clocked_desk.call("CreateApiKey", request_id=new_id(), **GRANT)
    known = "SELECT count(*) FROM requests WHERE workspace_id = ''"
    assert read(clocked_server, known) == [(1,)]
    clock.advance(49 * 3600)

    def is_forgotten():
        clocked_server.sweep()
        return read(clocked_server, known) == [(0,)]

    until(is_forgotten)


def test_the_log_says_who_did_what_to_a_key_and_shows_no_credential(api, caplog):
    with caplog.at_level(logging.INFO):
        first = api.call("CreateApiKey", **GRANT)
        second = api.call("RotateApiKey", api_key_id=first.api_key.id)
        api.call("RevokeApiKey", api_key_id=first.api_key.id, validate_only=True)
        api.call("RevokeApiKey", api_key_id=second.api_key.id)
    one, two = first.api_key.id, second.api_key.id
    assert [line for line in caplog.messages if line.startswith("API key")] == [
        f"API key {one} of anna: created by test",
        f"API key {two} of anna: rotated from {one} by test",
        f"API key {two} of anna: revoked by test",
    ]
    assert not any(reply.credential.rpartition("_")[2] in caplog.text for reply in (first, second))
