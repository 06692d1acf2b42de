"""Imports what the program needs, and makes copies of itself that run it, until whoever asks for them has ended."""

from __future__ import annotations

import array
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from contextlib import suppress

IMPORTED = (
    "exam_sessions.app",
    "exam_sessions.client.client",
    "exam_sessions.workers",
    "exam_sessions.migrations.upgrade",
    "rich.console",
    "rich.live",
    "rich.progress",
    "rich.table",
    "typer",
    "typer._adapters",
)
"""Not the command line itself: some of its modules look at the terminal and at variables when they are imported."""


def requests(asking):
    """Makes the copies; returns what each is to run, and in a copy only."""
    running = {}
    while True:
        for ready in select.select([asking, *running], [], [])[0]:
            if ready is not asking:
                pid, ended = running.pop(ready)
                os.close(ready)
                with ended:
                    send(ended, os.waitpid(pid, 0)[1])
                continue
            handles = received(asking)
            if not handles:
                os._exit(0)
            ended = socket.socket(fileno=handles.pop())
            asked = json.loads(read(ended, int.from_bytes(read(ended, 4), "little")))
            if not (pid := os.fork()):
                return asked, handles
            for handle in handles:
                os.close(handle)
            send(ended, pid)
            running[os.pidfd_open(pid)] = pid, ended


def received(asking):
    """The handles that came with a request; none when there will be no more."""
    handles = array.array("i")
    said, extra, *_ = asking.recvmsg(16, socket.CMSG_SPACE(4 * handles.itemsize))
    for _, _, data in extra:
        handles.frombytes(data)
    return handles.tolist() if said else []


def read(ended, size):
    data = b""
    while len(data) < size:
        if not (more := ended.recv(size - len(data))):
            raise EOFError
        data += more
    return data


def send(ended, number):
    """Tells a number to whoever may have stopped listening."""
    with suppress(OSError):
        ended.sendall(number.to_bytes(4, "little"))


def become(asked, handles):
    """Makes this copy as if it were started with its own variables, directory and pipes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for standard, handle in enumerate(handles):
        os.dup2(handle, standard)
    os.closerange(3, 1024)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    if asked["cwd"]:
        os.chdir(asked["cwd"])
    sys.stdin = text(0, "r", sys.stdin)
    sys.stdout = sys.__stdout__ = text(1, "w", sys.stdout)
    sys.stderr = sys.__stderr__ = text(2, "w", sys.stderr)
    sys.argv[1:] = asked["words"]


def text(standard, mode, before):
    """A standard stream as the interpreter opens it."""
    raw = io.FileIO(standard, mode, closefd=False)
    buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    lines = standard == 2 or raw.isatty()
    return io.TextIOWrapper(buffer, before.encoding, before.errors, line_buffering=lines)


if __name__ == "__main__":
    # Ctrl-C at the run is for those whom it tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()
    with socket.socket(fileno=int(sys.argv.pop(1))) as asking_:
        found = requests(asking_)
        asking_.detach()
    become(*found)
    runpy.run_module("exam_sessions", run_name="__main__", alter_sys=True)
