"""Reading every page of a SQLite file: before it is served after an unclean stop, and when it is checked."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from exam_sessions.store.sqlite_library import sqlite3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAULTS_AT_MOST = 100

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""Codes by which SQLite says that it cannot go on reading a file."""

STEPS = 10_000
"""Instructions of SQLite's between two looks at the clock: less than a millisecond."""


def damaged_pages(path: Path) -> Iterator[str]:
    """What of a file cannot be read, or contradicts an index. Raises sqlite3.Error where it cannot be opened."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as driver:
        try:
            for (text,) in driver.execute(f"PRAGMA integrity_check({FAULTS_AT_MOST})"):
                if text != "ok":
                    yield " ".join(text.split())
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in DAMAGE:
                raise
            yield str(error)


def quick_fault(path: Path, seconds: float) -> str | None:
    """Reads every page of a file and its log, without comparing tables with their indexes.

    Returns:
        What is wrong with it; empty when nothing is; None when it could not be found out in so many seconds.
    """
    end = time.monotonic() + seconds
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as driver:
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        try:
            (text,) = driver.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            return str(error)
    return "" if text == "ok" else " ".join(str(text).split())
