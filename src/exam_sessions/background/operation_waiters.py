"""Callers who wait for the end of an operation: they learn of it at once where this server carries it out."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class OperationWaiters:
    """Futures by the id of an operation. To be used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    @contextmanager
    def end_of(self, operation_id: str) -> Iterator[asyncio.Future[None]]:
        """A future that is done when this server ends the operation, as long as the block runs."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(operation_id, set())
        waiting.add(future)
        try:
            yield future
        finally:
            waiting.discard(future)
            if not waiting:
                del self._waiting[operation_id]

    def ended(self, operation_id: str) -> None:
        """An operation has ended here, durably."""
        for future in self._waiting.get(operation_id, ()):
            if not future.done():
                future.set_result(None)
