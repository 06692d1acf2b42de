"""Hearing PostgreSQL's notifications, on a thread and a connection of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from exam_sessions.store.availability import Availability

CHANNEL = "exam_sessions"

LOOK_UP_S = 0.25
"""How often the thread looks whether it is to end, in seconds."""

SILENCE_S = 2.0
"""Seconds without notifications after which the connection is tested: its loss is not reported."""

AGAIN_S = 0.5
"""Seconds between two tries to connect."""


class Listener:
    """Calls `on_change` with the payload of every notification until it is ended; connects again by itself."""

    def __init__(
        self,
        connect: Callable[[], Connection[tuple[Any, ...]]],
        on_change: Callable[[str], None],
        availability: Availability,
    ) -> None:
        self._connect, self._on_change, self._availability = connect, on_change, availability
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stops listening."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with self._connect() as driver:
                    driver.execute(f"LISTEN {CHANNEL}")
                    self._listen(driver)
            except psycopg.Error as error:
                self._availability.failed(error)
                self._ended.wait(AGAIN_S)

    def _listen(self, driver: Connection[tuple[Any, ...]]) -> None:
        heard_at = time.monotonic()
        while not self._ended.is_set():
            for notification in driver.notifies(timeout=LOOK_UP_S):
                self._on_change(notification.payload)
                heard_at = time.monotonic()
            if time.monotonic() > heard_at + SILENCE_S:
                driver.execute("SELECT 1")
                heard_at = time.monotonic()
