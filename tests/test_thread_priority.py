"""The priority of threads that calculate for long."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exam_sessions.thread_priority import LOWER, lower_own_priority

LOWEST = 19
"""Steps of niceness there are."""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux only")
def test_a_thread_lowers_its_own_priority_and_no_other() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with ThreadPoolExecutor(1, initializer=lower_own_priority) as pool:
        found = pool.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert found == min(LOWEST, before + LOWER)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
