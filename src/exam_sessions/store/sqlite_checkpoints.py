"""Checkpoints of a SQLite file on a thread of their own: the log's pages are copied into the file beside the writer.

SQLite's automatic checkpoint runs inside a commit, whose caller and everybody behind wait for thousands of pages and
for the disk to have them. Beside batches of 10,000 a transition waited 114 to 154 ms at the most, and with this 67 to
78, by turns on a busy machine. A passive checkpoint of another connection copies what is committed while the writer
goes on. Only the log's new beginning needs a moment without a writer: once all but a few pages are copied, the writer
copies those itself, and its next transaction writes from the log's start.

The thread has a lower priority than those that answer: where all share a core, 99 of 100 saves of an exam day took 15
to 16 ms at most, and 16 to 27 without.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import DatabaseDown
from exam_sessions.store.sqlite_library import sqlite3
from exam_sessions.thread_priority import lower_own_priority

if TYPE_CHECKING:
    from pathlib import Path

    from exam_sessions.store.sqlite_files import SqliteFiles

STEP = 4_096
"""Pages that are added to the log (16 MiB) before the next are copied."""

LONG = 16_384
"""Pages in the log (64 MiB) from which it is to begin again: a hot page is not copied every few commits."""

FEW = 512
"""Pages that the writer copies itself so that the log can begin again: 2 ms, and the disk's time for a sync.

With 128 the log was seldom copied so far while batches were booked: beside ten, three times as many checkpoints were
made before it began again, and took twice the time.
"""

AT_MOST = 32_768
"""Pages in the log (128 MiB) from which a commit copies all that is left, as SQLite does by itself."""

CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """The checkpoints of one writing connection. The thread is started when the log is long enough for the first."""

    def __init__(self, path: Path, files: SqliteFiles) -> None:
        self._path, self._files = path, files
        self._due = STEP
        """The length of the log at which the next checkpoint begins."""
        self._length = 0
        self._wanted = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.lock = threading.Lock()
        """Held while pages are copied: two checkpoints at once are not possible, and the second is not made."""

    def committed(self, writer: sqlite3.Connection, length: int, left: int) -> None:
        """Has pages copied where it is time to; called on the writing connection after each of its commits.

        Args:
            writer: the writing connection.
            length: pages in the log now.
            left: how many of these are not in the file yet.
        """
        if length < self._length:  # The log has begun again.
            self._due = STEP
        self._length = length
        if length >= LONG and left <= FEW:
            if left and self.lock.acquire(blocking=False):
                try:
                    _copy(writer)
                finally:
                    self.lock.release()
        elif length >= self._due:
            self._due = length + (STEP if length + STEP < LONG else FEW)
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ends the thread, once the checkpoint at work is done."""
        self._closed = True
        self._wanted.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        lower_own_priority()
        driver: sqlite3.Connection | None = None
        while self._wait():
            # What is wrong is for the writer to find, which looks at the files with each commit.
            with suppress(sqlite3.DatabaseError, DatabaseDown, OSError):
                self._files.check_file()
                driver = driver or self._connect()
                self._checkpoint(driver)
        if driver:
            driver.close()

    def _connect(self) -> sqlite3.Connection:
        driver = sqlite3.connect(self._path, isolation_level=None)
        driver.execute("PRAGMA synchronous=FULL")
        return driver

    def _wait(self) -> bool:
        self._wanted.wait()
        self._wanted.clear()
        return not self._closed

    def _checkpoint(self, driver: sqlite3.Connection) -> None:
        with self.lock:
            _copy(driver)
            # SQLite syncs the file only when nothing was committed meanwhile, and else leaves it to the last step.
            self._files.sync()


def _copy(driver: sqlite3.Connection) -> None:
    with suppress(sqlite3.DatabaseError):  # as SQLite's own: the next one finds the same
        driver.execute(CHECKPOINT).fetchall()
