"""Deletes expired requests. No index orders them by age, which would cost every call: the table is read in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.execution.mutation import SystemMutation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.execution.capabilities import HasRequests
    from exam_sessions.execution.group_commit import GroupCommitQueue
    from exam_sessions.execution.queries import Reads

RETENTION = 48 * 3600 * 1_000_000
"""How long requests are stored, in microseconds. The contract requires 24 hours at least."""

LOOK_AT = 20_000
"""Requests looked at in one step."""

EXPIRE_AT_MOST = 200
"""Requests deleted in one transaction, which is how long callers wait at most."""


class ExpireRequests(SystemMutation):
    """Requests that are too old. The result is how many were deleted."""

    __slots__ = ("ids",)

    needs_open_workspace = False

    def __init__(self, workspace: str, ids: Sequence[str]) -> None:
        super().__init__(workspace, len(ids))
        self.ids = ids

    def apply(self, uow: HasRequests) -> int:
        """Deletes them."""
        return uow.requests.expire_now(self.caller.workspace, self.ids)


class RequestExpiry:
    """Rounds through the stored requests, a step at a time; each workspace has a round of its own."""

    def __init__(self, reads: Reads, queue: GroupCommitQueue, now: Callable[[], int]) -> None:
        self._reads, self._queue, self._now = reads, queue, now
        self._cursors: dict[str, str] = {}

    def begin_round(self, workspace: str) -> None:
        """Starts at the beginning, unless a round is under way."""
        self._cursors.setdefault(workspace, "")

    async def step(self, workspace: str) -> None:
        """Reads the next requests of the round, if one is under way, and deletes the expired ones."""
        after = self._cursors.get(workspace)
        if after is None:
            return
        before = self._now() - RETENTION
        last, old = await self._reads.old_requests(workspace, after, before, LOOK_AT)
        for start in range(0, len(old), EXPIRE_AT_MOST):
            await self._queue.submit(ExpireRequests(workspace, old[start : start + EXPIRE_AT_MOST]))
        if last:
            self._cursors[workspace] = last
        else:
            self._cursors.pop(workspace, None)
