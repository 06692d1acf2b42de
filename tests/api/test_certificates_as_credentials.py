"""Client certificates as credentials: whom they prove, that nothing else proves it, and when they end."""

from __future__ import annotations

from contextlib import contextmanager

import grpc
import pytest
from authenticated import bearer, key_of
from credentials import reason_of
from watchers import Watch

from certificates import DAY, authority
from serving import ApiClient, serving

NAME = "kiosk.example.org"
RULE = f'[[certificates]]\nsan = "{NAME}"\nroles = ["admin"]\nall_workspaces = true\n'
OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


@pytest.fixture
def server(database, tmp_path, clock):
    """A server that asks for certificates at its second port."""
    cert, key = authority().issue().write(tmp_path, "server")
    (tmp_path / "clients.crt").write_bytes(authority().cert)
    (tmp_path / "auth.toml").write_text(RULE)
    settings = {
        "tls_cert": str(cert),
        "tls_key": str(key),
        "tls_client_ca": str(tmp_path / "clients.crt"),
        "mtls_listen": "127.0.0.1:0",
        "auth": "keys,certificates",
        "auth_config": str(tmp_path / "auth.toml"),
    }
    with serving(database, clock, tick_ms=3_600_000, **settings) as running:
        yield running


@contextmanager
def connected(server, pair=None, *metadata):
    """A client, with a certificate where one is given."""
    pem = (pair.key, pair.cert) if pair else (None, None)
    target = server.app.addresses[1 if pair else 0]
    with grpc.secure_channel(target, grpc.ssl_channel_credentials(authority().cert, *pem), OPTIONS) as channel:
        client = ApiClient(target, "default", actor="", channel=channel)
        client.metadata = metadata
        yield client


def of_kiosk(**how):
    return authority().issue(NAME, client=True, **how)


def test_a_certificate_proves_whom_its_rule_names(server):
    with connected(server, of_kiosk()) as client:
        principal = client.call("GetPrincipal").principal
        assert (principal.name, list(principal.roles)) == (NAME, ["admin"])
        assert principal.expire_time.seconds > 0
    with connected(server, authority().issue("other.example.org", client=True)) as client:
        assert reason_of(client) == "CREDENTIAL_INVALID"


def test_no_token_stands_for_a_certificate_however_it_is_spelled(server):
    pair = of_kiosk()
    with connected(server, pair) as client:
        client.call("GetPrincipal")  # known from now on
    pem = pair.cert.decode().replace("\n", " ")
    for token in (NAME, f"('{NAME}',)", repr((NAME,)), f"DNS:{NAME}", pem.strip()):
        with connected(server, None, *bearer(token)) as client:
            assert reason_of(client) == "CREDENTIAL_INVALID", token


def test_a_key_that_comes_with_a_certificate_counts_and_not_the_certificate(server):
    with connected(server, of_kiosk(), *bearer(key_of(server, "reader", name="board"))) as client:
        assert client.call("GetPrincipal").principal.name == "board"
    with connected(server, of_kiosk(), *bearer("wrong")) as client:
        assert reason_of(client) == "CREDENTIAL_INVALID"


def test_calls_and_streams_end_with_the_certificate_though_the_connection_lasts(server, clock):
    with connected(server, of_kiosk(end=1)) as client, connected(server, of_kiosk(end=3)) as later:
        client.release()
        with Watch(client) as watch, Watch(later) as lasting:
            watch.complete()
            lasting.complete()
            clock.advance(1.5 * DAY.total_seconds())
            assert watch.refused().reason == "CREDENTIAL_EXPIRED"
            assert reason_of(client) == "CREDENTIAL_EXPIRED"
            assert reason_of(later) == ""
            session = later.book()
            lasting.until(lambda: session.id in [event.session_id for event in lasting.events])
