"""The file of `--auth-config`: which tokens and client certificates are accepted, and whom they prove.

Everything in it is checked when the server starts. A mistake names the file, the table and the key.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from exam_sessions.domain.access import ROLES
from exam_sessions.rpc.cannot_serve import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The signatures that can be accepted: those with a public key. A shared secret (HS256) and none cannot."""

DEFAULT_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LONGEST_LEEWAY_S = 600
LONGEST_REFRESH_S = 86_400
SHORTEST_REFRESH_S = 10
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
WORKSPACE = re.compile(r"[a-z0-9_-]{1,64}")
FILE_AT_MOST = 1024 * 1024


class CannotConfigure(CannotServe):
    """The file of `--auth-config` cannot be used; the text names file, table and key."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "mend it, or serve without --auth-config")


class Bounds(NamedTuple):
    """The workspaces and centres of a principal; None: all."""

    workspaces: frozenset[str] | None
    centres: frozenset[str] | None


@dataclass(frozen=True)
class Claims:
    """Which claims of a token say whom it proves. A claim within another is named with a point: `a.b`."""

    name: str
    name_prefix: str
    roles: str
    """Empty: `fixed_roles` are given to everybody."""
    fixed_roles: tuple[str, ...]
    role_names: Mapping[str, str]
    """Roles of ours by the names that the issuer gives them; empty: the names are the same."""
    workspaces: str
    """Empty: `bounds` are everybody's."""
    centres: str
    """Empty: `bounds` are everybody's."""
    bounds: Bounds


@dataclass(frozen=True)
class Issuer:
    """Who signs tokens, and which of them are accepted."""

    issuer: str
    audiences: tuple[str, ...]
    jwks_file: Path | None
    jwks_url: str
    ca_file: Path | None
    algorithms: tuple[str, ...]
    leeway_s: int
    refresh_s: int
    claims: Claims


@dataclass(frozen=True)
class CertificateRule:
    """Whom a client certificate proves: one that has a subject alternative name of this pattern."""

    san: str
    name: str
    """Empty: the subject alternative name itself."""
    roles: tuple[str, ...]
    bounds: Bounds


@dataclass(frozen=True)
class AuthConfig:
    """What the file says."""

    issuers: tuple[Issuer, ...] = ()
    certificates: tuple[CertificateRule, ...] = field(default=())


def read_auth_config(path: str) -> AuthConfig:
    """Reads the file. Raises CannotConfigure."""
    file = Path(path)
    try:
        if file.stat().st_size > FILE_AT_MOST:
            raise CannotConfigure(f"{path} has more than {FILE_AT_MOST} bytes")
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise CannotConfigure(f"{path} is not valid TOML: {fault}") from None
    except OSError as fault:
        raise CannotConfigure(f"{path} cannot be read: {fault.strerror}") from None
    top = _Table(path, "", content)
    issuers = tuple(_issuer(table, file.parent) for table in top.tables("jwt"))
    certificates = tuple(_certificate(table) for table in top.tables("certificates"))
    top.end()
    repeated = [one.issuer for n, one in enumerate(issuers) if one.issuer in [other.issuer for other in issuers[:n]]]
    if repeated:
        raise CannotConfigure(f"{path}: [[jwt]]: issuer {repeated[0]} stands twice")
    return AuthConfig(issuers, certificates)


