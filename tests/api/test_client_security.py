"""What the Python client trusts, what it shows of itself, and what it says when the two sides do not agree."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import grpc
import pytest

from certificates import Authority, authority, self_signed
from exam_sessions.client import Client, HandshakeFailed, NoServer
from exam_sessions.client.security import is_local
from metadata_recorder import recording
from serving import serving

STRANGERS = "Unknown CA"


@pytest.fixture
def secured(database, tmp_path):
    """Serves with a certificate; client certificates are needed where a CA of clients is given."""

    @contextmanager
    def serve(pair=None, client_ca=None):
        cert, key = (pair or authority().issue()).write(tmp_path, "server")
        settings = {"tls_cert": str(cert), "tls_key": str(key)}
        if client_ca:
            (tmp_path / "clients.crt").write_bytes(client_ca.cert)
            settings["tls_client_ca"] = str(tmp_path / "clients.crt")
        with serving(database, **settings) as server:
            yield server.target

    return serve


@contextmanager
def mine(tmp_path, pair=None):
    """Arguments of a client: files."""
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    cert, key = (pair or authority().issue(client=True)).write(tmp_path, "client")
    yield {"ca": tmp_path / "ca.crt", "cert": str(cert), "key": key}


def health(target, **how):
    with Client(target, "w", "test", **how) as client:
        return client.health()


def fault(target, **how):
    with pytest.raises(HandshakeFailed) as failed:
        health(target, **how)
    assert target in str(failed.value)
    assert isinstance(failed.value, NoServer)
    return failed.value.fault.name


def test_a_client_with_the_server_s_ca_is_served(secured, tmp_path):
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    with secured() as target:
        for ca in (authority().cert, tmp_path / "ca.crt", str(tmp_path / "ca.crt")):
            assert health(target, ca=ca) == "SERVING"


def test_every_kind_of_call_is_made_with_tls_a_certificate_and_a_token(secured, tmp_path):
    with (
        secured(client_ca=authority()) as target,
        mine(tmp_path) as files,
        Client(target, "w", "test", **files, token="es_1_x") as client,
    ):
        assert client.health() == "SERVING"
        assert list(client.releases()) == []
        with closing(client.watch()) as watch:
            assert next(watch)


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        (lambda: authority().issue("exams.example"), "WRONG_HOST"),
        (lambda: authority().issue(start=1, end=2), "NOT_YET_VALID"),
        (self_signed, "UNTRUSTED"),
        (lambda: authority(STRANGERS).issue(), "UNTRUSTED"),
    ],
)
def test_what_is_wrong_with_a_server_s_certificate_is_said(secured, pair, name):
    with secured(pair()) as target:
        assert fault(target, ca=authority().cert) == name


def test_a_ca_of_the_same_name_is_not_trusted(secured):
    with secured(Authority().issue()) as target:
        assert fault(target, ca=authority().cert) == "UNTRUSTED"


def test_an_expired_certificate_is_said(tmp_path):
    # Our server does not start with one.
    server = grpc.server(ThreadPoolExecutor(2))
    old = authority().issue(start=-2, end=-1)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(old.key, old.cert)]))
    server.start()
    assert fault(f"127.0.0.1:{port}", ca=authority().cert) == "EXPIRED"
    server.stop(0)


def test_two_sides_of_which_one_has_no_tls_are_told_so(secured, server):
    assert fault(server.target, ca=authority().cert) == "NO_TLS"
    with secured() as target:
        assert fault(target) == "TLS_WANTED"


@pytest.mark.parametrize(
    "pair", [None, self_signed, lambda: authority(STRANGERS).issue(client=True), lambda: authority().issue(end=-0.5)]
)
def test_a_client_certificate_that_is_missing_or_not_accepted_is_said(secured, pair):
    made = pair() if pair else None
    with secured(client_ca=authority()) as target:
        mine = {"cert": made.cert, "key": made.key} if made else {}
        assert fault(target, ca=authority().cert, **mine) == "CLIENT_CERTIFICATE"


def test_nobody_at_the_port_is_no_server_and_no_handshake():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{bound.getsockname()[1]}"
        for how in ({}, {"ca": authority().cert}):
            with pytest.raises(NoServer) as failed:
                health(target, **how)
            assert type(failed.value) is NoServer


def test_files_that_do_not_fit_are_said_before_anything_is_sent(tmp_path):
    other = authority().issue()
    with mine(tmp_path) as files:
        for spoiled, what in (
            ({"cert": None}, "a key its certificate"),
            ({"key": None}, "a client certificate needs its key"),
            ({"key": other.key}, "is not the key of"),
            ({"ca": b"none"}, "the CA holds no certificate"),
            ({"ca": tmp_path / "nowhere"}, "cannot be read"),
            ({"key": b"none"}, "no private key"),
            ({"tls": False}, "of no use without TLS"),
        ):
            with pytest.raises(ValueError, match=what):
                Client("127.0.0.1:1", "w", "test", **files | spoiled)
        files["key"].chmod(0o644)
        with pytest.raises(ValueError, match="everybody on this machine can read the key"):
            Client("127.0.0.1:1", "w", "test", **files)


LOCAL = ("127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/a", "unix:a", "dns:///localhost:1")
LOCAL += ("ipv4:127.0.0.1:1,127.0.0.2:2", "dns:localhost", "ipv6:%5B::1%5D:1")
ELSEWHERE = ("10.0.0.1:1", "exams.example:1", "localhost.example:1", "127.0.0.1.example:1", "[::]:1", "0.0.0.0:1")
ELSEWHERE += ("ipv4:127.0.0.1:1,10.0.0.1:1", "dns://10.0.0.1/localhost:1", "dns:50051", "vsock:2:1", "", ":1")
ELSEWHERE += ("[::ffff:10.0.0.1]:1", "xds:///localhost", "127.0.0.1@10.0.0.1:1")


def test_targets_on_this_machine_are_known():
    assert [target for target in LOCAL if not is_local(target)] == []
    assert [target for target in ELSEWHERE if is_local(target)] == []


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("http_proxy", "https_proxy", "grpc_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("no_grpc_proxy", "")
        assert health(server.target, token="es_1_x") == "SERVING"
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_token_is_not_sent_to_another_machine_in_plain_text():
    for target in ELSEWHERE:
        with pytest.raises(ValueError, match="without TLS"):
            Client(target, "w", "test", token="es_1_x")
    with Client("exams.example:1", "w", "test", token="es_1_x", insecure_token=True):
        pass
    with Client("exams.example:1", "w", "test", token="es_1_x", tls=True):
        pass


def test_the_present_token_goes_with_every_call():
    seen, tokens = [], iter(["first", "second", "third", "fourth"])
    with recording(seen) as target, Client(target, "w", "test", token=lambda: next(tokens)) as client:
        for call in (client.health, lambda: next(client.watch()), lambda: client.open_import("r", "i").book(0, [])):
            with pytest.raises(Exception, match="UNIMPLEMENTED"):
                call()
    assert [metadata["authorization"] for metadata in seen] == ["Bearer first", "Bearer second", "Bearer third"]
    assert {metadata["x-actor"] for metadata in seen} == {"test"}


@pytest.mark.parametrize("token", ["", "two words", "tab\t", "line\n", "ü", "\x00"])
def test_what_is_no_token_is_not_sent_and_not_shown(token):
    seen = []
    with (
        recording(seen) as target,
        Client(target, "w", "test", token=token or (lambda: "")) as client,
        pytest.raises(ValueError, match="one word of visible ASCII") as refused,
    ):
        client.health()
    assert not seen
    assert not token or token not in str(refused.value)
