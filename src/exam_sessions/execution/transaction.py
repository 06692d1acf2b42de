"""One transaction: the connection, the statements, its time, and the one place that writes.

Rows that were read are in the units (units/). Decides nothing.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.records import AttemptRecord, Release, Session
    from exam_sessions.domain.stored_records import ConsumerRow, EventRow, OperationRow
    from exam_sessions.store.attempts import AttemptUpdate
    from exam_sessions.store.engine import Db
    from exam_sessions.store.events import Happening
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.requests import RequestRow

    Key = tuple[str, str]
    AttemptKey = tuple[str, str, int]
    Timed = Session | Release | OperationRow | ConsumerRow

BY_CANDIDATE = attrgetter("workspace_id", "release_id", "candidate_id")


class TransactionClock:
    """The time of a transaction, in microseconds since 1970.

    It is read after every lock: the transaction that held the lock before has changed the row earlier than that.
    """

    __slots__ = ("_read", "now")

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read
        self.now = read()

    def advance(self) -> None:
        """Reads the clock again, because rows were locked; the time never goes back."""
        self.now = max(self.now, self._read())

    def moment(self, row: Timed) -> int:
        """The time of a change to a row: now, but never before the row's last change, whatever clock that had."""
        return clock.moment(self.now, row.update_time)


class Change(NamedTuple):
    """A session as it was read, as it is to be written, and the columns to write."""

    before: Session
    session: Session
    columns: frozenset[str]


class DeferredWrites:
    """The rows to be written at the end. Sessions are keyed by workspace and id, attempts by their number besides."""

    __slots__ = (
        "attempt_deletes",
        "attempt_inserts",
        "attempt_updates",
        "events",
        "pins",
        "requests",
        "session_changes",
        "session_deletes",
        "session_inserts",
    )

    def __init__(self) -> None:
        self.session_inserts: dict[Key, Session] = {}
        self.session_changes: dict[Key, Change] = {}
        self.session_deletes: dict[Key, Session] = {}
        """Sessions as they were read."""
        self.attempt_inserts: dict[AttemptKey, AttemptRecord] = {}
        self.attempt_updates: dict[AttemptKey, AttemptUpdate] = {}
        self.attempt_deletes: set[Key] = set()
        """Sessions whose stored attempts are to be removed."""
        self.pins: dict[Key, dict[tuple[str, int], str]] = {}
        """Shared PINs of a release, by centre and day."""
        self.requests: list[RequestRow] = []
        self.events: dict[str, list[Happening]] = {}
        """By workspace."""


class Transaction:
    """One transaction on one connection."""

    __slots__ = (
        "appended",
        "clock",
        "db",
        "deferred",
        "forgets_deleted",
        "has_written",
        "published",
        "repositories",
        "wrote_unread_rows",
    )

    def __init__(self, db: Db, repositories: Repositories, now: Callable[[], int]) -> None:
        self.db, self.repositories = db, repositories
        self.deferred = DeferredWrites()
        self.clock = TransactionClock(now)
        self.wrote_unread_rows = False
        """Whether it wrote rows that were not read: what the cache has of them is out of date."""
        self.published: dict[str, tuple[int, int]] = {}
        """By workspace, the state and the number of the sessions of a staged import, published with an event each."""
        self.forgets_deleted = False
        """Whether what it overwrites is to be removed from the files of the database once it is committed."""
        self.has_written = False
        """Whether anything was written by `write_now`."""
        self.appended: dict[str, list[EventRow]] = {}
        """The events it has written, by workspace, as far as their numbers are known."""

    def write_now(self, *, unread_rows: bool = False) -> Db:
        """The connection, for a statement that writes immediately."""
        self.has_written = True
        self.wrote_unread_rows |= unread_rows
        return self.db

    def write(self) -> bool:
        """Writes everything deferred, one statement per kind of change.

        Returns:
            Whether the transaction has written anything, deferred or immediately.

        Raises:
            LostRace: a row is not as it was read any more, or a key is taken.
        """
        db, repositories, deferred = self.db, self.repositories, self.deferred
        self._write_sessions()
        attempts = repositories.attempts
        for workspace, session_id in deferred.attempt_deletes:
            attempts.delete(db, workspace, session_id)
        if deferred.attempt_inserts:
            attempts.insert(db, list(deferred.attempt_inserts.values()))
        if deferred.attempt_updates:
            attempts.update(db, deferred.attempt_updates.values())
        for (workspace, release_id), drawn in deferred.pins.items():
            for (centre, day), pin in drawn.items():
                repositories.catalog.insert_pin(db, workspace, release_id, centre, day, pin)
        if deferred.requests:
            repositories.requests.insert(db, deferred.requests)
        # Last, because no other transaction can append to the workspace's events from here to the commit.
        for workspace, events in deferred.events.items():
            self.appended[workspace] = repositories.events.append(db, workspace, events)
        # Every other row is written with an event.
        return bool(self.has_written or deferred.events or deferred.requests or deferred.session_changes)

    def _write_sessions(self) -> None:
        db, repositories, deferred = self.db, self.repositories, self.deferred
        if deferred.session_inserts:
            # In one order on every server, so that two who book the same candidates do not wait for each other.
            repositories.sessions.insert(db, sorted(deferred.session_inserts.values(), key=BY_CANDIDATE))
        linked = frozenset({"last_event"} if repositories.events.linked else ())
        by_columns: dict[frozenset[str], list[tuple[Session, Session]]] = {}
        for before, session, columns in deferred.session_changes.values():
            by_columns.setdefault(columns, []).append((before, session))
        for columns, changed in by_columns.items():
            if columns:
                repositories.sessions.update(db, columns | linked, changed)
        for before in deferred.session_deletes.values():
            repositories.sessions.delete(db, before)
            repositories.attempts.delete(db, before.workspace_id, before.id)
