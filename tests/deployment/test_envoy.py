"""deploy/envoy: the real Envoy takes the configuration, balances calls, and hides that servers come and go."""

from __future__ import annotations

import re
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import envoys
import grpc
import pytest
import yaml
from envoys import Rest
from gateway_fixtures import are_healthy, gateway, hosts
from manifests import DEPLOY, documents

from certificates import authority
from exam_sessions import errors
from exam_sessions.cli.shared.resuming_watch import ResumingWatch
from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions.rpc.server import READINESS, SERVICE_FILES
from postgres import free_port
from processes import ServerProcess
from serving import ApiClient, Refused, until

FILE = DEPLOY / "envoy/envoy.yaml"
(CONFIGURATION,) = documents(FILE)
(LISTENER,), (CLUSTER,) = (CONFIGURATION["static_resources"][name] for name in ("listeners", "clusters"))
MANAGER = LISTENER["filter_chains"][0]["filters"][0]["typed_config"]
READS, OTHERS = MANAGER["route_config"]["virtual_hosts"][0]["routes"]


def test_the_real_program_takes_it(tmp_path):
    path = tmp_path / "envoy.yaml"
    path.write_text(yaml.safe_dump(envoys.read("envoy.yaml", tmp_path)))
    words = [envoys.program_path(), "--mode", "validate", "--config-path", path]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "eprecated" not in said.stderr
    path.write_text(path.read_text().replace("grpc_timeout_header_max", "grpc_timeout_most"))
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


def test_only_reads_are_repeated_whatever_has_happened():
    pattern = READS["match"]["safe_regex"]["regex"]
    assert "unavailable" in READS["route"]["retry_policy"]["retry_on"].split(",")
    assert {"unavailable", "reset"}.isdisjoint(OTHERS["route"]["retry_policy"]["retry_on"].split(","))
    methods = [m for file in SERVICE_FILES for s in file.DESCRIPTOR.services_by_name.values() for m in s.methods]
    repeated = {m.name for m in methods if re.fullmatch(pattern, f"/{m.containing_service.full_name}/{m.name}")}
    changes = {m.name for m in methods if "request_id" in m.input_type.fields_by_name}
    assert {"GetSession", "ListSessions", "AggregateSessions"} <= repeated
    assert not repeated & changes
    assert {"GetPin"} == {name for name in changes if name.startswith(("Get", "List"))}
    assert {"PauseSession", "EnterKeycode", "ImportSessions", "CreateSession"} <= {m.name for m in methods} - repeated


def test_what_is_refused_by_a_server_that_stops_is_recognized():
    (header,) = OTHERS["route"]["retry_policy"]["retriable_headers"]
    assert header["name"] == "grpc-message"
    assert str(errors.ShuttingDown()).startswith(header["string_match"]["prefix"])


def test_streams_may_last_and_health_is_asked_for_by_its_name():
    assert MANAGER["stream_idle_timeout"] == "0s"
    for route in (READS, OTHERS):
        assert (route["route"]["timeout"], route["route"]["max_stream_duration"]) == (
            "0s",
            {"grpc_timeout_header_max": "0s"},
        )
    assert CLUSTER["health_checks"][0]["grpc_health_check"]["service_name"] == READINESS


class Front:
    """A running Envoy before two servers, which may be stopped and started again."""

    def __init__(self, file, database, folder, stack):
        self._database, self._stack = database, stack
        pair = authority().issue(envoys.NAME, "localhost", "127.0.0.1").write(folder, "servers")
        self._tls = dict(zip(("tls-cert", "tls-key"), pair, strict=True))
        self.ports = [free_port(), free_port()]
        self.servers = [self._start(port) for port in self.ports]
        targets = [f"127.0.0.1:{port}" for port in self.ports]
        self._envoy = stack.enter_context(gateway(targets, folder, file, tls=True))
        self.target, self.ca = self._envoy.target, folder / "ca.crt"

    def _start(self, port):
        server = ServerProcess(self._database, listen=f"127.0.0.1:{port}", **self._tls)
        return self._stack.enter_context(server)

    def restart(self, number):
        """Stops a server as an operator does, and starts another in its place once that has ended."""
        self.servers[number].terminate()
        assert self.servers[number].wait() == 0
        self.servers[number] = self._start(self.ports[number])
        until(lambda: are_healthy(self._envoy, 2))

    def calls(self):
        """How many calls Envoy has sent to each server."""
        return {
            port: next(int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == "rq_total")
            for port, host in hosts(self._envoy).items()
        }

    def api(self, workspace=None):
        """A client of Envoy, over one connection."""
        credentials = grpc.ssl_channel_credentials(self.ca.read_bytes())
        return closing(ApiClient(self.target, workspace, channel=grpc.secure_channel(self.target, credentials)))

    def rest(self):
        """A caller of JSON over HTTP."""
        return Rest(self.target, ca=self.ca)


