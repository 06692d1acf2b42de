"""Tokens: only those of a configured issuer, for this service, within their time, signed by a key of the issuer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import random

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_sessions import errors
from exam_sessions.domain.access import ROLES
from exam_sessions.rpc.access.verified import Credentials
from issuing import ISSUER, IssuerKeys, seconds, verifier_of, verify
from sampling import examples

KEYS = IssuerKeys(r="RS256", e="ES256", d="EdDSA", big="ES384")


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    return verifier_of(tmp_path_factory.mktemp("issuer"), KEYS.jwks())


def b64(data):
    return (
        base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")
    )


def claims(**more):
    return {"iss": ISSUER, "aud": "exam-sessions", "sub": "anna", "exp": seconds() + 600} | more


@pytest.mark.parametrize("kid", ["r", "e", "d"])
def test_a_token_of_each_kind_of_key_is_accepted(verifier, kid):
    token = KEYS.token(kid)
    found = verify(verifier, token)
    assert (found.principal.name, found.principal.roles) == ("anna", ("reader",))
    assert found.principal.permissions == ROLES["reader"]
    assert found.principal.workspaces is None
    assert found.credential.startswith("jwt:")
    assert token.rpartition(".")[2] not in found.credential
    assert found.expires == (jwt.decode(token, options={"verify_signature": False})["exp"] + 30) * 1_000_000


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"aud": "another-service"}, errors.CredentialInvalid),
        ({"aud": []}, errors.CredentialInvalid),
        ({"aud": None}, errors.CredentialInvalid),
        ({"iss": "https://login.example.org/other"}, errors.CredentialInvalid),
        ({"iss": None}, errors.CredentialInvalid),
        ({"exp": None}, errors.CredentialInvalid),
        ({"exp": "soon"}, errors.CredentialInvalid),
        ({"exp": float("inf")}, errors.CredentialInvalid),
        ({"sub": None}, errors.CredentialInvalid),
        ({"sub": "system"}, errors.CredentialInvalid),
        ({"sub": "Anonymous"}, errors.CredentialInvalid),
        ({"sub": "x" * 129}, errors.CredentialInvalid),
        ({"sub": "żaneta"}, errors.CredentialInvalid),
        ({"exp": 1}, errors.CredentialExpired),
        ({"nbf": 32_503_680_000}, errors.CredentialNotYetValid),
        ({"iat": 32_503_680_000}, errors.CredentialNotYetValid),
    ],
)
def test_a_token_whose_claims_do_not_hold_is_refused(verifier, changed, refusal):
    with pytest.raises(refusal):
        verify(verifier, KEYS.token("e", **changed))


def test_the_clocks_of_issuer_and_server_may_differ_by_the_leeway(verifier):
    assert verify(verifier, KEYS.token("e", exp=seconds() - 15))
    assert verify(verifier, KEYS.token("e", nbf=seconds() + 15))
    with pytest.raises(errors.CredentialExpired):
        verify(verifier, KEYS.token("e", exp=seconds() - 31))
    with pytest.raises(errors.CredentialNotYetValid):
        verify(verifier, KEYS.token("e", nbf=seconds() + 60))


def test_a_token_for_several_audiences_is_accepted_when_this_service_is_one(verifier):
    assert verify(verifier, KEYS.token("e", aud=["other", "exam-sessions"]))


def test_an_expiry_beyond_all_time_is_the_end_of_time(verifier):
    assert verify(verifier, KEYS.token("e", exp=10**30)).expires == 253_402_300_799_000_000


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
def test_a_token_without_a_signature_is_refused(verifier, algorithm):
    for kid in ({}, {"kid": "r"}):
        token = f"{b64({'alg': algorithm, 'typ': 'JWT'} | kid)}.{b64(claims())}."
        with pytest.raises(errors.CredentialInvalid):
            verify(verifier, token)


@pytest.mark.parametrize("kid", ["r", "e", "d"])
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(verifier, kid):
    public = KEYS.private[kid].public_key()
    forms = [
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(KEYS.jwk(kid)).encode(),
    ]
    for secret in forms:
        for alg in ("HS256", KEYS.algorithm[kid]):
            content = f"{b64({'alg': alg, 'kid': kid})}.{b64(claims())}"
            signature = hmac.new(secret, content.encode(), hashlib.sha256).digest()
            with pytest.raises(errors.CredentialInvalid):
                verify(verifier, f"{content}.{b64(signature)}")


def test_a_shared_key_in_a_jwks_is_of_no_use(tmp_path):
    secret = b"0" * 64
    verifier = verifier_of(tmp_path, json.dumps({"keys": [{"kty": "oct", "kid": "s", "k": b64(secret)}]}))
    token = jwt.encode(claims(), secret, "HS256", headers={"kid": "s"})
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier, token)


def test_a_token_of_a_key_nobody_knows_is_refused(verifier):
    stranger = IssuerKeys(r="RS256", x="ES256")
    for token in (stranger.token("x"), stranger.token("r"), stranger.token("x", headers={"kid": "e"})):
        with pytest.raises(errors.CredentialInvalid):
            verify(verifier, token)


def test_a_key_in_the_token_itself_is_not_believed(verifier):
    stranger = IssuerKeys(x="ES256")
    for header in ({"jwk": stranger.jwk("x")}, {"jku": "https://evil.example/jwks"}):
        with pytest.raises(errors.CredentialInvalid):
            verify(verifier, stranger.token("x", headers=header))


def test_an_expired_token_that_is_forged_is_invalid_and_not_expired(verifier):
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier, IssuerKeys(e="ES256").token("e", exp=1))


def test_an_algorithm_that_is_not_configured_is_refused(verifier, tmp_path):
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier, KEYS.token("big"))
    lines = 'algorithms = ["ES384"]\nroles = ["reader"]\nall_workspaces = true\n'
    only = verifier_of(tmp_path, KEYS.jwks(), lines)
    assert verify(only, KEYS.token("big"))
    with pytest.raises(errors.CredentialInvalid):
        verify(only, KEYS.token("e"))


def test_a_key_for_another_algorithm_or_use_is_refused(tmp_path):
    for more in ({"alg": "PS256"}, {"use": "enc"}):
        with pytest.raises(errors.CredentialInvalid):
            verify(verifier_of(tmp_path, KEYS.jwks("r", **more)), KEYS.token("r"))
    assert verify(verifier_of(tmp_path, KEYS.jwks("r", alg="RS256", use="sig")), KEYS.token("r"))


def test_a_short_key_is_refused(tmp_path):
    keys = IssuerKeys(r="RS256")
    keys.private["r"] = rsa.generate_private_key(65537, 1024)
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = keys.token("r")
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier_of(tmp_path, keys.jwks()), token)


def test_a_token_without_a_key_id_is_accepted_where_there_is_one_key_only(verifier, tmp_path):
    assert verify(verifier, jwt.encode(claims(), KEYS.private["e"], "ES256")), "one key is for ES256"
    two = IssuerKeys(one="ES256", two="ES256")
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier_of(tmp_path, two.jwks()), jwt.encode(claims(), two.private["one"], "ES256"))


def test_a_header_that_must_be_understood_and_is_not_is_refused(verifier):
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier, KEYS.token("e", headers={"crit": ["exp"], "exp": 1}))


@pytest.mark.parametrize(
    "token",
    [
        "x",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30.",
        "é.è.ê",
        "\0",
        "[" * 7000,
        f"{b64(b'[' * 5000)}.{b64(b'[' * 5000)}.x",
    ],
)
def test_what_is_no_token_is_refused(verifier, token):
    with pytest.raises(errors.CredentialInvalid):
        verify(verifier, token)


def test_a_megabyte_of_garbage_is_refused_unread(verifier):
    for token in ("A" * 1_000_000, "." * 1_000_000, f"{KEYS.token('e')}{'A' * 1_000_000}"):
        with pytest.raises(errors.CredentialInvalid):
            verify(verifier, token)


def test_what_is_another_kind_of_credential_is_left_to_others(verifier):
    assert verify(verifier, "") is None
    assert verify(verifier, "es_000000000000_x") is None


VALID = {kid: KEYS.token(kid) for kid in ("r", "e", "d")}
MUTED = settings(
    max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MUTED
@given(kid=st.sampled_from(sorted(VALID)), at=st.integers(0, 2000), new=st.characters(codec="utf-8"))
def test_no_token_with_one_character_changed_is_accepted(verifier, kid, at, new):
    token = VALID[kid]
    at %= len(token)
    changed = token[:at] + new + token[at + 1 :]
    if changed == token:
        return
    with pytest.raises(errors.Unauthenticated):
        verify(verifier, changed)


def test_no_token_with_parts_of_another_is_accepted(verifier):
    several = [KEYS.token(kid, sub=name).split(".") for kid in ("r", "e", "d") for name in ("anna", "bert")]
    for header, payload, signature in itertools.product(*zip(*several, strict=True)):
        if [header, payload, signature] not in several:
            with pytest.raises(errors.Unauthenticated):
                verify(verifier, f"{header}.{payload}.{signature}")


def test_no_random_change_of_a_token_is_accepted(verifier):
    chance = random.Random(7)
    for _ in range(500):
        token = list(VALID[chance.choice("red")])
        for _ in range(chance.randint(2, 6)):
            spot = chance.randrange(len(token))
            token[spot : spot + chance.randint(0, 2)] = chance.choice(["", ".", "A", "_", "=", "é"])
        changed = "".join(token)
        if changed not in VALID.values():
            with pytest.raises(errors.Unauthenticated):
                verify(verifier, changed)


def test_a_key_that_is_taken_back_revokes_its_tokens(tmp_path):
    keys = IssuerKeys(one="ES256", two="ES256")
    verifier = verifier_of(tmp_path, keys.jwks())

    async def run():
        one, two = [
            (await verifier.verify(Credentials(keys.token(kid), (), ""))).credential for kid in ("one", "two")
        ]
        assert await verifier.revoked({one, two}) == set()
        verifier._issuers[ISSUER][1]._take(keys.jwks("two").encode())
        assert await verifier.revoked({one, two, "key:x"}) == {one}

    asyncio.run(run())


def test_a_token_verified_during_a_look_for_revoked_ones_is_found_by_the_next(tmp_path):
    keys = IssuerKeys(one="ES256", two="ES256")
    verifier = verifier_of(tmp_path, keys.jwks())

    async def run():
        late = (await verifier.verify(Credentials(keys.token("one"), (), ""))).credential
        assert await verifier.revoked(set()) == set()
        verifier._issuers[ISSUER][1]._take(keys.jwks("two").encode())
        assert await verifier.revoked({late}) == {late}
        for _ in range(3):
            await verifier.revoked(set())
        assert verifier._signed_by == {}

    asyncio.run(run())
