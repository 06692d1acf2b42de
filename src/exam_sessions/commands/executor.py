"""Runs groups of batches: one transaction a group, refusals known before the first write, answers after commit."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.lane import AGAIN
from exam_sessions.commands.ledger import Ledger, Wants
from exam_sessions.commands.rosters import BookRoster
from exam_sessions.store.engine import DatabaseDown, UniqueViolation

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from exam_sessions.commands.batch import Batch
    from exam_sessions.commands.rosters import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.rows import Rows

log = logging.getLogger(__name__)

TRIES = 2
"""A batch that meets a unique index alone has lost a race; judged again, it sees what was taken and is told."""

Outcome = Any
"""A batch's result, the exception its caller is to be given, or AGAIN while there is more to do."""


class Transactions:
    """Opens ledgers on one connection. `now` gives the moment, in microseconds since 1970."""

    def __init__(self, db: Db, rows: Rows, now: Callable[[], int], reserved: list[Reservation]) -> None:
        self._db, self._rows, self._now = db, rows, now
        self._reserved = reserved
        self._own: Reservation | None = None

    @contextmanager
    def reserving(self, own: Reservation) -> Iterator[None]:
        """Keeps for a roster, as long as the block runs, what it has spoken for; its own ledgers do not mind it."""
        self._own = own
        self._reserved.append(own)
        try:
            yield
        finally:
            self._reserved.remove(own)

    @contextmanager
    def writing(self, group: Sequence[Batch] = ()) -> Iterator[Ledger]:
        """A ledger with what a group wants; what is entered is durable when the block ends, or never was."""
        self._db.begin()
        try:
            ledger = self._ledger(group)
            yield ledger
            ledger.write()
            self._db.commit()
        except BaseException:
            self._db.rollback()
            raise

    @contextmanager
    def reading(self, group: Sequence[Batch] = ()) -> Iterator[Ledger]:
        """A ledger with what a group wants, all of one moment; nothing can be entered."""
        self._db.begin_read()
        try:
            yield self._ledger(group)
        finally:
            self._db.rollback()

    def _ledger(self, group: Sequence[Batch]) -> Ledger:
        others = [held for held in self._reserved if held is not self._own]
        ledger = Ledger(self._db, self._rows, self._now(), others)
        if group:
            wants = Wants()
            for batch in group:
                batch.wants(wants)
                if batch.caller.request_id:
                    wants.request(batch.caller.workspace, batch.caller.request_id)
            ledger.load(wants)
        return ledger


class Executor:
    """The work of the writing lane."""

    def __init__(self, rows: Rows, now: Callable[[], int]) -> None:
        self._rows, self._now = rows, now
        self._reserved: list[Reservation] = []
        self._under_way: dict[int, Generator[None, None, Any]] = {}

    def run(self, db: Db, group: Sequence[Batch]) -> list[Outcome]:
        """One outcome per batch. A group that fails is run again batch by batch, so that each answers for itself."""
        transactions = Transactions(db, self._rows, self._now, self._reserved)
        fault: Exception = errors.DatabaseUnavailable()
        for _ in range(TRIES):
            try:
                return self._run(transactions, group)
            except DatabaseDown:
                log.exception("the database does not answer")
                return [errors.DatabaseUnavailable() for _ in group]
            except UniqueViolation as violation:
                if len(group) == 1 and _is_open_session(violation):
                    return [self._has_open_session(transactions, group[0])]
            except Exception as raised:  # noqa: BLE001 - the door logs it and tells the caller no more than it must
                fault = raised
            if isinstance(group[0], BookRoster):
                break
            if len(group) > 1:
                return [outcome for batch in group for outcome in self.run(db, [batch])]
        return [fault]

    def _run(self, transactions: Transactions, group: Sequence[Batch]) -> list[Outcome]:
        if isinstance(group[0], BookRoster):
            return [self._instalment(transactions, group[0])]
        return self._transaction(transactions, group)

    def _transaction(self, transactions: Transactions, group: Sequence[Batch]) -> list[Outcome]:
        with transactions.writing(group) as ledger:
            return [self._settle(batch, ledger) for batch in group]

    def _settle(self, batch: Batch, ledger: Ledger) -> Outcome:
        caller = batch.caller
        keeps = bool(caller.request_id) and not caller.validate_only
        try:
            remembered = ledger.request(caller.workspace, caller.request_id) if keeps else None
            if remembered:
                if remembered.fingerprint != caller.fingerprint:
                    return errors.RequestIdReused(caller.request_id)
                return batch.replay(ledger, remembered.result)
            if keeps and self._is_under_way(batch):
                return AGAIN
            result = batch.apply(ledger)
        except errors.Refusal as refusal:
            return refusal
        if keeps:
            ledger.remember(caller, batch.remember(result))
        return result

    def _is_under_way(self, batch: Batch) -> bool:
        """Whether a roster being written carries the same request id. Raises RequestIdReused for another content."""
        caller = batch.caller
        for held in self._reserved:
            if held.request_id == caller.request_id and held.draft.workspace_id == caller.workspace:
                if held.fingerprint != caller.fingerprint:
                    raise errors.RequestIdReused(caller.request_id)
                return True
        return False

    def _instalment(self, transactions: Transactions, roster: BookRoster) -> Outcome:
        """Takes a roster one step further."""
        steps = self._under_way.get(id(roster))
        if steps is None:
            if roster.caller.request_id and not roster.caller.validate_only:
                with transactions.reading([roster]) as ledger:
                    known = ledger.request(roster.caller.workspace, roster.caller.request_id)
                    if known and known.fingerprint == roster.caller.fingerprint:
                        return roster.replay(ledger, known.result)
                if known:
                    return errors.RequestIdReused(roster.caller.request_id)
                if self._is_under_way(roster):
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

    def reserved(self) -> set[str]:
        """Ids of the drafts this executor is writing."""
        return {held.draft.id for held in self._reserved}


def _is_open_session(violation: UniqueViolation) -> bool:
    """Whether the index that says no is the one that watches over single open sessions."""
    return "open_candidate" in violation.index or "one_open_per_candidate" in violation.index
