"""Reads the values of the metrics: of what was counted, of the service as it is now, and of the newest sample.

It is called on the thread of a scrape while the event loop and the queues go on. So it copies what it walks through,
and waits for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.states import OPERATION_UNDER_WAY, STATE_BY_CODE, OperationStatus, State
from exam_sessions.pem import certificates
from exam_sessions.rpc.observation import CODE_NAMES
from exam_sessions.telemetry import catalogue
from exam_sessions.telemetry.catalogue import OTHER, Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from exam_sessions.execution.measures import Distribution
    from exam_sessions.execution.samples import Sample
    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.tls import Certificates, Material
    from exam_sessions.service import Service
    from exam_sessions.telemetry.calls import CallMeasures
    from exam_sessions.telemetry.sampler import Sampler

WORKSPACES_AT_MOST = 100
"""Workspaces whose sessions are named one by one: those with the most."""

SECOND = 1_000_000
POOL = "readers"
NO_STATE = "NONE"


class Reading(NamedTuple):
    """One value of a metric."""

    family: Family
    labels: tuple[str, ...]
    value: float | Distribution


def of_calls(calls: CallMeasures) -> Iterator[Reading]:
    """What was counted of calls."""
    for (method, code), durations in calls.durations.copy().items():
        yield Reading(catalogue.CALL_DURATION, (method, CODE_NAMES[code]), durations)
    yield Reading(catalogue.QUEUE_WAIT, (), calls.queue_waits)
    for reason, count in calls.refusals.copy().items():
        yield Reading(catalogue.REFUSALS, (reason,), count)


def of_service(service: Service) -> Iterator[Reading]:
    """What was counted of groups, commits and sweeps, and what there is now."""
    for name, queue in service.queues.items():
        yield Reading(catalogue.GROUP_SIZE, (name,), queue.sizes)
        yield Reading(catalogue.LINGER, (name,), queue.lingers)
        yield Reading(catalogue.QUEUE_DEPTH, (name,), queue.depth)
        yield Reading(catalogue.QUEUE_LIMIT, (name,), queue.limit)
    yield Reading(catalogue.COMMIT_DURATION, (), service.written.commits)
    for (action, before, after), count in service.written.transitions.copy().items():
        yield Reading(catalogue.TRANSITIONS, (action, _state(before), _state(after)), count)
    yield Reading(catalogue.DATABASE_UP, (), float(service.availability.serves))
    yield Reading(catalogue.ROUND_TRIPS, (), service.availability.round_trips)
    yield from _of_pool(service)
    yield Reading(catalogue.WATCHERS, (), service.event_feed.watchers)
    yield Reading(catalogue.WATCH_LAG, (), service.event_feed.cursors.lag())
    yield Reading(catalogue.SWEEP_DURATION, (), service.scheduler.durations)
    yield Reading(catalogue.LAST_SWEEP, (), service.scheduler.last_sweep / SECOND)
    yield Reading(catalogue.LOCKED_OUT, (), service.lockouts.in_force)


def _of_pool(service: Service) -> Iterator[Reading]:
    pool = service.reads.pool
    under_way, connections = pool.under_way, pool.connections
    used = min(under_way, connections)
    yield Reading(catalogue.POOL_CONNECTIONS, (POOL, "used"), used)
    yield Reading(catalogue.POOL_CONNECTIONS, (POOL, "idle"), connections - used)
    yield Reading(catalogue.POOL_MAX, (POOL,), pool.threads)
    yield Reading(catalogue.POOL_PENDING, (POOL,), max(0, under_way - pool.threads))


def _state(code: int) -> str:
    return STATE_BY_CODE[code].name if code else NO_STATE


def of_samples(sampler: Sampler) -> Iterator[Reading]:
    """What the newest sample has found; nothing but its time before the first."""
    sample = sampler.sample
    yield Reading(catalogue.SAMPLE_TIME, (), sample.taken / SECOND if sample else 0.0)
    yield Reading(catalogue.SAMPLE_DURATION, (), sampler.duration_s)
    if sample:
        yield from _of_sessions(sample)
        yield from _of_work(sample)


def _of_sessions(sample: Sample) -> Iterator[Reading]:
    in_workspace: dict[str, int] = {}
    for workspace, _, number in sample.sessions:
        in_workspace[workspace] = in_workspace.get(workspace, 0) + number
    named = set(sorted(in_workspace, key=lambda name: (-in_workspace[name], name))[:WORKSPACES_AT_MOST])
    counts: dict[tuple[str, str], int] = {}
    set_aside = 0
    for workspace, code, number in sample.sessions:
        state = STATE_BY_CODE[code]
        key = workspace if workspace in named else OTHER, state.name
        counts[key] = counts.get(key, 0) + number
        if state is State.EXCEPTION:
            set_aside += number
    for key, number in counts.items():
        yield Reading(catalogue.SESSIONS, key, number)
    yield Reading(catalogue.QUARANTINED, (), set_aside)


def _of_work(sample: Sample) -> Iterator[Reading]:
    yield Reading(catalogue.OVERDUE, (), sample.overdue.number)
    yield Reading(catalogue.OVERDUE_AGE, (), _age(sample, sample.overdue.oldest))
    found = {counted.status: counted for counted in sample.operations}
    for status in OperationStatus:
        counted = found.get(status)
        yield Reading(catalogue.OPERATIONS, (status.name,), counted.number if counted else 0)
        if status in OPERATION_UNDER_WAY:
            yield Reading(catalogue.OPERATION_AGE, (status.name,), _age(sample, counted.oldest if counted else 0))
    for workspace, consumer, behind in sample.consumers:
        yield Reading(catalogue.CONSUMER_LAG, (workspace, consumer), behind)


def _age(sample: Sample, since: int) -> float:
    """For how many seconds something has gone on at the time of a sample; 0 where nothing does."""
    return max(0.0, (sample.taken - since) / SECOND) if since else 0.0


def of_admission(admission: Admission) -> Iterator[Reading]:
    """What requests under way take."""
    yield Reading(catalogue.BYTES_IN_FLIGHT, (), admission.in_flight)


def of_certificates(held: Certificates) -> Callable[[], Iterator[Reading]]:
    """When certificates expire: of those in use, which change with their files."""
    seen: dict[Material, dict[str, datetime]] = {}

    def read() -> Iterator[Reading]:
        material = held.current()
        if material not in seen:
            seen.clear()
            seen[material] = _ends(material)
        for name, end in seen[material].items():
            yield Reading(catalogue.CERTIFICATE, (name,), end.timestamp())

    return read


def _ends(material: Material) -> dict[str, datetime]:
    ends = {"server": material.until}
    if material.client_ca is not None:
        ends["client_ca"] = min(one.not_valid_after_utc for one in certificates(material.client_ca, "client CA"))
    return ends
