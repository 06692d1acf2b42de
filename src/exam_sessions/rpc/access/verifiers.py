"""The verifiers that the settings `auth` and `auth_config` ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.rpc.access.api_key_verifier import ApiKeyVerifier
from exam_sessions.rpc.access.certificates import CertificateVerifier
from exam_sessions.rpc.access.configuration import AuthConfig, CannotConfigure, read_auth_config
from exam_sessions.rpc.access.tokens import JwtVerifier, key_set_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from exam_sessions.rpc.access.configuration import Issuer
    from exam_sessions.rpc.access.jwks import KeySet
    from exam_sessions.rpc.access.verified import Verifier
    from exam_sessions.service import Service

KEYS, JWT, CERTIFICATES = "keys", "jwt", "certificates"
METHODS = (KEYS, JWT, CERTIFICATES)
"""Ways to authenticate, as the setting `auth` names them."""


def verifiers_of(
    methods: Collection[str], config_file: str, service: Service, now: Callable[[], int]
) -> list[Verifier]:
    """Makes the verifiers of the methods, each of which is one of METHODS.

    Args:
        methods: ways to authenticate.
        config_file: path of the file of `--auth-config`; empty without one.
        service: for API keys.
        now: gives microseconds since 1970.

    Raises:
        CannotConfigure: the file has a mistake, or says nothing of a method that needs it.
    """
    config = read_auth_config(config_file) if config_file else AuthConfig()
    for method, table, given in (
        (JWT, "[[jwt]]", config.issuers),
        (CERTIFICATES, "[[certificates]]", config.certificates),
    ):
        if method in methods and not given:
            where = f"{config_file} has no table" if config_file else "give --auth-config FILE with a table"
            raise CannotConfigure(f"--auth {method} needs to be configured: {where} {table}")
    found: list[Verifier] = []
    if KEYS in methods:
        found.append(ApiKeyVerifier(service, now))
    if JWT in methods:
        found.append(JwtVerifier([(issuer, _keys_of(config_file, issuer)) for issuer in config.issuers]))
    if CERTIFICATES in methods:
        found.append(CertificateVerifier(config.certificates))
    return found


def _keys_of(config_file: str, issuer: Issuer) -> KeySet:
    """The keys of an issuer. Raises CannotConfigure."""
    try:
        return key_set_of(issuer)
    except (OSError, ValueError) as fault:
        file = issuer.jwks_file or issuer.ca_file
        key = "jwks_file" if issuer.jwks_file else "ca_file"
        why = f"{config_file}: [[jwt]] of {issuer.issuer}: {key} {file} cannot be used: {fault}"
        raise CannotConfigure(why) from None
