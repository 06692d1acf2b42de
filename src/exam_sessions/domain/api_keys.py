"""API keys: what a stored key proves, and who may give, see and end which. No clock, no randomness, no SQL.

A credential is `es_<id>_<secret>`. What is stored is the digest of all of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.access import ROLES, Principal, names_of, permissions_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.stored_records import ApiKeyRow

SYSTEM_WORKSPACE = ""
"""The workspace of rows that belong to none: no request can name it, for an empty name means `default`."""

PREFIX = "es_"
CREDENTIAL = re.compile(r"es_(?P<id>[0-9a-f]{12})_[0-9a-f]{64}")
CREDENTIAL_LENGTH = 80
RESERVED_NAMES = frozenset({"system", "anonymous"})
"""Actors that no credential proves."""

NAME = re.compile(r"[!-~]{1,128}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a principal: 1 to 128 printable ASCII characters, and no reserved one."""
    return NAME.fullmatch(text) is not None and text.lower() not in RESERVED_NAMES


class Grant(NamedTuple):
    """What a key is to be allowed."""

    name: str
    roles: tuple[str, ...]
    workspaces: tuple[str, ...] | None
    """None: all."""
    centres: tuple[str, ...] | None
    """None: all."""


def key_id_of(credential: str) -> str:
    """The id of the key that a credential names; empty when it has not the form of one."""
    if len(credential) != CREDENTIAL_LENGTH:
        return ""
    found = CREDENTIAL.fullmatch(credential)
    return found["id"] if found else ""


def digest_of(credential: str) -> bytes:
    """What is stored of a credential: its SHA-256. It has 256 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(credential.encode()).digest()


def verify(row: ApiKeyRow | None, credential: str, now: int) -> Principal:
    """Who a credential proves its holder to be.

    Args:
        row: the key its id leads to; None without one.
        credential: as it was sent, of the form of one.
        now: microseconds since 1970.

    Raises:
        errors.CredentialInvalid: there is no such key, or its secret is another.
        errors.CredentialRevoked, errors.CredentialExpired: there is, and it has ended.
    """
    stored = row.digest if row else bytes(hashlib.sha256().digest_size)
    if not hmac.compare_digest(stored, digest_of(credential)) or row is None:
        raise errors.CredentialInvalid
    if 0 < row.revoke_time <= now:
        raise errors.CredentialRevoked
    if 0 < row.expire_time <= now:
        raise errors.CredentialExpired
    return principal_of(row)


def has_ended(row: ApiKeyRow, now: int) -> bool:
    """Whether a key is revoked or has expired at a time in microseconds since 1970."""
    return any(0 < end <= now for end in (row.revoke_time, row.expire_time))


def principal_of(row: ApiKeyRow) -> Principal:
    """The principal of a key. A role that is none any more gives nothing."""
    roles = tuple(json.loads(row.roles))
    permissions = permissions_of(tuple(role for role in roles if role in ROLES))
    return Principal(row.name, permissions, names_of(row.workspaces), names_of(row.centres), roles)


def check_grant(grant: Grant, giver: Principal) -> None:
    """Refuses a grant that means nothing, or gives more than its giver has.

    Raises:
        errors.InvalidField: the name is reserved, or a role is none.
        errors.GrantExceedsCaller: a permission, workspace or centre is not the giver's.
    """
    if not is_name(grant.name):
        reserved = " and ".join(sorted(RESERVED_NAMES))
        raise errors.invalid(
            "name", f"must be 1 to 128 printable ASCII characters without blanks, and not {reserved}"
        )
    for n, role in enumerate(grant.roles):
        if role not in ROLES:
            raise errors.invalid(f"roles[{n}]", f"must be one of {', '.join(sorted(ROLES))}")
    missing = sorted(permissions_of(grant.roles) - giver.permissions)
    if missing:
        raise errors.GrantExceedsCaller("permission", missing[0].name)
    _check_bounds("workspace", grant.workspaces, giver.workspaces)
    _check_bounds("centre", grant.centres, giver.centres)


def _check_bounds(what: str, given: Collection[str] | None, own: frozenset[str] | None) -> None:
    if own is None:
        return
    if given is None:
        raise errors.GrantExceedsCaller(what, "all")
    if beyond := sorted(set(given) - own):
        raise errors.GrantExceedsCaller(what, beyond[0])


def may_manage(caller: Principal, row: ApiKeyRow) -> bool:
    """Whether a key has nothing that a caller has not: then the caller may read, rotate and revoke it."""
    holder = principal_of(row)
    return (
        holder.permissions <= caller.permissions
        and _is_within(holder.workspaces, caller.workspaces)
        and _is_within(holder.centres, caller.centres)
    )


def _is_within(names: frozenset[str] | None, bounds: frozenset[str] | None) -> bool:
    return bounds is None or (names is not None and names <= bounds)
