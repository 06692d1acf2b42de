from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from messages import SERVICE, new_id

from exam_sessions.rpc import server as rpc_server
from serving import Desk, Refused, RunningServer, serving, until

SERVICES = (
    "exam_sessions.v1.CatalogService",
    "exam_sessions.v1.LifecycleService",
    "exam_sessions.v1.MarkingService",
    "exam_sessions.v1.SessionService",
)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def health_of(desk, service=""):
    stub = health_pb2_grpc.HealthStub(desk.channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_a_server_that_has_started_is_healthy(desk, service):
    assert health_of(desk, service) == SERVING


def test_the_health_of_a_service_there_is_not_is_not_found(desk):
    with pytest.raises(grpc.RpcError) as refused:
        health_of(desk, "exam_sessions.v1.NoService")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_server_is_healthy_only_while_the_database_answers(database, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)
    with serving(database) as server:
        desk = Desk(server.target)
        with database.unusable():
            until(lambda: health_of(desk) == NOT_SERVING)
            assert {health_of(desk, service) for service in SERVICES} == {NOT_SERVING}
            with pytest.raises(Refused) as refused:
                desk.release()
            assert refused.value.reason == "DATABASE_UNAVAILABLE"
        until(lambda: health_of(desk) == SERVING)
        assert {health_of(desk, service) for service in SERVICES} == {SERVING}
        assert desk.book()
        desk.close()


def test_a_server_that_stops_says_so_before_it_goes(database):
    server = RunningServer(database)
    desk, told = Desk(server.target), []
    watch = health_pb2_grpc.HealthStub(desk.channel).Watch(health_pb2.HealthCheckRequest())
    told.append(next(watch).status)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    told.append(next(watch).status)
    watch.cancel()
    stopping.join()
    assert told == [SERVING, NOT_SERVING]
    desk.close()


def grpcurl(server, *arguments, data=None):
    """What the real grpcurl prints."""
    command = [Path(sys.executable).with_name("grpcurl"), "-plaintext"]
    command += ["-d", json.dumps(data)] if data is not None else []
    done = subprocess.run(
        [*command, server.target, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def test_grpcurl_lists_every_service(server):
    listed = grpcurl(server, "list").split()
    assert set(SERVICES) <= set(listed)
    assert {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= set(listed)


@pytest.mark.parametrize("service", SERVICES)
def test_grpcurl_lists_every_rpc(server, service):
    expected = {f"{service}.{rpc}" for rpc, home in SERVICE.items() if home == service}
    assert set(grpcurl(server, "list", service).split()) == expected


def test_grpcurl_describes_rpcs_and_messages(server):
    described = grpcurl(server, "describe", "exam_sessions.v1.LifecycleService.PauseSession")
    assert "rpc PauseSession ( .exam_sessions.v1.PauseSessionRequest ) returns" in described
    message = grpcurl(server, "describe", ".exam_sessions.v1.SessionEvent")
    assert ".exam_sessions.v1.State to_state = 6;" in message


def test_grpcurl_describes_with_the_comments_of_the_protos(server):
    described = grpcurl(server, "describe", "exam_sessions.v1.LifecycleService.PauseSession")
    assert "// Suspends a session; its clock stands still. Legal in IN_PROGRESS." in described
    message = grpcurl(server, "describe", ".exam_sessions.v1.PauseSessionRequest")
    assert "  // Its keycode, in any case.\n    string keycode = 3" in message


def test_grpcurl_calls_and_reads_a_refusal(server, desk):
    name = f"Maths of {desk.workspace}"
    data = {"workspaceId": desk.workspace, "release": {"name": name, "duration": "3600s"}}
    reply = json.loads(grpcurl(server, "exam_sessions.v1.CatalogService/CreateRelease", data=data))
    assert (reply["release"]["name"], reply["release"]["duration"]) == (name, "3600s")
    missing = {"sessionId": new_id()}
    refusal = grpcurl(server, "exam_sessions.v1.SessionService/GetSession", data=missing)
    assert "Code: NotFound" in refusal
    assert "SESSION_NOT_FOUND" in refusal


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_answers_under_both_its_names(desk, version):
    call = desk.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="exam_sessions.v1.Session"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="no/such/file.proto"),
    ]
    listed, found, missing = call(iter(asked), timeout=10)
    assert set(SERVICES) <= {service.name for service in listed.list_services_response.service}
    assert any(b"SCHEDULED_BUT_NOT_CREATED" in f for f in found.file_descriptor_response.file_descriptor_proto)
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
