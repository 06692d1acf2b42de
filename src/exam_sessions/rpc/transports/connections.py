"""The TCP connections of a server's ports, found among the files this process has open: gRPC's core shows none.

A call that the core reads after it was stopped is cancelled without a reason. Reading stops before, for a socket
becomes readable only once it holds SO_RCVLOWAT bytes. What was not read is lost with the connection: closing
it gives the caller UNAVAILABLE, as every connection that breaks does. Linux only; elsewhere none are found.

No file is duplicated or closed here: closing a copy of a database file would end SQLite's locks on it.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

OPEN_FILES = Path("/proc/self/fd")

MORE_THAN_COMES = 2**30
"""Bytes; the system makes it half of what the socket's buffer may grow to."""


class Connection(NamedTuple):
    """A connected socket by its number, which may be another file's by and by, and its ends."""

    number: int
    ends: tuple[Any, Any]


class UnreadConnections:
    """Connections of some ports from which nothing is read any more, except those whose peers' ports are in `but`."""

    def __init__(self, ports: Container[int], but: Container[int]) -> None:
        self._connections = []
        for connection in _connections(ports):
            _, theirs = connection.ends
            if theirs[1] in but:
                continue
            with suppress(OSError), _borrowed(connection.number) as found:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, MORE_THAN_COMES)
                self._connections.append(connection)

    def close(self) -> None:
        """Ends them behind what was written to them."""
        for connection in self._connections:
            with suppress(OSError), _borrowed(connection.number) as found:
                if (found.getsockname(), found.getpeername()) == connection.ends:
                    found.shutdown(socket.SHUT_RDWR)
        self._connections.clear()


@contextmanager
def _borrowed(number: int) -> Iterator[socket.socket]:
    """A file as a socket, which stays open. Raises OSError when it is none."""
    found = socket.socket(fileno=number)
    try:
        yield found
    finally:
        found.detach()


def _connections(ports: Container[int]) -> Iterator[Connection]:
    """The connected sockets of some ports."""
    for file in list(OPEN_FILES.iterdir()) if OPEN_FILES.exists() else ():
        with suppress(OSError), _borrowed(int(file.name)) as found:
            if found.family in {socket.AF_INET, socket.AF_INET6} and found.getsockname()[1] in ports:
                yield Connection(int(file.name), (found.getsockname(), found.getpeername()))
