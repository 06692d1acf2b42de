"""Client certificates: the subject alternative names of one that TLS has verified lead to a principal."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from cryptography import x509

from exam_sessions import errors
from exam_sessions.domain.access import Principal, permissions_of
from exam_sessions.domain.api_keys import is_name
from exam_sessions.rpc.access.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from exam_sessions.rpc.access.configuration import CertificateRule
    from exam_sessions.rpc.access.verified import Credentials


def pattern_of(san: str) -> re.Pattern[str]:
    """The names that a pattern means: `*` stands for one or more characters other than `.`, `/` and `@`."""
    return re.compile("[^./@]+".join(re.escape(part) for part in san.split("*")))


class CertificateVerifier:
    """Verifies certificates by rules; the first that fits one of the names decides.

    `now` gives microseconds since 1970. TLS looks at the dates of a certificate when a connection begins; here it is
    found out that one has expired since.
    """

    def __init__(self, rules: Sequence[CertificateRule], now: Callable[[], int]) -> None:
        self._now = now
        self._rules = [(pattern_of(rule.san), rule, permissions_of(rule.roles)) for rule in rules]

    async def verify(self, credentials: Credentials) -> Verified | None:
        """Returns whom a certificate proves.

        Raises:
            errors.CredentialInvalid: no rule fits it, or its name can be no principal's.
            errors.CredentialExpired: its time is over.
        """
        if credentials.token or not credentials.sans:
            return None
        expires = _end_of(credentials.certificate)
        if 0 < expires <= self._now():
            raise errors.CredentialExpired
        for pattern, rule, permissions in self._rules:
            for san in credentials.sans:
                if pattern.fullmatch(san):
                    name = rule.name or san
                    if not is_name(name):
                        raise errors.CredentialInvalid
                    principal = Principal(name, permissions, *rule.bounds, rule.roles)
                    return Verified(principal, f"certificate:{_digest(credentials.sans)}", expires)
        raise errors.CredentialInvalid

    async def revoked(self, credentials: Collection[str]) -> set[str]:  # noqa: ARG002 - as every verifier
        """Returns none: there are no lists of certificates that were revoked."""
        return set()

    async def used(self, credentials: Collection[str]) -> None:
        """Nothing: of certificates nothing is stored."""


def _end_of(certificate: bytes) -> int:
    """When a certificate expires, in microseconds since 1970; 0 where there is none. Raises CredentialInvalid."""
    if not certificate:
        return 0
    try:
        end = x509.load_pem_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        raise errors.CredentialInvalid from None
    return int(end.timestamp()) * 1_000_000


def _digest(sans: Sequence[str]) -> str:
    return hashlib.blake2b(repr(sans).encode(), digest_size=12).hexdigest()
