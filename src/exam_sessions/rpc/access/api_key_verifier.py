"""API keys: found by their id, compared by their digest (domain/api_keys.py); when they were last used."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.api_keys import RecordKeyUses
from exam_sessions.domain.api_keys import PREFIX, key_id_of, verify
from exam_sessions.rpc.access.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from exam_sessions.rpc.access.verified import Credentials
    from exam_sessions.service import Service

log = logging.getLogger(__name__)

KIND = "key:"
RECORD_EVERY = 60 * 1_000_000
"""Microseconds between two records of the use of one key."""

RECORDED_AT_ONCE = 100
"""Keys whose use is recorded in one transaction."""


class ApiKeyVerifier:
    """Verifies API keys of the service's database. `now` gives microseconds since 1970."""

    def __init__(self, service: Service, now: Callable[[], int]) -> None:
        self._keys, self._write, self._now = service.reads.api_keys, service.write, now
        self._recorded: dict[str, int] = {}
        """When the use of a key was recorded last, by credential."""
        self._recording: asyncio.Task[None] | None = None

    async def verify(self, credentials: Credentials) -> Verified | None:
        """Returns whom a key proves.

        Raises:
            errors.CredentialInvalid: it is no key of this service.
            errors.CredentialRevoked, errors.CredentialExpired: it was one.
        """
        credential = credentials.token
        if not credential.startswith(PREFIX):
            return None
        key_id = key_id_of(credential)
        if not key_id:
            raise errors.CredentialInvalid
        row = await self._keys.get(key_id)
        principal = verify(row, credential, self._now())
        return Verified(principal, KIND + key_id, row.expire_time if row else 0)

    async def revoked(self, credentials: Collection[str]) -> set[str]:
        """Returns the keys that were revoked or are gone; that they have expired the gate finds out by itself."""
        own = {credential.removeprefix(KIND): credential for credential in credentials if credential.startswith(KIND)}
        if not own:
            return set()
        unrevoked = await self._keys.unrevoked(own, self._now())
        return {credential for key_id, credential in own.items() if key_id not in unrevoked}

    async def used(self, credentials: Collection[str]) -> None:
        """Records the use of keys, of each once a minute; no call waits for that."""
        now = self._now()
        due = [c for c in credentials if c.startswith(KIND) and now - self._recorded.get(c, 0) >= RECORD_EVERY]
        if not due or (self._recording and not self._recording.done()):
            return
        self._recorded = {c: at for c, at in self._recorded.items() if now - at < RECORD_EVERY}
        self._recorded |= dict.fromkeys(due, now)
        self._recording = asyncio.create_task(self._record([c.removeprefix(KIND) for c in due], now))

    async def _record(self, ids: list[str], now: int) -> None:
        try:
            for start in range(0, len(ids), RECORDED_AT_ONCE):
                await self._write(RecordKeyUses(dict.fromkeys(ids[start : start + RECORDED_AT_ONCE], now)))
        except errors.Refusal as refusal:
            log.warning("when keys were used could not be recorded: %s", refusal)
