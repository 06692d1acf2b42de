"""Runs groups of batches: one transaction a group, refusals known before the first write, answers after commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.execution.chunked_mutation import ChunkedMutation
from exam_sessions.execution.committed_cache import Recent
from exam_sessions.execution.form_cache import Shelf
from exam_sessions.execution.group_commit import AGAIN, Outcome, Prepared
from exam_sessions.execution.outages import refusal_of
from exam_sessions.execution.transactions import Transactions
from exam_sessions.store.database_errors import DatabaseDown, LostRace, UniqueViolation, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from exam_sessions.execution.ledger import Ledger
    from exam_sessions.execution.mutation import Batch
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Rows
    from exam_sessions.store.requests import RequestRow

TRIES = 20
"""A batch that has lost a race alone is judged again; then it sees what was taken and is told.

Who asks for the next revision of a form is not told but tries for the one after, and may lose once to each server.
"""

FAILURES_AT_MOST = 3
"""Batches of a group that may wait for the database in vain; the others do not try.

Where a table is locked each would wait, and their callers for all of them.
"""


class Executor:
    """The work of the writing lane."""

    def __init__(self, rows: Rows, now: Callable[[], int], server: str) -> None:
        self._rows, self._now, self._server = rows, now, server
        self._reserved: list[Reservation] = []
        self._recent = Recent()
        self._shelf = Shelf()
        self._stirred: set[str] = set()
        self._under_way: dict[int, Generator[None, None, Any]] = {}

    def prepare(self, db: Db, group: Sequence[Batch]) -> Prepared | None:
        """Decides and writes a group, and leaves its commit to whoever can wait for the disk.

        None when it cannot be done at once, or a batch of it fails: then `run` is to do it.
        """
        transactions = self._transactions(db)
        try:
            ledger = transactions.begin_at_once(group, self._recent)
            try:
                outcomes = [self._settle(batch, ledger) for batch in group]
                wrote = ledger.write()
            except BaseException:
                db.rollback()
                raise
        except Exception:  # noqa: BLE001 - `run` does it again batch by batch, where each answers for itself
            return None
        if not wrote:
            db.rollback()
            return Prepared(outcomes, None)
        return Prepared(outcomes, lambda: self._committed(db, ledger, outcomes))

    def _transactions(self, db: Db) -> Transactions:
        return Transactions(db, self._rows, self._now, self._server, self._reserved, self._shelf, self._stirred)

    def _committed(self, db: Db, ledger: Ledger, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, once they are durable."""
        try:
            db.commit()
        except DatabaseDown as down:
            db.availability.failed(down, len(outcomes))
            db.rollback()
            self._recent.clear()
            return [refusal_of(down) for _ in outcomes]
        except BaseException:
            db.rollback()
            raise
        ledger.teach()
        self._stirred.update(ledger.stirred())
        return outcomes

    def drafts_under_way(self) -> set[str]:
        """The rosters this server is at work on."""
        return {held.draft.id for held in list(self._reserved)}

    def take_stirred(self) -> set[str]:
        """The workspaces in which something has happened since the last time; asked when no group is at work."""
        stirred = set(self._stirred)
        self._stirred.clear()
        return stirred

    def run_together(self, db: Db, group: Sequence[Batch]) -> list[Outcome]:
        """One transaction for each workspace: none may span two, for they may be kept in different places."""
        outcomes: list[Outcome] = [None] * len(group)
        by_workspace: dict[str, list[int]] = {}
        for place, batch in enumerate(group):
            by_workspace.setdefault(batch.caller.workspace, []).append(place)
        for places in by_workspace.values():
            found = self._together(db, [group[place] for place in places])
            for place, outcome in zip(places, found, strict=True):
                outcomes[place] = outcome
        return outcomes

    def _together(self, db: Db, batches: list[Batch]) -> Sequence[Outcome]:
        prepared = self.prepare(db, batches)
        if prepared is None:
            return self.run(db, batches)
        try:
            return prepared.commit() if prepared.commit else prepared.outcomes
        except (LostRace, ValueError):
            # What was only sent is answered for with the commit.
            return self.run(db, batches)

    def run(self, db: Db, group: Sequence[Batch]) -> list[Outcome]:
        """Decides, writes and commits every batch by itself, so that each answers for itself."""
        self._recent.clear()
        transactions = self._transactions(db)
        outcomes: list[Outcome] = []
        failures: list[DatabaseDown] = []
        for batch in group:
            try:
                if len(failures) >= FAILURES_AT_MOST or (failures and isinstance(failures[-1], Unreachable)):
                    raise failures[-1]
                outcomes.append(self._alone(transactions, batch))
            except DatabaseDown as down:
                failures.append(down)
                outcomes.append(refusal_of(down))
        if failures:
            db.availability.failed(failures[0], len(failures))
        return outcomes

    def _alone(self, transactions: Transactions, batch: Batch) -> Outcome:
        """The outcome of a batch. Raises DatabaseDown."""
        for _ in range(TRIES):
            try:
                if isinstance(batch, ChunkedMutation):
                    return self._instalment(transactions, batch)
                with transactions.writing([batch]) as ledger:
                    return self._settle(batch, ledger)
            except DatabaseDown:
                raise
            except LostRace as lost:
                if _is_open_session(lost):
                    return self._has_open_session(transactions, batch)
                if isinstance(batch, ChunkedMutation):
                    break
            except Exception as fault:  # noqa: BLE001 - the door logs it and tells the caller no more than it must
                return fault
        return errors.DatabaseUnavailable()

    def _settle(self, batch: Batch, ledger: Ledger) -> Outcome:
        caller = batch.caller
        keeps = bool(caller.request_id) and not caller.validate_only
        try:
            if keeps and (known := ledger.request(caller.workspace, caller.request_id)):
                return self._again(batch, ledger, known)
            if keeps and self._is_under_way(batch):
                return AGAIN
            if keeps and batch.leaves_refusals:
                known = ledger.look_for_request(caller.workspace, caller.request_id)
                if known:
                    return self._again(batch, ledger, known)
            ledger.contested = False
            result = batch.apply(ledger)
        except errors.Refusal as refusal:
            # A repetition is mostly refused, for the first time has moved the session on.
            if keeps and (known := ledger.look_for_request(caller.workspace, caller.request_id)):
                return self._again(batch, ledger, known)
            # What stands in the way may be a roster that is refused itself in the end: ask again when it is done.
            return AGAIN if ledger.contested else refusal
        if keeps:
            # A repetition that was not refused meets the key of its request here, and is told by `run`.
            ledger.remember(caller, batch.remember(result))
        return result

    @staticmethod
    def _again(batch: Batch, ledger: Ledger, known: RequestRow) -> Outcome:
        """The answer of the first time, or a refusal when it was another request."""
        if known.fingerprint != batch.caller.fingerprint:
            return errors.RequestIdReused(batch.caller.request_id)
        try:
            return batch.replay(ledger, known.result)
        except errors.Refusal as refusal:
            return refusal

    def _is_under_way(self, batch: Batch) -> bool:
        """Whether a roster being written carries the same request id. Raises RequestIdReused for another content."""
        caller = batch.caller
        for held in self._reserved:
            if held.request_id == caller.request_id and held.draft.workspace_id == caller.workspace:
                if held.fingerprint != caller.fingerprint:
                    raise errors.RequestIdReused(caller.request_id)
                return True
        return False

    def _instalment(self, transactions: Transactions, roster: ChunkedMutation) -> Outcome:
        """Takes a roster one step further."""
        steps = self._under_way.get(id(roster))
        if steps is None:
            if roster.caller.request_id and not roster.caller.validate_only:
                with transactions.reading([roster]) as ledger:
                    known = ledger.request(roster.caller.workspace, roster.caller.request_id)
                    if known:
                        return self._again(roster, ledger, known)
            if self._reserved:
                return AGAIN
            steps = self._under_way[id(roster)] = roster.instalments(transactions)
        try:
            next(steps)
        except StopIteration as done:
            del self._under_way[id(roster)]
            return done.value
        except BaseException:
            del self._under_way[id(roster)]
            raise
        return AGAIN

    def _has_open_session(self, transactions: Transactions, batch: Batch) -> errors.Refusal:
        with transactions.reading([batch]) as ledger:
            candidates = [session.candidate_id for session in ledger.loaded()]
        return errors.CandidateHasOpenSession(", ".join(candidates))


def _is_open_session(lost: LostRace) -> bool:
    """Whether an index says no, the one that watches over single open sessions."""
    names = ("open_candidate", "one_open_per_candidate")
    return isinstance(lost, UniqueViolation) and any(name in lost.index for name in names)
