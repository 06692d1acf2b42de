"""Whether the files of a SQLite database are still those that were opened: removed, replaced, or cut short.

SQLite holds its files open and does not detect that another file has replaced one: what it commits is then
durable in a file that will never be opened again. Therefore identities and sizes are compared before a transaction
and once more before it is acknowledged. A look at one file costs 1 to 2 microseconds, a commit 4 to 6 in all.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import DatabaseDamaged, DatabaseDown, DatabaseReplaced

if TYPE_CHECKING:
    from pathlib import Path

WAY_OUT = "nothing is written until the right file is in its place and the server has been started again"

CUT_SHORT = f"was cut short while it was served; {WAY_OUT}"

LOG_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a write-ahead log begins (SQLite, Database File Format, 4.1)."""

LOG_HEADER = 32
"""Bytes; with the salts that are drawn anew whenever the log is begun again from its start."""

SALTS, COPIED, TO_BE_COPIED = slice(32, 40), slice(96, 100), slice(128, 132)
"""Where the log's index says which log it is, how much of it is in the file, and how much a checkpoint means to copy,
which it says before it begins (SQLite, WAL-mode File Format, 2.1)."""

LENGTH = slice(16, 20)
"""Where the index says how many pages are in the log, those copied included (as above)."""

INDEX_START = 132
"""Bytes of the index that hold these."""

PAGE_SIZE, PAGE_COUNT = slice(16, 18), slice(28, 32)
"""Where the file's header says how long it is (SQLite, Database File Format, 1.3)."""


Identity = tuple[int, int]
"""Device and number: one file among all of the machine."""


