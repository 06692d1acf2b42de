"""Finds out again and again whether the database serves, within a time limit of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import DatabaseDown, Unreachable

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


class Monitor:
    """Health checks of one server, on a thread of their own: nothing that waits for the database holds them up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="monitor")
        self._checking: asyncio.Future[None] | None = None
        self._closed = False

    async def check(self) -> bool:
        """Whether the database can be read and written; says so after the store's `silence_s` at the latest.

        False once it is closed.
        """
        if self._closed:
            return False
        limit = self._store.silence_s
        if self._checking is None:
            self._checking = asyncio.get_running_loop().run_in_executor(self._thread, self._store.check)
        await asyncio.wait([self._checking], timeout=limit)
        fault, unreachable = f"it has not answered within {limit:g} s", True
        if self._checking.done():
            # A check that goes on is left to it; there is no second one beside it.
            fault, unreachable = _fault_of(self._checking.exception())
            self._checking = None
        self._store.availability.checked(fault, unreachable=unreachable)
        return not fault

    def close(self) -> None:
        """Ends the thread, once the check under way has ended."""
        self._closed = True
        self._thread.shutdown()


def _fault_of(error: BaseException | None) -> tuple[str, bool]:
    """What a check ended with: words, empty when all is well, and whether nothing can be asked at all."""
    if error is None:
        return "", False
    return f"{error}" if isinstance(error, DatabaseDown) else repr(error), isinstance(error, Unreachable)
