"""How SQLite is set up: seen in a process of its own, for it can be done once only."""

import subprocess
import sys

LOOK = """
import ctypes, importlib.util
{first}
import exam_sessions.store.sqlite
import sqlite3
db = sqlite3.connect(":memory:")
used = ctypes.CDLL(importlib.util.find_spec("_sqlite3").origin).sqlite3_memory_used
used.restype = ctypes.c_int64
print(used(), db.execute("SELECT 1 + 1").fetchone())
"""


def looked(first=""):
    program = LOOK.format(first=first)
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split(
        " ", 1
    )


def test_memory_is_not_counted_under_a_lock():
    assert looked() == ["0", "(2,)\n"]


def test_a_library_that_is_in_use_already_is_left_as_it_is():
    used, answer = looked("import sqlite3; held = sqlite3.connect(':memory:')")
    assert int(used) > 0
    assert answer == "(2,)\n"
