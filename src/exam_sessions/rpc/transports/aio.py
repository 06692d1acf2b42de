"""grpc.aio's server with the settings of ours: which pings it takes, how much it lets wait, and what it unpacks."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.rpc.transports.base import ConnectionAge

ROOM_ABOVE_LIMIT = 4
"""The server takes messages this many times the limit, so that the refusal is ours, with a reason."""

ROOM_AT_MOST = 16 * 1024 * 1024
"""Bytes above the limit at most: they are read for nothing."""

STREAMS_AT_MOST = 10_000
"""Streams of one connection, with those that their client has reset and that we have not yet let go of. Without a
limit a client that did nothing but open and reset took 4 GB, and 20 s from all others. With 1,000, calls of clients
who keep to it were refused without a reason, for a call is let go of a little after it is answered."""

PING_FLOOR_MS = 1_000
"""How often a client may ping, in milliseconds, with calls or without; those who do more often are sent away. Below
what libraries allow by themselves: 10 s in Go and Java, 1 s in .NET."""

ANY_NUMBER = 2**31 - 1
DAY_S = 86_400
IDENTITY_AND_GZIP = 0b101

OPTIONS: tuple[tuple[str, int], ...] = (
    # It counts the calls that wait in gRPC's own queue (grpcio_calls.py).
    ("grpc.enable_channelz", 1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_concurrent_streams", STREAMS_AT_MOST),
    # What waits in gRPC's own queue is refused by it as CANCELLED; the queues refuse with a reason.
    ("grpc.server.max_pending_requests", ANY_NUMBER),
    ("grpc.server.max_pending_requests_hard_limit", ANY_NUMBER),
    ("grpc.server_max_unrequested_time_in_server", DAY_S),
    ("grpc.http2.min_ping_interval_without_data_ms", PING_FLOOR_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    # Unpacked by us, who check the size first. Deflate cannot be distinguished from a message.
    ("grpc.per_message_decompression", 0),
    ("grpc.compression_enabled_algorithms_bitset", IDENTITY_AND_GZIP),
)


@contextmanager
def low_priority_threads() -> Iterator[None]:
    """Has threads that are started meanwhile wait for a core that is at work, rather than interrupt it.

    gRPC notifies the event loop of every step of every call from threads of its own. Where they share its core, each
    step interrupted the loop to hand over one event, and a quarter of a call's cost was going to and fro; now they
    gather until the loop has nothing to do. On a core of their own they run as ever. Linux only.
    """
    plain = sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_OTHER
    if not plain:  # Its scheduling was chosen from outside.
        yield
        return
    _schedule("SCHED_BATCH")
    try:
        yield
    finally:
        _schedule("SCHED_OTHER")


def _schedule(policy: str) -> None:
    """How this thread is scheduled, and those it starts from now on; as it was where that may not be said."""
    with suppress(OSError):
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))


def aio_server(limit: int, *, share_port: bool = False, age: ConnectionAge | None = None) -> grpc.aio.Server:
    """A grpc.aio server that leaves it to us to refuse what is too large or too much. `limit` is in bytes."""
    own = [
        ("grpc.max_receive_message_length", min(limit * ROOM_ABOVE_LIMIT, limit + ROOM_AT_MOST)),
        ("grpc.so_reuseport", int(share_port)),
    ]
    if age:
        # gRPC changes the age of each connection by up to a tenth, so that they do not all end at once.
        own.append(("grpc.max_connection_age_ms", max(1, round(age.most * 1000))))
        own.append(("grpc.max_connection_age_grace_ms", max(1, round(age.grace * 1000))))
    with low_priority_threads():
        return grpc.aio.server(options=(*OPTIONS, *own))
