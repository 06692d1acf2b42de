"""Transports carry calls between the network and handlers. They are exchangeable; which one is used is a setting.

    grpcio   the default: gRPC's own server (grpcio.py)
    native   pygrpc-native, an extra, experimental: HTTP/2 outside the interpreter's lock (native.py)

Which one a setting names is selection.py's. Each also has a grpc.aio server (aio.py), which carries the
streams that take many messages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from exam_sessions.rpc.handlers import AnyHandler
    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.drain import Drain
    from exam_sessions.rpc.transports.listen_addresses import ListenAddress
    from exam_sessions.rpc.transports.tls import Certificates


class Capability(StrEnum):
    """What settings can ask of a transport, in the words of a refusal."""

    TLS = "TLS"
    UNIX_SOCKETS = "Unix sockets"
    SEVERAL_ADDRESSES = "more than one address to listen at"
    DEADLINES = "a deadline for callers who set none (--default-deadline-s)"
    CONNECTION_AGE = "ending connections after a while (--max-connection-age-s)"
    ADDRESSES = "counting callers of this machine by address (--limit-loopback)"


class ConnectionAge(NamedTuple):
    """How old connections get, in seconds."""

    most: float
    """After so long a connection takes no more calls (GOAWAY)."""
    grace: float
    """How long calls under way may still take on it."""


class Transport(ABC):
    """A server at some addresses. `admission` bounds what is in flight on it, `certificates` are for TLS.

    `age` is how old connections get; None: they stay.
    """

    capabilities: ClassVar[frozenset[Capability]]
    """What it can do; settings that ask for more are refused before anything is begun (selection.py)."""

    addresses: Sequence[ListenAddress]
    """Where it listens; a port is the one that the system gave when 0 was asked for."""

    aio: grpc.aio.Server
    """For what no transport of another kind carries."""

    drain: Drain
    """The calls under way."""

    @abstractmethod
    def __init__(
        self,
        addresses: Sequence[ListenAddress],
        admission: Admission,
        *,
        share_port: bool,
        certificates: Certificates | None,
        age: ConnectionAge | None = None,
    ) -> None: ...

    @property
    def port(self) -> int:
        """The first port it listens on; 0 when it listens on Unix sockets only."""
        return next((address.port for address in self.addresses if address.port), 0)

    @abstractmethod
    def add(self, handlers: Sequence[AnyHandler]) -> None:
        """Takes the handlers of one service; before it starts."""

    @abstractmethod
    async def start(self) -> None:
        """Takes calls from now on; their handlers run on this event loop."""

    @abstractmethod
    async def stop(self, grace: float) -> None:
        """Refuses new calls, ends streams, finishes what is under way within `grace` seconds, and stops."""
