"""Transactions on one connection: begun, loaded with the rows that a group declares, ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from exam_sessions.execution.read_set import ReadSet
from exam_sessions.execution.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exam_sessions.execution.committed_cache import CommittedCache
    from exam_sessions.execution.form_cache import FormCache
    from exam_sessions.execution.mutation import Mutation
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories


class Transactions:
    """Opens units of work on one connection, which one thread uses at a time."""

    def __init__(
        self,
        db: Db,
        repositories: Repositories,
        now: Callable[[], int],
        server: str,
        reserved: list[Reservation],
        form_cache: FormCache,
        touched: set[str],
        own: Reservation | None = None,
    ) -> None:
        """Opens nothing yet.

        Args:
            db: the connection.
            repositories: the statements.
            now: the time, in microseconds since 1970.
            server: this server's name, as the owner of staged imports.
            reserved: what staged imports in progress on this server have reserved; `reserving` adds to it.
            form_cache: revisions of forms read earlier.
            touched: the workspaces in which events were committed are added to it.
            own: a reservation that does not hold up these transactions.
        """
        self._db, self._repositories, self._now = db, repositories, now
        self.server, self._reserved, self._form_cache, self._touched = server, reserved, form_cache, touched
        self._own = own

    @contextmanager
    def reserving(self, own: Reservation) -> Iterator[Transactions]:
        """Reserves values for a roster as long as the block runs; gives the transactions that may use them."""
        self._reserved.append(own)
        arguments = (self._db, self._repositories, self._now, self.server, self._reserved, self._form_cache)
        try:
            yield Transactions(*arguments, self._touched, own)
        finally:
            self._reserved.remove(own)

    def begin_at_once(self, group: Sequence[Mutation], cache: CommittedCache) -> UnitOfWork:
        """A unit of work with the rows that a group declares, in a transaction the caller ends.

        Rows in the cache are not read, and recorded requests are not looked for.

        Raises:
            DatabaseDown: another transaction holds the database, or it cannot be reached.
            LostRace: see `UnitOfWork.load`.
        """
        self._db.begin(wait=False)
        try:
            uow = self._opened(cache if self._db.is_in_process else None)
            uow.load(ReadSet.of(group), to_write=True)
        except BaseException:
            self._db.rollback()
            raise
        return uow

    @contextmanager
    def writing(self, group: Sequence[Mutation] = ()) -> Iterator[UnitOfWork]:
        """A unit of work with the rows that a group declares; written and committed when the block ends.

        Raises:
            DatabaseDown: the database cannot be reached, or not written; nothing is.
            LostRace: a row was changed meanwhile, or a key is taken; nothing is written.
        """
        self._db.begin(wait=True)
        try:
            uow = self._opened()
            uow.load(ReadSet.of(group, requests=True), to_write=True)
            yield uow
            uow.write()
            self._db.commit()
            self._touched.update(uow.touched_workspaces())
        except BaseException:
            self._db.rollback()
            raise

    @contextmanager
    def reading(self, group: Sequence[Mutation] = ()) -> Iterator[UnitOfWork]:
        """A unit of work with the rows that a group declares, from one snapshot; nothing is written."""
        self._db.begin_read()
        try:
            uow = self._opened()
            uow.load(ReadSet.of(group, requests=True))
            yield uow
        finally:
            self._db.rollback()

    def _opened(self, cache: CommittedCache | None = None) -> UnitOfWork:
        others = [held for held in self._reserved if held is not self._own]
        return UnitOfWork(self._db, self._repositories, self._now, others, self._form_cache, cache)