class SqliteFiles:
    """The files of one database: the file itself, its write-ahead log, and the index of that log.

    A file that was moved away and back is as good as before.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._file: Identity | None = None
        self._size = 0
        self._header = -1
        self._beside: tuple[tuple[str, Identity], ...] = ()
        self._log = self._index = -1
        self._written: tuple[int, bytes, int] | None = None
        """When the file was written to last, in nanoseconds, what the index said of checkpoints then, and its size.

        Only checkpoints write to it. One tuple, for two threads may look at once.
        """
        self._log_size, self._log_start = 0, b""
        self._committed = bytes(INDEX_START)
        """How the index began after the last commit."""
        self._log_is_cut_short = False
        """For good: the hole is behind what is written next."""

    def opening(self) -> None:
        """Records the file before its first connection, where it is there already. Raises DatabaseDown."""
        if self._file or os.path.exists(self._path):  # noqa: PTH110 - a path as SQLite takes it
            self.check_file()

    def opened(self) -> None:
        """Records the files that the writing connection has opened. Raises DatabaseDown."""
        self.check_file()
        real = os.path.realpath(self._path)
        names = [name for name in (f"{real}-wal", f"{real}-shm") if os.path.exists(name)]  # noqa: PTH110 - as above
        beside = tuple((name, _identity(_looked_at(name))) for name in names)
        if beside == self._beside:
            return
        self.release()
        self._beside = beside
        if len(names) == 2:  # noqa: PLR2004 - as many as there are of a database with a log
            self._log, self._index = (os.open(name, os.O_RDONLY) for name in names)
            self._log_size, self._log_start = os.fstat(self._log).st_size, os.pread(self._log, LOG_HEADER, 0)
            self._written = None
            self.check()

    def check_file(self) -> None:
        """Makes sure that the database's own file is still there, and whole. Raises DatabaseDown."""
        self._looked_at_file()

    def _looked_at_file(self) -> os.stat_result:
        if self._log_is_cut_short:
            raise self._damaged()
        found = _looked_at(self._path)
        if self._file is None:
            self._file = _identity(found)
        elif self._file != (found.st_dev, found.st_ino):
            raise _replaced(self._path)
        if found.st_size < self._size and not self._is_whole():
            raise DatabaseDamaged(f"{self._path} {CUT_SHORT}")
        self._size = found.st_size
        return found

    def check_log(self) -> None:
        """Makes sure, before something is added to the log, that nothing of it is missing. Raises DatabaseDown."""
        if self._log < 0:
            return
        size = os.fstat(self._log).st_size
        if 0 < size < self._log_size and os.pread(self._log, LOG_HEADER, 0) == self._log_start:
            raise self._damaged()

    def check(self) -> None:
        """Makes sure that every file is the one that was opened, and written by SQLite only. Raises DatabaseDown."""
        if self._index < 0:
            self._looked_at_file()
            return
        index = os.pread(self._index, INDEX_START, 0)
        file = self._looked_at_file()
        at = file.st_mtime_ns
        checkpoints = index[SALTS] + index[COPIED] + index[TO_BE_COPIED]
        known = self._written
        if known and at != known[0] and checkpoints == known[1]:
            self._explain_write(index, same_size=file.st_size == known[2])
        self._written = at, checkpoints, file.st_size
        for name, identity in self._beside:
            found = _looked_at(name)
            if identity != (found.st_dev, found.st_ino):
                raise _replaced(name)

    def _explain_write(self, before: bytes, *, same_size: bool) -> None:
        """Makes sure that a checkpoint wrote to the file: one is under way, or has begun since.

        Raises:
            DatabaseDamaged: none did, and the file has as many pages as before; some were written over.
            DatabaseReplaced: none did, and the file has another size; another was copied over it.
        """
        if self._is_quiet_since(before):
            kind = DatabaseDamaged if same_size else DatabaseReplaced
            raise kind(f"{self._path} was written over by another program while it was served; {WAY_OUT}")

    def check_committed(self) -> None:
        """Makes sure that what was just committed is where it will be looked for. Raises DatabaseDown."""
        if self._index < 0:
            self._looked_at_file()
            return
        self._committed = index = os.pread(self._index, INDEX_START, 0)
        file, log = _looked_at(self._path), _looked_at(self._beside[0][0])
        if not self._is_as_before(file, log):
            self.check()
        else:
            self._written = file.st_mtime_ns, index[SALTS] + index[COPIED] + index[TO_BE_COPIED], file.st_size
        start = os.pread(self._log, LOG_HEADER, 0)
        if start and start[:4] not in LOG_MAGIC:
            # It was emptied; what was added behind the hole is not found at the next opening.
            raise self._damaged()
        self._log_start, self._log_size = start, log.st_size

    def _is_as_before(self, file: os.stat_result, log: os.stat_result) -> bool:
        """Whether the file was not written to, and the others are those that were opened, as for most commits."""
        return (
            self._written is not None
            and self._written[0] == file.st_mtime_ns
            and self._size == file.st_size
            and self._file == (file.st_dev, file.st_ino)
            and self._beside[0][1] == (log.st_dev, log.st_ino)
            and os.fstat(self._index).st_nlink > 0
            and not self._log_is_cut_short
        )

    def log_length(self) -> tuple[int, int]:
        """Pages in the log after the last commit, and how many of these are not in the file yet; 0 without a log."""
        length = int.from_bytes(self._committed[LENGTH], sys.byteorder)
        return length, length - int.from_bytes(self._committed[COPIED], sys.byteorder)

    def sync(self) -> None:
        """Has the disk keep what was written to the file. Raises OSError."""
        os.fsync(self._handle())

    def _handle(self) -> int:
        """The file, opened once."""
        if self._header < 0:
            self._header = os.open(self._path, os.O_RDONLY)
        return self._header

    def release(self) -> None:
        """Lets go of what is beside the file, once it has no connection. The file itself is never closed.

        Closing a file ends every lock that the process has on it, SQLite's too.
        """
        for handle in (self._log, self._index):
            if handle >= 0:
                os.close(handle)
        self._log = self._index = -1
        self._beside = ()

    def _is_whole(self) -> bool:
        """Whether a file that became shorter has all the pages it says it has, as after VACUUM.

        One that a checkpoint writes to says it too early, and is believed.
        """
        before, handle = self._index_start(), self._handle()
        header, size = os.pread(handle, 100, 0), os.fstat(handle).st_size
        # 1 stands for 65,536, which two bytes cannot hold.
        page = int.from_bytes(header[PAGE_SIZE], "big")
        if 0 < int.from_bytes(header[PAGE_COUNT], "big") * (65_536 if page == 1 else page) <= size:
            return True
        return not self._is_quiet_since(before)

    def _index_start(self) -> bytes:
        return os.pread(self._index, INDEX_START, 0) if self._index >= 0 else bytes(INDEX_START)

    def _is_quiet_since(self, before: bytes) -> bool:
        """Whether no checkpoint was under way then, and none has begun since."""
        now = self._index_start()
        return before[COPIED] == before[TO_BE_COPIED] and all(
            now[part] == before[part] for part in (SALTS, COPIED, TO_BE_COPIED)
        )

    def _damaged(self) -> DatabaseDown:
        self._log_is_cut_short = True
        return DatabaseDamaged(f"{self._path}-wal {CUT_SHORT}")


def _looked_at(name: str) -> os.stat_result:
    """What the system says of the file that a path names. Raises DatabaseDown."""
    try:
        return os.stat(name)  # noqa: PTH116 - Path.stat costs twice as much, and this is done for every commit
    except (FileNotFoundError, NotADirectoryError):
        raise DatabaseReplaced(f"{name} was removed while it was served; {WAY_OUT}") from None
    except OSError as error:
        raise DatabaseDown(f"{name} cannot be looked at: {error.strerror}") from error


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _replaced(name: str) -> DatabaseReplaced:
    return DatabaseReplaced(f"{name} was replaced by another file while it was served; {WAY_OUT}")
