from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from messages import SERVICE, new_id
from reflected import LIST, ask, files_of, methods_of, names_of
from state_paths import bring_to

from exam_sessions.rpc import server as rpc_server
from exam_sessions.settings import TRANSPORTS
from exam_sessions_client.v1 import error_reason_pb2
from serving import ApiClient, Refused, RunningServer, read_refusal, serving, until

SERVICES = (
    "exam_sessions.v1.CatalogService",
    "exam_sessions.v1.LifecycleService",
    "exam_sessions.v1.MarkingService",
    "exam_sessions.v1.SessionService",
)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def health_of(api, service=""):
    stub = health_pb2_grpc.HealthStub(api.channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status


@pytest.mark.parametrize("service", ["", "liveness", "readiness", *SERVICES])
def test_a_server_that_has_started_is_healthy(api, service):
    assert health_of(api, service) == SERVING


def test_the_health_of_a_service_there_is_not_is_not_found(api):
    with pytest.raises(grpc.RpcError) as refused:
        health_of(api, "exam_sessions.v1.NoService")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_server_is_healthy_only_while_the_database_answers(database, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)
    with serving(database) as server:
        api = ApiClient(server.target)
        with database.unusable():
            until(lambda: health_of(api) == NOT_SERVING)
            assert {health_of(api, service) for service in ("readiness", *SERVICES)} == {NOT_SERVING}
            assert health_of(api, "liveness") == SERVING
            with pytest.raises(Refused) as refused:
                api.release()
            assert refused.value.reason == "DATABASE_UNAVAILABLE"
        until(lambda: health_of(api) == SERVING)
        assert {health_of(api, service) for service in SERVICES} == {SERVING}
        assert api.book()
        api.close()


def test_a_server_that_stops_says_so_before_it_goes(database):
    server = RunningServer(database)
    api, told = ApiClient(server.target), []
    watch = health_pb2_grpc.HealthStub(api.channel).Watch(health_pb2.HealthCheckRequest())
    told.append(next(watch).status)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    told.append(next(watch).status)
    with pytest.raises(grpc.RpcError) as ended:
        next(watch)
    stopping.join()
    assert told == [SERVING, NOT_SERVING]
    assert read_refusal(ended.value).reason == "SHUTTING_DOWN"
    api.close()


def grpcurl(server, *arguments, data=None, more=()):
    """What the real grpcurl prints."""
    command = [Path(sys.executable).with_name("grpcurl"), "-plaintext", *more]
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


def test_grpcurl_calls_and_reads_a_refusal(server, api):
    name = f"Maths of {api.workspace}"
    data = {"workspaceId": api.workspace, "release": {"name": name, "duration": "3600s"}}
    reply = json.loads(grpcurl(server, "exam_sessions.v1.CatalogService/CreateRelease", data=data))
    assert (reply["release"]["name"], reply["release"]["duration"]) == (name, "3600s")
    missing = {"sessionId": new_id()}
    refusal = grpcurl(server, "exam_sessions.v1.SessionService/GetSession", data=missing)
    assert "Code: NotFound" in refusal
    assert "SESSION_NOT_FOUND" in refusal


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_answers_under_both_its_names(api, version):
    listed, found, missing = ask(
        api,
        LIST,
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="exam_sessions.v1.Session"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="no/such/file.proto"),
        version=version,
    )
    assert set(SERVICES) <= {service.name for service in listed.list_services_response.service}
    assert any(b"SCHEDULED_BUT_NOT_CREATED" in f for f in found.file_descriptor_response.file_descriptor_proto)
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_grpcurl_describes_everything_that_is_listed(server, api):
    described = grpcurl(server, "describe")
    for name in names_of(api):
        assert f"{name} is a service:" in described


def test_the_reasons_of_refusals_are_described_though_no_message_refers_to_them(server, api):
    described = grpcurl(server, "describe", "exam_sessions.v1.ErrorReason")
    for name, number in error_reason_pb2.ErrorReason.items():
        assert f"  {name} = {number};" in described
    by_name = reflection_pb2.ServerReflectionRequest(file_by_filename="exam_sessions/v1/error_reason.proto")
    for request in (by_name, symbol("exam_sessions.v1.ERROR_REASON_INTERNAL"), symbol("google.rpc.ErrorInfo")):
        (reply,) = ask(api, request)
        assert reply.file_descriptor_response.file_descriptor_proto


