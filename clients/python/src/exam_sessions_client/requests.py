"""What goes with every call, whichever client makes it: ids, deadlines, options of the channel, pauses."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from exam_sessions_client.policy import SERVICE_CONFIG, TIMEOUT, TIMEOUTS
from exam_sessions_client.reasons import Reason
from exam_sessions_client.security import is_local

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions_client.failures import CallFailed
    from exam_sessions_client.v1.session_service_pb2 import WatchSessionsRequest, WatchSessionsResponse

TRIES = 8
"""How often in a row a stream is begun without bringing anything."""

SILENCES = {"WatchSessions": 1, "ExportCandidate": 3, "ImportSessions": 3}
"""How many times its client's `silence` a stream may be silent. Watches have heartbeats; others may be at work."""

CHUNKS_AT_ONCE = 4
"""How many chunks of an import are sent before the first of them is answered."""

KEEPALIVE = (
    # The server allows one ping a second.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Without it gRPC waits a minute for the answer to a ping, whatever the line above says.
    ("grpc.http2.ping_timeout_ms", 10_000),
    # A watch sends nothing, and must find out, too.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 3_000),
    # A request is kept for its retries up to this size: a batch of 10,000, too.
    ("grpc.per_rpc_retry_buffer_size", 64 << 20),
)


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): ids in the order of time cost the database least."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def channel_options(target: str, own: Iterable[tuple[str, Any]], *, wait: bool) -> list[tuple[str, Any]]:
    """The options of a channel.

    An HTTP proxy of the environment is not asked for a server on this machine: it would look on its own, and be sent
    the token.

    Args:
        target: the server.
        own: the caller's, which win.
        wait: whether calls wait for a connection, and are tried again.
    """
    options: dict[str, Any] = dict(KEEPALIVE)
    if wait:
        options["grpc.service_config"] = SERVICE_CONFIG
    if is_local(target):
        options["grpc.enable_http_proxy"] = 0
    return list({**options, **dict(own)}.items())


def timeout_of(path: str) -> float | None:
    """The seconds a call of an RPC may take, by `/package.Service/Method`; None for a stream without an end."""
    return TIMEOUTS.get(path, TIMEOUT)


def filled(request: Any, workspace: str) -> Any:
    """The request with what it leaves empty: the client's workspace, and a request id, which its retries repeat.

    What the caller holds stays as it is: sent again, it is another request.
    """
    fields = request.DESCRIPTOR.fields_by_name
    missing = [name for name in ("workspace_id", "request_id") if name in fields and not getattr(request, name)]
    copy = deepcopy(request) if missing else request
    for name in missing:
        setattr(copy, name, workspace if name == "workspace_id" else new_id())
    return copy


def pause_after(failures: int, failure: CallFailed, tries: float = TRIES) -> float:
    """Seconds to wait before a stream is begun again: longer each time, and at least as long as the service says.

    Raises:
        CallFailed: it failed too often, or for good.
    """
    if not failure.is_retryable or failures >= tries:
        raise failure
    pause: float = min(0.1 * 2**failures, 3.0) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return max(pause, failure.retry_after)


def go_on_after(request: WatchSessionsRequest, piece: WatchSessionsResponse) -> None:
    """Has a watch that is begun again go on behind a piece.

    While its snapshot is not complete it begins anew; a consumer goes on behind what it has acknowledged.
    """
    start = request.WhichOneof("start")
    if start != "consumer" and (start or piece.snapshot_complete):
        request.start_sequence = piece.sequence + 1


def resume(request: WatchSessionsRequest, failures: int, failure: CallFailed) -> float:
    """Has a watch begin with a snapshot where events are gone; the seconds to wait before. Raises as pause_after."""
    if failure.reason != Reason.SEQUENCE_TOO_OLD:
        return pause_after(failures, failure)
    request.ClearField("start_sequence")
    request.ClearField("consumer")
    return 0.0
