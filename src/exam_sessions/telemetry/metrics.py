"""The metrics of one server: puts together what counts, what samples, and what exposes."""

from __future__ import annotations

import asyncio
import logging
import platform
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector

from exam_sessions.execution.samples import SampleReads
from exam_sessions.telemetry import catalogue, readings
from exam_sessions.telemetry.calls import CallMeasures
from exam_sessions.telemetry.collector import ReadingsCollector
from exam_sessions.telemetry.exposition import Exposition
from exam_sessions.telemetry.readings import Reading
from exam_sessions.telemetry.sampler import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.rpc.transports.tls import Certificates
    from exam_sessions.service import Service
    from exam_sessions.store.engine import Store

log = logging.getLogger(__name__)


class Build(NamedTuple):
    """What runs, as the labels of the metric say it."""

    version: str
    python: str
    database: str
    schema_revision: str
    transport: str

    @classmethod
    def of(cls, store: Store, schema_revision: str | None, transport: str) -> Build:
        """What this process is."""
        database = store.engine.dialect.name
        return cls(version("exam-sessions"), platform.python_version(), database, schema_revision or "", transport)


class Metrics:
    """Counts from the beginning, and is scraped from its start to its stop."""

    def __init__(self, address: ListenAddress, service: Service, store: Store, build: Build) -> None:
        self.calls = CallMeasures()
        """Observes the calls."""
        self.sampler = Sampler(SampleReads(store), service.now)
        self._address = address
        self._sources: list[Callable[[], Iterable[Reading]]] = [
            partial(readings.of_calls, self.calls),
            partial(readings.of_service, service),
            partial(readings.of_samples, self.sampler),
            lambda: [Reading(catalogue.BUILD, build, 1.0)],
        ]
        self._exposition: Exposition | None = None

    @property
    def address(self) -> ListenAddress:
        """Where they are scraped."""
        return self._exposition.address if self._exposition else self._address

    def start(self, admission: Admission, certificates: Certificates | None) -> None:
        """Begins to sample and to be scraped; call from the running event loop.

        Raises:
            CannotListen: another program listens at the address.
        """
        self._sources.append(partial(readings.of_admission, admission))
        if certificates:
            self._sources.append(readings.of_certificates(certificates))
        registry = CollectorRegistry()
        registry.register(ReadingsCollector(self._sources))
        ProcessCollector(registry=registry)
        self._exposition = Exposition(self._address, registry)
        self._exposition.start()
        self.sampler.start()
        log.info("metrics are at http://%s/metrics", self.address)

    async def stop(self) -> None:
        """Is scraped no more."""
        if self._exposition:
            await asyncio.to_thread(self._exposition.stop)
        await self.sampler.stop()
