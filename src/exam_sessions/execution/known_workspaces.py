"""Which workspaces there are, as far as this server has seen: no call reads the database for the name of its own.

Names are only ever added, for no workspace is removed. Whether one is open may be out of date until another server's
change is seen; therefore a mutation that would write into a workspace closed meanwhile is stopped by the database
(store/events.py, UnitOfWork.check_open).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from exam_sessions.store.workspaces import WorkspaceState

LOOK_APART_S = 0.005
"""Seconds between two looks for names that are not known."""

WAITING_AT_MOST = 2_000
"""Names that are looked for in one look. More calls that name unknown workspaces are refused as overload."""


async def find_none(_: Collection[str]) -> list[WorkspaceState]:
    """Where no call names a workspace."""
    return []


class KnownWorkspaces:
    """The workspaces of a database. `look` finds those of some names that there are.

    With `takes_any` a name that is not known is let in: its first mutation registers it.
    """

    def __init__(
        self,
        look: Callable[[Collection[str]], Awaitable[list[WorkspaceState]]] = find_none,
        *,
        takes_any: bool = False,
    ) -> None:
        self._look = look
        self.takes_any = takes_any
        self.names: set[str] = set()
        """Every workspace, open or closed."""
        self.open = {SYSTEM_WORKSPACE}
        """Those that are open, and the one of what belongs to no workspace, which no request can name."""
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def update(self, states: Iterable[WorkspaceState]) -> None:
        """Adds what was read or written; may be called on any thread, once it is committed."""
        for name, close_time in states:
            self.names.add(name)
            if close_time:
                self.open.discard(name)
            else:
                self.open.add(name)

    def find(self, name: str) -> asyncio.Future[None]:
        """Looks for a workspace in the database; once that is done, `names` holds it if there is one.

        All names that are asked for meanwhile share the next look, so that a flood of unknown names costs one
        statement every LOOK_APART_S.

        Raises:
            errors.Overloaded: too many names are waited for.
        """
        found = self._waiting.get(name)
        if found is None:
            if len(self._waiting) >= WAITING_AT_MOST:
                raise errors.Overloaded
            found = self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_for_all())
        return found

    async def _look_for_all(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                self.update(await self._look(waiting))
            except errors.Refusal as refusal:
                for found in waiting.values():
                    _fail(found, refusal)
            else:
                for found in waiting.values():
                    if not found.done():
                        found.set_result(None)
            await asyncio.sleep(LOOK_APART_S)
        self._looking = None


def _fail(found: asyncio.Future[None], refusal: errors.Refusal) -> None:
    if not found.done():
        found.set_exception(refusal)
        found.exception()  # or it would be missed, where no call waits any more
