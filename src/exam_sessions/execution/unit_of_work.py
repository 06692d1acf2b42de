"""Units of work: the rows and writes of one transaction, and what opens, commits and ends them on a connection.

Each kind of row has a unit (units/). A use case declares in the type of its parameter which of them it is given
(capabilities.py). What they write is deferred to `write` (transaction.py), except by their methods that end in
`_now`. Units that a transition of a session does not need are made when they are asked for.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING

from exam_sessions.execution.form_cache import FormCache
from exam_sessions.execution.known_workspaces import KnownWorkspaces
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.read_set import OF_ONE_AT_MOST, CommittedCache, ReadSet, RecentRequests
from exam_sessions.execution.transaction import Transaction
from exam_sessions.execution.units.api_keys import ApiKeyUnit
from exam_sessions.execution.units.attempts import AttemptUnit
from exam_sessions.execution.units.conflicts import ConflictUnit
from exam_sessions.execution.units.forms import FormUnit
from exam_sessions.execution.units.history import HistoryUnit
from exam_sessions.execution.units.lockouts import LockoutUnit
from exam_sessions.execution.units.operations import OperationUnit
from exam_sessions.execution.units.personal_data import PersonalDataUnit
from exam_sessions.execution.units.releases import ReleaseUnit
from exam_sessions.execution.units.requests import RequestUnit
from exam_sessions.execution.units.sessions import SessionUnit
from exam_sessions.execution.units.staged_imports import StagedImportUnit
from exam_sessions.execution.units.workspaces import WorkspaceUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Self

    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.read_set import DeclaresReads
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories


class UnitOfWorkFactory:
    """Opens units of work on one connection, which one thread uses at a time, and keeps what they share.

    Args:
        now: the time, in microseconds since 1970.
        server: this server's name, as the owner of staged imports.
        workspaces: which are open, as far as it is known; what is committed is added to it. None where nothing is
            written.
        measures: what commits are counted in.
        others_wait: whether requests wait for the one at work to end.
    """

    def __init__(
        self,
        db: Db,
        repositories: Repositories,
        now: Callable[[], int],
        server: str,
        workspaces: KnownWorkspaces | None = None,
        measures: WriteMeasures | None = None,
        others_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        self.db, self.repositories, self.now, self.server = db, repositories, now, server
        self.workspaces = workspaces or KnownWorkspaces()
        self.form_cache = FormCache()
        self.cache = CommittedCache()
        """Only `begin_at_once` takes rows from it, and adds any; every other commit brings it up to date."""
        self.recent_requests = RecentRequests()
        self.reserved: list[Reservation] = []
        """What staged imports in progress on this server have reserved."""
        self.touched_workspaces: dict[str, list[EventRow]] = {}
        """The workspaces in which events were committed, with those whose numbers are known, until taken out."""
        self.measures = measures or WriteMeasures()
        self.others_wait = others_wait
        self._own: Reservation | None = None

    @contextmanager
    def reserving(self, own: Reservation) -> Iterator[Self]:
        """Reserves values for a roster as long as the block runs; gives the factory whose units may use them."""
        self.reserved.append(own)
        factory = copy.copy(self)
        factory._own = own  # noqa: SLF001 - of its own class
        try:
            yield factory
        finally:
            self.reserved.remove(own)

    def reserved_by_others(self) -> list[Reservation]:
        """The reservations that hold up the units of work of this factory."""
        return [held for held in self.reserved if held is not self._own]

    def begin_at_once(self, group: Sequence[DeclaresReads], *, requests: bool = False) -> UnitOfWork:
        """A unit of work with the rows that a group declares, which the caller commits or rolls back.

        Rows in the cache are not read, and recorded requests are looked for only where they are recent, or with
        `requests`.

        Raises:
            DatabaseDown: another transaction holds the database, or it cannot be reached.
            LostRace: see `UnitOfWork.load`.
        """
        self.db.begin(wait=False)
        try:
            uow = UnitOfWork(self, group, self.cache if self.db.is_in_process else None)
            of_requests = None if requests else self.recent_requests.keys
            uow.load(ReadSet.of(group, requests=of_requests), to_write=True)
        except BaseException:
            self.db.rollback()
            raise
        return uow

    @contextmanager
    def writing(self, group: Sequence[DeclaresReads] = ()) -> Iterator[UnitOfWork]:
        """A unit of work with the rows that a group declares; written and committed when the block ends.

        Raises:
            DatabaseDown: the database cannot be reached, or not written; nothing is.
            LostRace: see `UnitOfWork.write`; nothing is written.
        """
        self.db.begin(wait=True)
        try:
            uow = UnitOfWork(self, group)
            uow.load(ReadSet.of(group), to_write=True)
            yield uow
            uow.write()
            uow.commit()
        except BaseException:
            self.db.rollback()
            # It may have been committed all the same, or have been decided on a row that others have changed.
            self.cache.clear()
            raise

    @contextmanager
    def reading(self, group: Sequence[DeclaresReads] = ()) -> Iterator[UnitOfWork]:
        """A unit of work with the rows that a group declares, from one snapshot; nothing is written."""
        self.db.begin_read()
        try:
            uow = UnitOfWork(self)
            uow.load(ReadSet.of(group))
            yield uow
        finally:
            self.db.end_read()


class UnitOfWork:
    """A transaction that is open. A later mutation of the group reads what the earlier ones have left.

    `group` is the mutations that may write. `cache` has rows committed earlier; None where all are to be read.
    """

    def __init__(
        self,
        factory: UnitOfWorkFactory,
        group: Sequence[DeclaresReads] = (),
        cache: CommittedCache | None = None,
    ) -> None:
        self._factory, self._group, self._cache = factory, group, cache
        self._transaction = transaction = Transaction(factory.db, factory.repositories, factory.now)
        self.clock = transaction.clock
        self.attempts = AttemptUnit(transaction)
        self.sessions = SessionUnit(transaction, self.attempts)
        self.releases = ReleaseUnit(transaction)

    @cached_property
    def conflicts(self) -> ConflictUnit:
        """Values that no two sessions may share."""
        return ConflictUnit(self._transaction, self.sessions, self._factory.reserved_by_others())

    @cached_property
    def forms(self) -> FormUnit:
        """Test forms."""
        return FormUnit(self._transaction, self.attempts, self._factory.form_cache)

    @cached_property
    def history(self) -> HistoryUnit:
        """Events, and consumers of them."""
        return HistoryUnit(self._transaction)

    @cached_property
    def requests(self) -> RequestUnit:
        """Recorded requests."""
        return RequestUnit(self._transaction)

    @cached_property
    def operations(self) -> OperationUnit:
        """Operations."""
        return OperationUnit(self._transaction)

    @cached_property
    def api_keys(self) -> ApiKeyUnit:
        """API keys."""
        return ApiKeyUnit(self._transaction)

    @cached_property
    def lockouts(self) -> LockoutUnit:
        """Wrong entries and lock-outs."""
        return LockoutUnit(self._transaction)

    @cached_property
    def personal_data(self) -> PersonalDataUnit:
        """Personal data beside sessions."""
        return PersonalDataUnit(self._transaction)

    @cached_property
    def staged_imports(self) -> StagedImportUnit:
        """Staged imports."""
        return StagedImportUnit(self._transaction, self._factory.reserved_by_others())

    @cached_property
    def workspaces(self) -> WorkspaceUnit:
        """The registry of workspaces."""
        return WorkspaceUnit(self._transaction)

    def load(self, reads: ReadSet, *, to_write: bool = False) -> None:
        """Takes the rows declared from the cache, or reads them: one statement per kind and workspace.

        Sessions read `to_write` are locked until the transaction ends.

        Raises:
            LostRace: a session found by its access code was edited before it was locked.
        """
        if reads.access_codes:
            self.sessions.find_by_access_code(reads)
        if self._cache is not None:
            self._take_cached(self._cache, reads)
        for workspace in reads.sessions.keys() | reads.keycodes.keys() | reads.releases.keys():
            if reads.sessions.get(workspace) or reads.keycodes.get(workspace) or reads.releases.get(workspace):
                self._load_sessions_and_releases(workspace, reads, to_write=to_write)
        if reads.access_codes:
            self.sessions.check_access_codes()
        if reads.marking_context:
            self.attempts.load(self.sessions.known.values())
        for workspace, ids in reads.requests.items():
            self.requests.load(workspace, ids)

    def _take_cached(self, cache: CommittedCache, reads: ReadSet) -> None:
        cache.validate(self._transaction.db.data_version())
        cached = cache.take(reads)
        self.attempts.known.update(cached.attempts)
        self.releases.known.update(cached.releases)
        for session in cached.sessions:
            self.sessions.add_loaded(session)

    def _load_sessions_and_releases(self, workspace: str, reads: ReadSet, *, to_write: bool) -> None:
        db, repositories = self._transaction.db, self._transaction.repositories
        named = [kind.get(workspace, ()) for kind in (reads.sessions, reads.keycodes, reads.releases)]
        # Those of sessions that are named otherwise are read once their ids are known.
        ids = named[0] if reads.marking_context else ()
        sessions, releases, attempts = repositories.sessions.load_with_releases(
            db, workspace, *named, to_write=to_write, to_change=workspace in reads.to_change,
            attempts=repositories.attempts.ask(db, workspace, ids) if ids else None,
        )  # fmt: skip
        if ids:
            self.attempts.add_loaded(workspace, {s.id for s in sessions if s.id in ids}, attempts)
        for session in sessions:
            self.sessions.add_loaded(session)
        for release in releases:
            self.releases.add_loaded(release)
        self.clock.advance()

    def write(self) -> bool:
        """Writes everything deferred; whether anything was written at all, deferred or immediately.

        Raises:
            LostRace: a row is not as it was read any more, a key is taken, or a workspace was closed meanwhile.
        """
        wrote = self._transaction.write()
        if self._transaction.has_written:
            self._check_open()
        return wrote

    def _check_open(self) -> None:
        """Makes sure that what was written immediately went into no closed workspace. Raises WorkspaceIsClosed.

        Where events were written there is no need: a closed workspace has no number for them (store/events.py).
        """
        written = {mutation.caller.workspace for mutation in self._group if mutation.needs_open_workspace}
        for workspace in written - self._with_events():
            self.workspaces.check_open(workspace)

    def _with_events(self) -> set[str]:
        """The workspaces in which events were appended."""
        return self._transaction.published.keys() | self._transaction.deferred.events.keys()

    def commit(self) -> None:
        """Makes what was written durable, then stores in the cache what was read and written.

        Raises:
            DatabaseDown: it may not be durable.
            LostRace: see `write`; a database that is only sent the statements may answer for them now.
        """
        transaction, touched = self._transaction, self._with_events()
        measures = self._factory.measures
        measures.commit_began = begun = perf_counter()
        transaction.db.commit()
        measures.committed(transaction, perf_counter() - begun)
        if transaction.forgets_deleted:
            transaction.db.forget_deleted()
        for workspace in touched:
            self._factory.touched_workspaces.setdefault(workspace, []).extend(transaction.appended.get(workspace, ()))
        if "workspaces" in self.__dict__:  # The unit was made.
            self._factory.workspaces.update(self.workspaces.seen.values())
        if transaction.wrote_unread_rows or len(self.sessions.known) > OF_ONE_AT_MOST:
            self._factory.cache.clear()
        else:
            self._store_in_cache()
        self._factory.recent_requests.add(transaction.deferred.requests)

    def end_unwritten(self) -> None:
        """Ends a transaction that has written nothing, and stores in the cache what it read, as it was.

        A check is followed by the same call in earnest as a rule; no other connection could write meanwhile.
        """
        self._transaction.db.end_read()
        self._store_in_cache()

    def _store_in_cache(self) -> None:
        self._factory.cache.store(
            self.sessions.known.values(),
            self.sessions.deleted,
            self.releases.known.values(),
            self.attempts.known,
            adds=self._cache is not None,
        )

    def rollback(self) -> None:
        """Gives up what was written."""
        self._transaction.db.rollback()
