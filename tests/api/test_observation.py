"""Each call that has ended is reported once, however it was carried and however it ended."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from unittest.mock import patch

import grpc
import pytest
from authenticated import client_of
from messages import bookings, new_id, send
from operations import OperationsApi, chunks_of
from test_health_and_reflection import grpcurl, health_of
from watchers import open_stream

from exam_sessions.rpc.observation import CODE_NAMES, CallRecord, composed
from exam_sessions_client.v1 import catalog_pb2
from serving import ApiClient, Refused, serving, until


class Seen:
    """The records of calls, in the order in which they ended."""

    def __init__(self):
        self.records = []

    def __call__(self, record):
        self.records.append(record)

    def one(self, method):
        """The only record of an RPC, once there is one."""
        until(lambda: self.of(method))
        (record,) = self.of(method)
        return record

    def of(self, method):
        return [record for record in list(self.records) if record.method.endswith(f"/{method}")]


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture(params=["grpcio", "native"])
def watched(database, request, seen):
    """A server whose calls are seen."""
    with serving(database, transport=request.param, observers=[seen], tick_ms=60_000) as running:
        yield running


@pytest.fixture
def client(watched):
    api = ApiClient(watched.target)
    yield api
    api.close()


def ended(record):
    return CODE_NAMES[record.code], record.reason


def test_a_call_that_stands_in_a_queue_is_reported_with_its_time_in_the_queue(client, seen):
    session = client.book()
    request_id = new_id()
    client.move("CreatePackage", session, request_id=request_id)
    record = seen.one("CreatePackage")
    assert record.method == "exam_sessions.v1.LifecycleService/CreatePackage"
    assert ended(record) == ("OK", "")
    assert record.call.keys == (client.workspace, session.id, request_id)
    assert record.call.principal.name == "anonymous"
    assert 0 < record.queue_s < record.duration_s


def test_a_call_that_stands_in_no_queue_is_reported_without(client, seen):
    client.call("ListSessions")
    record = seen.one("ListSessions")
    assert ended(record) == ("OK", "")
    assert record.queue_s is None
    assert record.duration_s > 0
    assert record.call.keys == (client.workspace, "", "")


def test_a_long_request_is_reported_as_any_other(client, seen):
    release = client.release()
    client.call("BatchCreateSessions", release_id=release.id, bookings=bookings(4000, "candidate"))
    record = seen.one("BatchCreateSessions")
    assert ended(record) == ("OK", "")
    assert record.call.keys.workspace == client.workspace


def test_a_refusal_is_reported_with_its_code_and_reason(client, seen):
    session = client.book()
    with pytest.raises(Refused):
        client.move("ResumeSession", session)
    assert ended(seen.one("ResumeSession")) == ("FAILED_PRECONDITION", "INVALID_TRANSITION")
    with pytest.raises(Refused):
        client.call("ListSessions", page_size=-1)
    assert ended(seen.one("ListSessions")) == ("INVALID_ARGUMENT", "INVALID_FIELD")


def test_bytes_that_are_no_request_are_reported(client, seen):
    call = client.channel.unary_unary("/exam_sessions.v1.SessionService/GetSession")
    with pytest.raises(grpc.RpcError):
        call(b"\xff")
    record = seen.one("GetSession")
    assert ended(record) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")
    assert record.call.keys == ("", "", "")


def test_a_stream_is_reported_once_its_caller_goes_away(client, seen):
    watch = open_stream(client)
    next(watch)
    assert not seen.of("WatchSessions")
    watch.cancel()
    record = seen.one("WatchSessions")
    assert ended(record) == ("CANCELLED", "")
    assert record.call.keys.workspace == client.workspace


def test_a_stream_that_is_refused_is_reported(client, seen):
    with pytest.raises(grpc.RpcError):
        next(open_stream(client, start_sequence=10**9))
    assert ended(seen.one("WatchSessions")) == ("OUT_OF_RANGE", "SEQUENCE_AHEAD")


def test_a_conversation_is_reported_when_it_ends(client, seen):
    OperationsApi(client).imported(chunks_of(client, client.release(), bookings(3, "candidate")))
    record = seen.one("ImportSessions")
    assert ended(record) == ("OK", "")
    assert record.queue_s is None


def test_calls_of_reflection_are_reported_and_those_of_health_are_not(watched, client, seen):
    assert "exam_sessions.v1.SessionService" in grpcurl(watched, "list")
    until(lambda: seen.of("ServerReflectionInfo"))
    health_of(client)
    client.call("ListSessions")
    seen.one("ListSessions")
    assert not [record for record in seen.records if "Health" in record.method]


def test_a_fault_in_an_observer_is_logged_and_reaches_no_caller(database, seen, caplog):
    def faulty(record):
        raise ValueError(record.method)

    with serving(database, observers=[faulty]) as server:
        api = ApiClient(server.target)
        api.call("ListSessions")
        until(lambda: "could not be observed" in caplog.text)
        api.call("ListSessions")
        api.close()


def test_a_call_that_is_not_authenticated_is_reported_without_a_principal(database, seen):
    with serving(database, auth="keys", observers=[seen]) as server:
        stranger = ApiClient(server.target, "default")
        with pytest.raises(Refused):
            stranger.call("ListSessions")
        record = seen.one("ListSessions")
        assert ended(record) == ("UNAUTHENTICATED", "CREDENTIAL_MISSING")
        assert record.call.principal.name == ""
        stranger.close()
        admin = client_of(server, "admin", name="ann")
        admin.call("ListReleases")
        assert seen.one("ListReleases").call.principal.name == "ann"
        admin.close()


def test_a_fault_of_the_server_is_reported_as_internal(database, seen):
    with serving(database, observers=[seen]) as server:
        api = ApiClient(server.target)
        fault = RuntimeError("broken")
        with (
            patch.object(server.app.service.reads, "release_with_statistics", side_effect=fault),
            pytest.raises(Refused),
        ):
            api.call("GetRelease", release_id=new_id())
        assert ended(seen.one("GetRelease")) == ("INTERNAL", "INTERNAL")
        api.close()


@pytest.mark.sqlite("another program holds the database's only lock")
def test_a_call_whose_caller_gives_up_is_reported_as_cancelled(database, seen):
    with serving(database, observers=[seen]) as server, closing(sqlite3.connect(database.path)) as other:
        api = ApiClient(server.target)
        api.release()
        other.execute("BEGIN IMMEDIATE")
        waiting = send(api, "CreateRelease", release=catalog_pb2.Release(name="Maths"))
        until(lambda: server.app.service._writing._busy)
        waiting.cancel()
        until(lambda: len(seen.of("CreateRelease")) == 2)
        assert ended(seen.of("CreateRelease")[1]) == ("CANCELLED", "")
        other.rollback()
        api.close()


def test_several_observers_are_each_given_the_record():
    first, second = Seen(), Seen()
    record = CallRecord("service/method", 0, "", 0.0, 0.1, None, None)
    assert composed([]) is None
    assert composed([first]) is first
    composed([first, second])(record)
    assert (first.records, second.records) == ([record], [record])
