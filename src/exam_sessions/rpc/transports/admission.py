"""Bounds what is in flight: the bytes of all requests, unpacked, from their arrival until they are answered.

gRPC would unpack a compressed request before anybody could refuse it. So grpcio is told to leave that to us: gzip
says in its last four bytes how long its content is, and what is too long, or too much beside the others, is refused
before a byte is unpacked. A message never begins as gzip does: that would be a field of a wire type there is not.
"""

from __future__ import annotations

import asyncio
import zlib

from exam_sessions import errors

GZIP = b"\x1f\x8b"
SMALLEST_GZIP = 18
"""Bytes of header and trailer."""

SMALL = 16 * 1024
"""Bytes up to which requests are counted apart, so that a few large ones do not keep everybody else out."""

LONG = 128 * 1024
"""Bytes from which a request is unpacked on another thread, so that others need not wait."""


class Admission:
    """Counts the bytes in flight. `limit` is the largest request, `most` what all may have at once, both in bytes.

    The largest request fits whatever `most` is, as long as it is the only one.
    """

    def __init__(self, limit: int, most: int) -> None:
        self.limit, self.most = limit, max(limit, most)
        self._large = self._small = 0

    @property
    def in_flight(self) -> int:
        """Bytes of the requests that are not answered yet."""
        return self._large + self._small

    def take(self, data: bytes) -> int:
        """Counts a request in; gives how many bytes to count out again. What is refused is not counted.

        Nor is one that came unpacked and is larger than a request may be: to refuse it is the door's.

        Raises:
            errors.MessageTooLarge: unpacked, it would be larger than a request may be.
            errors.Overloaded: there is no room beside the others.
        """
        packed = data.startswith(GZIP)
        size = unpacked_size(data) if packed else len(data)
        if size <= SMALL:
            if self._small + size > self.most:
                raise errors.Overloaded
            self._small += size
            return size
        if size > self.limit:
            if packed:
                raise errors.MessageTooLarge(size, self.limit)
            return 0
        if self._large + size > self.most:
            raise errors.Overloaded
        self._large += size
        return size

    def give(self, size: int) -> None:
        """Counts a request out."""
        if size <= SMALL:
            self._small -= size
        else:
            self._large -= size


def unpacked_size(data: bytes) -> int:
    """The bytes that gzip says it holds, or those it has, if they are more."""
    return max(len(data), int.from_bytes(data[-4:], "little"))


async def unpacked(data: bytes, size: int) -> bytes:
    """The content of gzip, of at most so many bytes; what is not packed, as it is.

    Raises:
        errors.MalformedMessage: it is not gzip, or holds more than it says.
    """
    if not data.startswith(GZIP):
        return data
    return unpack(data, size) if size < LONG else await asyncio.to_thread(unpack, data, size)


def unpack(data: bytes, size: int) -> bytes:
    """As `unpacked`, on this thread, of what is packed."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(data, size + 1)
    except zlib.error:
        raise errors.MalformedMessage from None
    if len(content) > size or not unpacking.eof or unpacking.unused_data:
        raise errors.MalformedMessage
    return content
