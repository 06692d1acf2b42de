"""API keys. They are read where they are decided and written immediately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.domain.stored_records import ApiKeyRow
    from exam_sessions.execution.transaction import Transaction


@dataclass(slots=True, eq=False)
class ApiKeyUnit:
    """The API keys of one transaction."""

    _transaction: Transaction

    def get(self, key_id: str) -> ApiKeyRow:
        """A key, locked.

        Raises:
            errors.ApiKeyNotFound: there is none of that id.
        """
        transaction = self._transaction
        row = transaction.repositories.api_keys.load(transaction.db, key_id, to_write=True)
        transaction.clock.advance()
        if row is None:
            raise errors.ApiKeyNotFound(key_id)
        return row

    def insert_now(self, row: ApiKeyRow) -> None:
        """Writes a new key."""
        self._transaction.repositories.api_keys.insert(self._transaction.write_now(), row)

    def end_now(self, row: ApiKeyRow) -> None:
        """Writes when a key is revoked."""
        self._transaction.repositories.api_keys.revoke(self._transaction.write_now(), row.id, row.revoke_time)

    def use_now(self, times: Mapping[str, int]) -> None:
        """Writes when keys were last used: microseconds since 1970, by id."""
        db = self._transaction.write_now()
        # In one order on every server, so that two who write the same keys do not wait for each other.
        for key_id in sorted(times):
            self._transaction.repositories.api_keys.use(db, key_id, times[key_id])
