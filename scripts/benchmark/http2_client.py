"""Just enough HTTP/2 and gRPC to ask a server fast: unary calls with given bytes, over one connection.

A general client costs more than the server it asks (grpcio in Python does 3,000 to 4,000 calls a second on a core)
and would be what is measured. Here a call is a few bytes put together, and a reply is read by its frame headers only.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW, LARGEST_WINDOW = 65_535, 2**31 - 1
INITIAL_WINDOW_SETTING = 4
STATIC_NAMES = {":authority": 1, ":path": 4, "content-type": 31, "user-agent": 58}
STATIC_TABLE_SIZE = 61
POST, HTTP, HTTPS = bytes([0x80 | 3]), bytes([0x80 | 6]), bytes([0x80 | 7])
"""Header fields of HPACK's static table: the method and the schemes."""
RECEIVE = 256 * 1024


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame with its header."""
    return struct.pack(">HBBBI", len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream) + payload


def _number(value: int, bits: int, pattern: int) -> bytes:
    """An HPACK integer behind a bit pattern."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([pattern | value])
    out, value = bytearray([pattern | most]), value - most
    while value >= 128:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _text(text: str) -> bytes:
    return _number(len(text), 7, 0) + text.encode()


class _HeaderBlocks:
    """The header blocks of a connection: spelled out the first time, indexed from then on, as real clients do."""

    def __init__(self, authority: str, scheme: bytes, credential: str) -> None:
        self._first = POST + scheme
        self._common = {
            ":authority": authority,
            "content-type": "application/grpc",
            "te": "trailers",
            "user-agent": "exam-sessions-bench",
        }
        if credential:
            self._common["authorization"] = f"Bearer {credential}"
        self._table: list[tuple[str, str]] = []  # newest first, as HPACK counts
        self._settled: dict[str, bytes] = {}

    def of(self, path: str) -> bytes:
        """The block for the next call of a method."""
        block = self._settled.get(path)
        if block is None:
            before = len(self._table)
            block = self._encode(path)
            if len(self._table) == before:
                self._settled[path] = block
            else:
                self._settled.clear()
        return block

    def _encode(self, path: str) -> bytes:
        parts = [self._first]
        for name, value in ((":path", path), *self._common.items()):
            if (name, value) in self._table:
                parts.append(_number(STATIC_TABLE_SIZE + 1 + self._table.index((name, value)), 7, 0x80))
            else:
                known = STATIC_NAMES.get(name)
                parts.append(_number(known, 6, 0x40) if known else b"\x40" + _text(name))
                parts.append(_text(value))
                self._table.insert(0, (name, value))
        return b"".join(parts)


def _secured(plain: socket.socket, ca: Path) -> socket.socket:
    """The connection over TLS, which reads and writes as the plain one does.

    A read gives one record at most. The next stays in the kernel, where a selector sees it.
    """
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


class Connection:
    """One HTTP/2 connection, over TLS with a CA, whose calls carry a credential where there is one.

    `put` queues calls, `flush` sends, `receive` gives what ended.
    """

    def __init__(self, port: int, ca: Path | None = None, credential: str = "") -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            self.socket = _secured(self.socket, ca)
        self._blocks = _HeaderBlocks(f"127.0.0.1:{port}", HTTPS if ca else HTTP, credential)
        self._next = 1
        self._started: dict[int, Any] = {}
        self._answered: set[int] = set()
        self._in = b""
        self._credit = INITIAL_WINDOW
        self._owed = 0
        self.bytes_received = 0
        self.first_error = b""
        settings = struct.pack(">HIHI", 2, 0, INITIAL_WINDOW_SETTING, LARGEST_WINDOW)
        window = struct.pack(">I", LARGEST_WINDOW - INITIAL_WINDOW)
        self._out = [PREFACE, frame(SETTINGS, 0, 0, settings), frame(WINDOW_UPDATE, 0, 0, window)]

    @property
    def in_flight(self) -> int:
        """Calls that wait for their end."""
        return len(self._started)

    def waiting(self) -> list[Any]:
        """When the calls that wait for their end began."""
        return list(self._started.values())

    def put(self, path: str, message: bytes, began: Any = None) -> bool:
        """Queues a call; False when the server has not yet made room for it, and nothing was queued.

        It counts from now, or from when it `began`; `receive` gives that back, whatever it is.
        """
        size = len(message) + 5
        if self._credit < size:
            return False
        self._credit -= size
        stream, self._next = self._next, self._next + 2
        block = self._blocks.of(path)
        length = len(block)
        self._out.append(struct.pack(">HBBBI", length >> 8, length & 0xFF, HEADERS, END_HEADERS, stream))
        self._out.append(block)
        self._out.append(struct.pack(">HBBBIxI", size >> 8, size & 0xFF, DATA, END_STREAM, stream, size - 5))
        self._out.append(message)
        self._started[stream] = time.perf_counter() if began is None else began
        return True

    def flush(self) -> None:
        """Sends what is queued, in one system call."""
        if self._out:
            self.socket.sendall(b"".join(self._out))
            self._out.clear()

    def receive(self) -> list[tuple[Any, bool]]:
        """Waits for bytes; for each call that ended when it was put, and whether it was answered with a message.

        A refused unary call ends without a message, so that the status itself need not be decoded.
        """
        data = self.socket.recv(RECEIVE)
        if not data:
            raise ConnectionError("the server closed the connection")
        data = self._in + data
        ended: list[tuple[Any, bool]] = []
        place, end = 0, len(data)
        while end - place >= 9:  # noqa: PLR2004 - a frame header
            size = data[place] << 16 | data[place + 1] << 8 | data[place + 2]
            stop = place + 9 + size
            if stop > end:
                break
            kind, flags = data[place + 3], data[place + 4]
            stream = int.from_bytes(data[place + 5 : place + 9], "big")
            if kind == DATA:
                self._owed += size
                self._answered.add(stream)
            elif kind == HEADERS and not flags & END_STREAM:
                pass
            elif kind in {HEADERS, RST_STREAM}:
                # A reset after the end only says that the server wants to hear no more; before it, the call is lost.
                if stream in self._started:
                    ended.append(self._end(stream, kind, data[place + 9 : stop]))
            else:
                self._control(kind, flags, stream, data[place + 9 : stop])
            place = stop
        self._in = data[place:]
        if self._owed > LARGEST_WINDOW // 4:
            self._out.append(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self._owed)))
            self.bytes_received += self._owed
            self._owed = 0
        return ended

    def _end(self, stream: int, kind: int, payload: bytes) -> tuple[Any, bool]:
        answered = kind == HEADERS and stream in self._answered
        self._answered.discard(stream)
        if not answered:
            self.first_error = self.first_error or payload
        return self._started.pop(stream), answered

    def message_bytes(self) -> int:
        """Bytes of messages received so far, with the five of each message's prefix."""
        return self.bytes_received + self._owed

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == WINDOW_UPDATE and stream == 0:
            self._credit += int.from_bytes(payload, "big")
        elif kind == SETTINGS and not flags & ACK:
            self._out.append(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._out.append(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.server_leaves(payload)

    def server_leaves(self, payload: bytes) -> None:
        """The server ends the connection.

        Raises:
            ConnectionError: always.
        """
        raise ConnectionError(f"the server ended the connection: {payload!r}")

    def close(self) -> None:
        """Closes the connection."""
        self.socket.close()
