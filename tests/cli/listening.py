"""Listening to commands that go on: what they say in a pipe and on a screen, and a server that comes and goes."""

from __future__ import annotations

import os
import pty
import re
import signal
import threading
from contextlib import contextmanager

import psutil
from terminal import start

from forking import program
from postgres import free_port
from serving import ApiClient, RunningServer, until


class Listener:
    """A command in a process of its own; what it says is collected line by line."""

    def __init__(self, terminal, words):
        self.run = start(*words, *terminal.where)
        self.lines, self.notes = [], []
        self._threads = [
            threading.Thread(target=self._collect, args=what, daemon=True)
            for what in ((self.run.stdout, self.lines), (self.run.stderr, self.notes))
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _collect(pipe, lines):
        with pipe:
            lines.extend(map(str.rstrip, pipe))

    def hears(self, count):
        """The lines, once there are as many."""
        until(lambda: len(self.lines) >= count or self.run.poll() is not None)
        assert len(self.lines) >= count, self.notes
        return self.lines

    def notes_down(self, count):
        """Waits until it has noted as much."""
        until(lambda: len(self.notes) >= count)

    def sleeps(self):
        """Waits until it waits itself: it is done with what it has printed."""
        process = psutil.Process(self.run.pid)
        until(lambda: all(process.status() == psutil.STATUS_SLEEPING for _ in range(5)))

    def ends(self, code=0):
        """What it noted, once it has ended."""
        assert self.run.wait(30) == code
        for thread in self._threads:
            thread.join(10)
        return self.notes

    def interrupted(self):
        """The same after Ctrl-C, which is no failure."""
        self.run.send_signal(signal.SIGINT)
        return self.ends()


@contextmanager
def listening(terminal, *words):
    """A command that goes on, gone when the block ends."""
    listener = Listener(terminal, words)
    try:
        yield listener
    finally:
        listener.run.kill()
        listener.run.wait(10)


class Screen:
    """A terminal 200 columns wide, in which a command draws."""

    LINES = 24

    def __init__(self, run, master):
        self.run, self._master, self._seen = run, master, b""
        os.set_blocking(master, False)

    def now(self):
        """What was drawn last, without colours."""
        try:
            while part := os.read(self._master, 65536):
                self._seen += part
        except OSError:
            pass
        last = re.split("\x1b\\[2K(?!\x1b\\[1A)", self._seen.decode(errors="ignore"))[-1]
        drawn = re.sub("\x1b\\[\\??[0-9;]*[a-zA-Z]", "", last)
        return "\n".join(line.rstrip() for line in drawn.splitlines())

    def answer(self, text):
        """Types a line."""
        os.write(self._master, f"{text}\n".encode())

    def stop(self):
        """Ctrl-C; the last line that is said."""
        self.run.send_signal(signal.SIGINT)
        assert self.run.wait(20) == 0
        return self.now().splitlines()[-1]


@contextmanager
def screen(terminal, *words):
    """A command that is typed in a terminal, gone when the block ends."""
    master, slave = pty.openpty()
    size = {"COLUMNS": "200", "LINES": str(Screen.LINES), "TERM": "xterm"}
    run = program(*words, *terminal.where, env=os.environ | size, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        yield Screen(run, master)
    finally:
        run.kill()
        run.wait(10)
        os.close(master)


class Coming:
    """A server that can go away and come back at the same address, with the same database."""

    def __init__(self, database):
        self._database = database
        self._running = RunningServer(database, listen=f"127.0.0.1:{free_port()}")
        self.target = self._running.target
        self.api = ApiClient(self.target)
        self.release = self.api.release()

    def stop(self):
        if self._running:
            self._running.stop()
            self._running = None

    def start(self, **settings):
        self._running = RunningServer(self._database, listen=self.target, **settings)

    def book(self):
        """Books a session as soon as the server answers again."""
        return until(self._book)

    def _book(self):
        try:
            return self.api.book(self.release)
        except Exception:  # noqa: BLE001 - whatever it is, it passes or the test fails
            return None


@contextmanager
def coming_and_going(database):
    coming = Coming(database)
    try:
        yield coming
    finally:
        coming.api.close()
        coming.stop()


def go_on(action, happened):
    """Does something again and again until something else has happened."""
    until(lambda: happened() or (action(), False)[1])


def sequences(lines):
    """The events that lines tell of."""
    return [int(line.split()[0]) for line in lines]


def columns(line):
    """What stands in the columns of a line."""
    return re.split(r" {2,}", line.strip())


def tail(terminal, *words):
    """The lines of a tail that ends by itself."""
    return terminal("events", "tail", *words).stdout.splitlines()


def place(api, name="results"):
    """How far a consumer has come; None when nobody knows it."""
    consumers = {consumer.name: consumer.sequence for consumer in api.call("ListEventConsumers").consumers}
    return consumers.get(name)
