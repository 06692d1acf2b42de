"""Tells the other servers of a database in which workspaces something happened, and hears it from them.

A ring carries no event and may be lost: whoever hears one looks, and who hears none looks a little later.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import DatabaseDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exam_sessions.store.engine import Store

GATHER_S = 0.01
"""How long rings are gathered, in seconds."""

APART_S = 0.05
"""Seconds between two rings: each takes a lock of the whole database server, and wakes everybody who listens."""


class Bell:
    """One server's bell. `heard` is called on the event loop with the workspaces others have rung for."""

    def __init__(self, store: Store, heard: Callable[[Iterable[str]], None]) -> None:
        self._store, self._heard = store, heard
        self._to_ring: set[str] = set()
        self._ringing: asyncio.Task[None] | None = None
        self._rung_at = 0.0
        self._deafen: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begins to listen; call from the running event loop."""
        loop = asyncio.get_running_loop()

        def hear(workspace: str) -> None:
            # The loop may have ended while the news was on its way.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._heard, (workspace,))

        self._deafen = self._store.listen(hear)

    def ring(self, workspaces: set[str]) -> None:
        """Tells the others, soon."""
        self._to_ring |= workspaces
        if not self._ringing:
            self._ringing = asyncio.create_task(self._ring())

    async def close(self) -> None:
        """Rings for the last time and stops listening."""
        while self._ringing:
            await self._ringing
        await asyncio.to_thread(self._deafen)

    async def _ring(self) -> None:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(GATHER_S, self._rung_at + APART_S - now()))
        self._rung_at = now()
        workspaces, self._to_ring = self._to_ring, set()
        try:
            await asyncio.to_thread(self._store.ring, workspaces)
        except DatabaseDown as down:
            # The others look by themselves.
            self._store.availability.failed(down)
        finally:
            self._ringing = None
            if self._to_ring:
                self.ring(set())
