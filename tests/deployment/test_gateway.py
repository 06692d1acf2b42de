"""deploy/envoy/gateway.yaml: the real Envoy takes it, and it names what is there."""

from __future__ import annotations

import subprocess

import envoys
import pytest
import yaml
from envoys import script
from manifests import DEPLOY

from exam_sessions.contract.operation_paths import SERVICE as OPERATIONS
from exam_sessions.contract.proto_tree import own_descriptors

GATEWAY, PLAIN = (yaml.safe_load((DEPLOY / "envoy" / name).read_text()) for name in ("gateway.yaml", "envoy.yaml"))
MANAGER, PLAIN_MANAGER = (
    script.parts(content)[0]["filter_chains"][0]["filters"][0]["typed_config"] for content in (GATEWAY, PLAIN)
)
FILTERS = {each["name"].removeprefix("envoy.filters.http."): each["typed_config"] for each in MANAGER["http_filters"]}


def test_the_real_program_takes_it(tmp_path):
    path = tmp_path / "envoy.yaml"
    content = envoys.read("gateway.yaml", tmp_path)
    path.write_text(yaml.safe_dump(content))
    words = [envoys.program_path(), "--mode", "validate", "--config-path", path]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "eprecated" not in said.stderr
    (tmp_path / "exam-sessions.binpb").write_bytes(b"")
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


def test_behind_it_all_is_as_in_the_file_for_grpc_alone():
    assert script.parts(GATEWAY)[1] == script.parts(PLAIN)[1]
    routes, plain = (manager["route_config"]["virtual_hosts"][0]["routes"] for manager in (MANAGER, PLAIN_MANAGER))
    # What is not gRPC is refused after the others were made gRPC, not while a route is chosen.
    for route in plain:
        del route["match"]["grpc"]
    assert routes == plain
    assert FILTERS["grpc_json_transcoder"]["request_validation_options"]["reject_unknown_method"]
    for name in ("stream_idle_timeout", "use_remote_address"):
        assert MANAGER[name] == PLAIN_MANAGER[name]


def test_it_transcodes_every_service_that_has_rest_paths():
    services = {service.full_name for file in own_descriptors() for service in file.services_by_name.values()}
    named = FILTERS["grpc_json_transcoder"]["services"]
    assert named == sorted(named)
    assert set(named) == services | {OPERATIONS.full_name}


def test_what_comes_first_understands_what_comes_later():
    # Cross-origin questions are answered, and the other protocols made gRPC, before anything is taken for JSON.
    assert list(FILTERS) == ["cors", "buffer", "grpc_web", "connect_grpc_bridge", "grpc_json_transcoder", "router"]


@pytest.mark.parametrize("listener", [True, False], ids=["towards it", "behind it"])
def test_it_speaks_tls(listener):
    holder = script.parts(GATEWAY)[0]["filter_chains"][0] if listener else script.parts(GATEWAY)[1]
    assert holder["transport_socket"]["name"] == "envoy.transport_sockets.tls"
