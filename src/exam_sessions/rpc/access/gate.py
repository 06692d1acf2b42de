"""The gate: every call of every RPC passes it before its request is read.

A credential is verified once, by the verifier of its kind, then kept by its digest until it expires or is revoked.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.execution.outages import OUTAGES
from exam_sessions.rpc.access.open_streams import OpenStreams
from exam_sessions.rpc.access.verified import NO_CERTIFICATE, Credentials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from exam_sessions.rpc.access.code_guard import CodeGuard
    from exam_sessions.rpc.access.requirements import Requirement
    from exam_sessions.rpc.access.verified import CallIdentity, Verified, Verifier

log = logging.getLogger(__name__)

KEPT = 10_000
"""Credentials kept at most; the oldest is let go of for a new one."""

LOOK_EVERY_S = 1.0
"""Seconds between two looks for credentials that were revoked."""

VERIFIED_AT_ONCE = 16
"""Credentials looked at in the same moment: a flood of unknown ones keeps no read waiting."""

UNKNOWN_AT_MOST = 1_000
"""Credentials that wait to be looked at; more are refused. Calls with known ones do not wait."""

TOKEN_AT_MOST = 8 * 1024
"""Characters of a token."""

SCHEME = "bearer "

OF_TOKENS, OF_CERTIFICATES = b"token", b"certificate"
"""What keeps digests of one kind of credential apart from those of the other: a token is whatever its caller says."""


def token_of(values: Sequence[str | bytes]) -> str:
    """The token in the values of the metadata `authorization`, empty without any. Raises CredentialInvalid."""
    if not values:
        return ""
    value = values[0]
    if len(values) > 1 or not isinstance(value, str) or value[: len(SCHEME)].lower() != SCHEME:
        raise errors.CredentialInvalid
    token = value[len(SCHEME) :].strip()
    if not token or len(token) > TOKEN_AT_MOST:
        raise errors.CredentialInvalid
    return token


def _digest(credential: bytes, kind: bytes) -> bytes:
    """By what a credential is known again."""
    return hashlib.blake2b(credential, digest_size=32, person=kind).digest()


class Gate:
    """Lets calls in by what `verifiers` find.

    `now` gives microseconds since 1970; `guard` counts wrong credentials.
    """

    def __init__(self, verifiers: Sequence[Verifier], now: Callable[[], int], guard: CodeGuard | None = None) -> None:
        self._verifiers, self._now, self._guard = verifiers, now, guard
        self._known: dict[bytes, Verified] = {}
        self._used: set[str] = set()
        """Ids of the credentials that calls came with since the last look."""
        self._verifying: dict[bytes, asyncio.Task[Verified]] = {}
        self._at_once = asyncio.Semaphore(VERIFIED_AT_ONCE)
        self._looking: asyncio.Task[None] | None = None
        self.streams = OpenStreams()

    def start(self) -> None:
        """Begins to look for revoked credentials; call from the running event loop."""
        self._looking = asyncio.create_task(self._look())

    def close(self) -> None:
        """Looks no more."""
        if self._looking:
            self._looking.cancel()

    def enter(self, call: CallIdentity, requirement: Requirement) -> Awaitable[None] | None:
        """Lets a call in; what is to be awaited where its credential is not known yet.

        Raises:
            errors.Unauthenticated: its credential proves nothing.
            errors.PermissionDenied: its principal may not call this RPC.
            errors.TooManyWrongCodes: its credential is not known, and its address showed too many wrong ones.
            errors.Overloaded: its credential is not known, and too many such wait.
        """
        token = token_of(call.metadata("authorization"))
        sans, pem = NO_CERTIFICATE if token else call.certificate()
        key = _digest(token.encode(), OF_TOKENS) if token else _digest(pem, OF_CERTIFICATES)
        verified = self._known.get(key)
        if verified is None or 0 < verified.expires <= self._now():
            if not token and not sans:
                raise errors.CredentialMissing
            if self._guard:
                self._guard.check_credential(call)
            if len(self._verifying) >= UNKNOWN_AT_MOST and key not in self._verifying:
                raise errors.Overloaded
            return self._verify_and_enter(Credentials(token, sans, call.peer(), pem), key, call, requirement)
        self._enter(call, requirement, verified)
        return None

    async def _verify_and_enter(
        self, credentials: Credentials, key: bytes, call: CallIdentity, requirement: Requirement
    ) -> None:
        verifying = self._verifying.get(key)
        if verifying is None:
            # Calls that carry the same credential meanwhile wait for the same look.
            verifying = self._verifying[key] = asyncio.create_task(self._verify(credentials, key))
            verifying.add_done_callback(lambda done: self._verified(key, done))
        try:
            verified = await asyncio.shield(verifying)
        except errors.CredentialInvalid:
            if self._guard:
                self._guard.wrong_credential(call)
            raise
        self._enter(call, requirement, verified)

    def _verified(self, key: bytes, done: asyncio.Task[Verified]) -> None:
        del self._verifying[key]
        if not done.cancelled():
            done.exception()  # or it is reported as never retrieved

    async def _verify(self, credentials: Credentials, key: bytes) -> Verified:
        async with self._at_once:
            for verifier in self._verifiers:
                if verified := await verifier.verify(credentials):
                    self._keep(key, verified)
                    return verified
        raise errors.CredentialInvalid

    def _keep(self, key: bytes, verified: Verified) -> None:
        self._known.pop(key, None)
        if len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[key] = verified

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except OUTAGES:
                continue  # what is known holds until the database answers
            except errors.Unavailable:
                continue
            except Exception:
                log.exception("revoked credentials could not be looked for; the next look tries again")

    async def look(self) -> None:
        """Lets go of credentials that were revoked or have expired, and ends the streams opened with them.

        Raises:
            errors.Refusal: a verifier could not look, because the database does not answer; everything else was done.
        """
        now = self._now()
        held = {verified.credential for verified in self._known.values()} | self.streams.credentials()
        revoked: set[str] = set()
        failed: errors.Refusal | None = None
        for verifier in self._verifiers:
            try:
                revoked |= await verifier.revoked(held)
            except errors.Refusal as refusal:
                failed = refusal
        for key, verified in list(self._known.items()):
            if verified.credential in revoked or 0 < verified.expires <= now:
                self._known.pop(key, None)
        self.streams.end(revoked, now)
        if failed:
            raise failed
        used, self._used = self._used | self.streams.credentials(), set()
        for verifier in self._verifiers:
            await verifier.used(used - revoked)

    def _enter(self, call: CallIdentity, requirement: Requirement, verified: Verified) -> None:
        self._used.add(verified.credential)
        call.verified, call.principal = verified, verified.principal
        requirement.check(verified.principal)
