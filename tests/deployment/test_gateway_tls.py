"""TLS towards the gateway and behind it: JSON and gRPC on one port, and servers that ask it for a certificate."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing

import envoys
import grpc
import pytest
from envoys import script
from gateway_fixtures import gateway, hosts

from certificates import Authority, authority
from serving import ApiClient, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.sqlite(reason="what stands before a server does not see its database")]


@pytest.fixture
def pair(tmp_path):
    """The servers' certificate and its key, as files."""
    return authority().issue(envoys.NAME, "localhost", "127.0.0.1").write(tmp_path / "server", "tls")


def secure_serving(database, pair, **settings):
    """A server that speaks TLS only."""
    cert, key = map(str, pair)
    return serving(database, tls_cert=cert, tls_key=key, transport="grpcio", **settings)


def asked(envoy, path, ca=None, **headers):
    """The status of a GET over TLS, and its JSON."""
    context = ssl.create_default_context(cadata=(ca or authority()).cert.decode())
    with closing(http.client.HTTPSConnection(envoy.target, context=context, timeout=60)) as connection:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply.status, json.load(reply)


def channel(envoy):
    """A channel of gRPC over TLS."""
    return grpc.secure_channel(envoy.target, grpc.ssl_channel_credentials(authority().cert))


def test_rest_and_grpc_come_over_tls_on_one_port(database, pair, tmp_path):
    with secure_serving(database, pair) as server, gateway([server.target], tmp_path, tls=True) as envoy:
        with closing(ApiClient(envoy.target, channel=channel(envoy))) as api:
            session = api.book()
        status, reply = asked(envoy, f"/v1/workspaces/{api.workspace}/sessions/{session.id}")
        assert (status, reply["session"]["id"]) == (200, session.id)
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(envoy, "/v1/workspaces", Authority("another"))
        with closing(http.client.HTTPConnection(envoy.target, timeout=60)) as plain:
            plain.request("GET", "/v1/workspaces")
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                plain.getresponse()


def test_a_server_of_another_ca_or_name_is_not_called(database, tmp_path):
    strange = Authority("another").issue(envoys.NAME, "127.0.0.1").write(tmp_path / "strange", "tls")
    misnamed = authority().issue("localhost", "127.0.0.1").write(tmp_path / "misnamed", "tls")
    for pair in (strange, misnamed):
        with (
            secure_serving(database, pair) as server,
            gateway([server.target], tmp_path, tls=True, ready=False) as envoy,
        ):
            until(lambda envoy=envoy: was_checked(envoy))
            status, reply = asked(envoy, "/v1/workspaces")
            assert (status, reply["code"]) == (503, 14)


def was_checked(envoy):
    """Whether it has asked its server, which it did not find ready."""
    (host,) = hosts(envoy).values()
    return host["health_status"].get("failed_active_health_check")


def presenting(cert, key):
    """Makes it show a certificate to servers."""

    def change(content):
        _, cluster = script.parts(content)
        pair = {"certificate_chain": {"filename": str(cert)}, "private_key": {"filename": str(key)}}
        cluster["transport_socket"]["typed_config"]["common_tls_context"]["tls_certificates"] = [pair]

    return change


def test_servers_that_ask_for_a_certificate_get_the_gateways(database, pair, tmp_path):
    ca = tmp_path / "clients.crt"
    ca.write_bytes(authority().cert)
    shown = presenting(*authority().issue(name="gateway", client=True).write(tmp_path / "client", "tls"))
    with secure_serving(database, pair, tls_client_ca=str(ca)) as server:
        with gateway([server.target], tmp_path, tls=True, change=shown) as envoy:
            assert asked(envoy, "/v1/stateMachine")[0] == 200
        with gateway([server.target], tmp_path, tls=True, ready=False) as envoy:
            until(lambda: was_checked(envoy))
            assert asked(envoy, "/v1/stateMachine")[0] == 503
