"""Watchers who open a watch and read nothing: what they cost the server, and what a list waits meanwhile."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import grpc

from benchmark.results import Figure
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from benchmark.processes import Process

STALLED, CHANNELS = 500, 10
AT_MOST_MIB = 256.0
FOR_S = 20.0
"""How long they read nothing, in seconds; shorter than the server's patience."""
LISTS = 20

NARROW = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 65_536),
)
"""No more than 64 KiB is taken from the server for one of them."""

SERVICE = "/exam_sessions.v1.SessionService/"
REQUESTS = (
    pb.WatchSessionsRequest(start_sequence=1).SerializeToString(),
    pb.WatchSessionsRequest(view=pb.SESSION_VIEW_FULL).SerializeToString(),
)
"""Half of them ask for the history, half for a snapshot."""


def stalled(process: Process) -> Figure:
    """Opens the watches, leaves them unread for a while, and looks at the server's memory."""
    target, before = f"127.0.0.1:{process.port}", process.memory_mib()
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(target, options=NARROW)) for _ in range(CHANNELS)]
        calls = [
            channels[n % CHANNELS].unary_stream(f"{SERVICE}WatchSessions", None, None)(REQUESTS[n % len(REQUESTS)])
            for n in range(STALLED)
        ]
        lister = stack.enter_context(grpc.insecure_channel(target))
        waits, highest, end = list[float](), before, time.monotonic() + FOR_S
        while time.monotonic() < end:
            begun = time.perf_counter()
            lister.unary_unary(f"{SERVICE}ListSessions", None, None)(
                pb.ListSessionsRequest(page_size=1).SerializeToString()
            )
            waits.append((time.perf_counter() - begun) * 1e3)
            highest = max(highest, process.memory_mib())
            time.sleep(FOR_S / LISTS)
        cost = highest - before
        del calls
    return Figure(
        f"Memory of {STALLED} watchers who read nothing",
        value=f"{cost:.0f} MiB",
        floor=f"{before:.0f} MiB before",
        target=f"< {AT_MOST_MIB:.0f} MiB",
        met=cost < AT_MOST_MIB,
        notes=f"resident, at most within {FOR_S:.0f} s; half want the history, half a snapshot; a list meanwhile "
        f"takes {sorted(waits)[len(waits) // 2]:.1f} ms, at most {max(waits):.0f} ms",
        runs=[{"value": {"mib": cost, "list_ms": waits}}],
    )
