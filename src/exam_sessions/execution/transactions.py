"""Transactions on one connection: begun, loaded with the rows that a group declares, ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from exam_sessions.execution.ledger import Ledger
from exam_sessions.execution.read_set import Wants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exam_sessions.execution.committed_cache import Recent
    from exam_sessions.execution.form_cache import Shelf
    from exam_sessions.execution.mutation import Batch
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Rows


class Transactions:
    """Opens ledgers on one connection. `now` gives microseconds since 1970, `server` is who writes drafts."""

    def __init__(
        self,
        db: Db,
        rows: Rows,
        now: Callable[[], int],
        server: str,
        reserved: list[Reservation],
        shelf: Shelf,
        stirred: set[str],
    ) -> None:
        self._db, self._rows, self._now = db, rows, now
        self.server, self._reserved, self._shelf, self._stirred = server, reserved, shelf, stirred
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

    def begin_at_once(self, group: Sequence[Batch], recent: Recent) -> Ledger:
        """A ledger with what a group wants, in a transaction the caller ends.

        What is recent is not read, and remembered requests are not looked for. Raises DatabaseDown rather than wait.
        """
        self._db.begin(wait=False)
        try:
            ledger = self._opened(recent if self._db.answers_at_once else None)
            ledger.load(_wanted(group), to_write=True)
        except BaseException:
            self._db.rollback()
            raise
        return ledger

    @contextmanager
    def writing(self, group: Sequence[Batch] = ()) -> Iterator[Ledger]:
        """A ledger with what a group wants; what is entered is durable when the block ends, or never was."""
        self._db.begin(wait=True)
        try:
            ledger = self._opened()
            ledger.load(_wanted(group, requests=True), to_write=True)
            yield ledger
            ledger.write()
            self._db.commit()
            self._stirred.update(ledger.stirred())
        except BaseException:
            self._db.rollback()
            raise

    @contextmanager
    def reading(self, group: Sequence[Batch] = ()) -> Iterator[Ledger]:
        """A ledger with what a group wants, all of one moment; nothing can be entered."""
        self._db.begin_read()
        try:
            ledger = self._opened()
            ledger.load(_wanted(group, requests=True))
            yield ledger
        finally:
            self._db.rollback()

    def _opened(self, recent: Recent | None = None) -> Ledger:
        others = [held for held in self._reserved if held is not self._own]
        return Ledger(self._db, self._rows, self._now, self.server, others, self._shelf, recent)


def _wanted(group: Sequence[Batch], *, requests: bool = False) -> Wants:
    """What a group wants; also what is remembered of its requests."""
    wants = Wants()
    for batch in group:
        batch.wants(wants)
        if requests and batch.caller.request_id:
            wants.request(batch.caller.workspace, batch.caller.request_id)
    return wants
