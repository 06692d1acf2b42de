"""What is counted of transactions that were committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.states import Action
from exam_sessions.measures import Distribution

if TYPE_CHECKING:
    from exam_sessions.execution.transaction import Transaction

Transition = tuple[str, int, int]
"""An action, and the numbers of the states before and after it; 0 where there is no session before or after."""

SCHEDULE = Action.SCHEDULE.value


class WriteMeasures:
    """The commits of one writing connection, and the events they made durable."""

    def __init__(self) -> None:
        self.commits = Distribution()
        """How long each took, in seconds."""
        self.commit_began = 0.0
        """When the last one was begun, on the clock of `time.perf_counter`."""
        self.transitions: dict[Transition, int] = {}

    def committed(self, transaction: Transaction, seconds: float) -> None:
        """Counts a transaction, whose commit took so long, and its events."""
        self.commits.record(seconds)
        counted = self.transitions
        for events in transaction.deferred.events.values():
            for event in events:
                # By place: an attribute of a named tuple takes longer, and a batch has ten thousand.
                transition = event[2:5]
                counted[transition] = counted.get(transition, 0) + 1
        for state, count in transaction.published.values():
            transition = SCHEDULE, 0, state
            counted[transition] = counted.get(transition, 0) + count
