"""Bounds what is in flight: the bytes of all requests, unpacked, from their arrival until they are answered.

gRPC would unpack a compressed request before it could be refused. So grpcio is set to leave that to us: gzip
says in its last four bytes how long its content is, and what is too long, or too much beside the others, is refused
before a byte is unpacked. A message never begins as gzip does: that would be a field of a wire type there is not.

The size of a request is unknown before it has been read, and gRPC's core fills its buffers for all of them at once:
of 100 calls with 16 MiB each the server had 4.4 GB, and answered no other call for 20 s. So requests that
are not read within a moment are watched. As long as the process grows no more than requests may, as with many callers
on slow lines, all of them go on; when it grows more, the eldest go on, as many as have room, and the others are
refused.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from contextlib import suppress
from itertools import takewhile
from typing import Any

import grpc

from exam_sessions import errors
from exam_sessions.execution.queue_pacing import Arrivals
from exam_sessions.rpc.transports.message_spacing import MessageSpacing

GZIP = b"\x1f\x8b"

SMALL = 16 * 1024
"""Bytes up to which requests are counted apart, so that a few large ones do not keep everybody else out."""

LONG = 128 * 1024
"""Bytes from which a request is unpacked on another thread, so that others need not wait."""


class Admission:
    """Counts the bytes in flight. `limit` is the largest request, `most` what all may have at once, both in bytes.

    The largest request fits whatever `most` is, as long as it is the only one. `arrivals` counts those that are being
    read.
    """

    def __init__(self, limit: int, most: int, arrivals: Arrivals | None = None) -> None:
        self.limit, self.most = limit, max(limit, most)
        self.arrivals = arrivals or Arrivals()
        self._large = self._small = 0

    @property
    def in_flight(self) -> int:
        """Bytes of the requests that are not answered yet."""
        return self._large + self._small

    def take(self, data: bytes) -> int:
        """Counts a request in; gives how many bytes to count out again. What is refused is not counted.

        Nor is one that came unpacked and is larger than a request may be: to refuse it is the decoder's.

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


LOOK_EVERY_S = 0.02
"""How often requests that are being read are looked after, and how long each may take before it is, in seconds."""

FORGOTTEN_PER_LOOK = LOOK_EVERY_S / 60
"""Share of the process's growth that counts no more at the next look: within a minute, it had other reasons."""


class Reading:
    """The requests that are being read, each by a task."""

    def __init__(self, admission: Admission) -> None:
        self._spacing, self._arrivals = MessageSpacing(), admission.arrivals
        self._most, self._kept = admission.most, max(1, admission.most // admission.limit)
        self._since: dict[asyncio.Task[Any], float] = {}
        self._refused: set[asyncio.Task[Any]] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._before: float | None = None

    def __len__(self) -> int:
        """How many are being read."""
        return len(self._since)

    async def read(self, task: asyncio.Task[Any], context: Any) -> bytes:
        """The only request of a call, which is read by this task.

        Raises:
            errors.Overloaded: there is no room for it.
            errors.MalformedMessage: there is none.
        """
        loop = task.get_loop()
        self._since[task] = loop.time()
        if self._looking is None:
            self._looking = loop.call_later(LOOK_EVERY_S, self._look)
        self._arrivals.count += 1
        try:
            data = await context.read()
        except asyncio.CancelledError:
            if task not in self._refused:
                raise
            task.uncancel()
            raise errors.Overloaded from None
        finally:
            self._arrivals.count -= 1
            del self._since[task]
            self._refused.discard(task)
        if data is grpc.aio.EOF:  # type: ignore[attr-defined] # the stubs are older
            raise errors.MalformedMessage
        message: bytes = data
        return message

    async def space(self, length: int) -> None:
        """Returns when a request of so many bytes may be answered."""
        if pause := self._spacing.pause(length, asyncio.get_running_loop().time()):
            await asyncio.sleep(pause)

    def _look(self) -> None:
        self._looking = None
        if not self._since:
            self._before = None
            return
        loop = asyncio.get_running_loop()
        self._looking = loop.call_later(LOOK_EVERY_S, self._look)
        eldest = loop.time() - LOOK_EVERY_S
        slow = [task for task, _ in takewhile(lambda item: item[1] < eldest, self._since.items())]
        if not slow:
            self._before = None
            return
        resident = resident_bytes()
        if self._before is None:
            self._before = resident
        if resident - self._before > self._most:
            for task in slow[self._kept :]:
                if task not in self._refused:
                    self._refused.add(task)
                    task.cancel()
        self._before += (resident - self._before) * FORGOTTEN_PER_LOOK


def resident_bytes() -> int:
    """The memory of this process; 0 where it is unknown, so that it never grows."""
    with suppress(OSError), open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - a third of the time
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
