"""Several server processes on one port: the kernel deals out the connections. Starts, watches and stops them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from exam_sessions import logs
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.rpc.cannot_serve import CannotListen, CannotServe
from exam_sessions.rpc.transports.listen_addresses import ListenAddress, joined, listen_addresses, metrics_addresses
from exam_sessions.store.databases import store_for
from exam_sessions.telemetry.start_report import report_start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.context import SpawnProcess
    from multiprocessing.synchronize import Event

    from exam_sessions.settings import Settings

    Ready = Callable[[Sequence[str]], None]
    Serve = Callable[[Settings, Ready], None]

log = logging.getLogger(__name__)

READY_S = 60.0
"""How long a worker may take to start, in seconds."""

LOOK_S = 0.1
"""Seconds between two checks whether a worker that starts still runs."""

AGAIN_S = 1.0
"""Seconds before a worker that has died is started again."""


class Workers:
    """The processes of one server. `serve` is what each runs, with the settings of one."""

    def __init__(self, settings: Settings, serve: Serve) -> None:
        self._kept: list[socket.socket] = []
        if not hasattr(socket, "SO_REUSEPORT"):
            raise CannotServe("on Windows one process serves a port", "leave out --workers")
        try:
            self.addresses = [self._keep(address) for address in listen_addresses(settings)]
        except CannotServe:
            self._let_go()
            raise
        if not self._kept:
            way_out = "leave out --workers, or listen on a port too"
            raise CannotServe("a Unix socket is served by one process", way_out)
        self._metrics = metrics_addresses(settings)
        self._asked, self._settings = settings, replace(settings, workers=1, share_port=1)
        self._count, self._serve = settings.workers, serve
        self._context = multiprocessing.get_context("spawn")
        self._processes: dict[int, SpawnProcess] = {}
        self._stopping = False

    def _keep(self, address: ListenAddress) -> ListenAddress:
        """Keeps a port for the workers: bound but not listening, it takes no connection from them."""
        if address.path:
            return address
        kept = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
        self._kept.append(kept)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            kept.bind((address.host.strip("[]"), address.port))
        except OSError as error:
            raise CannotListen(str(address), error.strerror or str(error)) from error
        return address._replace(port=kept.getsockname()[1])

    def _let_go(self) -> None:
        for kept in self._kept:
            kept.close()

    def _settings_of(self, number: int) -> Settings:
        """The settings of one worker. The kernel deals out no connections of Unix sockets: the first serves them."""
        apart = bool(self._settings.mtls_listen)
        mine = [address for address in self.addresses if number == 0 or not address.path]
        listen = joined([address for address in mine if not (apart and address.asks_certificate)])
        mtls_listen = joined([address for address in mine if apart and address.asks_certificate])
        metrics = str(self._metrics[number]) if self._metrics else ""
        return replace(self._settings, listen=listen, mtls_listen=mtls_listen, metrics=metrics)

    def start(self) -> None:
        """Starts all of them.

        Raises:
            CannotServe: one did not come up.
        """
        store = store_for(self._settings)
        schema = upgrade(store).after
        report_start(self._asked, store, schema, [str(address) for address in self.addresses])
        store.close()
        begun = [self._begin(number) for number in range(self._count)]
        for event in begun:
            if not self._is_ready(event):
                self.stop()
                raise CannotServe("a worker did not start", "its log, above, says why")

    def _is_ready(self, event: Event) -> bool:
        """Waits for a worker; in vain when one has died over its start."""
        until = time.monotonic() + READY_S
        while not event.wait(LOOK_S):
            if time.monotonic() > until or not all(process.is_alive() for process in self._processes.values()):
                return event.is_set()
        return True

    def _begin(self, number: int) -> Event:
        event = self._context.Event()
        process = self._context.Process(target=run, args=(self._serve, self._settings_of(number), event))
        process.start()
        self._processes[number] = process
        return event

    def watch(self) -> None:
        """Restarts those that end, until `stop` is called."""
        while self._processes:
            wait([process.sentinel for process in self._processes.values()], timeout=AGAIN_S)
            dead = {number: process for number, process in self._processes.items() if not process.is_alive()}
            for number, process in dead.items():
                del self._processes[number]
                if not self._stopping:
                    log.error("a worker died (exit code %s); starting another", process.exitcode)
                    time.sleep(AGAIN_S)
                    self._begin(number)

    def stop(self) -> None:
        """Has all of them finish the calls under way; `watch` returns once they have."""
        self._stopping = True
        for process in list(self._processes.values()):
            process.terminate()


def run(serve: Serve, settings: Settings, ready: Event) -> None:
    """One worker, in its own process."""
    logs.configure(settings.log_level, settings.log_format)
    threading.Thread(target=_stop_after_parent, name="parent", daemon=True).start()
    serve(settings, lambda _: ready.set())


def _stop_after_parent() -> None:
    """Stops this worker when the process that started it has ended without stopping it, as by SIGKILL.

    It would serve on, beside the workers of the next start and perhaps in another version, and nothing would stop it.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def serve_together(settings: Settings, serve: Serve, ready: Ready) -> None:
    """Serves with several processes until SIGTERM or SIGINT."""
    workers = Workers(settings, serve)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: workers.stop())
    workers.start()
    ready([str(address) for address in workers.addresses])
    workers.watch()
