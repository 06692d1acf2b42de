"""How callers are authenticated, as settings ask for it: read and checked before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.rpc.access.api_key_verifier import ApiKeyVerifier
from exam_sessions.rpc.access.certificates import CertificateVerifier
from exam_sessions.rpc.access.configuration import AuthConfig, CannotConfigure, read_auth_config
from exam_sessions.rpc.access.gate import Gate
from exam_sessions.rpc.access.tokens import JwtVerifier, key_set_of
from exam_sessions.rpc.cannot_serve import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.rpc.access.code_guard import CodeGuard
    from exam_sessions.rpc.access.configuration import CertificateRule, Issuer
    from exam_sessions.rpc.access.jwks import KeySet
    from exam_sessions.rpc.access.verified import Verifier
    from exam_sessions.service import Service
    from exam_sessions.settings import Settings

NOBODY = "none"
"""The setting with which nobody is authenticated."""

KEYS, JWT, CERTIFICATES = "keys", "jwt", "certificates"
METHODS = (KEYS, JWT, CERTIFICATES)
"""Ways to authenticate, as the setting `auth` names them."""


class Authentication(NamedTuple):
    """What settings say of it, with the keys of issuers that a file holds."""

    methods: tuple[str, ...] = ()
    """Some of METHODS; none where nobody is authenticated."""
    issuers: tuple[tuple[Issuer, KeySet], ...] = ()
    certificates: tuple[CertificateRule, ...] = ()

    def verifiers(self, service: Service, now: Callable[[], int]) -> list[Verifier]:
        """Makes the verifiers. `now` gives microseconds since 1970."""
        found: list[Verifier] = []
        if KEYS in self.methods:
            found.append(ApiKeyVerifier(service, now))
        if JWT in self.methods:
            found.append(JwtVerifier(self.issuers))
        if CERTIFICATES in self.methods:
            found.append(CertificateVerifier(self.certificates, now))
        return found

    def gate(self, service: Service, now: Callable[[], int], guard: CodeGuard | None) -> Gate | None:
        """The gate; None where nobody is authenticated. Wrong credentials are counted by `guard`."""
        return Gate(self.verifiers(service, now), now, guard) if self.methods else None


def authentication_of(settings: Settings) -> Authentication:
    """What settings, and the files they name, say of authentication.

    Raises:
        CannotServe: there is no such way to authenticate, or not with these settings; or a file has a mistake, or
            says nothing of a way that needs it.
    """
    methods = methods_of(settings)
    if settings.auth_config and not methods:
        way_out = f"give --auth {JWT} or --auth {CERTIFICATES} too, or leave it out"
        raise CannotServe("--auth-config is of no use where nobody is authenticated", way_out)
    config = read_auth_config(settings.auth_config) if settings.auth_config else AuthConfig()
    for method, table, given in (
        (JWT, "[[jwt]]", config.issuers),
        (CERTIFICATES, "[[certificates]]", config.certificates),
    ):
        if method in methods and not given:
            where = (
                f"{settings.auth_config} has no table"
                if settings.auth_config
                else "give --auth-config FILE with a table"
            )
            raise CannotConfigure(f"--auth {method} needs to be configured: {where} {table}")
    issuers = tuple((issuer, _keys_of(settings.auth_config, issuer)) for issuer in config.issuers)
    return Authentication(methods, issuers, config.certificates)


def methods_of(settings: Settings) -> tuple[str, ...]:
    """The ways to authenticate that settings ask for; none where nobody is authenticated.

    Raises:
        CannotServe: there is no such way, or not with these settings.
    """
    if settings.auth.strip() == NOBODY:
        return ()
    methods = tuple(dict.fromkeys(part.strip() for part in settings.auth.split(",")))
    for method in methods:
        if method not in METHODS:
            known = f"give {NOBODY}, or some of {', '.join(METHODS)}, such as --auth keys,jwt"
            raise CannotServe(f"{method!r} is no way to authenticate callers", known)
    if CERTIFICATES in methods and not settings.tls_client_ca:
        way_out = "give --tls-cert, --tls-key and --tls-client-ca"
        raise CannotServe("client certificates can be verified with TLS and their CA only", way_out)
    return methods


def _keys_of(config_file: str, issuer: Issuer) -> KeySet:
    """The keys of an issuer. Raises CannotConfigure."""
    try:
        return key_set_of(issuer)
    except (OSError, ValueError) as fault:
        file = issuer.jwks_file or issuer.ca_file
        key = "jwks_file" if issuer.jwks_file else "ca_file"
        why = f"{config_file}: [[jwt]] of {issuer.issuer}: {key} {file} cannot be used: {fault}"
        raise CannotConfigure(why) from None
