"""Where metrics are scraped: a port of its own, given back in the end, that nobody can keep others from."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack, closing
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from exam_sessions.app import App
from exam_sessions.plan import planned
from exam_sessions.rpc.cannot_serve import CannotListen, CannotServe
from exam_sessions.rpc.transports.listen_addresses import metrics_addresses
from exam_sessions.settings import Settings
from exam_sessions.telemetry import exposition
from processes import ServerProcess, calling
from scraping import Scrape, fetch, scrape
from serving import serving, until


@pytest.fixture(scope="module")
def server(new_database):
    with new_database() as database, serving(database, metrics="0", tick_ms=60_000) as running:
        yield running


def address_of(server):
    address = server.app.metrics.address
    return address.host, address.port


def free_ports(count):
    """The first of so many ports in a row that nobody listens on."""
    while True:
        with ExitStack() as stack, socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for number in range(1, count):
                    stack.enter_context(closing(socket.socket())).bind(("127.0.0.1", port + number))
            except (OSError, OverflowError):
                continue
            return port


def test_without_the_setting_there_are_no_metrics(database):
    with serving(database) as server:
        assert server.app.metrics is None


def test_a_port_alone_is_one_of_this_machine(server):
    assert server.app.metrics.address.host == "127.0.0.1"


def test_it_listens_on_addresses_of_version_6(database):
    with serving(database, metrics="[::1]:0") as server:
        assert scrape(server).value("exam_sessions_build_info") == 1


def test_the_place_is_in_the_log(database, caplog):
    caplog.set_level(logging.INFO)
    with serving(database, metrics="0") as server:
        assert f"metrics are at http://{server.app.metrics.address}/metrics" in caplog.text


def test_the_port_is_given_back_when_the_server_stops(database):
    with serving(database, metrics="0") as server:
        address = server.app.metrics.address
        assert fetch(address)
    with pytest.raises(URLError):
        fetch(address)


def test_a_port_that_is_taken_is_refused_before_the_database_is_opened(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        file = tmp_path / "exams.db"
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} is taken") as refused:
            App(Settings(listen="127.0.0.1:0", metrics=str(port), database_url=f"sqlite:///{file}"))
        assert "--metrics 127.0.0.1:" in refused.value.way_out
        assert not file.exists()


def test_each_of_several_processes_has_the_next_port():
    places = metrics_addresses(Settings(metrics="9464", workers=3))
    assert list(map(str, places)) == ["127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9466"]
    with pytest.raises(CannotServe, match="metrics cannot be served at"):
        planned(Settings(listen="127.0.0.1:0", metrics="65535", workers=2))


@pytest.mark.parametrize("value", ["here", "127.0.0.1:", "127.0.0.1:65536", "-1", "unix:/tmp/metrics", ":9464"])
def test_what_is_no_place_is_refused_by_the_name_of_the_setting(value):
    with pytest.raises(CannotServe) as refused:
        planned(Settings(listen="127.0.0.1:0", metrics=value))
    assert value in str(refused.value)
    assert "--metrics" in refused.value.way_out


def test_calls_and_metrics_have_ports_of_their_own():
    with pytest.raises(CannotServe, match="calls and metrics cannot both be served on port 50051"):
        planned(Settings(listen="127.0.0.1:50051", metrics="50051"))
    with pytest.raises(CannotServe, match="calls and metrics cannot both be served on port 50051"):
        planned(Settings(listen="127.0.0.1:50051", metrics="50050", workers=2))


def test_callers_that_say_nothing_keep_nobody_from_a_scrape(server):
    with ExitStack() as stack:
        for _ in range(exposition.SCRAPES_AT_MOST - 1):
            silent = stack.enter_context(closing(socket.create_connection(address_of(server))))
            silent.sendall(b"GET /metr")
        assert scrape(server).value("exam_sessions_build_info") == 1


def test_more_callers_than_are_answered_at_once_are_turned_away(server):
    with ExitStack() as stack:
        held = [
            stack.enter_context(closing(socket.create_connection(address_of(server))))
            for _ in range(exposition.SCRAPES_AT_MOST)
        ]
        for silent in held:
            silent.sendall(b"GET /metr")
        one_more = stack.enter_context(closing(socket.create_connection(address_of(server), timeout=60)))
        assert one_more.recv(1) == b""

    def is_answered():
        try:
            return fetch(server.app.metrics.address)
        except (URLError, ConnectionError):
            return ""

    assert until(is_answered)


def test_a_caller_that_says_nothing_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(exposition._Handler, "timeout", 0.05)
    with closing(socket.create_connection(address_of(server), timeout=60)) as silent:
        silent.sendall(b"GET /metr")
        assert silent.recv(1) == b""


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n", b"\0" * 70_000]
)
def test_what_is_no_http_does_no_harm(server, nonsense, caplog):
    with closing(socket.create_connection(address_of(server), timeout=60)) as stranger:
        try:
            stranger.sendall(nonsense)
            stranger.shutdown(socket.SHUT_WR)
            stranger.recv(1000)
        except ConnectionError:
            pass
    assert scrape(server).value("exam_sessions_build_info") == 1
    assert caplog.text == ""


def test_nothing_can_be_posted(server):
    with pytest.raises(HTTPError) as refused, closing(urlopen(Request(f"http://{server.app.metrics.address}", b"x"))):
        pass
    assert refused.value.code == 405
    refused.value.close()


@pytest.mark.slow
@pytest.mark.postgresql("several processes serve one database")
def test_each_of_several_processes_is_scraped_on_a_port_of_its_own(database):
    port = free_ports(2)
    with ServerProcess(database, workers=2, metrics=port) as server:
        with calling(server, "w") as api:
            api.book()
        found = [Scrape(fetch(f"127.0.0.1:{port + number}")) for number in range(2)]
        assert sum(scrape.total("exam_sessions_transitions_total") for scrape in found) == 1
        server.terminate()
        assert server.wait() == 0
