"""What is read of a workspace's events and of their consumers. The history of one session is in queries.py."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.sequences import count_after, lost_after, oldest_of_last
from exam_sessions.execution.reader_pool import PooledReads

if TYPE_CHECKING:
    from exam_sessions.domain.stored_records import ConsumerRow, EventRow
    from exam_sessions.store.engine import Db
    from exam_sessions.store.events import EventRows
    from exam_sessions.store.repositories import Repositories


class Position(NamedTuple):
    """A place among the events of a workspace."""

    last: int
    """The last sequence that the workspace has given."""
    oldest: int
    """The first event with which a watch may begin."""
    lost_after: int | None
    """The last event before what a restore has lost, where the place is among that."""


class EventReads(PooledReads):
    """Reads of events, each in one read transaction on a thread of the pool."""

    async def events_after(self, workspace: str, after: int, most: int) -> list[EventRow]:
        """Returns up to `most` events of a workspace after the sequence `after`."""
        return await self._read(
            lambda db, repositories: repositories.events.after(db, workspace, after, most), one_statement=True
        )

    async def last_sequence(self, workspace: str) -> int:
        """The workspace's last event; 0 before the first."""
        return await self._read(lambda db, repositories: repositories.events.last_sequence(db, workspace))

    async def position(self, workspace: str, place: int, reach: int) -> Position:
        """Where a place is among the workspace's events, of which a watch may begin with the last `reach`."""

        def work(db: Db, repositories: Repositories) -> Position:
            events = repositories.events
            last, end_before = events.last_sequence(db, workspace), partial(events.end_before, db, workspace)
            lost = lost_after(place, last, end_before) if place <= last else None
            return Position(last, oldest_of_last(reach, last, end_before), lost)

        return await self._read(work)

    async def behind(self, consumer: ConsumerRow) -> int:
        """How many events a consumer has not acknowledged."""
        return await self._read(lambda db, repositories: _behind(db, repositories.events, consumer))

    async def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events."""
        return await self._read(lambda db, repositories: repositories.consumers.load(db, workspace, name))

    async def consumers(self, workspace: str, after: str, most: int) -> list[tuple[ConsumerRow, int]]:
        """Returns up to `most` consumers after the name `after`, and how many events each has not acknowledged."""
        return await self._read(
            lambda db, repositories: [
                (consumer, _behind(db, repositories.events, consumer))
                for consumer in repositories.consumers.page(db, workspace, after, most)
            ]
        )


def _behind(db: Db, events: EventRows, consumer: ConsumerRow) -> int:
    workspace = consumer.workspace_id
    end_before = partial(events.end_before, db, workspace)
    return count_after(consumer.sequence, events.last_sequence(db, workspace), end_before)
