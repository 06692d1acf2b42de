"""A server, and the gateway of deploy/envoy before it, without TLS."""

from __future__ import annotations

from contextlib import contextmanager

import envoys
from envoys import Rest, script

from serving import until


@contextmanager
def gateway(servers, folder, name="gateway.yaml", *, tls=False, change=None, ready=True):
    """A running Envoy before servers, given by where they listen.

    Args:
        servers: Their addresses.
        folder: Where its files are written.
        name: The configuration's file in deploy/envoy.
        tls: Whether both sides speak TLS.
        change: Changes more of the configuration.
        ready: Whether it finds all of them ready before it is used.
    """
    content = envoys.read(name, folder)
    script.place(content, "127.0.0.1:0", servers)
    if not tls:
        script.without_tls(content)
    if change:
        change(content)
    with (
        (folder / "envoy.log").open("w") as log,
        script.running(envoys.program_path(), content, folder, log) as envoy,
    ):
        if ready:
            until(lambda: are_healthy(envoy, len(servers)))
        yield envoy


def hosts(envoy):
    """What Envoy says of each server, by its port."""
    (cluster,) = envoy.ask("/clusters")["cluster_statuses"]
    return {each["address"]["socket_address"]["port_value"]: each for each in cluster.get("host_statuses", [])}


def are_healthy(envoy, count):
    """Whether it finds so many servers ready."""
    found = [each["health_status"] for each in hosts(envoy).values()]
    return found == count * [{"eds_health_status": "HEALTHY"}]


@contextmanager
def rest(server, folder, **headers):
    """A caller of JSON over HTTP, through a gateway before one server."""
    with gateway([server.target], folder) as envoy:
        yield Rest(envoy.target, **headers)
