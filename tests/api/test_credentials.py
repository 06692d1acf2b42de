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
from authenticated import bearer, key_of
from credentials import KEYS, SSO, WATCHER, client_with, reason_of
from cryptography.hazmat.primitives import serialization
from messages import micros

from certificates import authority, self_signed
from exam_sessions_client.v1 import access_pb2
from issuing import ISSUER, IssuerKeys, config_file, seconds
from serving import ApiClient, Refused, serving

STRANGER = IssuerKeys(e="ES256", x="ES256")


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
