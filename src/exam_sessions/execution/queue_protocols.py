"""What stands in a group commit queue, what works on its groups, and what gets the outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from exam_sessions.execution.measures import GroupTimes, WriteMeasures
    from exam_sessions.store.engine import Db

EXCLUSIVE_WEIGHT = 200
"""A mutation of this weight has a transaction to itself, on the thread."""

Outcome = Any
"""A mutation's result, the exception that its caller gets, REQUEUE while there is more to do, or BLOCKED."""

REQUEUE = object()
"""The outcome of a mutation that has more to do: it goes to the end of the queue, and others go first."""

BLOCKED = object()
"""The outcome of a mutation that waits for one with more to do: it is queued again when there is none (`is_free`)."""


class Postponed(Exception):  # noqa: N818 - nothing went wrong
    """A request cannot be opened before `until` has been awaited; then it goes to the end of the line."""

    def __init__(self, until: Coroutine[Any, Any, None]) -> None:
        super().__init__()
        self.until = until


class QueuedRequest(Protocol):
    """What stands in line: something a queue can work on once it is opened, and whose result it can render."""

    @property
    def weight(self) -> int:
        """How many rows it is about; a heavy one has a group to itself."""

    def open(self, group: GroupTimes) -> Any:
        """Returns what GroupHandler takes; it may keep the times of its group.

        Raises:
            Refusal: the request cannot be decoded.
            Postponed: something has to be awaited first.
        """

    def render(self, result: Any) -> Any:
        """Returns the result as the caller gets it."""


class PendingCommit(NamedTuple):
    """A group that is worked out; its outcomes hold once `commit` has returned, or at once without one."""

    outcomes: Sequence[Outcome]
    commit: Callable[[], Sequence[Outcome]] | None


class GroupHandler(Protocol):
    """What a queue does with groups."""

    measures: WriteMeasures
    """Of its commits."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is under way that requests would be BLOCKED by; asked between groups."""

    def attach(self, db: Db, others_wait: Callable[[], bool]) -> None:
        """Works on this connection from now on; called once, before any group.

        `others_wait` says on any thread whether requests wait for the group at work to end.
        """

    def prepare(self, group: Sequence[Any]) -> PendingCommit | None:
        """Works a light group out and leaves its transaction open; None when `run` has to do it."""

    def run_together(self, group: Sequence[Any]) -> Sequence[Outcome]:
        """Works a light group out and makes it durable, where the database keeps us waiting."""

    def run(self, group: Sequence[Any]) -> Sequence[Outcome]:
        """Works each of a group out by itself and makes it durable."""


class ReplySink(Protocol):
    """Gets the outcome of a request, on the event loop: a future, or what answers a caller without one."""

    def done(self) -> bool:
        """Whether the caller has gone away."""

    def set_result(self, result: Any, /) -> None:
        """The request succeeded."""

    def set_exception(self, fault: BaseException, /) -> None:
        """The request failed."""


class QueueEntry(NamedTuple):
    """A queued request, and what gets its outcome."""

    request: QueuedRequest
    sink: ReplySink
