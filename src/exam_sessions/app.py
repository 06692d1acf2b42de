"""The composition root: settings, database, queues, servicers, server. The only place that reads the clock."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from exam_sessions.domain.candidate_ids import UnfitKeys
from exam_sessions.domain.lockout import LockoutRule
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.plan import Plan, check_addresses, planned, unfit_keys
from exam_sessions.rpc.access.code_guard import CodeGuard
from exam_sessions.rpc.access.limits import Limits
from exam_sessions.rpc.call_policy import OPEN, CallPolicy
from exam_sessions.rpc.cannot_serve import CannotListen, CannotServe
from exam_sessions.rpc.convert.operation import describe
from exam_sessions.rpc.decoding.candidate_ids import CandidateIdHasher
from exam_sessions.rpc.observation import composed
from exam_sessions.rpc.server import DECODE, Server
from exam_sessions.rpc.transports.admission import Admission
from exam_sessions.service import Service
from exam_sessions.store.candidate_keys import check_generations, check_keys, stored_generations
from exam_sessions.store.databases import store_for
from exam_sessions.telemetry.call_log import call_log_of
from exam_sessions.telemetry.metrics import Build, Metrics
from exam_sessions.telemetry.start_report import report_start
from exam_sessions.telemetry.traces import Traces
from exam_sessions.workers import serve_together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.domain.candidate_ids import CandidateIdKeys
    from exam_sessions.rpc.observation import Observer
    from exam_sessions.settings import Settings
    from exam_sessions.store.engine import Store

__all__ = ["App", "CannotListen", "CannotServe", "check_addresses", "now", "serve"]

try:
    # The faster loop, where there is one: not on Windows.
    from uvloop import run as run_loop
except ImportError:
    from asyncio import run as run_loop  # type: ignore[assignment]

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.0005
"""Seconds a thread may hold the interpreter while another waits for it. A busy queue must not delay calls."""

GARBAGE = (5_000, 200, 1_000)
"""When garbage is looked for. What a server keeps is frozen at its start, and looking through ten thousand rows in
flight again and again stopped every call for up to a tenth of a second. The first look at new rows stops them for
4 ms at most while a roster is booked; after 20,000 objects it was 12 ms, and in all it takes as long."""


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class App:
    """A server with everything it needs, to be started and stopped on one event loop.

    `observers` are given the record of each call that has ended (rpc/observation.py).

    Raises:
        CannotServe: the settings contradict each other, or are more than the transport can do.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], int] = now, observers: Sequence[Observer] = ()
    ) -> None:
        self.settings = settings
        self._plan = plan = planned(settings)
        store = self._store = store_for(settings)
        store.check_after_unclean_stop(settings.start_check_s)
        self._schema = upgrade(store).after
        _check_candidate_ids(store, plan.candidate_id_keys)
        self.service = Service(
            store,
            clock,
            linger=settings.linger_ms / 1000,
            tick=settings.tick_ms / 1000,
            backlog=settings.backlog,
            reach=settings.watch_reach,
            watchers=settings.watchers,
            lockout_rule=_lockout_rule(settings),
            open_workspaces=bool(settings.open_workspaces),
            decode=DECODE,
            describe=describe,
        )
        self.metrics: Metrics | None = None
        if plan.metrics:
            build = Build.of(store, self._schema, settings.transport)
            self.metrics = Metrics(plan.metrics[0], self.service, store, build)
            observers = [*observers, self.metrics.calls]
        if call_log := call_log_of(settings):
            observers = [*observers, call_log]
        self._traces = Traces(settings, version("exam-sessions")) if plan.traces else None
        if self._traces:
            observers = [*observers, self._traces]
        self._call_policy = _call_policy(settings, plan, self.service, clock)._replace(observer=composed(observers))
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The first port it listens on; 0 when it listens on Unix sockets only."""
        assert self._server is not None
        return self._server.port

    @property
    def health_port(self) -> int:
        """Where health is served and nothing else; 0: nowhere."""
        assert self._server is not None
        return self._server.health_port

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as settings name it, with the ports that the system gave."""
        assert self._server is not None
        return [str(address) for address in self._server.addresses]

    def report(self) -> None:
        """Says in the log what runs, where and how; once it listens."""
        report_start(self.settings, self._store, self._schema, self.addresses)

    async def start(self) -> None:
        """Starts to serve."""
        limit = self.settings.max_message_bytes
        admission = Admission(limit, self.settings.bytes_in_flight, self.service.arrivals)
        try:
            transport = self._plan.transport(admission)
            health_transport = self._plan.health_transport()
            if self.metrics:
                self.metrics.start(admission, self._plan.certificates)
        except CannotServe:
            self._store.close()
            raise
        if self.settings.insecure and not self.settings.tls_cert:
            log.warning("no TLS: what is sent here can be read and changed on the way")
        if self._call_policy.gate is None:
            log.warning("nobody is authenticated: everybody who can connect may do everything")
        await self.service.start()
        self._server = Server(
            self.service,
            transport,
            limit,
            self.settings.watcher_patience_s,
            self._call_policy,
            reflection=OPEN._replace(observer=self._call_policy.observer)
            if self.settings.open_reflection
            else self._call_policy,
            health_transport=health_transport,
        )
        await self._server.start()

    async def stop(self) -> None:
        """Finishes the calls under way and what they put in line, then stops."""
        if self._server:
            await self._server.stop(self.settings.drain_s)
        if self.metrics:
            await self.metrics.stop()
        await self.service.close()
        if self._traces:
            await self._traces.stop()


