"""SQLite as a library, set up before its first use in the process. Connections are sqlite.py's.

As distributions build it, SQLite takes a lock for every column it hands out, lest two threads use one connection at
once, and another for every piece of memory, to count it. Neither is needed here: a connection
belongs to a queue, or to one thread of the readers.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys

MULTITHREAD, MEMSTATUS = 2, 9
"""SQLITE_CONFIG_MULTITHREAD: a connection is one thread's at a time. SQLITE_CONFIG_MEMSTATUS: whether to count."""


def _set_up() -> None:
    """Sets the library up, where Python's own module has not begun to use it yet."""
    module = importlib.util.find_spec("_sqlite3")
    if sys.platform != "linux" or "_sqlite3" in sys.modules or module is None or not module.origin:
        return
    try:
        # Found through the module, for it need not be the system's.
        configure = ctypes.CDLL(module.origin).sqlite3_config
    except (OSError, AttributeError):
        return
    configure(MULTITHREAD)
    configure(MEMSTATUS, 0)


_set_up()

import sqlite3  # noqa: E402 - the library is set up by now

__all__ = ["sqlite3"]
