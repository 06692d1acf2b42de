"""Many calls at once, clients that reset what they open, and clients that ping."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

import grpc
import pytest
from grpc import StatusCode
from messages import bookings, lasting, outcome_of, request_of, send

from exam_sessions import errors
from exam_sessions.rpc.status import rpc_status_of
from exam_sessions.settings import TRANSPORTS
from serving import ApiClient, Refused, serving, until

pytestmark = pytest.mark.sqlite("how many call is no matter of the database")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 1, 3, 4, 6, 7
END_HEADERS, CANCEL = 4, 8


@pytest.fixture(params=TRANSPORTS)
def busy(request, database):
    with serving(database, transport=request.param) as server:
        yield server


@pytest.fixture
def busy_desk(busy):
    api = ApiClient(busy.target)
    yield api
    api.close()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">HBBBI", len(payload) >> 8, len(payload) & 255, kind, flags, stream) + payload


def header(name, value):
    """A header as HPACK spells it out; both are short."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request_headers(path):
    pairs = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path), (b":authority", b"x")]
    pairs += [(b"te", b"trailers"), (b"content-type", b"application/grpc")]
    return b"".join(header(name, value) for name, value in pairs)


def connected(target):
    """A connection that speaks HTTP/2 and nothing else."""
    host, _, port = target.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
    return connection


def until_closed(connection):
    """What the server sends until it closes the connection, or resets it because of what it has not read."""
    received = b""
    with suppress(ConnectionResetError):
        while data := connection.recv(65_536):
            received += data
    return received


def is_told_to_come_back(outcome):
    told = (outcome.code, outcome.reason)
    return told == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED") and outcome.retry_after > 0


def test_each_of_5000_calls_at_once_on_one_connection_is_answered_or_told_to_come_back(busy_desk):
    session = busy_desk.book()
    calls = [send(busy_desk, "GetSession", session_id=session.id) for _ in range(5_000)]
    outcomes = [outcome_of(call) for call in calls]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert all(map(is_told_to_come_back, refused)), next(r for r in refused if not is_told_to_come_back(r))
    assert len(refused) < len(calls)


def test_a_client_that_resets_what_it_opens_takes_no_call_from_others(busy, busy_desk):
    session = busy_desk.book()
    headers = request_headers(b"/exam_sessions.v1.SessionService/GetSession")
    reset = struct.pack(">I", CANCEL)
    streams = b"".join(
        frame(HEADERS, END_HEADERS, stream, headers) + frame(RST_STREAM, 0, stream, reset)
        for stream in range(1, 24_001, 2)
    )
    attacker = connected(busy.target)
    attack = threading.Thread(target=attacker.sendall, args=(streams,), daemon=True)
    attack.start()
    calls = []
    while attack.is_alive() or len(calls) < 50:
        calls.append(send(busy_desk, "GetSession", session_id=session.id))
        calls[-1].exception() if len(calls) % 50 == 0 else None
    assert all(outcome_of(call).session == session for call in calls)
    attacker.close()


def test_refusals_that_pass_say_when_to_try_again():
    for kind in (errors.Overloaded, errors.DatabaseUnavailable, errors.RosterUnderWay, errors.ShuttingDown):
        details = [detail.TypeName() for detail in rpc_status_of(kind()).details]
        assert details == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]


def test_a_client_that_pings_without_a_pause_is_sent_away(database):
    with serving(database, transport="grpcio") as server, connected(server.target) as pinging:
        with suppress(BrokenPipeError, ConnectionResetError):  # It may be sent away before the last ping.
            for _ in range(10):
                pinging.sendall(frame(PING, 0, 0, bytes(8)))
        assert b"too_many_pings" in until_closed(pinging)


@pytest.mark.slow
@pytest.mark.parametrize("watching", [False, True], ids=["without calls", "with a silent watch"])
def test_a_client_that_pings_every_ten_seconds_is_not_sent_away(busy, watching):
    options = [
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    api, states, left = ApiClient(busy.target), [], threading.Event()
    api.channel.close()
    with grpc.insecure_channel(busy.target, options=options) as channel:
        api.channel = channel

        def seen(state):
            states.append(state)
            if len(states) > 1 and states[-2] is grpc.ChannelConnectivity.READY:
                left.set()

        channel.subscribe(seen, try_to_connect=True)
        until(lambda: grpc.ChannelConnectivity.READY in states)
        stream = None
        if watching:
            watch = channel.unary_stream("/exam_sessions.v1.SessionService/WatchSessions")
            asked = request_of("WatchSessions", workspace_id="w", heartbeat_interval=lasting(300))
            stream = watch(asked.SerializeToString(), timeout=120)
        assert not left.wait(65)
        if stream:
            assert not stream.done()
            stream.cancel()


@pytest.mark.parametrize("rpc", ["AggregateSessions", "ListSessions", "ListReleases"])
def test_each_of_many_reads_at_once_is_answered_or_refused_with_a_reason(busy_desk, rpc):
    busy_desk.call("BatchCreateSessions", release_id=busy_desk.release().id, bookings=bookings(300))
    sent = [send(busy_desk, rpc) for _ in range(500)]
    refused = [outcome for outcome in map(outcome_of, sent) if isinstance(outcome, Refused)]
    assert all(refusal.reason == "OVERLOADED" and refusal.retry_after for refusal in refused)
    assert len(refused) < len(sent)
