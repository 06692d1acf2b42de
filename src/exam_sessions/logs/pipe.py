"""Writes the log without making its callers wait: they only put a line into a bounded queue.

A thread writes what is queued. While the reader of the pipe does not read, lines gather, and those that find no room
are dropped; how many is said in the next line that is written.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

LINES_AT_MOST = 10_000
"""Lines that wait to be written."""

BATCH = 200
"""Lines that are written at once."""

LAST_LINES_S = 2.0
"""How long the end of the process waits for a reader that reads nothing, in seconds."""


class PipeHandler(logging.Handler):
    """Writes to a stream, by its file descriptor where it has one."""

    def __init__(self, stream: TextIO, lines_at_most: int = LINES_AT_MOST) -> None:
        super().__init__()
        self._write = _writer_of(stream)
        self._lines: SimpleQueue[str | threading.Event] = SimpleQueue()
        self._most, self._batches = lines_at_most, 0
        self._dropped = self._reported = 0
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queues a line, formatted now: what the record refers to may change or is to be let go of."""
        if self._lines.qsize() >= self._most:
            self._dropped += 1
            return
        try:
            self._lines.put(self.format(record))
        except Exception:  # noqa: BLE001 - as logging has it
            self.handleError(record)

    def flush(self) -> None:
        """Waits until what is queued is written, or nothing more was for LAST_LINES_S."""
        written = threading.Event()
        self._lines.put(written)
        before = -1
        while not written.wait(LAST_LINES_S) and before != self._batches:
            before = self._batches

    def _run(self) -> None:
        while True:
            batch = [self._lines.get()]
            with suppress(Empty):
                while len(batch) < BATCH:
                    batch.append(self._lines.get_nowait())
            lines = [entry for entry in batch if isinstance(entry, str)]
            if lines:
                self._put_out(lines)
            for entry in batch:
                if isinstance(entry, threading.Event):
                    entry.set()

    def _put_out(self, lines: list[str]) -> None:
        # Without the handler's lock, which the end of the process holds while it waits in `flush`.
        dropped = self._dropped
        if dropped > self._reported:
            lines.append(self.format(_said(dropped - self._reported)))
            self._reported = dropped
        with suppress(OSError, ValueError):  # it has no reader any more
            self._write("\n".join(lines) + "\n")
        self._batches += 1


def _said(dropped: int) -> logging.LogRecord:
    text = "%d lines of the log were dropped: its reader did not keep up"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (dropped,), None)


def _writer_of(stream: TextIO) -> Callable[[str], object]:
    """What writes to a stream.

    A stream's own lock would be held by the thread while the pipe is full, and the interpreter could not end.
    """
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):

        def to_stream(text: str) -> None:
            stream.write(text)
            stream.flush()

        return to_stream

    def to_descriptor(text: str) -> None:
        left = memoryview(text.encode(errors="backslashreplace"))
        while left:
            left = left[os.write(descriptor, left) :]

    return to_descriptor
