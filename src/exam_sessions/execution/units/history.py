"""Events of earlier transactions, and consumers, written immediately. New events are written by sessions.py."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from exam_sessions.domain import clock, sequences

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.stored_records import ConsumerRow
    from exam_sessions.execution.transaction import Transaction


@dataclass(slots=True, eq=False)
class HistoryUnit:
    """The events before this transaction, and their consumers."""

    _transaction: Transaction

    def last_sequence(self, workspace: str) -> int:
        """The last sequence that the workspace has given before this transaction; 0 before the first."""
        return self._transaction.repositories.events.last_sequence(self._transaction.db, workspace)

    def lost_after(self, workspace: str, position: int, given: int) -> int | None:
        """The last event before what a restore has lost, where a position is among that (domain/sequences.py)."""
        transaction = self._transaction
        end_before = partial(transaction.repositories.events.end_before, transaction.db, workspace)
        return sequences.lost_after(position, given, end_before)

    def next_sequence(self, workspace: str, after: int) -> int:
        """The first event after a position; 0 without one."""
        return self._transaction.repositories.events.next_after(self._transaction.db, workspace, after)

    def booking_time(self, workspace: str, ids: Collection[str]) -> int:
        """The time of new sessions with these ids, which may have been those of sessions that were deleted."""
        transaction = self._transaction
        if not ids:
            return transaction.clock.now
        last_end = transaction.repositories.events.last_end(transaction.db, workspace, ids)
        return clock.moment(transaction.clock.now, last_end)

    def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events, locked; None when there is none of that name."""
        row = self._transaction.repositories.consumers.load(self._transaction.db, workspace, name, to_write=True)
        self._transaction.clock.advance()
        return row

    def put_consumer_now(self, consumer: ConsumerRow, *, rewind: bool) -> ConsumerRow:
        """Writes how far a consumer has come; how far it has, which a later call of the same group must see.

        Without `rewind` it stays where it is when another server has brought it further meanwhile.
        """
        self._transaction.repositories.consumers.put(self._transaction.write_now(), consumer, rewind=rewind)
        return self.consumer(consumer.workspace_id, consumer.name) or consumer
