"""Transports carry calls between the network and handlers.py. They are exchangeable; which one is used is a setting.

    grpcio   the default: gRPC's own server (grpcio.py)
    native   pygrpc-native, an extra, experimental: HTTP/2 outside the interpreter's lock (native.py)

Which one a setting names is selection.py's. Each also has a grpc.aio server (aio.py), which carries the
streams that take many messages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from exam_sessions.rpc.handlers import BidiStreamHandler, QueuedUnaryHandler, ServerStreamHandler, UnaryHandler
    from exam_sessions.rpc.transports.admission import Admission
    from exam_sessions.rpc.transports.drain import Drain


class CannotServe(Exception):  # noqa: N818 - a condition the command line explains
    """A transport that cannot be used, or not with these settings. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


class CannotListen(CannotServe):
    """A place nobody can listen at, or at which somebody does already."""

    def __init__(self, listen: str, why: str) -> None:
        super().__init__(f"nobody can listen at {listen}: {why}", "choose another place with --listen HOST:PORT")


class Transport(ABC):
    """A server on one port. `admission` bounds what is in flight on it."""

    port: int
    """The port it listens on; the one the system gave when 0 was asked for."""

    aio: grpc.aio.Server
    """For what no transport of another kind carries."""

    drain: Drain
    """The calls under way."""

    @abstractmethod
    def __init__(self, listen: str, admission: Admission, *, share_port: bool) -> None: ...

    @abstractmethod
    def add(
        self, handlers: Sequence[QueuedUnaryHandler | UnaryHandler | ServerStreamHandler | BidiStreamHandler]
    ) -> None:
        """Takes the handlers of one service; before it starts."""

    @abstractmethod
    async def start(self) -> None:
        """Takes calls from now on; their handlers run on this event loop."""

    @abstractmethod
    async def stop(self, grace: float) -> None:
        """Refuses new calls, ends streams, finishes what is under way within `grace` seconds, and stops."""
