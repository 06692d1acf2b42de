"""Locks on open files, which the system releases when a process ends: of fcntl, on Windows of msvcrt."""

from __future__ import annotations

import time
from typing import IO, Any

try:
    import fcntl
except ImportError:
    # Windows. Its module has no types elsewhere.
    import msvcrt as _msvcrt

    _windows: Any = _msvcrt
    LOOK_AGAIN_S = 0.02
    """Seconds between two looks at a lock that another holds: waiting for one would give up after ten seconds."""

    def try_lock(file: IO[Any]) -> bool:
        """Locks a file unless another process holds it; whether it did."""
        try:
            _windows.locking(file.fileno(), _windows.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def lock(file: IO[Any]) -> None:
        """Locks a file, once no other process holds it."""
        while not try_lock(file):
            time.sleep(LOOK_AGAIN_S)

else:

    def try_lock(file: IO[Any]) -> bool:
        """Locks a file unless another holds it; whether it did."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock(file: IO[Any]) -> None:
        """Locks a file, once no other process holds it."""
        fcntl.flock(file, fcntl.LOCK_EX)
