"""Lock-outs: counting wrong entries, lifting a lock-out, forgetting old ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.lockout import LockoutRule, Tries, count
from exam_sessions.domain.stored_records import LockoutRow
from exam_sessions.execution.mutation import Mutation, SystemMutation
from exam_sessions.execution.random_codes import new_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import LockoutChanges
    from exam_sessions.execution.read_set import ReadSet


class Entries(NamedTuple):
    """Entries of one subject that are not stored yet."""

    rule: LockoutRule
    wrong: int = 0
    entered: int = 0


class CountTries(SystemMutation):
    """Entries of a workspace's subjects, by their keys. The result is what is counted for each now."""

    __slots__ = ("entries",)

    needs_open_workspace = False

    def __init__(self, workspace: str, entries: Mapping[str, Entries]) -> None:
        super().__init__(workspace, len(entries))
        self.entries = entries

    def apply(self, uow: LockoutChanges) -> list[Tries]:
        """Adds them to what is stored, and records the lock-outs that begin."""
        workspace = self.caller.workspace
        known = uow.lockouts.tries_of(workspace, self.entries)
        now, counted = uow.clock.now, []
        for subject, (rule, wrong, entered) in self.entries.items():
            before = known.get(subject) or Tries(workspace, subject)
            after = count(before, wrong, entered, now, rule)
            counted.append(after)
            if after.locked_until != before.locked_until:
                uow.lockouts.begin_now(
                    LockoutRow(workspace, new_ids(1)[0], subject, after.wrong, now, after.locked_until, 0, "", "")
                )
        new = [tries for tries in counted if tries.subject not in known]
        uow.lockouts.put_tries_now(new, [tries for tries in counted if tries.subject in known])
        return counted


class LiftLockout(Mutation):
    """A lock-out is lifted, and its subject begins anew. The result is the lock-out as it is now."""

    __slots__ = ("lockout_id", "message", "of")

    def __init__(self, caller: Caller, of: str, lockout_id: str, message: str) -> None:
        """`of` is the workspace of the lock-out; empty for one of the deployment."""
        super().__init__(caller)
        self.of, self.lockout_id, self.message = of, lockout_id, message

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing: the lock-out is read when it is judged."""

    def apply(self, uow: LockoutChanges) -> LockoutRow:
        """Lifts it, with any other in force of the same subject; one that has ended stays as it is.

        Raises:
            errors.LockoutNotFound: there is none of that id.
        """
        row = uow.lockouts.get(self.of, self.lockout_id)
        now = uow.clock.now
        if not row.is_in_force(now):
            return row
        row = row._replace(lift_time=now, lifted_by=self.caller.actor, message=self.message)
        if not self.caller.validate_only:
            uow.lockouts.lift_now(row, now)
            uow.lockouts.forget_tries_now(self.of, [row.subject])
        return row

    def replay_payload(self, result: LockoutRow) -> str:
        """The lock-out as it was then."""
        return json.dumps(result)

    def replay(self, uow: LockoutChanges, payload: str) -> LockoutRow:  # noqa: ARG002 - nothing is read anew
        """The lock-out as it was then."""
        return LockoutRow(*json.loads(payload))


class ForgetTries(SystemMutation):
    """Counts that are not needed any more. The result is how many were deleted."""

    __slots__ = ("subjects",)

    needs_open_workspace = False

    def __init__(self, workspace: str, subjects: Collection[str]) -> None:
        super().__init__(workspace, len(subjects))
        self.subjects = subjects

    def apply(self, uow: LockoutChanges) -> int:
        """Deletes them."""
        return uow.lockouts.forget_tries_now(self.caller.workspace, self.subjects)


class PurgeLockouts(SystemMutation):
    """Lock-outs that have been kept long enough. The result is how many were removed."""

    __slots__ = ("ids",)

    needs_open_workspace = False

    def __init__(self, workspace: str, ids: Collection[str]) -> None:
        super().__init__(workspace, len(ids))
        self.ids = ids

    def apply(self, uow: LockoutChanges) -> int:
        """Removes them."""
        return uow.lockouts.purge_now(self.caller.workspace, self.ids)
