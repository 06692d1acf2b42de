"""JWT bearer tokens (RFC 7519, RFC 8725) of the issuers that are configured. Signatures are PyJWT's work."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
from typing import TYPE_CHECKING, Any

import jwt

from exam_sessions import errors
from exam_sessions.domain.api_keys import PREFIX as OF_API_KEYS
from exam_sessions.rpc.access.claims import principal_in
from exam_sessions.rpc.access.jwks import KeyFile, KeySet, KeyUrl
from exam_sessions.rpc.access.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.rpc.access.configuration import Issuer
    from exam_sessions.rpc.access.jwks import Key
    from exam_sessions.rpc.access.verified import Credentials

log = logging.getLogger(__name__)

TOKEN_AT_MOST = 16 * 1024
"""Characters of a token; a longer one is not looked at."""

COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

LATEST = 253_402_300_799
"""The last second that a Timestamp can say: the end of the year 9999."""

NO_TOKEN = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What reading something that is no token may raise."""

OPTIONS: Any = {
    "require": ["exp", "iss", "aud"],
    "enforce_minimum_key_length": True,
}


def key_set_of(issuer: Issuer) -> KeySet:
    """The keys of an issuer, those of a file read already. Raises OSError or ValueError."""
    if issuer.jwks_file:
        keys = KeySet(KeyFile(issuer.jwks_file), issuer.algorithms)
        keys.load()
        return keys
    return KeySet(KeyUrl(issuer.jwks_url, issuer.refresh_s, issuer.ca_file), issuer.algorithms)


class JwtVerifier:
    """Verifies tokens. A token ends with its expiry, or when its key is no longer among those of its issuer."""

    def __init__(self, issuers: Sequence[tuple[Issuer, KeySet]]) -> None:
        self._issuers = {issuer.issuer: (issuer, keys) for issuer, keys in issuers}
        self._signed_by: dict[str, tuple[str, str]] = {}
        """Issuer and fingerprint of the key, by the credential's id."""
        self._one_by_one = asyncio.Lock()
        self._unused: set[str] = set()
        """Those of them that were not in use at the last look."""

    async def verify(self, credentials: Credentials) -> Verified | None:
        """Returns whom a token proves.

        Raises:
            errors.CredentialExpired, errors.CredentialNotYetValid: it is signed, and its time is over or to come.
            errors.CredentialInvalid: it is no token of an issuer for this service.
        """
        token = credentials.token
        if not token or token.startswith(OF_API_KEYS):
            return None
        if len(token) > TOKEN_AT_MOST or not _is_spelled_strictly(token):
            raise errors.CredentialInvalid
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False})
        except NO_TOKEN:
            raise errors.CredentialInvalid from None
        issuer, keys = self._issuer_of(claimed)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms or "crit" in header:
            raise errors.CredentialInvalid
        key = await keys.find(kid, algorithm)
        if key is None:
            log.debug("a token of %s is refused: its key is not among those of the issuer", issuer.issuer)
            raise errors.CredentialInvalid
        async with self._one_by_one:
            # A signature takes up to 0.2 ms of the event loop: a caller with many tokens leaves others their turns.
            await asyncio.sleep(0)
            return self._verified(token, issuer, key)

    def _issuer_of(self, claimed: dict[str, Any]) -> tuple[Issuer, KeySet]:
        name = claimed.get("iss")
        if not isinstance(name, str) or name not in self._issuers:
            raise errors.CredentialInvalid
        return self._issuers[name]

    def _verified(self, token: str, issuer: Issuer, key: Key) -> Verified:
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.key.algorithm_name],
                audience=issuer.audiences,
                issuer=issuer.issuer,
                leeway=issuer.leeway_s,
                options=OPTIONS,
            )
            expires = min(int(claims["exp"]) + issuer.leeway_s, LATEST) * 1_000_000
        except jwt.ExpiredSignatureError:
            raise errors.CredentialExpired from None
        except jwt.ImmatureSignatureError:
            raise errors.CredentialNotYetValid from None
        except NO_TOKEN as fault:
            log.debug("a token of %s is refused: %s", issuer.issuer, type(fault).__name__)
            raise errors.CredentialInvalid from None
        credential = f"jwt:{hashlib.blake2b(token.encode(), digest_size=12).hexdigest()}"
        self._signed_by[credential] = (issuer.issuer, key.fingerprint)
        return Verified(principal_in(claims, issuer.claims), credential, expires)

    async def revoked(self, credentials: Collection[str]) -> set[str]:
        """Returns those whose key is gone; has keys read again that are due."""
        fingerprints = {}
        for name, (_, keys) in self._issuers.items():
            keys.refresh()
            fingerprints[name] = keys.fingerprints()
        # One that was verified while this look was under way is not among those in use yet.
        unused = self._signed_by.keys() - set(credentials)
        for credential in unused & self._unused:
            del self._signed_by[credential]
        self._unused = unused
        return {c for c, (name, fingerprint) in self._signed_by.items() if fingerprint not in fingerprints[name]}

    async def used(self, credentials: Collection[str]) -> None:
        """Nothing: of tokens nothing is stored."""


def _is_spelled_strictly(token: str) -> bool:
    """Whether a token has three parts in base64url, and its signature is spelled in the one way there is.

    Decoders pass over what is not base64url. The other parts are signed as they are spelled.
    """
    if not COMPACT.fullmatch(token):
        return False
    signature = token.rpartition(".")[2]
    padded = signature + "=" * (-len(signature) % 4)
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)).decode() == padded
    except ValueError:
        return False
