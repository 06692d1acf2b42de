"""Acknowledging events: only what has left this program, and in time."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from exam_sessions.cli.shared.console import check_reader, note
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import NoServer, Refused

if TYPE_CHECKING:
    from types import TracebackType

    from exam_sessions.client.client import Client

OFTEN = 100
"""Events after which they are acknowledged."""

SOON = 1.0
"""Seconds after which they are, when there are fewer."""

LAST_TRIES = 5
"""How often the last acknowledgement is tried again: for about three seconds."""


class Acknowledger:
    """Acknowledges, in a consumer's name, what was delivered; nothing without a consumer.

    At the end of the block the rest is acknowledged, unless it ends because stdout is closed. At the usual end
    and at Ctrl-C that is tried again for seconds when the server does not answer; what fails then is said.
    """

    def __init__(self, client: Client, consumer: str | None) -> None:
        self._client, self._consumer = client, consumer
        self._delivered = self._acknowledged = -1
        self._events = 0
        self._last = time.monotonic()

    def delivered(self, sequence: int, events: int) -> None:
        """Everything up to `sequence` was written and flushed; `events` of it since the last time."""
        self._delivered = sequence
        self._events += events

    def acknowledge_when_due(self) -> None:
        """Acknowledges what was delivered when it is much, or was delivered a while ago.

        Raises:
            BrokenPipeError: stdout is closed, so what was flushed last may never have been read.
        """
        due = self._events >= OFTEN or time.monotonic() - self._last >= SOON
        if not due:
            return
        check_reader()
        try:
            self._acknowledge()
        except (NoServer, Refused) as failure:
            # The next time will do: until then these events count as not delivered.
            if not failure.is_retryable:
                raise

    def _acknowledge(self) -> None:
        self._last, self._events = time.monotonic(), 0
        if self._consumer and self._delivered > self._acknowledged:
            self._client.acknowledge(self._consumer, self._delivered)
            self._acknowledged = self._delivered

    def _finish(self) -> None:
        try:
            retry(self._acknowledge_what_was_read, LAST_TRIES)
        except (NoServer, Refused):
            note(f"events up to {self._delivered} could not be acknowledged, and will come again", "yellow")
            raise

    def _acknowledge_what_was_read(self) -> None:
        check_reader()
        self._acknowledge()

    def __enter__(self) -> Self:
        """Begins."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Acknowledges the rest; whatever else ends the block is not hidden by what fails here."""
        if kind is None:
            self._finish()
        elif issubclass(kind, KeyboardInterrupt):
            with suppress(NoServer, Refused, BrokenPipeError):
                self._finish()
        elif not issubclass(kind, BrokenPipeError):
            with suppress(NoServer, Refused, BrokenPipeError):
                self._acknowledge_what_was_read()
