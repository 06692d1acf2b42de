"""A server of our own for as long as a demonstration takes, on a database that goes with it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exam_sessions.cli.shared.console import fail

if TYPE_CHECKING:
    from collections.abc import Iterator

STOPS_WITHIN = 15
"""Seconds a server may take to stop."""


@contextmanager
def temporary_server() -> Iterator[str]:
    """The address of a server in a process of its own, stopped and removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="exam-sessions-") as directory:
        url = f"sqlite:///{directory}/demo.db"
        command = (sys.executable, "-m", "exam_sessions", "serve", "--listen", "127.0.0.1:0", "--database-url", url)
        log = Path(directory, "server.log")
        with log.open("w", encoding="utf-8") as said:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)  # noqa: S603 - this program
        try:
            assert server.stdout is not None
            line = server.stdout.readline().strip()
            if not line:
                fail("the server for the demonstration did not start", log.read_text(encoding="utf-8").strip())
            yield line.removeprefix("serving on ")
        finally:
            server.terminate()
            try:
                server.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()
