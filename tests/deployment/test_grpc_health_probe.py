"""Kubernetes' probes, asked by the real grpc_health_probe: while a server stops, with TLS, without a database."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import yaml
from manifests import DEPLOY

from certificates import authority
from exam_sessions.rpc import server as rpc_server
from exam_sessions_client.v1.session_service_pb2 import CreateSessionRequest
from exam_sessions_client.v1.session_service_pb2_grpc import SessionServiceStub
from processes import ServerProcess
from serving import ApiClient, Refused, RunningServer, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.sqlite(reason="one database is as good as another")]

MODULE = "github.com/grpc-ecosystem/grpc-health-probe@latest"
HEALTHY, NOT_REACHED, RPC_FAILED, UNHEALTHY = 0, 2, 3, 4
"""Its exit codes; the kubelet's own probe tells 0 from the others only."""


def probes():
    """The gRPC probes of deploy/kubernetes, by their names."""
    (deployment,) = yaml.safe_load_all((DEPLOY / "kubernetes/deployment.yaml").read_text())
    (server,) = deployment["spec"]["template"]["spec"]["containers"]
    return {name: server[f"{name}Probe"]["grpc"]["service"] for name in ("startup", "liveness", "readiness")}


PROBES = probes()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The real program: the one on this machine, or made by Go."""
    for name in ("grpc_health_probe", "grpc-health-probe"):
        if found := shutil.which(name):
            return found
    if not shutil.which("go"):
        pytest.skip("grpc_health_probe is not installed, nor Go, which would make it")
    folder = tmp_path_factory.mktemp("go")
    made = subprocess.run(
        ["go", "install", MODULE],
        env=os.environ | {"GOBIN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"grpc_health_probe cannot be made: {made.stderr.splitlines()[-1:]}")
    return folder / "grpc-health-probe"


@pytest.fixture
def probe(program):
    """Asks a probe of deploy/kubernetes; its exit code."""

    def ask(target, name, *words):
        # However busy the machine is: Kubernetes asks again, a test does not.
        patience = ("-connect-timeout=60s", "-rpc-timeout=60s")
        command = [program, f"-addr={target}", f"-service={PROBES.get(name, name)}", *patience, *words]
        return subprocess.run(command, capture_output=True, check=False).returncode

    return ask


def test_every_probe_passes_while_a_server_serves(probe, database):
    with serving(database, health_listen="127.0.0.1:0") as server:
        for target in (server.target, f"127.0.0.1:{server.app.health_port}"):
            assert [probe(target, name) for name in (*PROBES, "")] == [HEALTHY] * 4
            assert probe(target, "nonsense") == RPC_FAILED


def test_only_readiness_fails_while_the_database_is_away(probe, database, monkeypatch):
    monkeypatch.setattr(rpc_server, "PROBE_EVERY", 0.02)
    with serving(database) as server:
        with database.unusable():
            until(lambda: probe(server.target, "readiness") == UNHEALTHY)
            assert probe(server.target, "liveness") == HEALTHY
        until(lambda: probe(server.target, "readiness") == HEALTHY)


def test_over_tls_the_ca_must_be_the_servers(probe, database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXAM_SESSIONS_TRANSPORT", "grpcio")  # the native one has no TLS
    cert, key = map(str, authority().issue().write(tmp_path, "server"))
    ca = tmp_path / "ca.crt"
    ca.write_bytes(authority().cert)
    with serving(database, tls_cert=cert, tls_key=key, auth="keys", health_listen="127.0.0.1:0") as server:
        assert probe(server.target, "readiness", "-tls", f"-tls-ca-cert={ca}") == HEALTHY
        assert probe(f"127.0.0.1:{server.app.health_port}", "readiness") == HEALTHY
        quickly = ("-connect-timeout=1s", "-tls")
        assert probe(server.target, "readiness", *quickly) == NOT_REACHED
        assert probe(server.target, "readiness", "-connect-timeout=1s") == NOT_REACHED


def test_readiness_fails_while_a_server_that_stops_finishes_a_call(probe, database):
    server = RunningServer(database, drain_s=600, health_listen="127.0.0.1:0")
    health = f"127.0.0.1:{server.app.health_port}"
    with closing(ApiClient(server.target)) as api, ThreadPoolExecutor(1) as pool:
        request = CreateSessionRequest(workspace_id=api.workspace, release_id=api.release().id)
        request.booking.candidate.candidate_id = "c1"
        with database.locked_for_writing():
            booking = SessionServiceStub(api.channel).CreateSession.future(request, timeout=600)
            with pytest.raises(Refused):
                # Calls of one connection arrive in the order sent, so the booking is under way now.
                api.call("GetSession", session_id=str(uuid.uuid4()))
            stop = pool.submit(server.stop)
            codes = []
            until(lambda: codes.append(probe(health, "readiness")) or codes[-1] != HEALTHY)
            assert codes[-1] == UNHEALTHY
            assert not stop.done()
        assert booking.result().session.keycode
        stop.result()
    assert probe(health, "liveness", "-connect-timeout=1s") == NOT_REACHED


def test_nobody_answers_once_a_server_has_stopped(probe, database):
    with ServerProcess(database) as server:
        assert probe(server.target, "readiness") == HEALTHY
        server.terminate()
        assert server.wait() == 0
        assert probe(server.target, "readiness", "-connect-timeout=1s") == NOT_REACHED
