"""Lowers the priority of threads that calculate for long, so that they do not take the core from those that answer.

Where all threads of a server share a core, each step of a call waits for its turn behind every thread that is busy.
Beside 1,000 calls for pages of 1,000 sessions at once, a GetSession took 15 s; with readers of a lower priority the
99th percentile was 15 ms. Linux only, where each thread has a priority of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

LOWER = 10
"""Steps of niceness: a thread gets a tenth of a core that others compete for, and all of an idle one."""


def lower_own_priority() -> None:
    """Lowers the priority of the current thread below that of the others of the process, where permitted."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + LOWER)
