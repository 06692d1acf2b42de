"""Credentials through real clients: each way in which one fails, what it leads to when it holds, when it ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import random

import grpc
import pytest
from authenticated import bearer, client_of, guarded, key_of
from cryptography.hazmat.primitives import serialization
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode
from messages import micros
from watchers import Watch

from certificates import authority, self_signed
from exam_sessions.v1 import access_pb2
from issuing import ISSUER, IssuerKeys, config_file, seconds
from serving import ApiClient, Refused, serving, until

KEYS = IssuerKeys(r="RS256", e="ES256", d="EdDSA")
STRANGER = IssuerKeys(e="ES256", x="ES256")
SSO = (
    'name_prefix = "sso:"\nroles_claim = "roles"\nworkspaces_claim = "ws"\ncentres_claim = "centres"\nleeway_s = 0\n'
)
WATCHER = {"roles": ["admin"], "ws": "*", "centres": "*"}


def b64(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def plain(**header):
    """A token without a signature."""
    claims = {"iss": ISSUER, "aud": "exam-sessions", "sub": "anna", "exp": seconds() + 600}
    return f"{b64({'typ': 'JWT'} | header)}.{b64(claims)}"


def hs256_with_the_public_key():
    pem = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    content = plain(alg="HS256", kid="r")
    secret = KEYS.private["r"].public_key().public_bytes(*pem)
    return f"{content}.{b64(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"


@pytest.fixture(scope="module")
def server(new_database, tmp_path_factory):
    file = config_file(tmp_path_factory.mktemp("auth"), KEYS.jwks(), SSO)
    with new_database() as database, serving(database, auth="keys,jwt", auth_config=str(file)) as running:
        yield running


@pytest.fixture
def guarded_server(database, clock):
    with guarded(database, clock, tick_ms=3_600_000) as running:
        yield running


def client_with(server, *metadata, workspace="default"):
    client = ApiClient(server.target, workspace)
    client.metadata = metadata
    return client


def reason_of(client, rpc="GetPrincipal", **fields):
    """Why a call is refused; empty when it is not."""
    try:
        client.call(rpc, **fields)
    except Refused as refused:
        found = refused
    else:
        return ""
    assert (found.code, found.metadata) == (StatusCode.UNAUTHENTICATED, {})
    return found.reason


TOKENS = {
    "none at all": (lambda: None, "CREDENTIAL_MISSING"),
    "expired": (lambda: KEYS.token("e", exp=seconds() - 5), "CREDENTIAL_EXPIRED"),
    "not yet valid": (lambda: KEYS.token("e", nbf=seconds() + 600), "CREDENTIAL_NOT_YET_VALID"),
    "issued in the future": (lambda: KEYS.token("e", iat=seconds() + 600), "CREDENTIAL_NOT_YET_VALID"),
    "wrong audience": (lambda: KEYS.token("e", aud="another"), "CREDENTIAL_INVALID"),
    "wrong issuer": (lambda: KEYS.token("e", iss="https://evil.example"), "CREDENTIAL_INVALID"),
    "alg none": (lambda: f"{plain(alg='none')}.", "CREDENTIAL_INVALID"),
    "alg none with a key": (lambda: f"{plain(alg='none', kid='r')}.", "CREDENTIAL_INVALID"),
    "HS256 with the public key": (hs256_with_the_public_key, "CREDENTIAL_INVALID"),
    "a stranger's key of a known id": (lambda: STRANGER.token("e"), "CREDENTIAL_INVALID"),
    "a stranger's key": (lambda: STRANGER.token("x"), "CREDENTIAL_INVALID"),
    "no expiry": (lambda: KEYS.token("e", exp=None), "CREDENTIAL_INVALID"),
    "a reserved name": (lambda: KEYS.token("e", sub=7), "CREDENTIAL_INVALID"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_a_token_that_does_not_hold_is_refused_and_leaves_no_trace(server, caplog, case):
    make, reason = TOKENS[case]
    token = make()
    client = client_with(server, *(bearer(token) if token else ()))
    before = server.database.read("SELECT count(*) FROM releases")
    with caplog.at_level(logging.INFO):
        assert reason_of(client) == reason
        assert reason_of(client, "CreateRelease", release={"name": "Maths"}) == reason
    assert server.database.read("SELECT count(*) FROM releases") == before
    assert token is None or token not in caplog.text


def test_a_refusal_says_nothing_of_the_credential(server):
    for credential in (KEYS.token("e", aud="another"), STRANGER.token("x"), f"es_{'0' * 12}_{'1' * 64}", "a.b.c"):
        with pytest.raises(Refused) as refused:
            client_with(server, *bearer(credential)).call("GetPrincipal")
        assert refused.value.message.startswith("the credential is not accepted; check that it is complete")
        assert not any(part in refused.value.message for part in credential.split(".") if len(part) > 3)


@pytest.mark.parametrize("kid", ["r", "e", "d"])
def test_a_token_says_who_calls_and_what_it_may_do(server, kid):
    claims = {"roles": ["invigilator", "unknown"], "ws": ["default"], "centres": ["K-03"]}
    token = KEYS.token(kid, exp=seconds() + 300, **claims)
    principal = client_with(server, *bearer(token)).call("GetPrincipal").principal
    assert (principal.name, principal.authenticated, list(principal.roles)) == ("sso:anna", True, ["invigilator"])
    assert (list(principal.workspaces), principal.all_workspaces) == (["default"], False)
    assert (list(principal.centres), principal.all_centres) == (["K-03"], False)
    assert access_pb2.PERMISSION_VOID_SESSIONS in principal.permissions
    assert access_pb2.PERMISSION_MANAGE_ACCESS not in principal.permissions
    assert principal.credential.startswith("jwt:")
    assert 0 < micros(principal.expire_time) // 1_000_000 - seconds() <= 300


def test_history_names_the_principal_of_a_token(server):
    admin = client_with(server, *bearer(KEYS.token("e", **WATCHER)))
    (event,) = admin.history(admin.book())
    assert event.actor == "sso:anna"


def wrong_keys(credential):
    """Credentials that are nearly one that holds."""
    prefix, key_id, secret = credential.split("_")
    yield f"{prefix}_{key_id}_{'0' * 64}"
    yield f"{prefix}_{key_id}_{secret[::-1]}"
    yield f"{prefix}_{key_id[::-1]}_{secret}"
    yield credential[:-1]
    yield f"{credential}0"
    yield credential.upper()
    yield credential.replace("_", "-")
    yield f"{prefix}_{key_id}_"
    yield prefix + "_" * 70
    yield hashlib.sha256(credential.encode()).hexdigest()


@pytest.mark.both_databases("keys are rows of each database")
def test_a_key_with_another_secret_is_refused(server):
    credential = key_of(server, "reader")
    assert reason_of(client_with(server, *bearer(credential))) == ""
    for wrong in wrong_keys(credential):
        assert reason_of(client_with(server, *bearer(wrong))) == "CREDENTIAL_INVALID", wrong


def test_no_random_change_of_a_key_is_accepted(server):
    credential, chance = key_of(server, "reader"), random.Random(11)
    client = client_with(server)
    for _ in range(200):
        changed = list(credential)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            changed[at : at + chance.randint(0, 2)] = chance.choice("0123456789abcdefABCDEF_~")
        if (text := "".join(changed)) != credential:
            client.metadata = bearer(text)
            assert reason_of(client) == "CREDENTIAL_INVALID"


def test_a_key_is_called_by_its_id_never_by_its_secret(server):
    credential = key_of(server, "scheduler", name="office", workspaces=["default"])
    principal = client_with(server, *bearer(credential)).call("GetPrincipal").principal
    assert (principal.name, principal.credential) == ("office", f"key:{credential.split('_')[1]}")
    assert credential.rpartition("_")[2] not in str(principal)


@pytest.mark.both_databases("keys are rows of each database")
def test_a_key_ends_at_its_expiry_to_the_microsecond(guarded_server, clock):
    credential = key_of(guarded_server, "reader", expires=clock() + 1_000_000)
    client = client_with(guarded_server, *bearer(credential))
    clock.advance(0.999999)
    assert reason_of(client) == ""
    clock.advance(0.000001)
    assert reason_of(client) == "CREDENTIAL_EXPIRED"


@pytest.mark.both_databases("keys are rows of each database")
def test_both_keys_of_a_rotation_hold_during_the_overlap_and_then_the_new_one_only(guarded_server, clock):
    admin = client_of(guarded_server, "admin")
    first = key_of(guarded_server, "reader", name="portal")
    old = client_with(guarded_server, *bearer(first))
    reply = admin.call("RotateApiKey", api_key_id=first.split("_")[1], overlap=Duration(seconds=60))
    new = client_with(guarded_server, *bearer(reply.credential))
    assert old.call("GetPrincipal").principal.name == new.call("GetPrincipal").principal.name == "portal"
    clock.advance(59)
    assert (reason_of(old), reason_of(new)) == ("", "")
    clock.advance(1)
    guarded_server.run(guarded_server.app._server._gate.look())
    assert (reason_of(old), reason_of(new)) == ("CREDENTIAL_REVOKED", "")


@pytest.mark.both_databases("what another server revokes is read in the database")
def test_a_key_that_is_revoked_is_refused_by_every_server_and_its_streams_end(database):
    with guarded(database) as here, guarded(database) as there:
        admin = client_of(here, "admin")
        admin.release()  # the workspace
        credential = key_of(here, "reader", name="board")
        clients = [client_with(server, *bearer(credential)) for server in (here, there)]
        with Watch(clients[0]) as one, Watch(clients[1]) as two, Watch(admin) as other:
            for watch in (one, two, other):
                watch.complete()
            admin.call("RevokeApiKey", api_key_id=credential.split("_")[1])
            for watch in (one, two):
                refused = watch.refused()
                assert (refused.code, refused.reason) == (StatusCode.UNAUTHENTICATED, "CREDENTIAL_REVOKED")
            assert [reason_of(client) for client in clients] == ["CREDENTIAL_REVOKED"] * 2
            session = admin.book()
            other.until(lambda: session.id in [event.session_id for event in other.events])


def test_a_stream_ends_when_its_key_expires(guarded_server, clock):
    client_of(guarded_server, "admin").release()
    client = client_with(guarded_server, *bearer(key_of(guarded_server, "reader", expires=clock() + 5_000_000)))
    with Watch(client) as watch:
        watch.complete()
        clock.advance(5)
        assert watch.refused().reason == "CREDENTIAL_EXPIRED"


def test_a_stream_ends_when_its_token_expires(server):
    client = client_with(server, *bearer(KEYS.token("e", exp=seconds() + 3, **WATCHER)))
    client.release()
    with Watch(client) as watch:
        watch.complete()
        assert watch.refused().reason == "CREDENTIAL_EXPIRED"


def test_tokens_and_streams_end_when_their_key_is_taken_from_the_jwks(database, tmp_path):
    keys = IssuerKeys(old="ES256", new="ES256")
    file = config_file(tmp_path, keys.jwks(), SSO)
    with serving(database, auth="jwt", auth_config=str(file)) as server:
        old, new = (client_with(server, *bearer(keys.token(kid, **WATCHER))) for kid in ("old", "new"))
        old.release()
        with Watch(old) as ending, Watch(new) as lasting:
            ending.complete()
            lasting.complete()
            replacement = tmp_path / "jwks.new"
            replacement.write_text(keys.jwks("new"))
            replacement.replace(tmp_path / "jwks.json")
            assert ending.refused().reason == "CREDENTIAL_REVOKED"
            assert reason_of(old) == "CREDENTIAL_INVALID"
            session = new.book()
            lasting.until(lambda: session.id in [event.session_id for event in lasting.events])


def test_tokens_end_with_their_key_while_the_database_is_away(database, tmp_path):
    keys = IssuerKeys(old="ES256", new="ES256")
    file = config_file(tmp_path, keys.jwks(), SSO)
    with serving(database, auth="keys,jwt", auth_config=str(file)) as server:
        holder = client_with(server, *bearer(key_of(server, "reader")))
        old, new = (client_with(server, *bearer(keys.token(kid, **WATCHER))) for kid in ("old", "new"))
        assert [reason_of(client) for client in (holder, old, new)] == ["", "", ""]
        with database.unusable():
            replacement = tmp_path / "jwks.new"
            replacement.write_text(keys.jwks("new"))
            replacement.replace(tmp_path / "jwks.json")
            until(lambda: reason_of(old) == "CREDENTIAL_INVALID")
            assert [reason_of(client) for client in (holder, new)] == ["", ""], "what is known holds"


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


RULES = """[[certificates]]
san = "spiffe://board.example/room/*"
name = "rooms"
roles = ["invigilator"]
workspaces = ["default"]
centres = ["K-03"]
"""


def test_a_client_certificate_proves_whom_its_name_leads_to(database, tmp_path):
    (tmp_path / "auth.toml").write_text(RULES)
    (tmp_path / "clients.crt").write_bytes(authority().cert)
    cert, key = authority().issue().write(tmp_path, "server")
    tls = {"tls_cert": str(cert), "tls_key": str(key), "tls_client_ca": str(tmp_path / "clients.crt")}
    with serving(database, auth="certificates", auth_config=str(tmp_path / "auth.toml"), **tls) as server:

        def client_of_pair(pair):
            credentials = grpc.ssl_channel_credentials(authority().cert, pair.key, pair.cert)
            options = [("grpc.use_local_subchannel_pool", 1)]
            return ApiClient(
                server.target, "default", actor="", channel=grpc.secure_channel(server.target, credentials, options)
            )

        room = authority().issue("kiosk.example.org", client=True, uris=["spiffe://board.example/room/7"])
        client = client_of_pair(room)
        principal = client.call("GetPrincipal").principal
        assert (principal.name, list(principal.roles), list(principal.centres)) == (
            "rooms",
            ["invigilator"],
            ["K-03"],
        )
        assert principal.credential.startswith("certificate:")
        client.metadata = bearer(KEYS.token("e"))
        assert reason_of(client) == "CREDENTIAL_INVALID", "a token is no certificate"
        unknown = client_of_pair(authority().issue("kiosk.example.org", client=True))
        assert reason_of(unknown) == "CREDENTIAL_INVALID"
        for pair in (
            authority("Unknown CA").issue(client=True, uris=["spiffe://board.example/room/7"]),
            authority().issue(client=True, uris=["spiffe://board.example/room/7"], start=-2, end=-1),
            authority().issue(client=True, uris=["spiffe://board.example/room/7"], start=1, end=2),
            self_signed(),
        ):
            with pytest.raises(AssertionError, match="UNAVAILABLE"):
                client_of_pair(pair).call("GetPrincipal", timeout=5)
