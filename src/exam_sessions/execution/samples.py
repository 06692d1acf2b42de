"""What a database holds altogether, counted for metrics on a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.execution.reader_pool import ReaderPool
from exam_sessions.store.samples import SampleRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.samples import ConsumerLag, OperationCount, Overdue, SessionCount


class Sample(NamedTuple):
    """What was counted at one moment."""

    taken: int
    """The moment, in microseconds since 1970."""
    sessions: Sequence[SessionCount]
    overdue: Overdue
    operations: Sequence[OperationCount]
    consumers: Sequence[ConsumerLag]


class SampleReads:
    """Takes samples. No list waits for a sample, because its thread and its connection do nothing else."""

    def __init__(self, store: Store) -> None:
        self._pool, self._rows = ReaderPool(store, 1), SampleRows(store)

    async def take(self, now: int) -> Sample:
        """A sample, from one snapshot; `now` is in microseconds since 1970.

        Raises:
            errors.Refusal: the database does not answer, or the reads are closed.
        """
        rows = self._rows

        def work(db: Db, _: Repositories) -> Sample:
            return Sample(now, rows.sessions(db), rows.overdue(db, now), rows.operations(db), rows.consumers(db))

        return await self._pool.read(work)

    def close(self) -> None:
        """Ends the thread and closes its connection, once the sample under way is taken."""
        self._pool.close()
