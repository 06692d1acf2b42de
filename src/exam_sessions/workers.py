"""Several server processes on one port: the kernel deals out the connections. Starts, watches and stops them."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from exam_sessions import logs
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.rpc.transports.base import CannotListen, CannotServe
from exam_sessions.store.databases import store_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess
    from multiprocessing.synchronize import Event

    from exam_sessions.settings import Settings

log = logging.getLogger(__name__)

READY_S = 60.0
"""How long a worker may take to start, in seconds."""

LOOK_S = 0.1
"""Seconds between two looks whether a worker that starts still lives."""

AGAIN_S = 1.0
"""Seconds before a worker that has died is started again."""


class Workers:
    """The processes of one server. `serve` is what each runs, with the settings of one."""

    def __init__(self, settings: Settings, serve: Callable[[Settings, Callable[[int], None]], None]) -> None:
        host, _, port = settings.listen.rpartition(":")
        # Bound but not listening: it keeps the port for the workers, and takes no connection from them.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._place = socket.socket(family)
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            self._place.bind((host.strip("[]"), int(port)))
        except OSError as error:
            self._place.close()
            raise CannotListen(settings.listen, error.strerror or str(error)) from error
        self.port: int = self._place.getsockname()[1]
        self._settings = replace(settings, listen=f"{host}:{self.port}", workers=1, share_port=1)
        self._count, self._serve = settings.workers, serve
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[SpawnProcess] = []
        self._stopping = False

    def start(self) -> None:
        """Starts all of them.

        Raises:
            CannotServe: one did not come up.
        """
        store = store_for(self._settings)
        upgrade(store)
        store.close()
        begun = [self._begin() for _ in range(self._count)]
        for event in begun:
            if not self._is_ready(event):
                self.stop()
                raise CannotServe("a worker did not start", "its log, above, says why")

    def _is_ready(self, event: Event) -> bool:
        """Waits for a worker; in vain when one has died over its start."""
        until = time.monotonic() + READY_S
        while not event.wait(LOOK_S):
            if time.monotonic() > until or not all(process.is_alive() for process in self._processes):
                return event.is_set()
        return True

    def _begin(self) -> Event:
        event = self._context.Event()
        process = self._context.Process(target=run, args=(self._serve, self._settings, event))
        process.start()
        self._processes.append(process)
        return event

    def watch(self) -> None:
        """Starts those that die again, until `stop` is called."""
        while self._processes:
            wait([process.sentinel for process in self._processes], timeout=AGAIN_S)
            dead = [process for process in self._processes if not process.is_alive()]
            self._processes = [process for process in self._processes if process.is_alive()]
            for process in dead:
                if not self._stopping:
                    log.error("a worker died (exit code %s); starting another", process.exitcode)
                    time.sleep(AGAIN_S)
                    self._begin()

    def stop(self) -> None:
        """Tells all of them to finish the calls under way; `watch` returns once they have."""
        self._stopping = True
        for process in self._processes:
            process.terminate()


def run(serve: Callable[[Settings, Callable[[int], None]], None], settings: Settings, ready: Event) -> None:
    """One worker, in its own process."""
    logs.configure(settings.log_level)
    serve(settings, lambda _: ready.set())


def serve_together(
    settings: Settings, serve: Callable[[Settings, Callable[[int], None]], None], ready: Callable[[int], None]
) -> None:
    """Serves with several processes until SIGTERM or SIGINT."""
    workers = Workers(settings, serve)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: workers.stop())
    workers.start()
    ready(workers.port)
    workers.watch()
