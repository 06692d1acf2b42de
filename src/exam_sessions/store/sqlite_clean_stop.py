"""Whether the servers of a SQLite file stopped cleanly: a mark in its header while it is served.

The mark is SQLite's user_version, so that it is in every copy of the file, however it was made. A log beside the file
that is not empty says the same: the last connection that closes removes it.
"""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from exam_sessions.store.sqlite_library import sqlite3

if TYPE_CHECKING:
    from pathlib import Path

SERVED = 0x53455256
"""The user_version of a file that is served: `SERV`."""

BUSY_S = 5.0


def stopped_cleanly(path: Path) -> bool:
    """Whether a file was closed by its last process; True for one that is not there."""
    log = path.with_name(f"{path.name}-wal")
    with suppress(OSError):
        if log.stat().st_size:
            return False
    if not path.is_file():
        # A pipe would be waited for without an end; SQLite refuses it.
        return True
    try:
        with path.open("rb") as file:
            header = file.read(64)
    except OSError:
        return True
    return int.from_bytes(header[60:64], "big") != SERVED


def mark_served(path: Path, *, served: bool) -> None:
    """Writes the mark, or takes it away; a file that cannot be written is left as it is.

    Without a mark that should be there a server checks too little once, with one that should not be too much.
    """
    wanted = SERVED if served else 0
    with (
        suppress(sqlite3.DatabaseError),
        closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as driver,
    ):
        if driver.execute("PRAGMA user_version").fetchone() != (wanted,):
            driver.execute(f"PRAGMA user_version={wanted}")
            # Into the file itself: a copy may be made of it alone.
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
