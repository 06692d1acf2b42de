"""Notifies the other servers of a database of the workspaces in which events were committed, and is notified by them.

A notification carries no event and may be lost: a server that gets one reads the events, others do so a little later.
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
"""How long notifications are gathered, in seconds."""

APART_S = 0.05
"""Seconds between two notifications: each takes a lock of the whole database server, and wakes every listener."""


class ChangeNotifier:
    """One server's bell. `on_change` is called on the event loop with the workspaces others have rung for."""

    def __init__(self, store: Store, on_change: Callable[[Iterable[str]], None]) -> None:
        self._store, self._on_change = store, on_change
        self._pending: set[str] = set()
        self._sending: asyncio.Task[None] | None = None
        self._sent_at = 0.0
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begins to listen; call from the running event loop."""
        loop = asyncio.get_running_loop()

        def changed(workspace: str) -> None:
            # The loop may have ended before the notification arrived.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._on_change, (workspace,))

        self._unsubscribe = self._store.subscribe(changed)

    def notify(self, workspaces: Iterable[str]) -> None:
        """Notifies the other servers within `APART_S`."""
        self._pending.update(workspaces)
        if not self._sending:
            self._sending = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Notifies for the last time and stops listening."""
        while self._sending:
            await self._sending
        await asyncio.to_thread(self._unsubscribe)

    async def _send(self) -> None:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(GATHER_S, self._sent_at + APART_S - now()))
        self._sent_at = now()
        workspaces, self._pending = self._pending, set()
        try:
            await asyncio.to_thread(self._store.notify, workspaces)
        except DatabaseDown as down:
            # The others look by themselves.
            self._store.availability.failed(down)
        finally:
            self._sending = None
            if self._pending:
                self.notify(set())