@pytest.fixture
def file():
    """The configuration in deploy/envoy."""
    return "envoy.yaml"


@pytest.fixture
def front(file, database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXAM_SESSIONS_TRANSPORT", "grpcio")  # the native one has no TLS
    with ExitStack() as stack:
        yield Front(file, database, tmp_path, stack)


def on_two_servers(test):
    """A test with two servers on one database."""
    return pytest.mark.slow(pytest.mark.postgresql(reason="a file is served by one server")(test))


@on_two_servers
def test_the_calls_of_one_connection_are_balanced(front):
    before = front.calls()
    with front.api() as api:
        session = api.book()
        for _ in range(100):
            api.get(session)
    sent = {port: count - before[port] for port, count in front.calls().items()}
    assert min(sent.values()) >= 40, sent


class Callers:
    """Callers who book and read, and repeat nothing, for the length of a block."""

    def __init__(self, front, workspace, release, *works):
        self.booked = [[] for _ in works]
        self.refusals = []
        self._front, self._workspace, self._release = front, workspace, release
        self._over, self._pool, self._works = threading.Event(), ThreadPoolExecutor(len(works)), works

    def by_grpc(self, booked):
        """Works over one connection of gRPC."""
        with self._front.api(self._workspace) as api:
            while not self._over.is_set():
                try:
                    booked.append(api.get(api.book(self._release, uuid.uuid4().hex)).id)
                except Refused as refused:
                    self.refusals.append(str(refused))

    def by_rest(self, booked):
        """Works by JSON over HTTP, each call over a connection of its own."""
        rest, above = self._front.rest(), f"/v1/workspaces/{self._workspace}"
        while not self._over.is_set():
            body = {"booking": {"candidate": {"candidateId": uuid.uuid4().hex}}}
            status, reply = rest("post", f"{above}/releases/{self._release.id}/sessions", body)
            if status == 200:
                status, reply = rest("get", f"{above}/sessions/{reply['session']['id']}")
            if status == 200:
                booked.append(reply["session"]["id"])
            else:
                self.refusals.append(f"{status}: {reply}")

    def __enter__(self):
        self._begun = [
            self._pool.submit(work, self, booked) for work, booked in zip(self._works, self.booked, strict=True)
        ]
        return self

    def __exit__(self, *_):
        self._over.set()
        self._pool.shutdown()

    @property
    def _ended(self):
        """Those that gave up over a fault."""
        return [work for work in self._begun if work.done()]

    def go_on(self):
        """Waits until every caller has booked more."""
        before = [len(booked) for booked in self.booked]
        until(
            lambda: (
                self.refusals
                or self._ended
                or all(len(now) > had for now, had in zip(self.booked, before, strict=True))
            )
        )
        assert not self.refusals
        assert not [work.exception() for work in self._ended]


@on_two_servers
@pytest.mark.parametrize(
    ("file", "works"),
    [("envoy.yaml", 4 * [Callers.by_grpc]), ("gateway.yaml", 2 * [Callers.by_grpc, Callers.by_rest])],
    ids=["gRPC", "gRPC and REST"],
)
def test_servers_are_replaced_one_after_the_other_without_a_failed_call(front, works):
    with front.api() as api:
        release = api.release()
        with Callers(front, api.workspace, release, *works) as callers:
            for number in (0, 1):
                callers.go_on()
                front.restart(number)
            callers.go_on()
        assert not callers.refusals
        sessions = [session for booked in callers.booked for session in booked]
        assert len(set(sessions)) == len(sessions)


@on_two_servers
def test_a_watch_through_it_is_resumed_without_gap_or_repetition(front):
    with front.api() as api:
        sequences, notices, over = [], [], threading.Event()

        def follow(client):
            watch = ResumingWatch(client, {"start_sequence": 1})
            while not over.is_set():
                with suppress(NoServer):
                    for piece in watch.pieces(notices.append):
                        sequences.extend(event.sequence for event in piece.events)
                        if over.is_set():
                            break

        release = api.release()
        api.book(release)
        with Client(front.target, api.workspace, "test", ca=str(front.ca)) as client:
            thread = threading.Thread(target=follow, args=(client,), daemon=True)
            thread.start()
            until(lambda: sequences)
            for number in (0, 1):
                front.restart(number)
                last = api.history(api.book(release))[-1].sequence
                until(lambda last=last: sequences[-1:] == [last])
            over.set()
            thread.join()
        assert any(text.startswith("connected again") for text in notices)
        assert sequences == list(range(1, last + 1))
