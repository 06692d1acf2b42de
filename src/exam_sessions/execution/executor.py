"""Runs groups of mutations: one transaction a group, refusals before the first write, outcomes after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.domain.workspaces import Workspace, create_workspace
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.mutation import ChunkedMutation
from exam_sessions.execution.outages import refusal_of
from exam_sessions.execution.queue_protocols import BLOCKED, REQUEUE, Outcome, PendingCommit
from exam_sessions.execution.reservation import BlockedByStagedImport
from exam_sessions.execution.unit_of_work import UnitOfWorkFactory
from exam_sessions.store.database_errors import (
    DatabaseDown,
    LostRace,
    UniqueViolation,
    Unreachable,
    WorkspaceIsClosed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.known_workspaces import KnownWorkspaces
    from exam_sessions.execution.mutation import Mutation
    from exam_sessions.execution.unit_of_work import UnitOfWork
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.requests import RequestRow

    CommitListener = Callable[[Mapping[str, list[EventRow]]], None]
    """Called on the event loop with the workspaces in which events were committed, and those events of each whose
    numbers are known."""

TRIES = 20
"""How often a mutation that lost a race is decided; mostly the second time finds what won, and is refused.

The next revision of a form is not refused but tried with the number after, and may lose once to each server.
"""

FAILURES_AT_MOST = 3
"""Mutations of a group that may wait for the database in vain; the others do not try.

