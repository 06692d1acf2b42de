"""The port on which metrics are scraped: HTTP on threads of its own, by prometheus-client and wsgiref."""

from __future__ import annotations

import socketserver
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from exam_sessions.rpc.cannot_serve import CannotListen
from exam_sessions.rpc.transports.listen_addresses import METRICS, ListenAddress

if TYPE_CHECKING:
    import socket

SCRAPES_AT_MOST = 8
"""Connections at once; more are closed."""

PATIENCE_S = 10.0
"""How long a connection may take to send its request, and to take the answer, in seconds."""

LOOK_EVERY_S = 0.1
"""How often it is looked whether the server is to stop, in seconds."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Says nothing: scrapes are not worth a line each."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: ListenAddress) -> None:
        self.address_family, resolved = address.resolve()[0]
        self._slots = threading.BoundedSemaphore(SCRAPES_AT_MOST)
        super().__init__(resolved[:2], _Handler)

    def server_bind(self) -> None:
        """Binds the port. The base asks the network for the name of the host, which is not needed."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Answers on a thread, or closes the connection where there are too many."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Answers, on its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a caller that went away is no fault."""


class Exposition:
    """Serves a registry at an address, from its start to its stop.

    Raises:
        CannotListen: another program listens there.
    """

    def __init__(self, address: ListenAddress, registry: CollectorRegistry) -> None:
        try:
            self._server = _Server(address)
        except OSError as error:
            way_out = f"choose another address with {METRICS} HOST:PORT"
            raise CannotListen(str(address), error.strerror or str(error), way_out) from error
        self._server.set_app(make_wsgi_app(registry))
        self.address = address._replace(port=self._server.server_port)
        """Where it is served, with the port that the system gave."""
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(LOOK_EVERY_S,), name="metrics", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answers no more and gives the port back; may take LOOK_EVERY_S."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
