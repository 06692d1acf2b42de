"""API keys: what a credential proves against what is stored, and who may give, see and end which."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_sessions import errors
from exam_sessions.domain.access import ROLES, Permission, Principal, permissions_of
from exam_sessions.domain.api_keys import Grant, check_grant, digest_of, key_id_of, may_manage, principal_of, verify
from exam_sessions.domain.stored_records import ApiKeyRow
from exam_sessions.execution.random_codes import new_credential

CREDENTIAL = new_credential()
ROW = ApiKeyRow("", key_id_of(CREDENTIAL), digest_of(CREDENTIAL), "anna", '["reader"]', '["a"]', "", create_time=1)


def test_a_credential_proves_what_its_key_says():
    assert verify(ROW, CREDENTIAL, 10) == Principal("anna", ROLES["reader"], frozenset({"a"}), None, ("reader",))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"revoke_time": 10}, errors.CredentialRevoked),
        ({"expire_time": 10}, errors.CredentialExpired),
        ({"expire_time": 9, "revoke_time": 9}, errors.CredentialRevoked),
        ({"digest": digest_of(new_credential())}, errors.CredentialInvalid),
        ({"digest": b""}, errors.CredentialInvalid),
        ({"digest": bytes(32), "revoke_time": 1}, errors.CredentialInvalid),
    ],
)
def test_a_credential_of_a_key_that_has_ended_or_is_another_is_refused(change, refusal):
    with pytest.raises(refusal):
        verify(ROW._replace(**change), CREDENTIAL, 10)


def test_a_key_holds_until_the_moment_of_its_end():
    assert verify(ROW._replace(revoke_time=11, expire_time=11), CREDENTIAL, 10)


def test_a_key_that_is_none_is_refused_as_one_with_another_secret():
    with pytest.raises(errors.CredentialInvalid):
        verify(None, CREDENTIAL, 10)


def test_a_role_that_was_given_up_gives_nothing():
    assert principal_of(ROW._replace(roles='["reader", "gone"]')).permissions == ROLES["reader"]
    assert principal_of(ROW._replace(roles='["gone"]')).permissions == frozenset()


@given(at=st.integers(0, len(CREDENTIAL) - 1), new=st.characters())
def test_no_credential_with_one_character_changed_is_accepted(at, new):
    changed = CREDENTIAL[:at] + new + CREDENTIAL[at + 1 :]
    assert changed == CREDENTIAL or not is_accepted(changed)


@given(st.text() | st.text("es_0123456789abcdef", min_size=70, max_size=90))
def test_no_text_is_accepted_by_chance(text):
    assert not is_accepted(text)


def is_accepted(credential):
    """Whether a credential is one of the key; what has not the form of one is refused before a key is looked for."""
    if key_id_of(credential) != ROW.id:
        return False
    try:
        return bool(verify(ROW, credential, 10))
    except errors.CredentialInvalid:
        return False


def test_a_megabyte_is_no_credential():
    assert key_id_of("es_" + "0" * 1_000_000) == key_id_of(CREDENTIAL + "\n") == key_id_of("") == ""


def grant(*roles, workspaces=("a",), centres=("k",)):
    return Grant("anna", roles, workspaces, centres)


def giver(*roles, workspaces=None, centres=None):
    bounds = [None if names is None else frozenset(names) for names in (workspaces, centres)]
    return Principal("giver", permissions_of(roles), *bounds, roles)


@pytest.mark.parametrize(("role", "other"), list(itertools.product(ROLES, ROLES)))
def test_a_role_can_be_given_by_whoever_may_do_all_that_it_may(role, other):
    allowed = ROLES[other] <= ROLES[role]
    if allowed:
        check_grant(grant(other), giver(role))
    else:
        with pytest.raises(errors.GrantExceedsCaller) as refused:
            check_grant(grant(other), giver(role))
        assert refused.value.kind == "permission"
        assert Permission[refused.value.value] in ROLES[other] - ROLES[role]
    row = ROW._replace(roles=f'["{other}"]')
    assert may_manage(giver(role), row) == allowed


@pytest.mark.parametrize(
    ("own", "given", "beyond"),
    [
        (None, None, ""),
        (None, ("a",), ""),
        (("a", "b"), ("a",), ""),
        (("a",), ("a",), ""),
        (("a",), ("a", "b"), "b"),
        (("a",), None, "all"),
        ((), ("a",), "a"),
    ],
)
@pytest.mark.parametrize("kind", ["workspace", "centre"])
def test_workspaces_and_centres_can_be_given_by_whoever_is_not_bound_to_fewer(kind, own, given, beyond):
    field = f"{kind}s"
    wanted, by = grant("reader")._replace(**{field: given}), giver("admin", **{field: own})
    if not beyond:
        check_grant(wanted, by)
        return
    with pytest.raises(errors.GrantExceedsCaller) as refused:
        check_grant(wanted, by)
    assert refused.value.metadata() == {"kind": kind, "value": beyond}
