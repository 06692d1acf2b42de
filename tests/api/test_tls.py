"""TLS: who gets a connection, and how certificates are renewed while calls are under way."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc

from certificates import Authority, authority, self_signed
from exam_sessions.app import App
from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.transports import tls
from exam_sessions.settings import Settings
from exam_sessions_client.v1 import session_service_pb2, session_service_pb2_grpc
from processes import ServerProcess
from serving import RunningServer

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
STRANGERS = "Unknown CA"


def settings_for(directory, pair=None, client_ca=None, **more):
    cert, key = (pair or authority().issue()).write(directory, "server")
    if client_ca:
        (directory / "clients.crt").write_bytes(client_ca.cert)
        more["tls_client_ca"] = str(directory / "clients.crt")
    return {"tls_cert": str(cert), "tls_key": str(key), **more}


@pytest.fixture
def secured(database, tmp_path):
    """Starts servers with TLS."""
    running = []

    def start(pair=None, client_ca=None, **more):
        running.append(RunningServer(database, **settings_for(tmp_path, pair, client_ca, **more)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@contextmanager
def channel(target, ca=None, pair=None):
    credentials = grpc.ssl_channel_credentials(
        (ca or authority()).cert, pair.key if pair else None, pair.cert if pair else None
    )
    with grpc.secure_channel(target, credentials, options=[("grpc.use_local_subchannel_pool", 1)]) as opened:
        yield opened


def ask(target, ca=None, pair=None):
    """SERVING, or why there is no connection."""
    with channel(target, ca, pair) as opened:
        try:
            reply = health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=10)
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}"
        return health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)


def test_a_client_that_trusts_the_ca_is_served(secured):
    assert ask(secured().target) == "SERVING"


def test_a_server_of_another_ca_is_not_trusted(secured):
    assert "Tls handshake failed" in ask(secured().target, ca=authority(STRANGERS))


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (self_signed, "self signed certificate"),
        (lambda: authority().issue(start=1, end=2), "certificate is not yet valid"),
        (lambda: authority().issue("exams.example"), "Hostname Verification Check failed"),
    ],
)
def test_a_certificate_that_a_client_cannot_trust_is_not_used(secured, pair, why):
    assert why in ask(secured(pair()).target)


def certificate_of_a_client(**how):
    return authority().issue(name="portal", client=True, **how)


def test_a_client_certificate_is_asked_for_where_a_ca_of_clients_is_given(secured):
    server = secured(client_ca=authority())
    assert ask(server.target, pair=certificate_of_a_client()) == "SERVING"
    for pair in (
        None,
        self_signed(),
        authority(STRANGERS).issue(client=True),
        certificate_of_a_client(start=-2, end=-1),
        certificate_of_a_client(start=1, end=2),
    ):
        assert ask(server.target, pair=pair) != "SERVING"
    assert ask(server.target, pair=certificate_of_a_client()) == "SERVING"


def test_a_ca_of_the_same_name_is_another_ca(secured):
    server = secured(client_ca=authority())
    assert ask(server.target, pair=Authority().issue(client=True)) != "SERVING"


def test_client_certificates_are_used_beside_a_port_that_asks_for_none(secured):
    server = secured(client_ca=authority(), mtls_listen="127.0.0.1:0")
    keys, certificates = server.app.addresses
    assert ask(keys) == "SERVING"
    assert ask(certificates) != "SERVING"
    assert ask(certificates, pair=certificate_of_a_client()) == "SERVING"


# Renewal.


@pytest.fixture
def at_once(monkeypatch):
    """Has the files looked at on every handshake."""
    monkeypatch.setattr(tls, "LOOK_EVERY_S", 0)


@pytest.fixture
def renewed(tmp_path, at_once, caplog):
    """Puts another pair in the place of the server's."""
    caplog.set_level(logging.INFO, tls.__name__)

    def put(pair):
        pair.write(tmp_path, "server")

    return put


def replaced_by(pair, directory):
    """Puts files in the place of the server's as tools do that write elsewhere first."""
    for new, old in zip(pair.write(directory / "new", "server"), ("server.crt", "server.key"), strict=True):
        new.replace(directory / old)


