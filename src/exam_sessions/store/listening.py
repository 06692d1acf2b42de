"""Hearing PostgreSQL's notifications, on a thread and a connection of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

log = logging.getLogger(__name__)

CHANNEL = "exam_sessions"

LOOK_UP_S = 0.25
"""How often the thread looks whether it is to end, in seconds."""

AGAIN_S = 0.5
"""Seconds between two tries to connect."""


class Listener:
    """Calls `heard` with the payload of every notification until it is ended; connects again by itself."""

    def __init__(self, connect: Callable[[], Connection[tuple[object, ...]]], heard: Callable[[str], None]) -> None:
        self._connect, self._heard = connect, heard
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
            except psycopg.Error:
                log.warning("the connection that hears of news was lost; making another")
                self._ended.wait(AGAIN_S)

    def _listen(self, driver: Connection[tuple[object, ...]]) -> None:
        while not self._ended.is_set():
            for notification in driver.notifies(timeout=LOOK_UP_S):
                self._heard(notification.payload)
