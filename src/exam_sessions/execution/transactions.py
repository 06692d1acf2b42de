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
    """Opens units of work on one connection. `now` gives microseconds since 1970, `server` is who writes drafts."""

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
        """A unit of work with what a group wants, in a transaction the caller ends.

        What is recent is not read, and remembered requests are not looked for. Raises DatabaseDown rather than wait.
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
        """A unit of work with what a group wants; what is entered is durable when the block ends, or never was."""
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
        """A unit of work with what a group wants, all of one moment; nothing can be entered."""
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
