"""How to be refused a watch with each reason there is; entered with the others when it is imported."""

from __future__ import annotations

from unittest.mock import patch

import grpc
from grpc import StatusCode as Code
from messages import bookings
from refusal_cases import refused_with
from watchers import open_stream

from exam_sessions.rpc import watch_servicer
from serving import ApiClient, read_refusal, serving


def end_of(stream):
    """Reads a watch until it is refused, and raises the refusal."""
    try:
        for _ in stream:
            pass
    except grpc.RpcError as error:
        raise read_refusal(error) from None


@refused_with(Code.OUT_OF_RANGE)
def sequence_ahead(stage):
    stage.api.book()
    yield lambda: end_of(open_stream(stage.api, start_sequence=3)), {"last_sequence": "1"}


@refused_with(Code.OUT_OF_RANGE)
def sequence_too_old(stage):
    with stage.new_database() as database, serving(database, watch_reach=1) as server:
        api = ApiClient(server.target)
        api.walk(api.book(), "CreatePackage", "DownloadSession")
        yield lambda: end_of(open_stream(api, start_sequence=2)), {"oldest_sequence": "3"}
        api.close()


@refused_with(Code.RESOURCE_EXHAUSTED)
def snapshot_too_large(stage):
    for _ in range(3):
        stage.api.book()
    with patch.object(watch_servicer, "SNAPSHOT_AT_MOST", 2):
        yield lambda: end_of(open_stream(stage.api)), {"sessions": "3", "limit": "2"}


@refused_with(Code.RESOURCE_EXHAUSTED)
def too_many_watchers(stage):
    with stage.new_database() as database, serving(database, watchers=1) as server:
        api = ApiClient(server.target)
        first = open_stream(api)
        next(first)
        yield lambda: end_of(open_stream(api)), {"limit": "1"}
        first.cancel()
        api.close()


@refused_with(Code.RESOURCE_EXHAUSTED)
def watcher_too_slow(stage):
    with stage.new_database() as database, serving(database, watcher_patience_s=0) as server:
        api = ApiClient(server.target)
        api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(10))
        yield lambda: end_of(open_stream(api)), {"start_sequence": "0"}
        api.close()
