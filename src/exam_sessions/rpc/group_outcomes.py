"""The outcomes of requests that stand in a queue together, given when all are there.

A future for each, gathered, costs 3 us more a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exam_sessions.execution.queue_protocols import Outcome


class GroupOutcomes:
    """What becomes of so many requests, in their order. Made on the event loop."""

    def __init__(self, size: int) -> None:
        self.complete: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        """Gives the outcomes, results and exceptions, when all are there."""
        self._found: list[Outcome] = [None] * size
        self._missing = size

    def place(self, index: int) -> Place:
        """What takes the outcome of one of them."""
        return Place(self, index)

    def take(self, index: int, outcome: Outcome) -> None:
        """Takes the outcome of a request, once for each."""
        self._found[index] = outcome
        self._missing -= 1
        if not self._missing and not self.complete.done():
            self.complete.set_result(self._found)


class Place:
    """A ReplySink for one request of several."""

    __slots__ = ("_index", "_outcomes")

    def __init__(self, outcomes: GroupOutcomes, index: int) -> None:
        self._outcomes, self._index = outcomes, index

    def done(self) -> bool:
        """Whether the caller has gone away."""
        return self._outcomes.complete.done()

    def set_result(self, result: Any, /) -> None:
        """The request succeeded."""
        self._outcomes.take(self._index, result)

    def set_exception(self, fault: BaseException, /) -> None:
        """The request failed."""
        self._outcomes.take(self._index, fault)
