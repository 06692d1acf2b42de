"""A server in a process of its own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager

import grpc

from forking import program
from serving import ApiClient, until


class ServerProcess:
    """`python -m exam_sessions serve` on a database; gone when the block ends."""

    def __init__(self, database, environment=None, **settings):
        self.database = database
        flags = {"listen": "127.0.0.1:0", "database-url": database.url, "open-workspaces": 1} | settings
        words = ["serve", *[f"--{k}={v}" for k, v in flags.items()]]
        with tempfile.TemporaryFile("w+") as log:
            pipes = {"stdout": subprocess.PIPE, "stderr": log, "text": True}
            self._process = program(*words, env=os.environ | (environment or {}), **pipes)
            self.ready_line = self._process.stdout.readline().strip()
            if not self.ready_line:
                self.__exit__()
                log.seek(0)
                raise RuntimeError(f"the server did not start\n{log.read()}")
        self.target = self.ready_line.removeprefix("serving on ")

    @property
    def pid(self):
        """Its number, which is that of the thread its event loop runs on, too."""
        return self._process.pid

    def kill(self):
        """SIGKILL."""
        self._process.kill()

    def terminate(self):
        """SIGTERM."""
        self._process.terminate()

    def freeze(self):
        """Stops it dead while it writes nothing, so that others can write; it is alive all the same."""

        def caught():
            self._process.send_signal(signal.SIGSTOP)
            if self.database.is_being_written():
                self.thaw()
                return False
            return True

        until(caught)

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
    """A client at a process, closed when the block ends."""
    api = ApiClient(server.target, workspace)
    try:
        yield api
    finally:
        api.close()


def was_cut_off(error):
    """Whether a call ended because the server was gone."""
    return error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}
