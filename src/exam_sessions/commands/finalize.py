"""Finalizing a release and opening it again (ItemLogic, /release/finalize).

The lock is one transaction. What is in progress is then due at once, and the scheduler submits it in its sweeps; when
nothing is left, one more transaction closes the release. Statistics are computed when it is read (queries.py). Any
server may do each of these, so one that is killed in between delays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.commands.releases import CLOCKED, ChangeRelease
from exam_sessions.domain.clock import UNDER_WAY
from exam_sessions.domain.release import close, finalize, is_submitting, unfinalize
from exam_sessions.execution.mutation import SystemMutation
from exam_sessions.execution.queue_protocols import EXCLUSIVE_WEIGHT

if TYPE_CHECKING:
    from exam_sessions.domain.records import Release
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import ReleaseChanges
    from exam_sessions.execution.read_set import ReadSet


class SetReleaseFinalized(ChangeRelease):
    """Locks a release, or opens it again. The result is the release."""

    __slots__ = ("closing",)

    def __init__(self, caller: Caller, release_id: str, etag: str, *, closing: bool) -> None:
        super().__init__(caller, release_id, etag)
        self.closing = closing

    def apply(self, uow: ReleaseChanges) -> Release:
        """Writes it, and has the clock look at the sessions it concerns."""
        release = self._current(uow)
        turn = finalize if self.closing else unfinalize
        became = turn(release, uow.clock.moment(release))
        if not self.caller.validate_only:
            uow.releases.update_now(became)
            uow.sessions.mark_due_now(became, UNDER_WAY if self.closing else CLOCKED, self.caller)
        return became


class CloseRelease(SystemMutation):
    """The end of a finalizing. The result says whether it is done: nothing is in progress any more."""

    __slots__ = ("release_id",)

    def __init__(self, workspace: str, release_id: str) -> None:
        # Nothing else may be entered in its transaction: what is counted is what was there before it.
        super().__init__(workspace, EXCLUSIVE_WEIGHT)
        self.release_id = release_id

    def declare_reads(self, reads: ReadSet) -> None:
        """The release."""
        reads.release(self.caller.workspace, self.release_id, to_change=True)

    def apply(self, uow: ReleaseChanges) -> bool:
        """Closes it, unless something is still to be submitted."""
        release = uow.releases.get(self.caller.workspace, self.release_id)
        if not is_submitting(release):
            return True
        states = {aggregate.state for aggregate in uow.releases.aggregates(release)}
        closed = close(release, states, uow.clock.moment(release))
        if closed is None:
            return False
        uow.releases.update_now(closed)
        return True
