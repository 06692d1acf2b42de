"""Traces of sampled calls, sent to a collector over OTLP (gRPC). The library is the extra `traces`.

It observes calls (rpc/observation.py) and makes the spans of a call once it has ended, from the times that were noted
on the way; a call that is not sampled is only looked at for a `traceparent`. gRPC's own interceptor of OpenTelemetry
costs as much as a call, whether it is sampled or not.

A call is sampled by chance, or where its caller is authenticated and has its trace sampled (`traceparent`).
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from random import random
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.status import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context

    from exam_sessions.execution.measures import GroupTimes
    from exam_sessions.rpc.observation import CallRecord
    from exam_sessions.settings import Settings

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Variables of OpenTelemetry that name a collector."""

EXPORT_S = 5.0
"""How long a collector may take over one export, in seconds."""

FAULTS = frozenset({2, 4, 12, 13, 14, 15})
"""Status codes that are a server's errors, as OpenTelemetry's conventions for gRPC have it."""

NS = 1_000_000_000


def collector_of(settings: Settings) -> str:
    """Where traces are sent; empty where they are not."""
    return settings.otlp_endpoint or next(filter(None, map(os.environ.get, ENDPOINTS)), "")


def check_traces(settings: Settings) -> bool:
    """Whether a server with these settings sends traces. Raises CannotServe where it could not."""
    endpoint = settings.otlp_endpoint
    if not collector_of(settings):
        if settings.trace_sample:
            raise CannotServe(
                "there is no collector that traces could be sent to", "give --otlp-endpoint http://HOST:4317"
            )
        return False
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise CannotServe(
            f"{endpoint!r} is no URL of a collector", "such as http://127.0.0.1:4317, or https:// with TLS"
        )
    try:
        import opentelemetry.exporter.otlp.proto.grpc.trace_exporter  # noqa: PLC0415 - an extra, which need not be there
        import opentelemetry.sdk.trace  # noqa: F401, PLC0415 - as above
    except ImportError as error:
        way_out = "pip install 'exam-sessions[traces]', or leave out --otlp-endpoint"
        raise CannotServe(f"what sends traces is not installed: {error}", way_out) from error
    return True


class Traces:
    """Makes spans of calls, and sends them on a thread until it is stopped. Check the settings first."""

    def __init__(self, settings: Settings, version: str) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - as above
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415 - as above
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - as above
            TraceContextTextMapPropagator,
        )

        self._ratio, self._api = settings.trace_sample, trace
        self._propagator = TraceContextTextMapPropagator()
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "exam-sessions"}
        resource = Resource.create({**named, "service.version": version})
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint or None, timeout=EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("exam_sessions", version)

    async def stop(self) -> None:
        """Sends what is left, as far as the collector takes it within EXPORT_S."""
        # Not on asyncio's threads: these are waited for, however long a collector keeps silent.
        sending = threading.Thread(target=self._provider.shutdown, name="last traces", daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, EXPORT_S)

    def __call__(self, record: CallRecord) -> None:
        """Makes the spans of a call, where it is sampled."""
        parent = self._parent(record) if record.call.principal.name else None
        if parent is not None or (self._ratio and random() < self._ratio):  # noqa: S311 - no secret
            self._trace(record, parent)

    def _parent(self, record: CallRecord) -> Context | None:
        """The caller's span where it is sampled; with its tracestate."""
        found = record.call.metadata("traceparent")
        if len(found) != 1:
            return None
        carrier = {"traceparent": found[0], "tracestate": ",".join(map(str, record.call.metadata("tracestate")))}
        context = self._propagator.extract(carrier)
        sampled = self._api.get_current_span(context).get_span_context().trace_flags.sampled
        return context if sampled else None

    def _trace(self, record: CallRecord, parent: Context | None) -> None:
        # Not the clock of the service, which a test may hold: spans are of the times that really passed.
        offset = time.time_ns() - int(time.perf_counter() * NS)
        end = record.began + record.duration_s
        span = self._tracer.start_span(
            record.method,
            context=parent if parent is not None else self._api.set_span_in_context(self._api.INVALID_SPAN),
            kind=self._api.SpanKind.SERVER,
            start_time=offset + int(record.began * NS),
            attributes=_attributes(record),
        )
        if record.code in FAULTS:
            span.set_status(self._api.StatusCode.ERROR)
        within = self._api.set_span_in_context(span)
        for name, began, ended, attributes in _steps(record, end):
            step = self._tracer.start_span(
                name, context=within, start_time=offset + int(began * NS), attributes=attributes
            )
            step.end(offset + int(ended * NS))
        span.end(offset + int(end * NS))


def _attributes(record: CallRecord) -> dict[str, Any]:
    service, _, method = record.method.partition("/")
    workspace, session_id, _ = record.call.keys
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "rpc.grpc.status_code": record.code,
        "exam_sessions.workspace": workspace,
        "exam_sessions.session": session_id,
        "exam_sessions.reason": record.reason,
        "error.type": record.reason or INTERNAL if record.code in FAULTS else "",
    }
    return {name: value for name, value in attributes.items() if value != ""}


def _steps(record: CallRecord, end: float) -> Iterator[tuple[str, float, float, dict[str, Any]]]:
    """The steps of a call that stood in a queue: name, begin, end, attributes. It may have ended before the last."""
    call, group = record.call, record.call.group
    if not call.queued:
        return
    yield "receive", record.began, call.queued, {}
    yield "queue", call.queued, call.started or end, {}
    if not call.started:
        return
    of_group = _of_group(group) if group else {}
    decided = min(group.decided, end) if group and group.decided else end
    yield "decide", call.started, decided, of_group
    if not (group and group.decided):
        return
    committed = min(group.committed, end) or decided
    if group.committed:
        yield "commit", decided, committed, of_group
    yield "render", committed, end, {}


def _of_group(group: GroupTimes) -> dict[str, Any]:
    """The attributes of calls that shared a group, which has a name once one of them is sampled."""
    group.name = group.name or token_hex(8)
    return {"exam_sessions.group.id": group.name, "exam_sessions.group.size": group.size}
