"""What is read of operations, and what background tasks look for: sessions that are due, requests to expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.access import stored_names
from exam_sessions.domain.stored_records import OUTCOMES_AT_MOST
from exam_sessions.execution.reader_pool import LOADED_AT_ONCE, PooledReads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.domain.stored_records import OperationRow, OutcomeRow, ToDo
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.staged_imports import StagedImportRow


class OperationReads(PooledReads):
    """Reads of operations and for background tasks, each in one read transaction on a thread of the pool."""

    async def operation(
        self, workspace: str, operation_id: str, centres: frozenset[str] | None = None, *, outcomes: bool
    ) -> tuple[OperationRow, list[OutcomeRow]]:
        """Returns an operation, and the outcomes of its rows if asked for.

        Raises:
            errors.OperationNotFound: there is none, or it is not one of the reader's centres.
        """

        def work(db: Db, repositories: Repositories) -> tuple[OperationRow, list[OutcomeRow]]:
            row = repositories.operations.load(db, workspace, operation_id)
            if row is None or not row.is_seen_by(centres):
                raise errors.OperationNotFound(f"workspaces/{workspace}/operations/{operation_id}")
            wanted = outcomes and row.end_time
            if not wanted:
                return row, []
            return row, repositories.operations.outcomes(
                db, workspace, operation_id, OUTCOMES_AT_MOST, LOADED_AT_ONCE
            )

        return await self._read(work)

    async def operations(
        self, workspace: str, before: str, most: int, wanted: Mapping[str, int], centres: frozenset[str] | None
    ) -> list[OperationRow]:
        """Returns up to `most` operations older than an id, newest first; `wanted` filters by status or kind.

        A reader who is bound to centres gets those of the same centres.
        """
        return await self._read(
            lambda db, repositories: repositories.operations.page(
                db, workspace, before, most, centres=stored_names(centres), **wanted
            )
        )

    async def request(self, workspace: str, operation_id: str) -> tuple[int, bytes]:
        """The kind of an operation, and the request it was accepted for. Raises OperationNotFound."""
        found = await self._read(lambda db, stored: stored.operations.request(db, workspace, operation_id))
        if found is None:
            raise errors.OperationNotFound(f"workspaces/{workspace}/operations/{operation_id}")
        return found

    async def operations_to_do(self) -> list[ToDo]:
        """Every operation that has not ended, of open workspaces."""
        return await self._read(lambda db, repositories: repositories.operations.to_do(db))

    async def releases_being_finalized(self) -> list[tuple[str, str]]:
        """Returns workspace and id of every release that is locked but not closed yet, of open workspaces."""
        return await self._read(lambda db, repositories: repositories.catalog.finalizing(db))

    async def staged_imports(self) -> list[StagedImportRow]:
        """Every roster being written, also those whose writer has died."""
        return await self._read(lambda db, repositories: repositories.staged_imports.all(db))

    async def old_requests(self, workspace: str, after: str, before: int, most: int) -> tuple[str, list[str]]:
        """Examines the next `most` requests by id; returns the last id, empty at the end, and the old ones."""
        return await self._read(
            lambda db, repositories: repositories.requests.old(db, workspace, after, before, most)
        )

    async def due(self, workspace: str, now: int, most: int) -> list[str]:
        """Ids of sessions the scheduler must look at."""
        return await self._read(lambda db, repositories: repositories.sessions.due(db, workspace, now, most))
