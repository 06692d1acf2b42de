"""What is read of API keys, each from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.api_keys import may_manage

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.access import Principal
    from exam_sessions.domain.stored_records import ApiKeyRow
    from exam_sessions.execution.reader_pool import ReaderPool
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories

READ_AT_ONCE = 500
"""Keys read at once, of which a principal may see few."""


class ApiKeyReads:
    """Reads on the threads of a pool."""

    def __init__(self, pool: ReaderPool) -> None:
        self._read = pool.read

    async def get(self, key_id: str) -> ApiKeyRow | None:
        """A key, also one that has ended; None without one of that id."""
        return await self._read(lambda db, repositories: repositories.api_keys.load(db, key_id))

    async def page(self, principal: Principal, after: str, most: int) -> list[ApiKeyRow]:
        """Returns up to `most` keys that a principal may manage, by id, after the id `after`."""

        def work(db: Db, repositories: Repositories) -> list[ApiKeyRow]:
            found: list[ApiKeyRow] = []
            last = after
            while len(found) < most:
                rows = repositories.api_keys.page(db, last, READ_AT_ONCE)
                found += [row for row in rows if may_manage(principal, row)]
                if len(rows) < READ_AT_ONCE:
                    break
                last = rows[-1].id
            return found[:most]

        return await self._read(work)

    async def unrevoked(self, ids: Collection[str], now: int) -> set[str]:
        """Returns those of these keys that exist and are not revoked at `now`, in microseconds since 1970."""
        return await self._read(lambda db, repositories: repositories.api_keys.unrevoked(db, ids, now))
