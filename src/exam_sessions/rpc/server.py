"""The server: services, health and reflection on one port. Built here only, so the transport can be exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import _async as health_aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import _async as reflection_aio
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from exam_sessions.rpc.catalog_servicer import CatalogServicer
from exam_sessions.rpc.handlers import handlers
from exam_sessions.rpc.lifecycle_servicer import LifecycleServicer
from exam_sessions.rpc.session_servicer import SessionServicer
from exam_sessions.v1 import (
    catalog_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    session_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exam_sessions.commands.service import Service

log = logging.getLogger(__name__)

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"
ROOM_ABOVE_LIMIT = 4
"""The transport takes messages this many times the limit, so that the refusal is ours, with a reason."""

PROBE_EVERY = 1.0
"""Seconds between two looks at the database."""


class Server:
    """A gRPC server around a Service. `limit` is the largest request in bytes."""

    def __init__(self, service: Service, listen: str, limit: int) -> None:
        options = [
            ("grpc.max_receive_message_length", limit * ROOM_ABOVE_LIMIT),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        ]
        self._server: Any = grpc.aio.server(options=options)
        self._service = service
        self._health = health_aio.HealthServicer()
        self._names = _add_services(self._server, service, limit)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        _add_reflection(self._server, [*self._names, health.SERVICE_NAME])
        self._port: int = self._server.add_insecure_port(listen)
        self._probing: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the one the system gave when 0 was asked for."""
        return self._port

    async def start(self) -> None:
        """Starts to serve; healthy once the database has answered."""
        await self._server.start()
        await self._probe()
        self._probing = asyncio.create_task(_for_ever(self._probe))

    async def stop(self, grace: float) -> None:
        """Says NOT_SERVING, finishes the calls under way within `grace` seconds, and stops."""
        if self._probing:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)

    async def _probe(self) -> None:
        try:
            await self._service.reads.workspaces()
            status = health_pb2.HealthCheckResponse.SERVING
        except Exception:
            log.exception("the database does not answer the probe")
            status = health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, status)


async def _for_ever(probe: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(PROBE_EVERY)
        await probe()


def _add_services(server: Any, service: Service, limit: int) -> list[str]:
    lifecycle = LifecycleServicer(service)
    services = [
        (session_service_pb2.DESCRIPTOR.services_by_name["SessionService"], SessionServicer(service).methods()),
        (lifecycle_service_pb2.DESCRIPTOR.services_by_name["LifecycleService"], lifecycle.methods()),
        (marking_service_pb2.DESCRIPTOR.services_by_name["MarkingService"], lifecycle.marking_methods()),
        (catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"], CatalogServicer(service).methods()),
    ]
    server.add_generic_rpc_handlers([handlers(descriptor, methods, limit) for descriptor, methods in services])
    return [descriptor.full_name for descriptor, _ in services]


class _Reflection(reflection_aio.ReflectionServicer):  # type: ignore[misc] # it has no types
    """grpcio's reflection, which also knows methods by name, so that `grpcurl describe Service.Method` works."""

    def _file_containing_symbol(self, request: Any, symbol: str) -> Any:
        answer = super()._file_containing_symbol(request, symbol)
        service, _, _ = symbol.rpartition(".")
        return super()._file_containing_symbol(request, service) if answer.HasField("error_response") else answer


def _add_reflection(server: Any, names: list[str]) -> None:
    """Reflection under both its names: grpcio ships v1alpha only, and v1 is the same on the wire."""
    names = [*names, reflection.SERVICE_NAME, REFLECTION_V1]
    servicer = _Reflection(names)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(REFLECTION_V1, {"ServerReflectionInfo": handler})]
    )