Where a table is locked each would wait, and their callers for all of them.
"""


class Executor:
    """The handler of the writing queue."""

    def __init__(
        self, repositories: Repositories, now: Callable[[], int], server: str, workspaces: KnownWorkspaces
    ) -> None:
        self._repositories, self._now, self._server = repositories, now, server
        self._workspaces = workspaces
        self.measures = WriteMeasures()
        self.listeners: list[CommitListener] = []
        self._unfinished: dict[ChunkedMutation, Generator[None, None, Any]] = {}

    def attach(self, db: Db, others_wait: Callable[[], bool] = lambda: False) -> None:
        """Writes on this connection from now on."""
        self._db = db
        self._factory = UnitOfWorkFactory(
            db, self._repositories, self._now, self._server, self._workspaces, self.measures, others_wait
        )

    @property
    def is_free(self) -> bool:
        """Whether no roster is under way."""
        return not self._factory.reserved

    def prepare(self, group: Sequence[Mutation]) -> PendingCommit | None:
        """Decides and writes a group, and leaves its commit to a thread that can wait for the disk.

        Returns:
            The outcomes with the commit; None when the group must go through `run`, because the database is not free
            or a mutation of the group failed.
        """
        try:
            return self._prepared(group, requests=False)
        except Exception:  # noqa: BLE001 - `run` repeats it one by one, so that only what fails is answered so
            self._factory.cache.clear()
            return None

    def _prepared(self, group: Sequence[Mutation], *, requests: bool) -> PendingCommit:
        """As `prepare`; whatever failed is raised.

        With `requests` the stored requests of all are looked for, not only those that were recorded here of late.
        """
        uow = self._factory.begin_at_once(group, requests=requests)
        try:
            outcomes = [self._settle(mutation, uow) for mutation in group]
            wrote = uow.write()
        except BaseException:
            uow.rollback()
            raise
        if not wrote:
            uow.end_unwritten()
            return PendingCommit(outcomes, None)
        return PendingCommit(outcomes, lambda: self._committed(uow, outcomes))

    def _committed(self, uow: UnitOfWork, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, once they are durable."""
        try:
            uow.commit()
        except DatabaseDown as down:
            self._db.availability.failed(down, len(outcomes))
            uow.rollback()
            self._factory.cache.clear()
            return [refusal_of(down) for _ in outcomes]
        except BaseException:
            uow.rollback()
            raise
        return outcomes

    def staged_imports_in_progress(self) -> set[str]:
        """The rosters this server is at work on."""
        return {held.staged.id for held in list(self._factory.reserved)}

    def announce(self) -> None:
        """Calls the listeners where events were committed since the last time; called when no group is at work."""
        touched = self._factory.touched_workspaces
        for listener in self.listeners if touched else ():
            listener(touched.copy())
        touched.clear()

    def run_together(self, group: Sequence[Mutation]) -> list[Outcome]:
        """One transaction for each workspace: none may span two, for they may be kept in different places."""
        outcomes: list[Outcome] = [None] * len(group)
        by_workspace: dict[str, list[int]] = {}
        for index, mutation in enumerate(group):
            by_workspace.setdefault(mutation.caller.workspace, []).append(index)
        for indexes in by_workspace.values():
            found = self._together([group[index] for index in indexes])
            for index, outcome in zip(indexes, found, strict=True):
                outcomes[index] = outcome
        return outcomes

    def _together(self, mutations: list[Mutation]) -> Sequence[Outcome]:
        for requests in (False, True):
            try:
                prepared = self._prepared(mutations, requests=requests)
            except UniqueViolation:
                # A statement that was only sent is answered for with the commit, or with any that is sent after it.
                continue
            except Exception:  # noqa: BLE001 - as in `prepare`
                break
            try:
                return prepared.commit() if prepared.commit else prepared.outcomes
            except UniqueViolation:
                # Mostly a repetition of what another server has answered, which is found when it is looked for.
                continue
            except (LostRace, ValueError):
                break
        return self.run(mutations)

    def run(self, group: Sequence[Mutation]) -> list[Outcome]:
        """Decides, writes and commits every mutation by itself, so that a fault is the outcome of one only."""
        outcomes: list[Outcome] = []
        failures: list[DatabaseDown] = []
        for mutation in group:
            try:
                if len(failures) >= FAILURES_AT_MOST or (failures and isinstance(failures[-1], Unreachable)):
                    raise failures[-1]
                outcomes.append(self._alone(mutation))
            except DatabaseDown as down:
                failures.append(down)
                outcomes.append(refusal_of(down))
        if failures:
            self._db.availability.failed(failures[0], len(failures))
        return outcomes

    def _alone(self, mutation: Mutation) -> Outcome:
        """The outcome of a mutation in a transaction of its own. Raises DatabaseDown."""
        for _ in range(TRIES):
            try:
                if isinstance(mutation, ChunkedMutation):
                    return self._next_chunk(mutation)
                with self._factory.writing([mutation]) as uow:
                    return self._settle(mutation, uow)
            except DatabaseDown:
                raise
            except LostRace as lost:
                if isinstance(lost, WorkspaceIsClosed):
                    self._workspaces.open.discard(mutation.caller.workspace)
                    return errors.WorkspaceClosed(mutation.caller.workspace)
                if _is_open_session(lost):
                    return self._has_open_session(mutation)
                if isinstance(mutation, ChunkedMutation):
                    break
            except Exception as fault:  # noqa: BLE001 - its handler logs it and returns INTERNAL
                return fault
        return errors.DatabaseUnavailable()

    def _settle(self, mutation: Mutation, uow: UnitOfWork) -> Outcome:
        workspace = mutation.caller.workspace
        if workspace in self._workspaces.open or not mutation.needs_open_workspace:
            return self._decided(mutation, uow)
        try:
            is_new = not self._is_registered(workspace, uow)
        except errors.Refusal as refusal:
            return refusal
        outcome = self._decided(mutation, uow)
        if is_new and not mutation.caller.validate_only and _is_done(outcome):
            uow.workspaces.insert_now(create_workspace(Workspace(workspace), uow.clock.now))
        return outcome

    def _is_registered(self, workspace: str, uow: UnitOfWork) -> bool:
        """Whether there is a workspace, open; one that there is not may be made where any is taken.

        Raises:
            errors.WorkspaceClosed, errors.WorkspaceNotFound
        """
        found = uow.workspaces.find(workspace)
        if found and found.close_time:
            raise errors.WorkspaceClosed(workspace)
        if not found and not self._workspaces.takes_any:
            raise errors.WorkspaceNotFound(workspace)
        return found is not None

    def _decided(self, mutation: Mutation, uow: UnitOfWork) -> Outcome:
        caller = mutation.caller
        keeps = bool(caller.request_id) and not caller.validate_only
        try:
            if keeps and (known := uow.requests.get(caller.workspace, caller.request_id)):
                return self._replayed(mutation, uow, known)
            if keeps and self._is_in_progress(mutation):
                return BLOCKED
            if keeps and mutation.leaves_refusals:
                known = uow.requests.find(caller.workspace, caller.request_id)
                if known:
                    return self._replayed(mutation, uow, known)
            result = mutation.apply(uow)
        except (errors.Refusal, BlockedByStagedImport) as refusal:
            # A repetition is mostly refused, for the first time has moved the session on.
            if keeps and (known := uow.requests.find(caller.workspace, caller.request_id)):
                return self._replayed(mutation, uow, known)
            return BLOCKED if isinstance(refusal, BlockedByStagedImport) else refusal
        if keeps:
            # A repetition that was not refused meets the key of its request here; `run` answers it.
            uow.requests.record(caller, mutation.replay_payload(result))
        return result

    @staticmethod
    def _replayed(mutation: Mutation, uow: UnitOfWork, known: RequestRow) -> Outcome:
        """The answer of the first time, or a refusal when it was another request."""
        if known.fingerprint != mutation.caller.fingerprint:
            return errors.RequestIdReused(mutation.caller.request_id)
        try:
            return mutation.replay(uow, known.result)
        except errors.Refusal as refusal:
            return refusal

    def _is_in_progress(self, mutation: Mutation) -> bool:
        """Whether a roster in progress carries the same request id. Raises RequestIdReused for another content."""
        caller = mutation.caller
        for held in self._factory.reserved:
            if held.request_id == caller.request_id and held.staged.workspace_id == caller.workspace:
                if held.fingerprint != caller.fingerprint:
                    raise errors.RequestIdReused(caller.request_id)
                return True
        return False

    def _next_chunk(self, mutation: ChunkedMutation) -> Outcome:
        """Writes the next chunk: its outcome is REQUEUE until the last one is written, BLOCKED beside another."""
        steps = self._unfinished.get(mutation)
        if steps is None:
            if mutation.caller.workspace not in self._workspaces.open:
                with self._factory.reading() as uow:
                    self._is_registered(mutation.caller.workspace, uow)
            if mutation.caller.request_id and not mutation.caller.validate_only:
                with self._factory.reading([mutation]) as uow:
                    known = uow.requests.get(mutation.caller.workspace, mutation.caller.request_id)
                    if known:
                        return self._replayed(mutation, uow, known)
            if self._factory.reserved:
                return BLOCKED
            steps = self._unfinished[mutation] = mutation.chunks(self._factory)
        try:
            next(steps)
        except StopIteration as done:
            del self._unfinished[mutation]
            return done.value
        except BaseException:
            del self._unfinished[mutation]
            raise
        return REQUEUE

    def _has_open_session(self, mutation: Mutation) -> errors.Refusal:
        with self._factory.reading([mutation]) as uow:
            candidates = [session.candidate_id for session in uow.sessions.known.values()]
        return errors.CandidateHasOpenSession(", ".join(candidates))


def _is_done(outcome: Outcome) -> bool:
    """Whether a mutation was accepted."""
    return outcome is not BLOCKED and not isinstance(outcome, BaseException)


def _is_open_session(lost: LostRace) -> bool:
    """Whether an index says no, the one that watches over single open sessions."""
    names = ("open_candidate", "one_open_per_candidate")
    return isinstance(lost, UniqueViolation) and any(name in lost.index for name in names)
