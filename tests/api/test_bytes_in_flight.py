"""Bytes in flight are limited over all calls, and what is packed counts as it is unpacked."""

from __future__ import annotations

import gzip
import sys
import threading

import grpc
import pytest
from google.protobuf import message_factory
from grpc import StatusCode
from grpc_health.v1 import health_pb2
from messages import METHOD, SERVICE, bookings, outcome_of, request_of, send_bytes
from rows import count

from exam_sessions.rpc.transports.admission import SMALL, Admission
from exam_sessions.settings import TRANSPORTS
from serving import ApiClient, Refused, read_refusal, serving, until

pytestmark = pytest.mark.sqlite("what is in flight is no matter of the database")

KIB = 1024
LIMIT = 400 * KIB
PADDING = b"\xa2\x06"
"""The tag of a field, of bytes, that no message has."""


@pytest.fixture(params=TRANSPORTS)
def narrow(request, database):
    """A server with room for two large requests."""
    sizes = {"max_message_bytes": LIMIT, "bytes_in_flight": 800 * KIB}
    with serving(database, transport=request.param, **sizes) as server:
        yield server


@pytest.fixture
def narrow_desk(narrow):
    api = ApiClient(narrow.target)
    yield api
    api.close()


def in_flight(server):
    return server.app._server._transport._admission.in_flight


def padded(request, size):
    """The bytes of a request, made so long by a field that nobody knows."""
    data = request.SerializeToString()
    rest = size - len(data) - 5
    length = bytes([rest % 128 | 128, rest // 128 % 128 | 128, rest // 16384])
    return data + PADDING + length + bytes(rest)


def sent(api, size, compression=None):
    """Sends a request of some size that is answered once a writer may write."""
    request = request_of(
        "CreateRelease", workspace_id=api.workspace, release={"name": "large"}, allow_duplicate_name=True
    )
    call = api.channel.unary_unary(f"/{SERVICE['CreateRelease']}/CreateRelease")
    return call.future(padded(request, size), timeout=60, metadata=api.metadata, compression=compression)


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip], ids=["plain", "gzip"])
def test_more_bytes_than_may_be_in_flight_are_refused_and_come_later(narrow, narrow_desk, compression):
    with narrow.database.locked_for_writing():
        calls = [sent(narrow_desk, 350 * KIB, compression) for _ in range(2)]
        until(lambda: in_flight(narrow) == 700 * KIB)
        refused = outcome_of(sent(narrow_desk, 350 * KIB, compression))
        assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refused.retry_after > 0
        assert narrow_desk.call("ListSessions").sessions == []  # a small one is let in
    assert all(call.result() for call in calls)
    until(lambda: not in_flight(narrow))
    assert sent(narrow_desk, 350 * KIB, compression).result()
    assert count(narrow, "releases", narrow_desk.workspace) == 3


def test_the_largest_request_has_room_when_it_is_alone(database):
    with serving(database, max_message_bytes=LIMIT, bytes_in_flight=1) as server:
        api = ApiClient(server.target)
        assert sent(api, LIMIT).result()
        api.close()


def test_calls_that_are_refused_or_given_up_leave_nothing_behind(narrow, narrow_desk):
    release = narrow_desk.release()
    with narrow.database.locked_for_writing():
        calls = [sent(narrow_desk, 350 * KIB) for _ in range(2)]
        until(lambda: in_flight(narrow) == 700 * KIB)
        for call in calls:
            call.cancel()
    with pytest.raises(Refused, match="MESSAGE_TOO_LARGE"):
        send_bytes(narrow_desk, "GetSession", bytes(LIMIT + 1))
    with pytest.raises(Refused, match="MALFORMED_MESSAGE"):
        send_bytes(narrow_desk, "GetSession", b"\xff" * 300 * KIB)
    with pytest.raises(Refused, match="INVALID_FIELD"):
        narrow_desk.call("BatchCreateSessions", release_id=release.id, bookings=bookings(5_000, "x" * 10 + "\0"))
    until(lambda: not in_flight(narrow))


