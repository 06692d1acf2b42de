"""The threads on which lists and pages are read, each with a connection of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from exam_sessions import errors
from exam_sessions.execution.form_cache import FormCache
from exam_sessions.execution.outages import refusal_of
from exam_sessions.store.database_errors import DatabaseDown
from exam_sessions.store.repositories import repositories_of
from exam_sessions.thread_priority import lower_own_priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.repositories import Repositories

Result = TypeVar("Result")

LOADED_AT_ONCE = 4_000_000
"""Bytes of responses, or of the changes of events, that one read loads, so that a page costs no more memory than its
reply; of one session, or one event, all the same."""

READERS = 2
"""Threads: as many as a small machine has cores."""


class ReaderPool:
    """A few threads that run one read at a time."""

    def __init__(self, store: Store, threads: int = READERS) -> None:
        self._store, self.threads = store, threads
        self.under_way = 0
        """Reads that are under way or wait for a thread."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader", initializer=lower_own_priority)
        self._own = threading.local()
        self._opened: list[Db] = []
        self._closed = False

    async def read(self, work: Callable[[Db, Repositories], Result], *, one_statement: bool = False) -> Result:
        """Returns what `work` returns, called on a thread in a read transaction of its own.

        `one_statement` says that it runs one, which is a snapshot by itself: on PostgreSQL the transaction around it
        takes twice as long as a short statement.

        Raises:
            errors.ShuttingDown: the pool is closed.
            errors.DatabaseUnavailable: or another refusal that says why the database does not answer.
        """

        def run() -> Result:
            try:
                if not hasattr(self._own, "db"):
                    self._own.db, self._own.repositories = self._store.reader(), repositories_of(self._store)
                    self._opened.append(self._own.db)
                db, repositories = self._own.db, self._own.repositories
                self._store.verify()
                if one_statement:
                    return work(db, repositories)
                db.begin_read()
                try:
                    return work(db, repositories)
                finally:
                    db.end_read()
            except DatabaseDown as down:
                self._store.availability.failed(down)
                raise refusal_of(down) from None

        if self._closed:
            raise errors.ShuttingDown
        self.under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        finally:
            self.under_way -= 1

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._opened)

    def close(self) -> None:
        """Ends the threads and closes their connections."""
        self._closed = True
        self._threads.shutdown()
        for db in self._opened:
            db.close()


class PooledReads:
    """What classes of reads have in common: the pool, and a cache of test forms."""

    def __init__(self, store: Store) -> None:
        self.pool = ReaderPool(store)
        self._read = self.pool.read
        self.form_cache = FormCache()

    def close(self) -> None:
        """Ends the threads and closes their connections."""
        self.pool.close()
