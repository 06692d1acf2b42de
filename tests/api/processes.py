"""A server in a process of its own, to be killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import grpc

from serving import Desk, until


class ServerProcess:
    """`python -m exam_sessions serve` on a database in a directory; gone when the block ends."""

    def __init__(self, directory, **settings):
        self.database = f"{directory}/exam-sessions.db"
        flags = {"listen": "127.0.0.1:0", "database-url": f"sqlite:///{self.database}"} | settings
        command = [sys.executable, "-m", "exam_sessions", "serve", *[f"--{k}={v}" for k, v in flags.items()]]
        with open(f"{directory}/server.log", "ab") as log:  # noqa: PTH123 - appended to by every process
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.ready_line = self._process.stdout.readline().strip()
        assert self.ready_line.startswith("serving on "), open(f"{directory}/server.log").read()  # noqa: PTH123, SIM115
        self.target = self.ready_line.removeprefix("serving on ")

    def kill(self):
        """SIGKILL."""
        self._process.kill()

    def terminate(self):
        """SIGTERM."""
        self._process.terminate()

    def freeze(self):
        """Stops it dead while it writes nothing, so that others can write; it is alive all the same."""
        with closing(sqlite3.connect(self.database, isolation_level=None, timeout=0)) as db:

            def caught():
                self._process.send_signal(signal.SIGSTOP)
                try:
                    db.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    self.thaw()
                    return False
                return True

            until(caught)
            db.execute("ROLLBACK")

    def thaw(self):
        """Lets it go on."""
        self._process.send_signal(signal.SIGCONT)

    def wait(self):
        """The exit code, once it has ended."""
        return self._process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(60)
        self._process.stdout.close()


@contextmanager
def calling(server, workspace):
    """A desk at a process, closed when the block ends."""
    desk = Desk(server.target, workspace)
    try:
        yield desk
    finally:
        desk.close()


def was_cut_off(error):
    """Whether a call ended because the server was gone."""
    return error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}
