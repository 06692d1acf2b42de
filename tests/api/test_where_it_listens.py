"""Where a server listens: without TLS on this machine only, unless it is said in as many words."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
from pathlib import Path

import grpc
import pytest

from certificates import authority
from exam_sessions.app import App
from exam_sessions.rpc.access.loopback import is_loopback
from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.transports.grpcio import Grpcio
from exam_sessions.rpc.transports.listen_addresses import listen_addresses, parse_address
from exam_sessions.settings import Settings
from serving import ApiClient, serving


@pytest.fixture(autouse=True)
def event_loop_of_this_thread():
    """A loop for servers that are made here: another test's asyncio.run leaves none behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


OPEN = (
    "0.0.0.0:0",
    "[::]:0",
    "0:0",
    "0x0:0",
    "[::ffff:0.0.0.0]:0",
    "[0:0:0:0:0:ffff:0:0]:0",
    "[64:ff9b::7f00:1]:0",
    "192.0.2.7:0",
    "[2001:db8::1]:0",
    "[fe80::1%lo]:0",
    "127.0.0.1:0,0.0.0.0:0",
    "0.0.0.0:50051,127.0.0.1:0",
)
CLOSED = ("127.0.0.1:0", "127.0.0.2:0", "127.1:0", "localhost:0", "[::1]:0", "[::ffff:127.0.0.1]:0", "unix:/tmp/x")
NO_PLACE = (
    "",
    ":50051",
    "[]:50051",
    "50051",
    "127.0.0.1:70000",
    "127.0.0.1:٣",
    "127.0.0.1:0,",
    "unix:",
    "unix:/a\0b",
)
NO_PLACE += (f"unix:/{'a' * 107}", "unix-abstract:exams", "dns:///localhost:0", "ipv4:0.0.0.0:1", "%30.0.0.0:1")
NO_PLACE += ("vsock:-1:50051", "a..b:1", f"{'a' * 70}.example:1")


