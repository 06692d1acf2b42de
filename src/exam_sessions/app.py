"""The composition root: settings, database, queues, servicers, server. The only place that reads the clock."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from typing import TYPE_CHECKING

import uvloop

from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.rpc.convert.operation import describe
from exam_sessions.rpc.server import DECODE, Server
from exam_sessions.rpc.transports.admission import Admission
from exam_sessions.rpc.transports.base import CannotListen, CannotServe
from exam_sessions.rpc.transports.selection import transport_named
from exam_sessions.service import Service
from exam_sessions.store.databases import store_for
from exam_sessions.workers import serve_together

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.settings import Settings

__all__ = ["App", "CannotListen", "CannotServe", "now", "serve"]

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.0005
"""Seconds a thread may hold the interpreter while another wants it. A queue at work must not keep calls waiting."""

GARBAGE = (20_000, 50, 1_000)
"""When garbage is looked for. What a server keeps is frozen at its start, and looking through ten thousand rows in
flight again and again stopped every call for up to a tenth of a second."""


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class App:
    """A server with everything it needs, to be started and stopped on one event loop."""

    def __init__(self, settings: Settings, clock: Callable[[], int] = now) -> None:
        self.settings = settings
        self._transport = transport_named(settings.transport)
        store = self._store = store_for(settings)
        upgrade(store)
        self.service = Service(
            store,
            clock,
            linger=settings.linger_ms / 1000,
            tick=settings.tick_ms / 1000,
            backlog=settings.backlog,
            reach=settings.watch_reach,
            watchers=settings.watchers,
            decode=DECODE,
            describe=describe,
        )
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return self._server.port

    async def start(self) -> None:
        """Starts to serve."""
        limit = self.settings.max_message_bytes
        admission = Admission(limit, self.settings.bytes_in_flight)
        try:
            transport = self._transport(self.settings.listen, admission, share_port=bool(self.settings.share_port))
        except CannotServe:
            self._store.close()
            raise
        await self.service.start()
        self._server = Server(self.service, transport, limit, self.settings.watcher_patience_s)
        await self._server.start()

    async def stop(self) -> None:
        """Finishes the calls under way and what they put in line, then stops."""
        if self._server:
            await self._server.stop(self.settings.drain_s)
        await self.service.close()


def serve(settings: Settings, ready: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT; `ready` is called with the port once it does.

    Raises:
        CannotServe: the transport is none, or is not installed.
    """
    transport_named(settings.transport)
    if settings.workers > 1:
        serve_together(settings, serve, ready)
        return
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GARBAGE)
    uvloop.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: Callable[[int], None]) -> None:
    app = App(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await app.start()
    gc.collect()
    gc.freeze()
    ready(app.port)
    await stopping.wait()
    log.info("stopping: finishing the calls under way")
    await app.stop()
