"""Makes a Python of Linux one without what Windows has not; only on the path of tests' processes."""

import os
import subprocess  # noqa: F401 - it takes a system with msvcrt for Windows altogether
import sys
from types import ModuleType

for name in os.environ["MODULES_MISSING"].split():
    sys.modules[name] = None

windows = ModuleType("msvcrt")
windows.LK_NBLCK = 2
# Locks the next bytes of a file for this process, or raises OSError, as _locking of Windows does.
windows.locking = lambda handle, mode, count: os.lockf(handle, os.F_TLOCK, count)
sys.modules["msvcrt"] = windows
