"""Every metric there is: its name, its type, its labels, and what it says. docs/reference/metrics.md is made from it.

Names are those of OpenTelemetry's semantic conventions, as Prometheus spells them, where there are some. Values of
labels are bounded: they come from descriptors, enumerations and registered workspaces, never from a request. None is
personal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The types of metrics, as Prometheus calls them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Source(StrEnum):
    """How a value comes about, in the words of the reference."""

    SERVER = "counted"
    NOW = "read"
    DATABASE = "sampled"


class Family(NamedTuple):
    """One metric."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    source: Source = Source.SERVER


CALL_DURATION = Family(
    "rpc_server_call_duration_seconds",
    Kind.HISTOGRAM,
    "Time from the arrival of a call to its end, by RPC and gRPC status code. A stream is counted when it ends.",
    ("rpc_method", "rpc_response_status_code"),
)
QUEUE_WAIT = Family(
    "exam_sessions_call_queue_wait_seconds",
    Kind.HISTOGRAM,
    "Time from the arrival of a call until the group of calls it belongs to is started.",
)
REFUSALS = Family(
    "exam_sessions_refusals_total",
    Kind.COUNTER,
    "Calls that were refused, by ErrorReason; faults of the server have the reason INTERNAL.",
    ("reason",),
)
BYTES_IN_FLIGHT = Family(
    "exam_sessions_request_in_flight_bytes",
    Kind.GAUGE,
    "Bytes of the requests that are not answered yet.",
    source=Source.NOW,
)
TRANSITIONS = Family(
    "exam_sessions_transitions_total",
    Kind.COUNTER,
    "Committed events of sessions, by action and by the states before and after; NONE before a booking and after a "
    "deletion.",
    ("action", "from_state", "to_state"),
)
SESSIONS = Family(
    "exam_sessions_sessions",
    Kind.GAUGE,
    "Sessions in the database, by workspace and state. The workspaces with the most sessions are named, the others "
    "are added up as (other).",
    ("workspace", "state"),
    Source.DATABASE,
)
QUARANTINED = Family(
    "exam_sessions_quarantined_sessions",
    Kind.GAUGE,
    "Sessions that were set aside because their stored data cannot be used, or by an operator: those in EXCEPTION.",
    source=Source.DATABASE,
)
GROUP_SIZE = Family(
    "exam_sessions_group_size_calls",
    Kind.HISTOGRAM,
    "Calls in a group, by queue. Each group of the write queue is one transaction, unless it has to be divided.",
    ("queue",),
)
LINGER = Family(
    "exam_sessions_group_linger_seconds",
    Kind.HISTOGRAM,
    "Time for which a group was waited for before it was started, by queue.",
    ("queue",),
)
COMMIT_DURATION = Family(
    "exam_sessions_commit_duration_seconds", Kind.HISTOGRAM, "Time that the commit of a transaction took."
)
QUEUE_DEPTH = Family(
    "exam_sessions_queue_depth_calls",
    Kind.GAUGE,
    "Calls that wait for a group, by queue.",
    ("queue",),
    Source.NOW,
)
QUEUE_LIMIT = Family(
    "exam_sessions_queue_limit_calls",
    Kind.GAUGE,
    "How many calls may wait now, by queue; more are refused as OVERLOADED.",
    ("queue",),
    Source.NOW,
)
DATABASE_UP = Family(
    "exam_sessions_database_up",
    Kind.GAUGE,
    "1 while the database can be read and written, 0 during an outage.",
    source=Source.NOW,
)
ROUND_TRIPS = Family(
    "exam_sessions_database_round_trips_total",
    Kind.COUNTER,
    "How often a thread has waited for an answer of PostgreSQL; 0 with SQLite, which answers in this process.",
)
POOL_CONNECTIONS = Family(
    "db_client_connection_count",
    Kind.GAUGE,
    "Connections of the pool that reads lists and pages, by state: used or idle.",
    ("db_client_connection_pool_name", "db_client_connection_state"),
    Source.NOW,
)
POOL_MAX = Family(
    "db_client_connection_max",
    Kind.GAUGE,
    "How many connections the pool may have.",
    ("db_client_connection_pool_name",),
    Source.NOW,
)
POOL_PENDING = Family(
    "db_client_connection_pending_requests",
    Kind.GAUGE,
    "Reads that wait for a connection of the pool.",
    ("db_client_connection_pool_name",),
    Source.NOW,
)
WATCHERS = Family("exam_sessions_watchers", Kind.GAUGE, "Watches that are open.", source=Source.NOW)
WATCH_LAG = Family(
    "exam_sessions_watch_lag_events",
    Kind.GAUGE,
    "Events that the watcher furthest behind has still to be sent; watchers that take their snapshot do not count.",
    source=Source.NOW,
)
CONSUMER_LAG = Family(
    "exam_sessions_consumer_lag_events",
    Kind.GAUGE,
    "Events that a consumer has not acknowledged, by workspace and consumer; of those that are furthest behind.",
    ("workspace", "consumer"),
    Source.DATABASE,
)
OVERDUE = Family(
    "exam_sessions_overdue_sessions",
    Kind.GAUGE,
    "Sessions in open workspaces whose deadline or window has come and that no sweep has moved yet.",
    source=Source.DATABASE,
)
OVERDUE_AGE = Family(
    "exam_sessions_overdue_oldest_seconds",
    Kind.GAUGE,
    "For how long the oldest of them has been due; 0 without any.",
    source=Source.DATABASE,
)
SWEEP_DURATION = Family(
    "exam_sessions_sweep_duration_seconds",
    Kind.HISTOGRAM,
    "Time that a sweep of the scheduler took, which moves what is due.",
)
LAST_SWEEP = Family(
    "exam_sessions_sweep_last_success_timestamp_seconds",
    Kind.GAUGE,
    "When the last sweep succeeded, in seconds since 1970; 0 before the first.",
    source=Source.NOW,
)
OPERATIONS = Family(
    "exam_sessions_operations",
    Kind.GAUGE,
    "Long-running operations in the database, by status.",
    ("status",),
    Source.DATABASE,
)
OPERATION_AGE = Family(
    "exam_sessions_operation_oldest_seconds",
    Kind.GAUGE,
    "For how long the oldest operation that is under way has been accepted, by status; 0 without any.",
    ("status",),
    Source.DATABASE,
)
LOCKED_OUT = Family(
    "exam_sessions_lockouts",
    Kind.GAUGE,
    "Addresses and principals that are locked out after wrong codes or credentials.",
    source=Source.NOW,
)
CERTIFICATE = Family(
    "exam_sessions_certificate_not_after_timestamp_seconds",
    Kind.GAUGE,
    "When a certificate in use expires, in seconds since 1970: the server's, and the first of the client CAs.",
    ("certificate",),
    Source.NOW,
)
SAMPLE_TIME = Family(
    "exam_sessions_sample_timestamp_seconds",
    Kind.GAUGE,
    "When the database was sampled last, in seconds since 1970; 0 before the first time.",
    source=Source.NOW,
)
SAMPLE_DURATION = Family(
    "exam_sessions_sample_duration_seconds", Kind.GAUGE, "Time that the last sample took.", source=Source.NOW
)
BUILD = Family(
    "exam_sessions_build_info",
    Kind.GAUGE,
    "Always 1; its labels say what runs.",
    ("version", "python", "database", "schema_revision", "transport"),
    Source.NOW,
)

FAMILIES: tuple[Family, ...] = (
    CALL_DURATION,
    QUEUE_WAIT,
    REFUSALS,
    BYTES_IN_FLIGHT,
    TRANSITIONS,
    SESSIONS,
    QUARANTINED,
    GROUP_SIZE,
    LINGER,
    COMMIT_DURATION,
    QUEUE_DEPTH,
    QUEUE_LIMIT,
    DATABASE_UP,
    ROUND_TRIPS,
    POOL_CONNECTIONS,
    POOL_MAX,
    POOL_PENDING,
    WATCHERS,
    WATCH_LAG,
    CONSUMER_LAG,
    OVERDUE,
    OVERDUE_AGE,
    SWEEP_DURATION,
    LAST_SWEEP,
    OPERATIONS,
    OPERATION_AGE,
    LOCKED_OUT,
    CERTIFICATE,
    SAMPLE_TIME,
    SAMPLE_DURATION,
    BUILD,
)

OTHER = "(other)"
"""The label of what is added up because there is too much of it to be named; no workspace has this name."""
