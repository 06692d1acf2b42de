"""The address of the other side of a connection, as gRPC names it."""

from __future__ import annotations

from urllib.parse import unquote

UNIX = "unix"
"""The address of callers through a Unix socket."""


def address_in(peer: str) -> str:
    """Returns the address in a peer's name, without its port: `ipv4:127.0.0.1:4711`, `ipv6:%5B::1%5D:4711`, `unix:`.

    An IPv4 address that came in an IPv6 one is that IPv4 address.
    """
    kind, _, address = unquote(peer).partition(":")
    if kind not in {"ipv4", "ipv6"}:
        return UNIX if kind == "unix" else peer
    return address.rpartition(":")[0].strip("[]").removeprefix("::ffff:")
