"""The clock's own moves: windows open and attempts expire without anybody asking. Safe in every replica at once.

Due sessions are found by an index in bounded sweeps; each is judged anew inside the writing transaction, so a sweep
that comes second finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.background.request_expiry import RequestExpiry
from exam_sessions.commands.finalize import CloseRelease
from exam_sessions.commands.session_changes import record
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE
from exam_sessions.domain.attempts import current_attempt_of, damage_of
from exam_sessions.domain.decide import decide, due_command, with_derived_columns
from exam_sessions.domain.quarantine import quarantine
from exam_sessions.domain.states import STATE_BY_CODE
from exam_sessions.execution.measures import Distribution
from exam_sessions.execution.mutation import SystemMutation
from exam_sessions.execution.outages import OUTAGES
from exam_sessions.store.database_errors import DatabaseDown
from exam_sessions.store.staged_imports import REVOKED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from exam_sessions.domain.records import Release, Session
    from exam_sessions.execution.capabilities import HasStagedImports, SessionChanges
    from exam_sessions.execution.group_commit import GroupCommitQueue
    from exam_sessions.execution.known_workspaces import KnownWorkspaces
    from exam_sessions.execution.queries import Reads
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.store.engine import Store
    from exam_sessions.store.staged_imports import StagedImportRow

log = logging.getLogger(__name__)

SWEEP_AT_MOST = 200
"""Sessions of one sweep, so that callers wait for no more than that."""

TIDY_EVERY = 100
"""Sweeps between the beginnings of two rounds of forgetting old requests."""

CLOSE_EVERY_S = 0.02
"""Seconds between two looks whether a release can be closed that others are submitting too."""

TEND_EVERY = 4
"""Sweeps between two maintenance runs of the database."""


class Sweep(SystemMutation):
    """Due sessions of a workspace. The result is how many were moved."""

    __slots__ = ("ids",)

    def __init__(self, workspace: str, ids: Sequence[str]) -> None:
        super().__init__(workspace, len(ids))
        self.ids = ids

    def declare_reads(self, reads: ReadSet) -> None:
        """Every session named, and its attempts."""
        reads.marking_context = True
        self._declare_sessions(reads)

    def _declare_sessions(self, reads: ReadSet) -> None:
        for session_id in self.ids:
            reads.session(self.caller.workspace, session_id, "")

    def apply(self, uow: SessionChanges) -> int:
        """Moves what is due; what came too early is only looked at again later; a bad row is set aside."""
        moved = 0
        for session_id in self.ids:
            try:
                session = uow.sessions.get(self.caller.workspace, session_id)
            except errors.SessionNotFound:
                continue
            try:
                moved += self._move(uow, session, uow.releases.get(session.workspace_id, session.release_id))
            except Exception as fault:
                log.exception("session %s is set aside", session.id)
                self._quarantine(uow, session, fault)
        return moved

    def _move(self, uow: SessionChanges, session: Session, release: Release) -> int:
        if session.state not in STATE_BY_CODE:
            raise ValueError(f"{session.state} is not a state")
        now = uow.clock.moment(session)
        command = due_command(session, release, now)
        if command is None:
            uow.sessions.update(with_derived_columns(session, release, now), frozenset(), (), self.caller)
            return 0
        marking_context = uow.forms.marking_context(session, command)
        if damage := damage_of(current_attempt_of(session, marking_context.attempts)):
            raise errors.SessionDamaged(session.id, damage)
        decision = decide(session, release, command, now, marking_context)
        record(uow, session, decision, self.caller)
        return 1

    def _quarantine(self, uow: SessionChanges, session: Session, fault: Exception) -> None:
        now = uow.clock.moment(session) if isinstance(session.update_time, int) else uow.clock.now
        record(uow, session, quarantine(session, fault, now), self.caller)


class QuarantineSessions(Sweep):
    """Due sessions no sweep can move, not even one by one. The result is how many were set aside."""

    __slots__ = ("fault",)

    def __init__(self, workspace: str, ids: Sequence[str], fault: Exception) -> None:
        super().__init__(workspace, ids)
        self.fault = fault

    def declare_reads(self, reads: ReadSet) -> None:
        """Every session named, but not its attempts: they may be unreadable."""
        self._declare_sessions(reads)

    def _move(self, uow: SessionChanges, session: Session, release: Release) -> int:  # noqa: ARG002 - as Sweep
        raise self.fault


class DiscardStagedImport(SystemMutation):
    """A staged import whose server has died. The result is how many of its sessions were removed."""

    __slots__ = ("staged",)

    needs_open_workspace = False

    def __init__(self, staged: StagedImportRow) -> None:
        super().__init__(staged.workspace_id)
        self.staged = staged

    def apply(self, uow: HasStagedImports) -> int:
        """Removes a bounded number of sessions, and the staged import once none is left."""
        return uow.staged_imports.discard_now(self.staged, SWEEP_AT_MOST)


class Scheduler:
    """The background task of a server."""

    def __init__(
        self,
        store: Store,
        reads: Reads,
        queue: GroupCommitQueue,
        now: Callable[[], int],
        tick: float,
        under_way: Callable[[], set[str]],
        workspaces: KnownWorkspaces,
    ) -> None:
        self._store, self._reads, self._queue = store, reads, queue
        self._now, self._tick, self._under_way = now, tick, under_way
        self._workspaces = workspaces
        self._expiry = RequestExpiry(reads, queue, now)
        self._sweeps = 0
        self.durations = Distribution()
        """How long each sweep that succeeded took, in seconds."""
        self.last_sweep = 0
        """When the last of them ended, in microseconds since 1970; 0 before the first."""

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Sweeps for ever, once a tick; a fault is logged and the next tick tries again."""
        while True:
            try:
                await self.sweep()
            except errors.ShuttingDown:
                return
            except OUTAGES:
                pass  # counted where it failed
            except DatabaseDown as down:
                self._store.availability.failed(down)
            except Exception:
                log.exception("a sweep failed; the next one tries again")
            await sleep(self._tick)

    async def sweep(self) -> int:
        """Moves everything that is due now, in bounded batches; how many sessions were moved.

        In a closed workspace nothing moves; what became due there does once it is reopened.
        """
        begun = perf_counter()
        moved, states = 0, await self._reads.workspaces.states()
        self._workspaces.update(states)
        workspaces = [state.workspace_id for state in states if not state.close_time]
        for workspace in workspaces:
            with suppress(errors.WorkspaceClosed):
                moved += await self._sweep(workspace)
        for workspace in (*workspaces, SYSTEM_WORKSPACE):
            if self._sweeps % TIDY_EVERY == 0:
                self._expiry.begin_round(workspace)
            await self._expiry.step(workspace)
        for workspace, release_id in await self._reads.releases_being_finalized():
            with suppress(errors.WorkspaceClosed):
                await self._queue.submit(CloseRelease(workspace, release_id))
        await self.discard_orphaned()
        if self._sweeps % TEND_EVERY == 0:
            await asyncio.to_thread(self._store.analyze)
        self._sweeps += 1
        self.durations.record(perf_counter() - begun)
        self.last_sweep = self._now()
        return moved

    async def _sweep(self, workspace: str) -> int:
        moved = 0
        while ids := await self._reads.due(workspace, self._now(), SWEEP_AT_MOST):
            moved += await self._move(workspace, ids)
            if len(ids) < SWEEP_AT_MOST:
                break
        return moved

    async def close(self, workspace: str, release_id: str) -> None:
        """Submits what is in progress in a release that was locked, and closes it; others may be at it too."""
        while not await self._queue.submit(CloseRelease(workspace, release_id)):
            if not await self._sweep(workspace):
                # Another server is doing it.
                await asyncio.sleep(min(self._tick, CLOSE_EVERY_S))

    async def _move(self, workspace: str, ids: Sequence[str]) -> int:
        """One sweep; when it fails, one for each session, and those that fail alone are set aside."""
        try:
            return int(await self._queue.submit(Sweep(workspace, ids)))
        except errors.Refusal:
            raise
        except Exception as fault:
            if len(ids) == 1:
                log.exception("session %s is set aside", ids[0])
                return int(await self._queue.submit(QuarantineSessions(workspace, ids, fault)))
        return sum([await self._move(workspace, [session_id]) for session_id in ids])

    async def discard_orphaned(self) -> None:
        """Removes what servers that have ended left half written, and what this one could not remove at once."""
        for staged in await self._reads.staged_imports():
            if staged.id in self._under_way() or await asyncio.to_thread(self._is_another_s, staged):
                continue
            log.warning("removing a roster that its server did not live to finish: %s", staged.id)
            while await self._queue.submit(DiscardStagedImport(staged)) == SWEEP_AT_MOST:
                pass

    def _is_another_s(self, staged: StagedImportRow) -> bool:
        """Whether another live server is at work on it."""
        own = (REVOKED, self._store.register_liveness())
        return staged.owner not in own and self._store.is_alive(staged.owner)
