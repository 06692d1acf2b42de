"""What is read of the registry of workspaces, each from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.workspaces import Workspace
    from exam_sessions.execution.reader_pool import ReaderPool
    from exam_sessions.store.workspaces import WorkspaceState


class WorkspaceReads:
    """Reads on the threads of a pool."""

    def __init__(self, pool: ReaderPool) -> None:
        self._read = pool.read

    async def states(self) -> list[WorkspaceState]:
        """Every workspace, and whether it is closed."""
        return await self._read(lambda db, repositories: repositories.workspaces.states(db))

    async def states_of(self, names: Collection[str]) -> list[WorkspaceState]:
        """Those of these workspaces that there are, and whether they are closed."""
        return await self._read(lambda db, repositories: repositories.workspaces.states_of(db, names))

    async def get(self, name: str) -> Workspace:
        """Returns a workspace. Raises WorkspaceNotFound."""
        found = await self._read(lambda db, repositories: repositories.workspaces.load(db, name))
        if found is None:
            raise errors.WorkspaceNotFound(name)
        return found

    async def page(self, names: Collection[str] | None, after: str, most: int) -> list[Workspace]:
        """Returns up to `most` workspaces by name, after the name `after`; of these names, of all when None."""
        return await self._read(lambda db, repositories: repositories.workspaces.page(db, names, after, most))
