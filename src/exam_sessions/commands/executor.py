"""Runs groups of batches: one transaction a group, refusals known before the first write, answers after commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from exam_sessions import errors
from exam_sessions.commands.ledger import Ledger, Wants
from exam_sessions.store.engine import DatabaseDown, UniqueViolation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.commands.batch import Batch
    from exam_sessions.store.engine import Db
    from exam_sessions.store.rows import Rows

log = logging.getLogger(__name__)

Outcome = Any
"""A batch's result, or the exception its caller is to be given."""


class Executor:
    """The transaction around the decisions. `now` gives the moment, in microseconds since 1970."""

    def __init__(self, rows: Rows, now: Callable[[], int]) -> None:
        self._rows, self._now = rows, now

    def run(self, db: Db, group: Sequence[Batch]) -> list[Outcome]:
        """One outcome per batch. A group that meets a unique index is run again, batch by batch."""
        try:
            return self._transaction(db, group)
        except UniqueViolation as violation:
            if len(group) > 1:
                return [outcome for batch in group for outcome in self.run(db, [batch])]
            return [self._lost_race(db, group[0], violation)]
        except DatabaseDown:
            log.exception("the database does not answer")
            return [errors.DatabaseUnavailable() for _ in group]
        except Exception as fault:  # whatever happens, every caller gets an answer
            log.exception("a transaction failed")
            return [fault for _ in group]

    def _transaction(self, db: Db, group: Sequence[Batch]) -> list[Outcome]:
        db.begin()
        try:
            ledger = Ledger(db, self._rows, self._now())
            wants = Wants()
            for batch in group:
                batch.wants(wants)
                if batch.caller.request_id:
                    wants.request(batch.caller.workspace, batch.caller.request_id)
            ledger.load(wants)
            outcomes = [self._settle(batch, ledger) for batch in group]
            ledger.write()
            db.commit()
        except BaseException:
            db.rollback()
            raise
        return outcomes

    def _settle(self, batch: Batch, ledger: Ledger) -> Outcome:
        caller = batch.caller
        keeps = bool(caller.request_id) and not caller.validate_only
        try:
            remembered = ledger.request(caller.workspace, caller.request_id) if keeps else None
            if remembered:
                if remembered.fingerprint != caller.fingerprint:
                    return errors.RequestIdReused(caller.request_id)
                return batch.replay(ledger, remembered.result)
            result = batch.apply(ledger)
        except errors.Refusal as refusal:
            return refusal
        if keeps:
            ledger.remember(caller, batch.remember(result))
        return result

    def _lost_race(self, db: Db, batch: Batch, violation: UniqueViolation) -> Outcome:
        """A unique index said no to a batch alone: another session is open, or another replica was first."""
        if "open_candidate" in violation.index or "one_open_per_candidate" in violation.index:
            return errors.CandidateHasOpenSession(self._candidate_of(db, batch))
        try:
            # What was taken in the meantime is seen now, and refused by name.
            return self._transaction(db, [batch])[0]
        except UniqueViolation:
            log.exception("a unique index keeps refusing what the look finds free")
            return errors.DatabaseUnavailable()

    def _candidate_of(self, db: Db, batch: Batch) -> str:
        ledger, wants = Ledger(db, self._rows, self._now()), Wants()
        batch.wants(wants)
        ledger.load(wants)
        return next((session.candidate_id for session in ledger.loaded()), "")
