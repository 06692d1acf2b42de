"""Consumers of the events: saying how far one has come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.stored_records import ConsumerRow
from exam_sessions.execution.mutation import Mutation

if TYPE_CHECKING:
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import ConsumerChanges
    from exam_sessions.execution.read_set import ReadSet


class Acknowledge(Mutation):
    """Everything up to an event is done with. The result is the consumer as it is now."""

    __slots__ = ("name", "rewind", "sequence")

    def __init__(self, caller: Caller, name: str, sequence: int, *, rewind: bool) -> None:
        super().__init__(caller)
        self.name, self.sequence, self.rewind = name, sequence, rewind

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: the consumer is read when it is judged."""

    def apply(self, uow: ConsumerChanges) -> ConsumerRow:
        """Moves the consumer forward; back only where the request says so.

        Raises:
            errors.SequenceAhead: that event has not happened, or a restore has lost it.
        """
        workspace = self.caller.workspace
        last = uow.history.last_sequence(workspace)
        if self.sequence > last:
            raise errors.SequenceAhead(last)
        if (end := uow.history.lost_after(workspace, self.sequence, last)) is not None:
            raise errors.SequenceAhead(end)
        known = uow.history.consumer(workspace, self.name)
        if known and known.sequence >= self.sequence and not self.rewind:
            return known
        now = uow.clock.moment(known) if known else uow.clock.now
        consumer = ConsumerRow(workspace, self.name, self.sequence, now)
        return consumer if self.caller.validate_only else uow.history.put_consumer_now(consumer, rewind=self.rewind)

    def replay_payload(self, result: ConsumerRow) -> str:
        """The consumer as it was then."""
        return json.dumps(result)

    def replay(self, uow: ConsumerChanges, payload: str) -> ConsumerRow:  # noqa: ARG002 - nothing is read anew
        """The consumer as it was then."""
        return ConsumerRow(*json.loads(payload))
