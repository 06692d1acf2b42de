"""API keys: create, rotate, revoke, and writing when they were last used. What they prove is domain/api_keys.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.access import stored_names
from exam_sessions.domain.api_keys import (
    SYSTEM_WORKSPACE,
    check_grant,
    digest_of,
    has_ended,
    key_id_of,
    may_manage,
)
from exam_sessions.domain.stored_records import ApiKeyRow
from exam_sessions.execution.mutation import Mutation, SystemMutation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.domain.access import Principal
    from exam_sessions.domain.api_keys import Grant
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import ApiKeyChanges
    from exam_sessions.execution.read_set import ReadSet


class KeyMutation(Mutation):
    """A mutation of one key, by a principal. The result is the key."""

    __slots__ = ("principal",)

    def __init__(self, caller: Caller, principal: Principal) -> None:
        super().__init__(caller)
        self.principal = principal

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: a key is read when it is judged."""

    def replay_payload(self, result: ApiKeyRow) -> str:
        """Its id."""
        return result.id

    def replay(self, uow: ApiKeyChanges, payload: str) -> ApiKeyRow:
        """The key as it is now."""
        return self._managed(uow, payload)

    def _managed(self, uow: ApiKeyChanges, key_id: str) -> ApiKeyRow:
        """A key the principal may manage. Raises ApiKeyNotFound."""
        row = uow.api_keys.get(key_id)
        if not may_manage(self.principal, row):
            raise errors.ApiKeyNotFound(key_id)
        return row


class NewApiKey(KeyMutation):
    """A new key for a credential, of which only the digest is written."""

    __slots__ = ("credential", "expire_time")

    def __init__(self, caller: Caller, principal: Principal, expire_time: int, credential: str) -> None:
        """`expire_time` is in microseconds since 1970; 0: never."""
        super().__init__(caller, principal)
        self.expire_time, self.credential = expire_time, credential

    def has_made(self, row: ApiKeyRow) -> bool:
        """Whether a result is a key that this mutation has written: the credential leads to it."""
        return row.id == key_id_of(self.credential) and not self.caller.validate_only


class CreateApiKey(NewApiKey):
    """A new key with what is granted."""

    __slots__ = ("grant",)

    def __init__(self, caller: Caller, principal: Principal, grant: Grant, expire_time: int, credential: str) -> None:
        super().__init__(caller, principal, expire_time, credential)
        self.grant = grant

    def apply(self, uow: ApiKeyChanges) -> ApiKeyRow:
        """Writes it.

        Raises:
            errors.GrantExceedsCaller: it would have more than the principal.
            errors.InvalidField: the grant means nothing, or the expiry is past.
        """
        check_grant(self.grant, self.principal)
        _check_expiry(self.expire_time, uow.clock.now)
        row = ApiKeyRow(
            SYSTEM_WORKSPACE,
            key_id_of(self.credential),
            digest_of(self.credential),
            self.grant.name,
            json.dumps(list(dict.fromkeys(self.grant.roles))),
            stored_names(self.grant.workspaces),
            stored_names(self.grant.centres),
            create_time=uow.clock.now,
            expire_time=self.expire_time,
            creator=self.caller.actor,
        )
        if not self.caller.validate_only:
            uow.api_keys.insert_now(row)
        return row


class RotateApiKey(NewApiKey):
    """A new key that may do what an existing one may; the existing one is revoked after an overlap."""

    __slots__ = ("key_id", "overlap")

    def __init__(
        self, caller: Caller, principal: Principal, key_id: str, overlap: int, expire_time: int, credential: str
    ) -> None:
        """`overlap` is in microseconds."""
        super().__init__(caller, principal, expire_time, credential)
        self.key_id, self.overlap = key_id, overlap

    def apply(self, uow: ApiKeyChanges) -> ApiKeyRow:
        """Writes both.

        Raises:
            errors.ApiKeyNotFound: there is no such key that the principal may manage.
            errors.ApiKeyEnded: it has ended, or ends already because of a rotation.
            errors.InvalidField: the expiry is past.
        """
        old = self._managed(uow, self.key_id)
        now = uow.clock.now
        _check_expiry(self.expire_time, now)
        if old.revoke_time or has_ended(old, now):
            raise errors.ApiKeyEnded(old.id)
        new = old._replace(
            id=key_id_of(self.credential),
            digest=digest_of(self.credential),
            create_time=now,
            expire_time=self.expire_time,
            last_use_time=0,
            rotated_from=old.id,
            creator=self.caller.actor,
        )
        if not self.caller.validate_only:
            uow.api_keys.insert_now(new)
            uow.api_keys.end_now(old._replace(revoke_time=now + self.overlap))
        return new


class RevokeApiKey(KeyMutation):
    """The end of a key."""

    __slots__ = ("key_id",)

    def __init__(self, caller: Caller, principal: Principal, key_id: str) -> None:
        super().__init__(caller, principal)
        self.key_id = key_id

    def apply(self, uow: ApiKeyChanges) -> ApiKeyRow:
        """Writes it, unless the key is revoked already.

        Raises:
            errors.ApiKeyNotFound: there is no such key that the principal may manage.
        """
        row = self._managed(uow, self.key_id)
        now = uow.clock.now
        if 0 < row.revoke_time <= now:
            return row
        row = row._replace(revoke_time=now)
        if not self.caller.validate_only:
            uow.api_keys.end_now(row)
        return row


def _check_expiry(expire_time: int, now: int) -> None:
    if 0 < expire_time <= now:
        raise errors.invalid("expire_time", "must be in the future")


class RecordKeyUses(SystemMutation):
    """When keys were last used: microseconds since 1970, by id. The result is how many."""

    __slots__ = ("times",)

    def __init__(self, times: Mapping[str, int]) -> None:
        super().__init__(SYSTEM_WORKSPACE, len(times))
        self.times = times

    def apply(self, uow: ApiKeyChanges) -> int:
        """Writes the times."""
        uow.api_keys.use_now(self.times)
        return len(self.times)
