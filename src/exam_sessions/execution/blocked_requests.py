"""Requests that wait until a long one of the same queue is done, and their way back into the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.execution.queue_protocols import EXCLUSIVE_WEIGHT

if TYPE_CHECKING:
    from exam_sessions.execution.queue_protocols import QueueEntry


class BlockedRequests:
    """Those of one queue, in the order in which they were found to be blocked.

    Of the long ones one at a time is released, for it blocks the others again: beside ten rosters nine went through
    the queue between any two chunks of the first.
    """

    def __init__(self) -> None:
        self._short: list[QueueEntry] = []
        self._long: list[QueueEntry] = []
        self.count = 0

    def add(self, entry: QueueEntry) -> None:
        """Keeps a request."""
        self.count += 1
        (self._long if _is_long(entry) else self._short).append(entry)

    def release(self, queue: list[QueueEntry], *, with_long: bool) -> None:
        """Puts the short ones behind those in a queue; and `with_long` the first long one before the long ones there.

        A long one is released when another has ended: so none overtakes one that was released before it.
        """
        queue += self._short
        self._short.clear()
        if with_long and self._long:
            first_long = next((n for n, entry in enumerate(queue) if _is_long(entry)), len(queue))
            queue.insert(first_long, self._long.pop(0))
        self.count = len(self._long)


def _is_long(entry: QueueEntry) -> bool:
    return entry.request.weight >= EXCLUSIVE_WEIGHT
