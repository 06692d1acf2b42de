"""Which requests are being read, so that no more memory is filled by them than all requests together may take.

How long a request is nobody says before it has been read, and gRPC's core fills its buffers for all of them at once:
of 100 calls with 16 MiB each the server had 4.4 GB, and answered nobody else for 20 s. So whatever is not read within
a moment is looked after. As long as the process grows no more than requests may, as with many callers on slow lines,
all of them go on; when it grows more, the eldest go on, as many as have room, and the others are refused.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import grpc

from exam_sessions import errors
from exam_sessions.rpc.message_spacing import MessageSpacing

if TYPE_CHECKING:
    from exam_sessions.rpc.transports.admission import Admission

LOOK_EVERY_S = 0.02
"""How often requests that are being read are looked after, and how long each may take before it is, in seconds."""

FORGOTTEN_PER_LOOK = LOOK_EVERY_S / 60
"""Share of the process's growth that counts no more at the next look: within a minute, it had other reasons."""


class Reading:
    """The requests that are being read, each by a task."""

    def __init__(self, admission: Admission) -> None:
        self._spacing = MessageSpacing()
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
        try:
            data = await context.read()
        except asyncio.CancelledError:
            if task not in self._refused:
                raise
            task.uncancel()
            raise errors.Overloaded from None
        finally:
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
    """The memory of this process; 0 where nobody tells, so that it never grows."""
    with suppress(OSError), open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - a third of the time
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
