"""A terminal of a given width that a command draws on, read back as text as a person sees it (pyte)."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
from contextlib import contextmanager

import pyte

from forking import program
from serving import until


class DrawnTerminal:
    """What stands on the screen of a command that runs in it."""

    def __init__(self, run, master, columns, lines):
        self.run, self._master = run, master
        self._screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        os.set_blocking(master, False)

    def now(self):
        """The lines of the screen, and above them what has scrolled away, without trailing blanks."""
        self._read()
        width = self._screen.columns
        above = ["".join(line[n].data for n in range(width)).rstrip() for line in self._screen.history.top]
        lines = [*above, *(line.rstrip() for line in self._screen.display)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def screen(self):
        """The lines of the screen only."""
        self._read()
        return [line.rstrip() for line in self._screen.display]

    def colours_of(self, text):
        """The colours of the first character of a text, where it stands on the screen."""
        self._read()
        for number, line in enumerate(self._screen.display):
            if (at := line.find(text)) >= 0:
                return self._screen.buffer[number][at].fg
        return None

    def has(self, text):
        """Whether a text stands there; line breaks of the terminal count for nothing."""
        return text in "".join(line.ljust(self._screen.columns) for line in self.now()) or text in " ".join(
            self.now()
        )

    def until(self, text):
        """Waits for a text."""
        until(lambda: self.has(text))

    def type(self, keys):
        """Types keys."""
        os.write(self._master, keys.encode())

    def interrupt(self):
        """Ctrl-C."""
        self.run.send_signal(signal.SIGINT)

    def ends(self):
        """The exit code of the command, when it has ended and everything it drew is read."""

        def ended():
            self._read()
            return self.run.poll() is not None

        until(ended)
        self._read()
        return self.run.returncode

    def _read(self):
        try:
            while part := os.read(self._master, 65536):
                self._stream.feed(part)
        except OSError:
            pass


@contextmanager
def drawn(*words, columns=80, lines=24, stdout=None, **environment):
    """A command that is typed in such a terminal, gone when the block ends; its stdout may go elsewhere."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    pipes = {"stdin": slave, "stdout": slave if stdout is None else stdout, "stderr": slave}
    run = program(*words, env=kept | {"TERM": "linux", "PYTHONUTF8": "1"} | environment, **pipes)
    os.close(slave)
    try:
        yield DrawnTerminal(run, master, columns, lines)
    finally:
        run.kill()
        run.wait()
        os.close(master)
