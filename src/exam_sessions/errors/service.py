"""Refusals for the sake of the service: unavailable, out of capacity, or unable to compute."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import (
    Cancelled,
    Damaged,
    Exhausted,
    Faulty,
    NotFound,
    OutOfRange,
    Unavailable,
    WrongState,
)


@dataclass(eq=False)
class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    text = "the database does not answer; retry the call"
    retry_after = 1.0


@dataclass(eq=False)
class DatabaseReplaced(Unavailable):
    """A file of the database was removed or replaced while it was served."""

    text = "the database was removed or replaced while it was served; an operator must restore it and restart"


@dataclass(eq=False)
class DatabaseFull(Exhausted):
    """The database has no room for what was to be written."""

    text = "the database is full, and nothing was written; an operator must make room before the call can be repeated"


@dataclass(eq=False)
class DatabaseDamaged(Damaged):
    """What is stored cannot be read as it was written."""

    text = "the database is damaged; do not retry, an operator must restore it from a backup"


@dataclass(eq=False)
class RosterUnderWay(Unavailable):
    """Another server is writing a roster, or has died over it, and these rows may be among its."""

    text = "another server is writing a roster that may hold these rows; retry the call"
    retry_after = 1.0


@dataclass(eq=False)
class Overloaded(Exhausted):
    """More calls wait, or more bytes are in flight, than the server can answer soon."""

    text = "the server has too much to do; retry after a pause"
    retry_after = 0.5


@dataclass(eq=False)
class ShuttingDown(Unavailable):
    """The server is going away."""

    text = "the server is shutting down; retry the call"
    retry_after = 0.1


@dataclass(eq=False)
class UnknownHealthName(NotFound):
    """There is no health of this name."""

    service: str
    text = "there is no health of {service!r}; ask for one of the services, or for the server with an empty name"


@dataclass(eq=False)
class SequenceTooOld(OutOfRange):
    """The event is further back than a watch may begin."""

    text = "a watch can begin with event {oldest_sequence} at the earliest; begin there, or with a snapshot"
    oldest_sequence: int


@dataclass(eq=False)
class SequenceAhead(OutOfRange):
    """The event has not happened, or the database was restored from a backup that does not hold it."""

    text = "the last event is {last_sequence}; what comes after it has not happened, or the database is an older copy"
    last_sequence: int


@dataclass(eq=False)
class SnapshotTooLarge(Exhausted):
    """The filter lets too many sessions into one snapshot."""

    text = "{sessions} sessions match, and a snapshot holds {limit}; narrow the filter, or begin with an event"
    sessions: int
    limit: int


@dataclass(eq=False)
class WatcherTooSlow(Exhausted):
    """The watcher did not take what was sent in time. Within the snapshot there is no event to resume with: 0."""

    start_sequence: int

    def __str__(self) -> str:
        """Where to go on."""
        how = f"resume with event {self.start_sequence}" if self.start_sequence else "begin again with a snapshot"
        return f"the watcher did not take what was sent in time; {how}"


@dataclass(eq=False)
class TooManyWatchers(Exhausted):
    """More watches are open than the server holds."""

    text = "this server holds {limit} watches at most; try another server"
    limit: int


@dataclass(eq=False)
class OperationNotFound(NotFound):
    """No such operation."""

    name: str
    text = "there is no operation {name}"


@dataclass(eq=False)
class OperationUnderWay(WrongState):
    """The operation has not ended."""

    name: str
    text = "operation {name} has not ended; cancel it, or wait for it, before deleting it"


@dataclass(eq=False)
class OperationCancelled(Cancelled):
    """The operation was cancelled before its end."""

    name: str
    text = "operation {name} was cancelled; what was done stays done"


@dataclass(eq=False)
class StepQuarantined(Faulty):
    """A row failed again and again, and was set aside."""

    fault: str
    text = "the row failed again and again ({fault}) and was set aside; it is a fault of the service"
