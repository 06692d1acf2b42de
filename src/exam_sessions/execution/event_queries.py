"""What is read of a workspace's events and of their consumers. The history of one session is in queries.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.execution.reader_pool import PooledReads

if TYPE_CHECKING:
    from exam_sessions.domain.stored_records import ConsumerRow, EventRow


class EventReads(PooledReads):
    """Reads of events, each in one read transaction on a thread of the pool."""

    async def events_after(self, workspace: str, after: int, most: int) -> list[EventRow]:
        """Returns up to `most` events of a workspace after the sequence `after`."""
        return await self._read(lambda db, repositories: repositories.events.after(db, workspace, after, most))

    async def last_sequence(self, workspace: str) -> int:
        """The workspace's last event; 0 before the first."""
        return await self._read(lambda db, repositories: repositories.events.last_sequence(db, workspace))

    async def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events."""
        return await self._read(lambda db, repositories: repositories.consumers.load(db, workspace, name))

    async def consumers(self, workspace: str, after: str, most: int) -> tuple[list[ConsumerRow], int]:
        """Returns up to `most` consumers after the name `after`, and the sequence of the workspace's last event."""
        return await self._read(
            lambda db, repositories: (
                repositories.consumers.page(db, workspace, after, most),
                repositories.events.last_sequence(db, workspace),
            )
        )