def test_a_renewed_certificate_is_used_by_the_next_connection(secured, renewed):
    server, other = secured(), authority(STRANGERS)
    renewed(other.issue())
    assert ask(server.target, ca=other) == "SERVING"
    assert ask(server.target) != "SERVING"


def test_calls_and_watches_outlive_a_renewal(secured, tmp_path, renewed):
    server, other = secured(), authority(STRANGERS)
    with channel(server.target) as opened:
        stub = session_service_pb2_grpc.SessionServiceStub(opened)
        beat = Duration(seconds=1)
        watch = stub.WatchSessions(
            session_service_pb2.WatchSessionsRequest(workspace_id="w", heartbeat_interval=beat)
        )
        next(watch)
        replaced_by(other.issue(), tmp_path)
        assert ask(server.target, ca=other) == "SERVING"
        for _ in range(2):
            next(watch)
        stub.ListSessions(session_service_pb2.ListSessionsRequest(workspace_id="w"), timeout=10)
        watch.cancel()


def test_a_renewed_ca_of_clients_is_used(secured, tmp_path, renewed):
    server, other = secured(client_ca=authority()), authority(STRANGERS)
    (tmp_path / "clients.crt").write_bytes(other.cert)
    assert ask(server.target, pair=other.issue(client=True)) == "SERVING"
    assert ask(server.target, pair=certificate_of_a_client()) != "SERVING"


def test_both_ports_get_what_was_renewed(secured, renewed):
    server = secured(client_ca=authority(), mtls_listen="127.0.0.1:0")
    other = authority(STRANGERS)
    renewed(other.issue())
    for target in server.app.addresses:
        assert ask(target, ca=other, pair=certificate_of_a_client()) == "SERVING"


def swap(cert, key):
    key.rename(key.with_name("x"))
    cert.rename(key)
    key.with_name("x").rename(cert)


BAD = {
    "a key of another certificate": lambda cert, key: key.write_bytes(authority().issue().key),
    "half of the certificate": lambda cert, key: cert.write_bytes(cert.read_bytes()[:300]),
    "half of the key": lambda cert, key: key.write_bytes(key.read_bytes()[:100]),
    "nothing": lambda cert, key: cert.write_bytes(b""),
    "noise": lambda cert, key: key.write_bytes(os.urandom(2_000)),
    "no file": lambda cert, key: key.unlink(),
    "a directory": lambda cert, key: (cert.unlink(), cert.mkdir()),
    "each in the place of the other": swap,
    "a key that everybody can read": lambda cert, key: key.chmod(0o644),
    "an expired certificate": lambda cert, key: authority().issue(start=-2, end=-1).write(cert.parent, "server"),
}


def test_what_is_no_certificate_with_its_key_is_not_taken_and_logged_once(secured, tmp_path, renewed, caplog):
    server = secured()
    good = [tmp_path / "server.crt", tmp_path / "server.key"]
    kept = [path.read_bytes() for path in good]
    for what, spoil in BAD.items():
        caplog.clear()
        spoil(*good)
        for _ in range(3):
            assert ask(server.target) == "SERVING", what
        logged = [record.getMessage() for record in caplog.records if record.name == tls.__name__]
        assert len(logged) == 1, (what, logged)
        assert logged[0].startswith("the new certificate is not taken, the old one stays: ")
        assert "BEGIN" not in logged[0]
        for path, content in zip(good, kept, strict=True):
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(content)
        assert ask(server.target) == "SERVING", what


def test_the_whole_of_a_half_written_pair_is_taken(secured, tmp_path, renewed):
    server, other = secured(), authority(STRANGERS)
    pair = other.issue()
    (tmp_path / "server.crt").write_bytes(pair.cert)
    assert ask(server.target) == "SERVING"
    (tmp_path / "server.key").write_bytes(pair.key)
    assert ask(server.target, ca=other) == "SERVING"


def test_the_files_are_read_when_they_have_changed_and_no_more(secured, renewed, monkeypatch):
    server, reads = secured(), []
    read = tls.read
    monkeypatch.setattr(tls, "read", lambda files: reads.append(files) or read(files))
    for _ in range(3):
        ask(server.target)
    assert not reads
    renewed(authority().issue())
    for _ in range(3):
        ask(server.target)
    assert 1 <= len(reads) <= 2, "once for each file that changed"


# At the start.