@pytest.fixture
def short(tmp_path):
    """A directory with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="exams-") as directory:
        yield Path(directory)


@pytest.mark.parametrize("listen", OPEN)
def test_without_tls_a_server_does_not_listen_where_other_machines_can_reach_it(tmp_path, listen):
    with pytest.raises(CannotServe, match="other machines can reach") as refused:
        App(Settings(listen=listen, database_url=f"sqlite:///{tmp_path}/x.db"))
    assert "--tls-cert" in refused.value.way_out
    assert "--insecure" in refused.value.way_out
    assert not list(tmp_path.iterdir()), "nothing was begun"


@pytest.mark.parametrize("listen", OPEN)
def test_it_does_when_it_is_said_in_as_many_words(listen):
    assert listen_addresses(Settings(listen=listen, insecure=True))


@pytest.mark.parametrize("listen", CLOSED)
def test_addresses_of_this_machine_need_no_tls(listen):
    assert len(listen_addresses(Settings(listen=listen))) == 1


def test_a_name_of_an_address_that_others_reach_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", ("192.0.2.7", 0))])
    with pytest.raises(CannotServe, match=r"other machines can reach exams\.example:0"):
        listen_addresses(Settings(listen="exams.example:0"))


def test_a_name_with_one_address_that_others_reach_is_refused(monkeypatch):
    found = [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("127.0.0.1", "192.0.2.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(CannotServe, match="other machines can reach"):
        listen_addresses(Settings(listen="both.example:0"))


@pytest.mark.parametrize("listen", NO_PLACE)
def test_what_is_no_address_is_refused(listen):
    with pytest.raises(CannotServe, match=r"is no address to listen at|nobody can listen at"):
        listen_addresses(Settings(listen=listen))


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "127.0.0.1:0,localhost:0"])
def test_what_the_way_out_says_is_served(database, tmp_path, listen):
    cert, key = authority().issue().write(tmp_path, "server")
    with serving(database, listen=listen, tls_cert=str(cert), tls_key=str(key), auth="keys") as server:
        assert all(int(address.rpartition(":")[2]) for address in server.app.addresses)
    with serving(database, listen=listen, insecure=True) as server:
        api = ApiClient(server.target)
        api.book()
        api.close()


def test_a_unix_socket_carries_calls_and_is_closed_to_others(database, short):
    path = short / "a%41 b.sock"
    before = os.umask(0)
    try:
        with serving(database, listen=f"unix:{path}") as server:
            assert server.app.addresses == [f"unix:{path}"]
            assert stat.S_IMODE(path.stat().st_mode) == 0o770, "the umask decides about the group"
            api = ApiClient(f"unix:{short}/a%2541 b.sock")
            api.book()
            api.close()
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert not path.exists()


def test_a_socket_left_behind_by_a_killed_server_is_taken_over(database, short):
    path = short / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serving(database, listen=f"127.0.0.1:0,unix:{path}") as server:
        for target in server.app.addresses:
            api = ApiClient(target)
            api.book()
            api.close()


def test_a_socket_at_which_somebody_listens_is_left_alone(database, short):
    path = short / "s"
    with serving(database, listen=f"unix:{path}") as first:
        with pytest.raises(CannotServe, match="is taken"):
            Grpcio([parse_address(f"unix:{path}")], _admission(), share_port=False, certificates=None)
        api = ApiClient(first.app.addresses[0])
        api.book()
        api.close()


def _admission():
    from exam_sessions.rpc.transports.admission import Admission  # noqa: PLC0415 - one place

    return Admission(1, 1)


def test_a_file_in_a_socket_s_place_is_left_alone(short):
    path = short / "s"
    path.write_text("mine")
    with pytest.raises(CannotServe, match="a file of another kind"):
        Grpcio([parse_address(f"unix:{path}")], _admission(), share_port=False, certificates=None)
    assert path.read_text() == "mine"


def test_a_directory_that_is_not_there_is_told(short):
    with pytest.raises(CannotServe, match="no directory that you may write to"):
        Grpcio([parse_address(f"unix:{short}/x/s")], _admission(), share_port=False, certificates=None)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"tls_cert": "a", "tls_key": "b"}, "TLS"),
        ({"listen": "unix:/tmp/exams.sock"}, "Unix sockets"),
        ({"listen": "127.0.0.1:0,[::1]:0"}, "more than one address"),
        ({"max_connection_age_s": 1.0}, "ending connections after a while"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_transport_that_cannot_do_what_is_asked_for_does_not_start(tmp_path, asked, what, workers):
    pytest.importorskip("pygrpc_native", reason="the native transport is an extra")
    url = f"sqlite:///{tmp_path}/x.db"
    with pytest.raises(CannotServe, match=what) as refused:
        App(Settings(database_url=url, transport="native", workers=workers, **asked))
    assert "--transport grpcio" in refused.value.way_out
    assert not list(tmp_path.iterdir())


def test_a_call_in_plain_text_gets_nothing_from_a_port_with_tls(database, tmp_path):
    cert, key = authority().issue().write(tmp_path, "server")
    with serving(database, tls_cert=str(cert), tls_key=str(key)) as server:
        with socket.create_connection(("127.0.0.1", server.app.port)) as raw:
            raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            raw.settimeout(20)
            assert raw.recv(1000)[:1] in {b"", b"\x15"}, "the end, or an alert of TLS"
        api = ApiClient(server.target)
        with pytest.raises(grpc.RpcError):
            api.channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=5)
        api.close()


def test_loopback_addresses_of_both_versions_are_of_this_machine():
    here = ("127.0.0.1", "127.9.9.9", "::1", "::1%lo", "::ffff:127.0.0.1")
    elsewhere = ("10.0.0.1", "::", "::ffff:10.0.0.1", "fe80::1%eth0")
    assert [address for address in here if not is_loopback(address)] == []
    assert [address for address in elsewhere if is_loopback(address)] == []
