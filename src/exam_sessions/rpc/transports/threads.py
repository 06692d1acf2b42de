"""Which threads of this process are at work: gRPC's core does not say whether it has read something.

What the core is reading is with a thread that runs or waits for a processor. With nothing else to do for the machine
that takes a millisecond, on a busy one any time. Linux only; elsewhere no thread is found.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

THREADS = Path("/proc/self/task")


def others() -> set[int]:
    """The threads of this process by their numbers, except the one that asks."""
    found = {int(task.name) for task in THREADS.iterdir()} if THREADS.exists() else set()
    return found - {threading.get_native_id()}


def at_work(threads: set[int]) -> set[int]:
    """Those of some threads that run, or wait for a processor; not those that wait for something, or have ended."""
    found = set()
    for thread in threads:
        with suppress(OSError):
            # The state stands behind the name, which is in brackets and may have brackets in it.
            if (THREADS / str(thread) / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                found.add(thread)
    return found
