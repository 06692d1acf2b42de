"""Just enough HTTP/1.1 to ask a gateway fast: one call at a time over a connection that stays open.

What http2_client is for gRPC, with the same interface, so that both cost the caller about the same.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from typing import Any

HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
STATUS_OF_GRPC = re.compile(rb"grpc-status: *(\d+)", re.IGNORECASE)
RECEIVE = 256 * 1024


class Connection:
    """One connection, whose calls are POSTs of a content type. Framed bodies have gRPC's prefix of five bytes."""

    def __init__(self, port: int, content_type: str, *, framed: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._framed = framed
        self._rest = f" HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: {content_type}\r\ncontent-length: "
        self._out, self._in = b"", b""
        self._began: Any = None
        self._received = 0
        self.first_error = b""

    @property
    def in_flight(self) -> int:
        """Calls that wait for their end: one or none."""
        return int(self._began is not None)

    def put(self, path: str, message: bytes, began: Any = None) -> bool:
        """Queues a call of a path, which may have its verb before it; False while another is under way."""
        if self._began is not None:
            return False
        verb, _, place = path.rpartition(" ")
        body = struct.pack(">xI", len(message)) + message if self._framed else message
        self._out = f"{verb or 'POST'} {place}{self._rest}{len(body)}\r\n\r\n".encode() + body
        self._began = time.perf_counter() if began is None else began
        return True

    def flush(self) -> None:
        """Sends what is queued."""
        if self._out:
            self.socket.sendall(self._out)
            self._out = b""

    def receive(self) -> list[tuple[Any, bool]]:
        """Waits for bytes; the call, when it began and whether it succeeded, once its reply is whole."""
        data = self.socket.recv(RECEIVE)
        if not data:
            raise ConnectionError("the gateway closed the connection")
        self._received += len(data)
        self._in += data
        head, found, body = self._in.partition(HEAD_ENDS)
        if not found or not _is_whole(head, body):
            return []
        status = STATUS_OF_GRPC.search(self._in)
        answered = b" 200 " in head.partition(b"\r\n")[0] and (status is None or status[1] == b"0")
        if not answered:
            self.first_error = self.first_error or self._in
        began, self._began, self._in = self._began, None, b""
        return [(began, answered)]

    def message_bytes(self) -> int:
        """Bytes received so far, with all that HTTP adds."""
        return self._received

    def close(self) -> None:
        """Closes the connection."""
        self.socket.close()


def _is_whole(head: bytes, body: bytes) -> bool:
    if CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    length = LENGTH.search(head)
    return length is not None and len(body) == int(length[1])