def test_what_gzip_expands_beyond_the_limit_is_refused_with_both_sizes(narrow, narrow_desk):
    call = narrow_desk.channel.unary_unary(f"/{SERVICE['BatchGetSessions']}/BatchGetSessions")
    with pytest.raises(grpc.RpcError) as refused:
        call(bytes(63 * 1024 * KIB), timeout=60, compression=grpc.Compression.Gzip)
    told = read_refusal(refused.value)
    assert (told.code, told.reason) == (StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert told.metadata == {"size": str(63 * 1024 * KIB), "limit": str(LIMIT)}
    until(lambda: not in_flight(narrow))


def understated(data):
    """Gzip that says it holds fewer bytes than it does."""
    return gzip.compress(data)[:-4] + (len(data) - 1).to_bytes(4, "little")


@pytest.mark.parametrize(
    "data",
    [
        understated(bytes(100)),
        understated(bytes(LIMIT)),
        gzip.compress(bytes(99))[:-9] + bytes(4),
        b"\x1f\x8b",
        gzip.compress(b"") * 2,
    ],
    ids=["understated", "much understated", "torn", "two bytes", "twice"],
)
def test_what_is_no_gzip_is_malformed(server_of_grpcio, data):
    api = ApiClient(server_of_grpcio.target)
    with pytest.raises(Refused, match="MALFORMED_MESSAGE"):
        send_bytes(api, "GetSession", data)
    api.close()


@pytest.fixture(scope="module")
def server_of_grpcio(new_database):
    """On the native transport it is the front that unpacks."""
    with new_database() as database, serving(database, transport="grpcio") as running:
        yield running


def result_of(api, method, data):
    """What a method answers to bytes, or the code and reason it refuses them with."""
    kind = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    call = getattr(api.channel, kind)(f"/{method.containing_service.full_name}/{method.name}")
    try:
        answer = call(iter([data]) if method.client_streaming else data, timeout=60)
        return next(answer) if method.server_streaming else answer
    except StopIteration:
        return None
    except grpc.RpcError as error:
        told = read_refusal(error)
        return told.code, told.reason, told.fields


@pytest.mark.parametrize("rpc", METHOD)
def test_every_method_takes_gzip(server_of_grpcio, rpc):
    api = ApiClient(server_of_grpcio.target)
    request = message_factory.GetMessageClass(METHOD[rpc].input_type)()
    if "page_size" in METHOD[rpc].input_type.fields_by_name:
        request.page_size = -1
    if SERVICE[rpc].endswith("WorkspaceService") and "workspace_id" in METHOD[rpc].input_type.fields_by_name:
        request.workspace_id = "NO NAME"
    data = request.SerializeToString()
    assert result_of(api, METHOD[rpc], gzip.compress(data)) == result_of(api, METHOD[rpc], data)
    api.close()


def test_health_takes_gzip(server_of_grpcio):
    with grpc.insecure_channel(server_of_grpcio.target) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        request = health_pb2.HealthCheckRequest(service="exam_sessions.v1.SessionService").SerializeToString()
        assert check(gzip.compress(request), timeout=60) == check(request, timeout=60) != b""


def test_small_requests_are_counted_apart_and_limited_too():
    admission = Admission(SMALL, 4 * SMALL)
    taken = [admission.take(bytes(SMALL)) for _ in range(4)]
    with pytest.raises(Exception, match="too much to do"):
        admission.take(bytes(SMALL))
    for size in taken:
        admission.give(size)
    assert admission.in_flight == 0


@pytest.mark.skipif(sys.platform != "linux", reason="nobody tells how large a process is")
def test_when_memory_fills_the_eldest_requests_are_read_and_the_others_refused(database):
    with serving(database, transport="grpcio", max_message_bytes=LIMIT, bytes_in_flight=2 * LIMIT) as server:
        api, go_on = ApiClient(server.target), threading.Event()
        reading = server.app._server._transport._reading
        request = request_of("ListSessions", workspace_id=api.workspace).SerializeToString()

        def when_told():
            go_on.wait()
            yield request

        path = f"/{SERVICE['ListSessions']}/ListSessions"
        calls = []
        for n in range(1, 6):
            calls.append(api.channel.stream_unary(path).future(when_told(), timeout=60))
            until(lambda n=n: len(reading) == n)
        until(lambda: reading._before)
        ballast = bytearray(b"\1") * (256 * 1024 * KIB)
        assert [outcome_of(call).reason for call in calls[2:]] == ["OVERLOADED"] * 3
        del ballast
        go_on.set()
        assert [call.result() for call in calls[:2]] == [b"", b""]
        assert api.call("ListSessions").sessions == []
        api.close()


def test_a_call_without_a_request_is_told(server_of_grpcio):
    api = ApiClient(server_of_grpcio.target)
    with pytest.raises(grpc.RpcError) as refused:
        api.channel.stream_unary(f"/{SERVICE['ListSessions']}/ListSessions")(iter([]), timeout=60)
    assert read_refusal(refused.value).reason == "MALFORMED_MESSAGE"
    api.close()