class _Table:
    """One table of the file, key by key; what is left at the end is no key of ours."""

    def __init__(self, file: str, name: str, content: dict[str, Any]) -> None:
        self._file, self._name, self._left = file, name, dict(content)

    def fault(self, key: str, why: str) -> CannotConfigure:
        """What is wrong with a key."""
        table = f"[{self._name}]: " if self._name else ""
        return CannotConfigure(f"{self._file}: {table}{key} {why}")

    def has(self, key: str) -> bool:
        """Whether a key is given and not read yet."""
        return key in self._left

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; one without a default has to be given."""
        value = self._left.pop(key, default)
        if value is None:
            raise self.fault(key, "is missing")
        if not isinstance(value, str) or (not value and default is None):
            raise self.fault(key, "must be a text that is not empty")
        return value

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._left.pop(key, default)
        if type(value) is not int or not least <= value <= most:
            raise self.fault(key, f"must be a whole number from {least} to {most}")
        return value

    def yes(self, key: str) -> bool:
        """Whether a key is true; false when it is missing."""
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise self.fault(key, "must be true or false")
        return value

    def texts(self, key: str, check: Callable[[str], str] = lambda _: "") -> tuple[str, ...]:
        """A list of texts that is not empty; `check` says what is wrong with one."""
        value = self._left.pop(key, None)
        if value is None:
            raise self.fault(key, "is missing")
        if not isinstance(value, list) or not value or not all(isinstance(text, str) and text for text in value):
            raise self.fault(key, "must be a list of texts with one at least")
        for text in value:
            if why := check(text):
                raise self.fault(key, f"has {text!r}: {why}")
        return tuple(value)

    def pairs(self, key: str, check: Callable[[str], str]) -> dict[str, str]:
        """A table of texts; empty when it is missing. `check` says what is wrong with a value."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self.fault(key, "must be a table of texts")
        for text in value.values():
            if why := check(text):
                raise self.fault(key, f"has {text!r}: {why}")
        return value

    def tables(self, key: str) -> list[_Table]:
        """The tables of an array; none when it is missing."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            raise self.fault(key, f"must be tables: write [[{key}]]")
        return [_Table(self._file, f"[{key}]" + f" {n + 1}", table) for n, table in enumerate(value)]

    def end(self) -> None:
        """Refuses what is left."""
        for key in self._left:
            raise self.fault(key, "is no key of this table")


def _is_role(text: str) -> str:
    return "" if text in ROLES else f"must be one of {', '.join(sorted(ROLES))}"


def _is_workspace(text: str) -> str:
    return "" if WORKSPACE.fullmatch(text) else "is no name of a workspace"


def _bounds(table: _Table, *, workspaces: bool = True, centres: bool = True) -> Bounds:
    """Fixed workspaces and centres; those a claim says are not to be given."""
    if not workspaces:
        bound: frozenset[str] | None = frozenset()
    elif table.yes("all_workspaces"):
        if table.has("workspaces"):
            raise table.fault("workspaces", "must be left out with all_workspaces")
        bound = None
    else:
        bound = frozenset(table.texts("workspaces", _is_workspace))
    of = frozenset(table.texts("centres")) if centres and table.has("centres") else None
    return Bounds(bound, of)


def _issuer(table: _Table, beside: Path) -> Issuer:
    file, url = table.text("jwks_file", ""), table.text("jwks_url", "")
    if bool(file) == bool(url):
        raise table.fault("jwks_url", "or jwks_file must be given, and not both")
    if url:
        _check_url(table, url)
    ca = table.text("ca_file", "")
    if ca and not url:
        raise table.fault("ca_file", "is for jwks_url only")
    known = "must be one of " + ", ".join(ALGORITHMS)
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    if table.has("algorithms"):
        algorithms = table.texts("algorithms", lambda text: "" if text in ALGORITHMS else known)
    issuer = Issuer(
        table.text("issuer"),
        table.texts("audiences"),
        beside / file if file else None,
        url,
        beside / ca if ca else None,
        algorithms,
        table.number("leeway_s", 30, 0, LONGEST_LEEWAY_S),
        table.number("refresh_s", 300, SHORTEST_REFRESH_S, LONGEST_REFRESH_S),
        _claims(table),
    )
    table.end()
    return issuer


def _check_url(table: _Table, url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise table.fault("jwks_url", "is no URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise table.fault("jwks_url", "must begin with https:// and name a host")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise table.fault("jwks_url", "must begin with https://; plain http is for this machine only")
    if parts.username or parts.password:
        raise table.fault("jwks_url", "must hold no user and no password")


def _claims(table: _Table) -> Claims:
    roles = table.text("roles_claim", "")
    fixed = () if roles else table.texts("roles", _is_role)
    workspaces, centres = table.text("workspaces_claim", ""), table.text("centres_claim", "")
    for claim, key in (
        (roles, "roles"),
        (workspaces, "workspaces"),
        (workspaces, "all_workspaces"),
        (centres, "centres"),
    ):
        if claim and table.has(key):
            raise table.fault(key, f"must be left out with {key.removeprefix('all_')}_claim")
    names = table.pairs("role_names", _is_role)
    if names and not roles:
        raise table.fault("role_names", "is for roles_claim only")
    return Claims(
        table.text("name_claim", "sub"),
        table.text("name_prefix", ""),
        roles,
        fixed,
        names,
        workspaces,
        centres,
        _bounds(table, workspaces=not workspaces, centres=not centres),
    )


def _certificate(table: _Table) -> CertificateRule:
    rule = CertificateRule(table.text("san"), table.text("name", ""), table.texts("roles", _is_role), _bounds(table))
    table.end()
    return rule