def _check_candidate_ids(store: Store, keys: CandidateIdKeys | None) -> None:
    """Closes a database that does not fit the keys. Raises CannotServe."""
    try:
        check_generations(stored_generations(store), keys)
        if keys:
            check_keys(store, keys)
    except UnfitKeys as error:
        store.close()
        raise unfit_keys(error) from error


def _call_policy(settings: Settings, plan: Plan, service: Service, clock: Callable[[], int]) -> CallPolicy:
    """What calls pass."""
    guard = None
    if settings.wrong_codes_at_most:
        guard = CodeGuard(service.lockouts, counts_loopback=bool(settings.limit_loopback))
    return CallPolicy(
        plan.authentication.gate(service, clock, guard),
        guard,
        service.workspaces,
        Limits(plan.limits) if plan.limits else None,
        settings.default_deadline_s,
        CandidateIdHasher(plan.candidate_id_keys),
    )


def _lockout_rule(settings: Settings) -> LockoutRule:
    in_seconds = (settings.wrong_codes_window_s, settings.lockout_s, settings.lockout_at_most_s)
    return LockoutRule(settings.wrong_codes_at_most, *(int(seconds * 1_000_000) for seconds in in_seconds))


def serve(settings: Settings, ready: Callable[[Sequence[str]], None], *, reports: bool = True) -> None:
    """Serves until SIGTERM or SIGINT; `ready` is called with the addresses once it does.

    With `reports` the log says what runs; one of several workers leaves that to the process that starts them.

    Raises:
        CannotServe: the settings contradict each other, or are more than the transport can do.
    """
    planned(settings)
    if settings.workers > 1:
        serve_together(settings, partial(serve, reports=False), ready)
        return
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GARBAGE)
    run_loop(_serve(settings, ready, reports=reports))


def _on_signals(stop: Callable[[], None]) -> None:
    """Has SIGTERM and SIGINT, Ctrl-C, call something on the running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            # No loop of Windows has handlers.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


async def _serve(settings: Settings, ready: Callable[[Sequence[str]], None], *, reports: bool) -> None:
    app = App(settings)
    stopping = asyncio.Event()
    _on_signals(stopping.set)
    await app.start()
    if reports:
        app.report()
    # Without a collection before: it took 0.1 s, in which the first calls would wait.
    gc.freeze()
    ready(app.addresses)
    await stopping.wait()
    log.info("stopping: finishing the calls under way")
    await app.stop()
