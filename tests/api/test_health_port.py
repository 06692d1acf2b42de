"""A port for probes that speak no TLS: health, and nothing else."""

from __future__ import annotations

import socket

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from certificates import authority
from exam_sessions.app import App, CannotServe
from exam_sessions.plan import check_addresses
from exam_sessions.rpc import server as rpc_server
from exam_sessions.settings import Settings
from serving import read_refusal, serving, until

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def target_of(server):
    return f"127.0.0.1:{server.app.health_port}"


def health_at(target, name):
    with grpc.insecure_channel(target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=60, wait_for_ready=True).status


@pytest.fixture
def secured(database, tmp_path, monkeypatch):
    """A server with TLS and keys, and a port for health without either."""
    monkeypatch.setenv("EXAM_SESSIONS_TRANSPORT", "grpcio")  # the native one has no TLS
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)
    cert, key = authority().issue().write(tmp_path, "server")
    with serving(database, tls_cert=str(cert), tls_key=str(key), auth="keys", health_listen="127.0.0.1:0") as server:
        yield server


def test_probes_need_neither_tls_nor_a_credential_there(secured, database):
    assert health_at(target_of(secured), "liveness") == SERVING
    with database.unusable():
        until(lambda: health_at(target_of(secured), "readiness") == NOT_SERVING)
        assert health_at(target_of(secured), "liveness") == SERVING
    until(lambda: health_at(target_of(secured), "readiness") == SERVING)


def test_nothing_else_is_served_there(secured):
    with grpc.insecure_channel(target_of(secured)) as channel:
        for name in ("exam_sessions.v1.SessionService/GetSession", "grpc.reflection.v1.ServerReflection/Info"):
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary(f"/{name}")(b"", timeout=60)
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_large_request_is_refused_there(secured):
    with grpc.insecure_channel(target_of(secured)) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/grpc.health.v1.Health/Check")(b"\x0a\xff\xff\x07" + b"x" * 131_071, timeout=60)
        assert read_refusal(refused.value).code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_it_is_there_with_every_transport(database, transport):
    with serving(database, transport=transport, health_listen="127.0.0.1:0") as server:
        assert health_at(target_of(server), "readiness") == SERVING


def test_a_port_in_use_is_found_out_before_anything_is_begun(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(health_listen=f"127.0.0.1:{other.getsockname()[1]}", listen="127.0.0.1:0")
        with pytest.raises(CannotServe, match="is taken"):
            check_addresses(settings)


def test_an_address_that_is_none_is_refused(tmp_path):
    with pytest.raises(CannotServe, match="no address to listen at"):
        App(Settings(health_listen="50052", database_url=f"sqlite:///{tmp_path}/x.db"))
    assert not list(tmp_path.iterdir())