@pytest.mark.parametrize("what", BAD)
def test_a_server_does_not_start_with_what_is_no_certificate_with_its_key(tmp_path, what):
    settings = settings_for(tmp_path / "tls")
    BAD[what](tmp_path / "tls/server.crt", tmp_path / "tls/server.key")
    with pytest.raises(CannotServe) as refused:
        App(Settings(listen="127.0.0.1:0", database_url=f"sqlite:///{tmp_path}/x.db", **settings))
    assert str(tmp_path) in str(refused.value)
    assert refused.value.way_out
    assert not (tmp_path / "x.db").exists(), "nothing was begun"


@pytest.mark.parametrize("missing", ["tls_cert", "tls_key"])
def test_one_half_of_a_pair_is_no_pair(tmp_path, missing):
    settings = settings_for(tmp_path) | {missing: ""}
    with pytest.raises(CannotServe, match="is of no use without") as refused:
        App(Settings(**settings))
    assert f"--{missing.replace('_', '-')} FILE" in refused.value.way_out


def test_a_ca_of_clients_needs_tls_and_a_port_for_them_needs_a_ca(tmp_path):
    with pytest.raises(CannotServe, match="of no use without TLS"):
        App(Settings(tls_client_ca="ca.crt"))
    with pytest.raises(CannotServe, match="of no use without a CA"):
        App(Settings(mtls_listen="127.0.0.1:0"))


def test_a_ca_of_clients_that_holds_none_is_told(tmp_path):
    settings = settings_for(tmp_path, client_ca=authority())
    (tmp_path / "clients.crt").write_text("none")
    with pytest.raises(CannotServe, match=r"clients\.crt holds no certificate"):
        App(Settings(**settings))


def test_an_encrypted_key_is_told_with_the_command_that_decrypts_it(tmp_path):
    settings = settings_for(tmp_path)
    (tmp_path / "server.key").write_bytes(authority().issue().encrypted_key)
    with pytest.raises(CannotServe, match="is encrypted") as refused:
        App(Settings(**settings))
    assert "openssl pkey" in refused.value.way_out


# Other programs.


def openssl(target, *flags):
    command = ["openssl", "s_client", "-connect", target, *flags]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return said.stdout.decode(errors="replace")


@needs_openssl
def test_old_versions_of_tls_are_refused(secured):
    server = secured()
    for version, accepted in (("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        said = openssl(server.target, version, "-alpn", "h2", "-cipher", "DEFAULT:@SECLEVEL=0")
        assert ("ALPN protocol: h2" in said) is accepted, version


@needs_openssl
def test_the_chain_is_shown_and_verified(secured, tmp_path):
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    between = authority().intermediate()
    said = openssl(secured(between.issue()).target, "-alpn", "h2", "-CAfile", str(tmp_path / "ca.crt"), "-showcerts")
    assert said.count("BEGIN CERTIFICATE") == 2
    assert "Verification: OK" in said


def test_grpcurl_calls_with_certificates(secured, tmp_path):
    server = secured(client_ca=authority())
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    cert, key = certificate_of_a_client().write(tmp_path, "client")

    def grpcurl(*flags):
        command = [Path(sys.executable).with_name("grpcurl"), "-cacert", tmp_path / "ca.crt", *flags]
        command += [server.target, "grpc.health.v1.Health/Check"]
        return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=False)

    assert '"SERVING"' in grpcurl("-cert", cert, "-key", key).stdout
    assert grpcurl("-connect-timeout", 3).returncode


def test_processes_that_share_a_port_have_tls_and_the_first_has_the_socket(database, tmp_path):
    with tempfile.TemporaryDirectory(prefix="exams-") as short:
        settings = settings_for(tmp_path, client_ca=authority(), mtls_listen="127.0.0.1:0", workers=2)
        settings = {name.replace("_", "-"): value for name, value in settings.items()}
        with ServerProcess(database, listen=f"127.0.0.1:0,unix:{short}/s", **settings) as server:
            keys, local, certificates = server.target.split(", ")
            for _ in range(8):  # the kernel deals the connections out
                assert ask(keys) == "SERVING"
                assert ask(certificates, pair=certificate_of_a_client()) == "SERVING"
                assert ask(certificates) != "SERVING"
                with grpc.insecure_channel(local) as opened:
                    health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=10)
