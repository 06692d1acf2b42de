"""The program in a process of its own that begins with its modules imported: half a second of processor time less.

One process has imported them (forking_main.py), and makes a copy of itself for each that is asked for. Variables
that the interpreter or a library reads when it starts, and another user, are seen only by a process that starts anew:
where a test gives them, one does.
"""

from __future__ import annotations

import array
import atexit
import json
import locale
import os
import select
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

MAIN = Path(__file__).with_name("forking_main.py")
READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "GRPC_", "OPENSSL_", "SSL_", "TYPER_", "OTEL_")
"""What variables begin with that the interpreter and libraries read when they are started or imported."""


def program(*words, env=None, cwd=None, user=None, **pipes):
    """`python -m exam_sessions` with these words; arguments are those of subprocess.Popen."""
    words, env = [*map(str, words)], {**(os.environ if env is None else env)}
    if user is None and read_at_start(env) == read_at_start(os.environ):
        return Forked(words, env=env, cwd=cwd, **pipes)
    return subprocess.Popen([sys.executable, "-m", "exam_sessions", *words], env=env, cwd=cwd, user=user, **pipes)


def ran(*words, timeout=60, **more):
    """The same once it has ended, as of subprocess.run; what is typed into it is nothing."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    with program(*words, **pipes) as run:
        try:
            said, noted = run.communicate(timeout=timeout)
        except BaseException:
            run.kill()
            raise
    return subprocess.CompletedProcess(words, run.returncode, said, noted)


def read_at_start(environment):
    """What the interpreter and libraries would read of the variables, where it makes a difference."""
    without = {"PYTHONUTF8": "1"} if locale.getpreferredencoding(do_setlocale=False) == "UTF-8" else {}
    found = {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
    return {name: value for name, value in found.items() if value not in {"", without.get(name)}}


class Forked(subprocess.Popen):
    """A copy of the process that has imported the program. Its parent is that one, which says how it ended."""

    def _execute_child(self, args, _executable, _preexec, _close, _pass, cwd, env, *more):
        to_child, from_child, from_child_too = more[3], more[6], more[8]
        ends = [to_child, from_child, from_child_too]
        given = [standard if end == -1 else end for standard, end in enumerate(ends)]
        self.pid, self._ended = copies().make({"words": args, "env": env, "cwd": cwd and os.fspath(cwd)}, given)
        self._child_created = True
        self._close_pipe_fds(*more[3:9])

    def _try_wait(self, wait_flags):
        looking = select.poll()
        looking.register(self._ended, select.POLLIN)
        if wait_flags == os.WNOHANG and not looking.poll(0):
            return 0, 0
        with self._ended:
            status = self._ended.recv(4)
        return self.pid, int.from_bytes(status, "little")

    def _internal_poll(self, _deadstate=None):
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                pid, status = (0, 0) if self.returncode is not None else self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


class Copies:
    """The process that makes copies; it ends with this one."""

    def __init__(self):
        self._asking, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            command = [sys.executable, MAIN, str(its.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(self._close)

    def _close(self):
        self._asking.close()
        self._process.wait()

    def make(self, asked, standard):
        """Makes a copy with these for stdin, stdout and stderr: its number, and a socket that tells how it ended."""
        told = json.dumps(asked).encode()
        ended, its = socket.socketpair()
        # What is asked may be longer than a packet: it goes through the socket.
        with its:
            handles = array.array("i", [*standard, its.fileno()])
            self._asking.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
        ended.sendall(len(told).to_bytes(4, "little") + told)
        if not (pid := ended.recv(4)):
            raise RuntimeError("the process that makes copies has ended")
        return int.from_bytes(pid, "little"), ended


@cache
def copies():
    """That process, one for each that runs tests."""
    return Copies()