def symbol(name):
    return reflection_pb2.ServerReflectionRequest(file_containing_symbol=name)


def fields_of(file):
    """Every field of a file with its JSON name."""
    found = {}

    def take(path, messages):
        for message in messages:
            found.update({f"{path}.{message.name}.{field.name}": field.json_name for field in message.field})
            take(f"{path}.{message.name}", message.nested_type)

    take(file.package, file.message_type)
    return found


def test_every_field_has_the_json_name_it_has_in_a_descriptor_set(api, descriptor_set):
    with_protos = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes()).file
    reflected = files_of(api, *names_of(api), files=[file.name for file in with_protos])
    assert {file.name for file in with_protos} <= set(reflected)
    for file in with_protos:
        assert fields_of(file).items() <= fields_of(reflected[file.name]).items()
    for file in reflected.values():
        assert all(fields_of(file).values())


@pytest.fixture(scope="module")
def descriptor_set(tmp_path_factory):
    """What `scripts/generate --descriptors` writes."""
    written = tmp_path_factory.mktemp("descriptors") / "exam-sessions.binpb"
    generate = Path(__file__).parents[2] / "scripts" / "generate.py"
    subprocess.run([sys.executable, generate, "--descriptors", written], check=True, timeout=60)
    return written


def test_grpcurl_prints_the_same_with_reflection_and_with_a_descriptor_set(server, api, descriptor_set):
    session = bring_to(api, "PAUSED")
    calls = {
        "exam_sessions.v1.SessionService/GetSession": {"sessionId": session.id},
        "exam_sessions.v1.SessionService/ListSessionEvents": {"sessionId": session.id},
        "exam_sessions.v1.LifecycleService/GetStateMachine": {},
        "exam_sessions.v1.LifecycleService/ExplainSession": {"sessionId": session.id},
        "exam_sessions.v1.SessionService/ListSessions": {"showTotalSize": True},
        "exam_sessions.v1.CatalogService/ListReleases": {},
        "exam_sessions.v1.LifecycleService/OpenWindow": {"sessionId": session.id},
    }
    for path, named in calls.items():
        data = named if "Machine" in path else {"workspaceId": api.workspace} | named
        by_reflection = grpcurl(server, path, data=data)
        assert grpcurl(server, path, data=data, more=("-protoset", str(descriptor_set))) == by_reflection
        assert "_id" not in by_reflection
        assert "@error" not in by_reflection
        assert by_reflection.startswith(("{", "ERROR"))


def small_methods(api):
    """The methods of health and reflection."""
    return [method for method in methods_of(api) if method.full_name.startswith("grpc.")]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_health_and_reflection_refuse_what_is_no_request_or_too_long(database, transport, caplog):
    if transport == "native":
        pytest.importorskip("pygrpc_native")
    with serving(database, transport=transport) as server:
        caplog.clear()
        api = ApiClient(server.target)
        methods = small_methods(api)
        assert len(methods) == 5
        for method, (data, reason) in itertools.product(methods, BAD_BYTES.items()):
            with pytest.raises(grpc.RpcError) as refused:
                list(opened(api, method, data))
            assert read_refusal(refused.value).reason == reason
        assert health_of(api) == SERVING
        api.close()
    assert [record.getMessage() for record in caplog.records] == []


BAD_BYTES = {
    b"\xff\xff": "MALFORMED_MESSAGE",
    b"\x0a\x05ab": "MALFORMED_MESSAGE",
    b"\x0a\x80\x80\x80\x01" + b"a" * 2**21: "MESSAGE_TOO_LARGE",
}
"""Bytes that are no request of any method, and why."""


def opened(api, method, data):
    """The replies to bytes."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    if method.client_streaming:
        return api.channel.stream_stream(path)(iter([data]), timeout=30)
    return api.channel.unary_stream(path)(data, timeout=30)


def test_a_watch_of_health_tells_what_changes(database, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)
    with serving(database) as server:
        api = ApiClient(server.target)
        stub = health_pb2_grpc.HealthStub(api.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="nobody"), timeout=30)
        assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        assert next(watch).status == SERVING
        with database.unusable():
            assert next(watch).status == NOT_SERVING
        assert next(watch).status == SERVING
        listed = stub.List(health_pb2.HealthListRequest(), timeout=30).statuses
        assert {listed[name].status for name in ("", *SERVICES)} == {SERVING}
        for call in (watch, unknown):
            call.cancel()
        api.close()
