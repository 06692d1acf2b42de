"""Whom claims and the names of certificates lead to."""

from __future__ import annotations

import pytest

from exam_sessions import errors
from exam_sessions.domain.access import ROLES
from exam_sessions.rpc.access.certificates import CertificateVerifier, pattern_of
from exam_sessions.rpc.access.configuration import read_auth_config
from issuing import IssuerKeys, verifier_of, verify

KEYS = IssuerKeys(e="ES256")
MAPPED = """name_claim = "user.login"
name_prefix = "sso:"
roles_claim = "realm_access.roles"
workspaces_claim = "exams/workspaces"
centres_claim = "centres"
[jwt.role_names]
"Exam office" = "scheduler"
room = "invigilator"
reader = "reader"
"""


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    return verifier_of(tmp_path_factory.mktemp("issuer"), KEYS.jwks(), MAPPED)


def principal(verifier, **claims):
    return verify(verifier, KEYS.token("e", **{"user": {"login": "anna"}} | claims)).principal


def test_claims_lead_to_name_roles_workspaces_and_centres(verifier):
    roles = {"roles": ["room", "Exam office", "unknown", "admin", "room"]}
    found = principal(verifier, realm_access=roles, **{"exams/workspaces": ["a", "b"]}, centres="K-03 K-04")
    assert (found.name, found.roles) == ("sso:anna", ("invigilator", "scheduler"))
    assert found.permissions == ROLES["invigilator"] | ROLES["scheduler"]
    assert (found.workspaces, found.centres) == ({"a", "b"}, {"K-03", "K-04"})


def test_a_claim_that_is_missing_gives_nothing(verifier):
    found = principal(verifier)
    assert (found.roles, found.permissions, found.workspaces, found.centres) == ((), frozenset(), set(), set())


def test_a_star_stands_for_all(verifier):
    found = principal(verifier, **{"exams/workspaces": ["*"]}, centres="*")
    assert (found.workspaces, found.centres) == (None, None)


@pytest.mark.parametrize(
    "claims",
    [
        {"user": "anna"},
        {"user": {}},
        {"user": {"login": 7}},
        {"user": {"login": ""}},
        {"user": {"login": "a b"}},
        {"user": {"login": "x" * 125}},
        {"realm_access": {"roles": 7}},
        {"realm_access": {"roles": ["room", 7]}},
        {"realm_access": {"roles": {"room": 1}}},
        {"centres": [["K-03"]]},
        {"centres": ["x"] * 1001},
    ],
)
def test_claims_of_another_form_are_refused(verifier, claims):
    with pytest.raises(errors.CredentialInvalid):
        principal(verifier, **claims)


RULES = """[[certificates]]
san = "spiffe://board.example/room/*"
name = "rooms"
roles = ["invigilator"]
workspaces = ["default"]
centres = ["K-03"]
[[certificates]]
san = "*.rooms.example.org"
roles = ["reader"]
all_workspaces = true
[[certificates]]
san = "spiffe://board.example/room/late"
name = "late"
roles = ["admin"]
all_workspaces = true
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    file = tmp_path_factory.mktemp("rules") / "auth.toml"
    file.write_text(RULES)
    return CertificateVerifier(read_auth_config(str(file)).certificates, lambda: 0)


def test_the_first_rule_that_fits_decides(certificates):
    found = verify(certificates, sans=["other", "spiffe://board.example/room/late"])
    assert (found.principal.name, found.principal.roles) == ("rooms", ("invigilator",))
    assert (found.principal.workspaces, found.principal.centres) == ({"default"}, {"K-03"})
    assert found.expires == 0


def test_without_a_name_in_its_rule_a_certificate_is_called_what_it_says(certificates):
    assert verify(certificates, sans=["a.rooms.example.org"]).principal.name == "a.rooms.example.org"


def test_the_id_of_a_certificate_is_the_same_each_time_and_another_for_another(certificates):
    ids = [verify(certificates, sans=[f"{name}.rooms.example.org"]).credential for name in ("a", "a", "b")]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    "sans", [["x"], ["a.b.rooms.example.org"], [".rooms.example.org"], ["a.rooms.example.org.evil"]]
)
def test_a_certificate_that_fits_no_rule_is_refused(certificates, sans):
    with pytest.raises(errors.CredentialInvalid):
        verify(certificates, sans=sans)


def test_a_certificate_whose_name_can_be_no_principal_is_refused(certificates):
    with pytest.raises(errors.CredentialInvalid):
        verify(certificates, sans=[f"{'x' * 128}.rooms.example.org"])


def test_a_call_with_a_token_or_without_a_certificate_is_left_to_others(certificates):
    assert verify(certificates, "token", sans=["a.rooms.example.org"]) is None
    assert verify(certificates) is None


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("a.b", "a.b", True),
        ("a.b", "axb", False),
        ("*.b", "a.b", True),
        ("*.b", "a.c.b", False),
        ("*@b.org", "anna@b.org", True),
        ("*@b.org", "a@x@b.org", False),
        ("room-*.b", "room-7.b", True),
        ("room-*.b", "room-.b", False),
        ("*", "a", True),
        ("*", "", False),
        ("(.*)", "a", False),
    ],
)
def test_a_star_in_a_pattern_stands_for_one_part_of_a_name(pattern, name, fits):
    assert bool(pattern_of(pattern).fullmatch(name)) == fits
