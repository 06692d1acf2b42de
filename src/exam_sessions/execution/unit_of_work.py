"""One transaction of a group: its units, what is read at its start and written at its end.

Each kind of row has a unit (units/). A use case declares in the type of its parameter which of them it is given
(capabilities.py). What they write is deferred to `write`, except by their methods that end in `_now`. Units that a
transition of a session does not need are made when they are asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from exam_sessions.execution.transaction import Transaction
from exam_sessions.execution.units.attempts import AttemptUnit
from exam_sessions.execution.units.conflicts import ConflictUnit
from exam_sessions.execution.units.forms import FormUnit
from exam_sessions.execution.units.history import HistoryUnit
from exam_sessions.execution.units.operations import OperationUnit
from exam_sessions.execution.units.releases import ReleaseUnit
from exam_sessions.execution.units.requests import RequestUnit
from exam_sessions.execution.units.sessions import SessionUnit
from exam_sessions.execution.units.staged_imports import StagedImportUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.execution.committed_cache import CommittedCache
    from exam_sessions.execution.form_cache import FormCache
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories


class UnitOfWork:
    """A transaction that is open. A later mutation of the group reads what the earlier ones have left."""

    def __init__(
        self,
        db: Db,
        repositories: Repositories,
        now: Callable[[], int],
        reserved: Sequence[Reservation],
        form_cache: FormCache,
        cache: CommittedCache | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            db: the connection, in a transaction that the caller ends.
            repositories: the statements.
            now: the time, in microseconds since 1970.
            reserved: staged imports of others that are in progress on this server.
            form_cache: revisions of forms read earlier.
            cache: rows committed earlier; None when they may have been changed since.
        """
        self._reserved, self._form_cache, self._cache = reserved, form_cache, cache
        self._transaction = transaction = Transaction(db, repositories, now)
        self.clock = transaction.clock
        self.history = HistoryUnit(transaction)
        self.attempts = AttemptUnit(transaction)
        self.sessions = SessionUnit(transaction, self.history, self.attempts)
        self.releases = ReleaseUnit(transaction)

    @cached_property
    def conflicts(self) -> ConflictUnit:
        """Values that no two sessions may share."""
        return ConflictUnit(self._transaction, self.sessions, self._reserved)

    @cached_property
    def forms(self) -> FormUnit:
        """Test forms."""
        return FormUnit(self._transaction, self.attempts, self._form_cache)

    @cached_property
    def requests(self) -> RequestUnit:
        """Recorded requests."""
        return RequestUnit(self._transaction)

    @cached_property
    def operations(self) -> OperationUnit:
        """Operations."""
        return OperationUnit(self._transaction)

    @cached_property
    def staged_imports(self) -> StagedImportUnit:
        """Staged imports."""
        return StagedImportUnit(self._transaction, self._reserved)

    def load(self, reads: ReadSet, *, to_write: bool = False) -> None:
        """Takes the rows declared from the cache, or reads them: one statement per kind and workspace.

        Sessions read `to_write` are locked until the transaction ends.

        Raises:
            LostRace: a session found by its access code was edited before it was locked.
        """
        if reads.access_codes:
            self.sessions.find_by_access_code(reads)
        if self._cache is not None:
            self._cache.validate(self._transaction.db.data_version())
            self.sessions.take_cached(self._cache, reads)
            self.releases.take_cached(self._cache, reads)
        self._load_sessions_and_releases(reads, to_write=to_write)
        if reads.access_codes:
            self.sessions.check_access_codes()
        if reads.marking_context:
            self.attempts.load(self.sessions.known.values())
        for workspace, ids in reads.requests.items():
            self.requests.load(workspace, ids)

    def _load_sessions_and_releases(self, reads: ReadSet, *, to_write: bool) -> None:
        for workspace in reads.sessions.keys() | reads.keycodes.keys() | reads.releases.keys():
            named = [kind.get(workspace, ()) for kind in (reads.sessions, reads.keycodes, reads.releases)]
            if not any(named):
                continue
            sessions, releases = self._transaction.repositories.sessions.load_with_releases(
                self._transaction.db, workspace, *named, to_write=to_write, to_change=workspace in reads.to_change
            )
            for session in sessions:
                self.sessions.add_loaded(session)
            for release in releases:
                self.releases.add_loaded(release)
            self.clock.advance()

    def write(self) -> bool:
        """Writes everything deferred; whether anything was written at all, deferred or immediately.

        Raises:
            LostRace: a row is not as it was read any more, or a key is taken.
        """
        return self._transaction.write()

    def touched_workspaces(self) -> set[str]:
        """The workspaces in which events were appended."""
        return self._transaction.published_workspaces.union(self._transaction.deferred.events)

    def publish_to_cache(self) -> None:
        """Stores in the cache what was read and written; to be called once it is committed."""
        if self._cache is None:
            return
        if self._transaction.wrote_unread_rows:
            self._cache.clear()
        else:
            self._cache.store(
                self.sessions.known.values(), self.sessions.deleted, self.releases.known.values(), self.attempts.known
            )
