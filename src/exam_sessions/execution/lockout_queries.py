"""What is read of lock-outs and of the counts they come from, each from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exam_sessions.domain.lockout import Tries
    from exam_sessions.domain.stored_records import LockoutRow
    from exam_sessions.execution.reader_pool import ReaderPool


class LockoutReads:
    """Reads on the threads of a pool."""

    def __init__(self, pool: ReaderPool) -> None:
        self._read = pool.read

    async def page(self, workspace: str, before: str, most: int, in_force_at: int | None) -> list[LockoutRow]:
        """Returns lock-outs of a workspace, see `LockoutRows.page`."""
        return await self._read(lambda db, repos: repos.lockouts.page(db, workspace, before, most, in_force_at))

    async def locked(self, now: int, most: int) -> list[Tries]:
        """Returns who is locked out, in all workspaces."""
        return await self._read(lambda db, repositories: repositories.lockouts.locked(db, now, most))

    async def old_tries(self, before: int, most: int) -> list[tuple[str, str]]:
        """Returns workspace and subject of counts that have not changed since."""
        return await self._read(lambda db, repositories: repositories.lockouts.old_tries(db, before, most))

    async def old(self, before: int, most: int) -> list[tuple[str, str]]:
        """Returns workspace and id of lock-outs that ended before."""
        return await self._read(lambda db, repositories: repositories.lockouts.old(db, before, most))
