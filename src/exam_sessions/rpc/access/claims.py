"""From the claims of a token, whose signature is verified, to the principal it proves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.access import ROLES, Principal, permissions_of
from exam_sessions.domain.api_keys import is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.rpc.access.configuration import Claims

ALL = "*"
"""What a claim says for every workspace, or every centre."""

NAMES_AT_MOST = 1_000


def principal_in(token: Mapping[str, Any], claims: Claims) -> Principal:
    """The principal that a token proves.

    Raises:
        errors.CredentialInvalid: its claims are not of the form they are configured to be of.
    """
    name = _claim(token, claims.name)
    if not isinstance(name, str) or not name or not is_name(claims.name_prefix + name):
        raise errors.CredentialInvalid
    roles = claims.fixed_roles
    if claims.roles:
        given = _names(_claim(token, claims.roles))
        known = [claims.role_names.get(role, "") if claims.role_names else role for role in given]
        roles = tuple(dict.fromkeys(role for role in known if role in ROLES))
    workspaces, centres = claims.bounds
    if claims.workspaces:
        workspaces = _bound(_claim(token, claims.workspaces))
    if claims.centres:
        centres = _bound(_claim(token, claims.centres))
    return Principal(claims.name_prefix + name, permissions_of(roles), workspaces, centres, roles)


def _claim(token: Mapping[str, Any], path: str) -> Any:
    """The value of a claim; None where there is none."""
    if path in token:
        return token[path]
    value: Any = token
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _names(value: Any) -> list[str]:
    """The names in a claim: a list of texts, or one text with blanks between them; none without the claim."""
    if value is None:
        return []
    names = value.split() if isinstance(value, str) else value
    if not isinstance(names, list) or len(names) > NAMES_AT_MOST or not all(isinstance(n, str) for n in names):
        raise errors.CredentialInvalid
    return names


def _bound(value: Any) -> frozenset[str] | None:
    """Workspaces or centres: none without the claim, all for `*`."""
    names = _names(value)
    return None if ALL in names else frozenset(names)
