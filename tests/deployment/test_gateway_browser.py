"""The client for browsers names every service, and its example runs in the real Chromium through the real Envoy."""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import contextmanager

import envoys
import pytest
from envoys import script
from gateway_fixtures import gateway
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2
from manifests import ROOT

from certificates import authority
from exam_sessions.contract.proto_tree import own_descriptors, proto_files
from serving import serving

FOLDER = ROOT / "clients/typescript/browser"


def test_it_has_a_client_of_each_service():
    text = (FOLDER / "src/client.ts").read_text()
    files = (*own_descriptors(), operations_pb2.DESCRIPTOR, health_pb2.DESCRIPTOR)
    for file in files:
        for service in file.services_by_name.values():
            module = file.name.removesuffix(".proto")
            assert re.search(rf'import {{ {service.name} }} from "\.\./gen/{module}_pb\.js";', text), (
                service.full_name
            )
            assert re.search(rf"^  \w+: {service.name},$", text, re.MULTILINE), service.full_name


def test_its_hand_written_lines_are_few():
    lines = [line for path in (FOLDER / "src").glob("*.ts") for line in path.read_text().splitlines()]
    assert len(lines) < 400


def test_its_headers_are_allowed_to_pages_of_other_origins():
    policy = envoys.virtual_host()["typed_per_filter_config"]["envoy.filters.http.cors"]
    allowed = set(re.split(r",\s*", policy["allow_headers"]))
    assert set(re.findall(r'header\.set\("([\w-]+)"', (FOLDER / "src/client.ts").read_text())) <= allowed
    assert {"content-type", "x-grpc-web", "grpc-timeout", "connect-protocol-version", "connect-timeout-ms"} <= allowed


def test_what_it_needs_is_locked():
    locked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    package = json.loads((FOLDER / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        assert locked[""][kind] == package[kind]


def checked(url, folder, **variables):
    """Builds the example and runs it in Chromium over both protocols, and asserts that it comes to its end."""
    for name, text in proto_files().items():
        path = folder / "protos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    words = [FOLDER / "check", folder / "protos", url]
    said = subprocess.run(words, env=os.environ | variables, capture_output=True, text=True, check=False)
    if said.returncode == 77:
        pytest.skip(said.stdout.splitlines()[-1])
    assert said.returncode == 0, said.stdout + said.stderr
    for protocol in ("grpc-web", "connect"):
        _, _, after = said.stdout.partition(f"over {protocol}, in Chromium")
        steps = [int(found) for found in re.findall(r"^ ?(\d+)  ", after.partition("\nover ")[0], re.MULTILINE)]
        assert steps == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12], said.stdout


@pytest.mark.slow
@pytest.mark.sqlite(reason="what stands before a server does not see its database")
def test_its_example_runs_in_chromium_over_grpc_web_and_connect(database, tmp_path):
    with (
        serving(database) as server,
        gateway(
            [server.target], tmp_path, change=lambda content: script.allow_origins(content, script.THIS_MACHINE)
        ) as envoy,
    ):
        checked(f"http://{envoy.target}", tmp_path)


@contextmanager
def secure_gateway(database, folder):
    """An Envoy that speaks TLS before a server that does, open to pages of this machine."""
    pages = script.THIS_MACHINE.replace("http:", "https?:")
    cert, key = map(str, authority().issue(envoys.NAME).write(folder / "server", "tls"))
    with (
        serving(database, tls_cert=cert, tls_key=key, transport="grpcio") as server,
        gateway(
            [server.target], folder, tls=True, change=lambda content: script.allow_origins(content, pages)
        ) as envoy,
    ):
        yield envoy


def page_over_https(folder):
    """What has the example's page come over HTTPS, with the certificate of the gateway."""
    return {
        "EXAM_SESSIONS_PAGE_CERT": str(folder / "tls.crt"),
        "EXAM_SESSIONS_PAGE_KEY": str(folder / "tls.key"),
    }


@pytest.mark.slow
@pytest.mark.sqlite(reason="what stands before a server does not see its database")
def test_its_example_runs_over_https_where_the_browser_trusts_the_ca_of_page_and_gateway(database, tmp_path):
    with secure_gateway(database, tmp_path) as envoy:
        url = f"https://{envoy.target}"
        checked(url, tmp_path, EXAM_SESSIONS_CA=str(tmp_path / "ca.crt"), **page_over_https(tmp_path))
        counted = {each["name"]: each["value"] for each in envoy.ask("/stats")["stats"] if "value" in each}
    assert counted["http.calls.downstream_cx_http2_total"] > 0
    assert counted["http.calls.downstream_cx_http1_total"] == 0


@pytest.mark.slow
@pytest.mark.sqlite(reason="what stands before a server does not see its database")
def test_a_page_cannot_call_a_gateway_of_a_ca_that_its_browser_does_not_trust(database, tmp_path):
    if not (FOLDER / "dist/page.js").exists():
        pytest.skip("the page was not built (clients/typescript/browser/check)")
    with secure_gateway(database, tmp_path) as envoy:
        words = ["node", FOLDER / "example/run.mjs", f"https://{envoy.target}", "grpc-web"]
        said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Unavailable: Failed to fetch" in said.stdout


@pytest.mark.slow
@pytest.mark.sqlite(reason="what stands before a server does not see its database")
def test_a_page_of_an_origin_that_is_not_named_is_refused_by_its_browser(database, tmp_path):
    if not (FOLDER / "dist/page.js").exists():
        pytest.skip("the page was not built (clients/typescript/browser/check)")
    with serving(database) as server, gateway([server.target], tmp_path) as envoy:
        words = ["node", FOLDER / "example/run.mjs", f"http://{envoy.target}", "grpc-web"]
        said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Unavailable: Failed to fetch" in said.stdout
