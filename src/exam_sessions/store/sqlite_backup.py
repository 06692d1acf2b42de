"""Copying a SQLite database, also one that is served: SQLite's own online backup, of one snapshot."""

from __future__ import annotations

import math
import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import DatabaseDamaged, DatabaseDown
from exam_sessions.store.sqlite_connection import translated
from exam_sessions.store.sqlite_library import sqlite3
from exam_sessions.store.sqlite_pages import quick_fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Advance = Callable[[int, int], None]
    """Called with how many pages are left, and how many there are."""

PAGES = 256
"""Pages copied at once: a mebibyte."""

SYNCED_EVERY = 32
"""Steps after which the copy is synced: a commit of a server waits for all that the disk has yet to write."""

RESTARTS_AT_MOST = 20
"""How often the copy may begin again. The snapshot is held, so that commits of others do not make it begin again;
what does is a file that is not in WAL mode, which no server leaves."""


def copy_database(source: Path, target: Path, advance: Advance) -> None:
    """Copies a database into an empty file: whole, without a log beside it, and read once more from end to end.

    Raises:
        DatabaseDamaged: what was copied cannot be read: the source is damaged.
        DatabaseDown: the source is not there, or was changed too often meanwhile.
    """
    left, restarts, steps, began = math.inf, 0, 0, time.monotonic()
    handle = -1

    def progress(_: int, remaining: int, total: int) -> None:
        nonlocal left, restarts, steps, began
        restarts += remaining > left
        left = remaining
        if restarts > RESTARTS_AT_MOST:
            raise DatabaseDown("it was changed again and again while it was copied")
        advance(remaining, total)
        steps += 1
        if steps % SYNCED_EVERY == 0:
            os.fdatasync(handle)
        # Half of the time is left to other users of the disk.
        time.sleep(time.monotonic() - began)
        began = time.monotonic()

    with (
        target.open("rb") as file,
        translated(),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reading,
        closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        handle = file.fileno()
        writing.execute("PRAGMA synchronous=OFF")  # the file is given its name once all of it is synced
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        reading.backup(writing, pages=PAGES, progress=progress)
        writing.execute("PRAGMA journal_mode=DELETE")
        writing.execute("PRAGMA user_version=0")  # no server has it open (sqlite_clean_stop.py)
    if fault := quick_fault(target, math.inf):
        raise DatabaseDamaged(f"the copy cannot be used: {fault}")


def page_count(path: Path) -> int:
    """How many pages a database has. Raises DatabaseDown."""
    with translated(), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as driver:
        return int(driver.execute("PRAGMA page_count").fetchone()[0])
