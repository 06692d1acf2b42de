"""The public keys of an issuer of tokens (JWKS, RFC 7517): read from a file or a URL, read again, found by their id.

Reading happens on a thread. Keys that were read hold until a later read has others: an issuer that cannot be reached
locks nobody out.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import ssl
import time
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

SIZE_AT_MOST = 1024 * 1024
"""Bytes of a JWKS."""

KEYS_AT_MOST = 200
TIMEOUT_S = 5.0
"""Seconds a server may take for a JWKS, from the first byte asked for to the last one read."""

UNKNOWN_EVERY_S = 10.0
"""Seconds between two reads that happen because a token names a key that is not there."""

KINDS = {
    "RS256": ("RSA", ""), "RS384": ("RSA", ""), "RS512": ("RSA", ""),
    "PS256": ("RSA", ""), "PS384": ("RSA", ""), "PS512": ("RSA", ""),
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}  # fmt: skip
"""Kind and curve of the keys for an algorithm. A key is of use for no algorithm of another kind."""


class Key(NamedTuple):
    """A public key, bound to one algorithm."""

    key: jwt.PyJWK
    fingerprint: str
    """Digest of the key, by which a later read recognizes it."""


class KeySource(Protocol):
    """Where keys are read from; on a thread."""

    refresh_s: float
    """Seconds between two reads."""

    unknown_every_s: float
    """Seconds between two reads because of unknown keys."""

    def read(self) -> bytes:
        """The JWKS. Raises OSError or ValueError."""

    def __str__(self) -> str:
        """What it is, for the log."""


class KeyFile:
    """A file, which may be replaced at any time."""

    refresh_s = unknown_every_s = 1.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes:
        """The content."""
        with self._path.open("rb") as file:
            return _bounded(file.read(SIZE_AT_MOST + 1))

    def __str__(self) -> str:
        """Its path."""
        return str(self._path)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: only the URL that was configured is trusted."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere: the redirect is then an error of HTTP."""


class KeyUrl:
    """A URL: https, or http on this machine (configuration.py)."""

    unknown_every_s = UNKNOWN_EVERY_S

    def __init__(self, url: str, refresh_s: float, ca_file: Path | None, timeout_s: float = TIMEOUT_S) -> None:
        """Raises OSError where `ca_file` cannot be read."""
        self.refresh_s, self._url, self._timeout_s = refresh_s, url, timeout_s
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._opener = urllib.request.build_opener(_NoRedirects(), urllib.request.HTTPSHandler(context=context))

    def read(self) -> bytes:
        """What the server answers."""
        try:
            return self._read()
        except HTTPException as fault:
            raise OSError(f"it does not answer as a server of HTTP should: {fault!r}") from None

    def _read(self) -> bytes:
        end = time.monotonic() + self._timeout_s
        request = urllib.request.Request(self._url, headers={"Accept": "application/json"})  # noqa: S310 - http(s) only
        with self._opener.open(request, timeout=self._timeout_s) as reply:
            read = b""
            while part := reply.read1(64 * 1024):
                read = _bounded(read + part)
                if time.monotonic() > end:
                    raise TimeoutError(f"it took more than {self._timeout_s:g} s")
        return read

    def __str__(self) -> str:
        """The URL."""
        return self._url


def _bounded(data: bytes) -> bytes:
    if len(data) > SIZE_AT_MOST:
        raise ValueError(f"it has more than {SIZE_AT_MOST} bytes")
    return data


def keys_in(data: bytes, algorithms: Sequence[str]) -> dict[tuple[str, str], Key]:
    """The keys of a JWKS that are of use, by key id and algorithm. Private and shared keys are passed over.

    Raises:
        ValueError: it is no JWKS.
    """
    try:
        content = json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    keys = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(keys, list) or len(keys) > KEYS_AT_MOST:
        raise ValueError(f'it must be an object with a list "keys" of at most {KEYS_AT_MOST}')
    found = {}
    for one in keys:
        if not isinstance(one, dict) or "d" in one or one.get("use", "sig") != "sig":
            continue
        kid = one.get("kid", "")
        fingerprint = hashlib.blake2b(json.dumps(one, sort_keys=True).encode(), digest_size=16).hexdigest()
        for algorithm in algorithms:
            if isinstance(kid, str) and _fits(one, algorithm) and (key := _key(one, algorithm)):
                found[kid, algorithm] = Key(key, fingerprint)
    return found


def _fits(one: dict[str, Any], algorithm: str) -> bool:
    kind, curve = KINDS[algorithm]
    return (
        one.get("kty") == kind
        and (not curve or one.get("crv") == curve)
        and one.get("alg", algorithm) in (algorithm, kind == "OKP" and curve)
    )


def _key(one: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    """The key, made ready; None where it is none."""
    try:
        return jwt.PyJWK(one, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as fault:
        log.warning("a key of a JWKS is passed over: %.200r", str(fault))
        return None


class KeySet:
    """The keys of one source. Used on one event loop."""

    def __init__(
        self, source: KeySource, algorithms: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._algorithms, self._clock = source, algorithms, clock
        self._keys: dict[tuple[str, str], Key] = {}
        self._data = b""
        self._next_read = self._next_read_for_unknown = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._is_failing = False

    def load(self) -> None:
        """Reads the keys now; for the start. Raises OSError or ValueError."""
        self._take(self._source.read())
        self._next_read = self._clock() + self._source.refresh_s

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Returns the key of an id, read again where there is none; without an id the only one of the algorithm.

        A source that failed the last time is not waited for: tokens of unknown keys would hold up all others.
        """
        key = self._find(kid, algorithm)
        if key is None and self._may_read_for_unknown():
            self._next_read_for_unknown = self._clock() + self._source.unknown_every_s
            self._begin_reading()
        if key is None and self._reading and not self._is_failing:
            await asyncio.shield(self._reading)
            key = self._find(kid, algorithm)
        return key

    def _find(self, kid: str | None, algorithm: str) -> Key | None:
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, of), key in self._keys.items() if of == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    def _may_read_for_unknown(self) -> bool:
        return self._clock() >= self._next_read_for_unknown

    def fingerprints(self) -> set[str]:
        """Of all keys there are."""
        return {key.fingerprint for key in self._keys.values()}

    def refresh(self) -> None:
        """Begins to read the keys again, where it is time to."""
        if self._clock() >= self._next_read and not self._reading:
            self._begin_reading()

    def _begin_reading(self) -> asyncio.Task[None]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            data = await asyncio.to_thread(self._source.read)
            if data != self._data:
                await asyncio.to_thread(self._take, data)
            self._is_failing = False
        except (OSError, ValueError) as fault:
            if not self._is_failing:
                log.warning("%s cannot be read, the keys known hold: %.200r", self._source, str(fault))
            self._is_failing = True
        finally:
            pause = self._source.unknown_every_s if self._is_failing else self._source.refresh_s
            self._next_read = self._clock() + pause
            self._reading = None

    def _take(self, data: bytes) -> None:
        self._keys = keys_in(data, self._algorithms)
        self._data = data
