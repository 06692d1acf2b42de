"""The server: services, health and reflection on one port, whichever transport carries them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2

from exam_sessions.domain.states import OperationKind
from exam_sessions.rpc import health
from exam_sessions.rpc.access_servicer import AccessServicer
from exam_sessions.rpc.call_policy import OPEN
from exam_sessions.rpc.candidate_servicer import CandidateServicer, read_erasure, read_retention
from exam_sessions.rpc.catalog_servicer import CatalogServicer
from exam_sessions.rpc.convert.template import read_submission
from exam_sessions.rpc.handlers import handlers_of
from exam_sessions.rpc.import_servicer import ImportServicer
from exam_sessions.rpc.lifecycle_servicer import LifecycleServicer
from exam_sessions.rpc.lockout_servicer import LockoutServicer
from exam_sessions.rpc.marking_servicer import MarkingServicer
from exam_sessions.rpc.operations_servicer import OperationsServicer
from exam_sessions.rpc.reflection import add_reflection
from exam_sessions.rpc.regrade_servicer import read_regrade
from exam_sessions.rpc.session_servicer import SessionServicer
from exam_sessions.rpc.template_servicer import TemplateServicer
from exam_sessions.rpc.transition_servicer import read_transition
from exam_sessions.rpc.watch_servicer import WatchServicer
from exam_sessions.rpc.workspace_servicer import WorkspaceServicer
from exam_sessions_client.v1 import (
    access_service_pb2,
    candidate_service_pb2,
    catalog_service_pb2,
    lifecycle_service_pb2,
    lockout_service_pb2,
    marking_service_pb2,
    session_service_pb2,
    template_service_pb2,
    workspace_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from exam_sessions.background.operation_worker import Decode
    from exam_sessions.rpc.call_policy import CallPolicy
    from exam_sessions.rpc.transports.base import Transport
    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.service import Service

LIVENESS, READINESS = "liveness", "readiness"
"""Names to ask for the health of: whether this process works, and whether its database does as well."""

SMALL = 64 * 1024
"""Bytes of the largest request to health and reflection."""

SERVICE_FILES: tuple[Any, ...] = (
    session_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    catalog_service_pb2,
    template_service_pb2,
    access_service_pb2,
    lockout_service_pb2,
    candidate_service_pb2,
    workspace_service_pb2,
    operations_pb2,
)
"""Modules with the services."""

PROBE_EVERY = 0.5
"""Seconds between two looks at the database."""


DECODE: dict[int, Decode] = {
    OperationKind.TEMPLATE: read_submission,
    OperationKind.TRANSITION: read_transition,
    OperationKind.REGRADE: read_regrade,
    OperationKind.ERASE: read_erasure,
    OperationKind.RETENTION: read_retention,
}
"""What reads the payloads of operations, by kind."""


class Server:
    """A Service on a transport.

    `limit` is the largest request in bytes, `patience` how long a watcher may take over one message, in seconds.
    `policy` applies to every call but those of health, and `reflection` to those of reflection. `health_transport`
    carries health and nothing else.
    """

    def __init__(
        self,
        service: Service,
        transport: Transport,
        limit: int,
        patience: float,
        policy: CallPolicy = OPEN,
        *,
        reflection: CallPolicy = OPEN,
        health_transport: Transport | None = None,
    ) -> None:
        self._service, self._transport, self._gate = service, transport, policy.gate
        self._health = health.HealthServicer()
        self._names = _add_services(transport, service, limit, patience, policy)
        self._health_transport = health_transport
        for carrier in filter(None, (transport, health_transport)):
            carrier.add(handlers_of(health.SERVICE, self._health.methods(), SMALL, OPEN))
        add_reflection(transport, [*self._names, health.SERVICE.full_name], SMALL, reflection)
        self._probing: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The first port it listens on; 0 when it listens on Unix sockets only."""
        return self._transport.port

    @property
    def addresses(self) -> Sequence[ListenAddress]:
        """Where it listens."""
        return self._transport.addresses

    @property
    def health_port(self) -> int:
        """Where health is served and nothing else; 0: nowhere."""
        return self._health_transport.port if self._health_transport else 0

    async def start(self) -> None:
        """Starts to serve; healthy once the database has answered."""
        if self._gate:
            self._gate.start()
        await self._transport.start()
        if self._health_transport:
            await self._health_transport.start()
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        await self._probe()
        self._probing = asyncio.create_task(_for_ever(self._probe))

    async def stop(self, grace: float) -> None:
        """Says NOT_SERVING, ends streams, finishes the calls under way within `grace` seconds, and stops."""
        if self._probing:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing
        await self._health.close()
        self._service.event_feed.close()
        self._service.leaving.set()
        await self._transport.stop(grace)
        if self._health_transport:
            await self._health_transport.stop(0)
        if self._gate:
            self._gate.close()

    async def _probe(self) -> None:
        is_ready = await self._service.monitor.check()
        status = health_pb2.HealthCheckResponse.SERVING if is_ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", READINESS, *self._names):
            await self._health.set(name, status)


async def _for_ever(probe: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(PROBE_EVERY)
        await probe()


def rpc_names() -> frozenset[str]:
    """The names of the RPCs, without those of health and reflection."""
    return frozenset(
        method.name
        for file in SERVICE_FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    )


def streaming_methods() -> frozenset[str]:
    """The full names of the RPCs that take or send many messages."""
    return frozenset(
        f"{service.full_name}/{method.name}"
        for file in SERVICE_FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        if method.client_streaming or method.server_streaming
    )


def _add_services(
    transport: Transport, service: Service, limit: int, patience: float, policy: CallPolicy
) -> list[str]:
    marking = MarkingServicer(service)
    candidates = CandidateServicer(service, marking)
    sessions = SessionServicer(service, WatchServicer(service, patience), marking, ImportServicer(service))
    services: list[tuple[Any, Any]] = [
        (session_service_pb2.DESCRIPTOR.services_by_name["SessionService"], sessions.methods()),
        (lifecycle_service_pb2.DESCRIPTOR.services_by_name["LifecycleService"], LifecycleServicer(service).methods()),
        (marking_service_pb2.DESCRIPTOR.services_by_name["MarkingService"], marking.methods()),
        (catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"], CatalogServicer(service).methods()),
        (template_service_pb2.DESCRIPTOR.services_by_name["TemplateService"], TemplateServicer(service).methods()),
        (access_service_pb2.DESCRIPTOR.services_by_name["AccessService"], AccessServicer(service).methods()),
        (lockout_service_pb2.DESCRIPTOR.services_by_name["LockoutService"], LockoutServicer(service).methods()),
        (
            workspace_service_pb2.DESCRIPTOR.services_by_name["WorkspaceService"],
            WorkspaceServicer(service).methods(),
        ),
        (candidate_service_pb2.DESCRIPTOR.services_by_name["CandidateService"], candidates.methods()),
        (operations_pb2.DESCRIPTOR.services_by_name["Operations"], OperationsServicer(service).methods()),
    ]
    for descriptor, methods in services:
        transport.add(handlers_of(descriptor, methods, limit, policy))
    return [descriptor.full_name for descriptor, _ in services]
