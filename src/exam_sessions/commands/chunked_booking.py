"""Booking a long roster in instalments, so that nobody waits for it, and publishing it at one instant.

SQLite has one writer. A transaction of ten thousand rows would keep every other call waiting for a third of a second,
so the rows are screened and written some at a time, hidden behind a draft, and other calls go in between. The last
instalment writes the history and strikes the draft off: from that commit on all sessions are there, before it none.
What a server leaves behind when it dies is removed by another one, or at the next start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.bookings import Booked, BookSessions, Screening, SharedPins, booked, booking_time
from exam_sessions.execution import random_codes
from exam_sessions.execution.chunked_mutation import ChunkedMutation
from exam_sessions.execution.reservation import Reservation
from exam_sessions.store.database_errors import UniqueViolation
from exam_sessions.store.staged_imports import DraftRow

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from exam_sessions.domain.records import Booking, Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.transactions import Transactions

LONG = 500
"""Rows from which a batch is written in instalments."""

INSTALMENT = 500
"""Rows of one instalment: about ten milliseconds of work."""


class BookRoster(BookSessions, ChunkedMutation):
    """New sessions of one release, written in instalments. The result is a Booked for each, in order."""

    __slots__ = ()

    def instalments(self, transactions: Transactions) -> Generator[None, None, list[Booked]]:
        """Does the work; pauses wherever others may go first.

        Raises:
            errors.Refusal: a rule says no; nothing of the roster is left.
        """
        with transactions.reading([self]) as ledger:
            release = ledger.release(self.caller.workspace, self.release_id)
            now = booking_time(ledger, release, self.bookings)
        draft = DraftRow(release.workspace_id, random_codes.new_ids(1)[0], release.id, now, transactions.server)
        with transactions.reserving(self._reservation(draft)):
            screening = Screening(release, now, allow_missing_form=self.allow_missing_form)
            sessions: list[Session] = []
            for first in range(0, len(self.bookings), INSTALMENT):
                yield
                with transactions.reading() as ledger:
                    chunk = self.bookings[first : first + INSTALMENT]
                    sessions += screening.screen(ledger, chunk, first)
            screening.passed(self.path, len(self.bookings))
            if self.caller.validate_only:
                return booked(sessions)
            return (yield from self._write(transactions, release, screening, sessions, draft))

    def _write(
        self,
        transactions: Transactions,
        release: Release,
        screening: Screening,
        sessions: Sequence[Session],
        draft: DraftRow,
    ) -> Generator[None, None, list[Booked]]:
        written: list[Session] = []
        try:
            for first in range(0, len(sessions), INSTALMENT):
                yield
                with transactions.writing() as ledger:
                    if first:
                        ledger.keep_draft(draft)
                    else:
                        ledger.open_draft(draft)
                    chunk = [s._replace(draft=draft.id) for s in sessions[first : first + INSTALMENT]]
                    pins = SharedPins(ledger, release, chunk)
                    filled = screening.fill(ledger, chunk, pins)
                    ledger.share_pins(release, pins.drawn)
                    ledger.put_draft(filled)
                written += filled
            result = booked(written)
            remembered = self.remember(result)
            yield
            self._publish(transactions, draft, len(result), remembered)
        except Exception as fault:
            yield from discard(transactions, draft)
            if isinstance(fault, UniqueViolation):
                # Another server on the same file was faster; repeated, the call will be told which rows are taken.
                raise errors.DatabaseUnavailable from fault
            raise
        return result

    def _publish(self, transactions: Transactions, draft: DraftRow, count: int, remembered: str) -> None:
        """All at once: the history, what a repetition is answered from, and the end of the draft."""
        caller = self.caller
        with transactions.writing([self]) as ledger:
            if ledger.release(caller.workspace, self.release_id).finalized:
                raise errors.ReleaseFinalized(self.release_id)
            ledger.publish(draft, count, caller)
            if caller.request_id:
                ledger.remember(caller, remembered)

    def _reservation(self, draft: DraftRow) -> Reservation:
        def given(name: str) -> frozenset[str]:
            return frozenset(value for b in self.bookings if (value := getattr(b, name)))

        return Reservation(
            draft,
            self.caller.request_id,
            self.caller.fingerprint,
            given("session_id"),
            given("keycode"),
            given("candidate_id"),
            given("access_code"),
        )


def book(
    caller: Caller,
    release_id: str,
    bookings: Sequence[Booking],
    path: str = "bookings",
    *,
    allow_missing_form: bool = False,
) -> BookSessions:
    """The batch that books these rows, in the way that suits their number; `path` is where refusals name them."""
    kind = BookRoster if len(bookings) >= LONG else BookSessions
    return kind(caller, release_id, bookings, path, allow_missing_form=allow_missing_form)


def discard(transactions: Transactions, draft: DraftRow) -> Generator[None, None, None]:
    """Removes what a roster has written so far, in instalments; harmless when it has written nothing."""
    removed = INSTALMENT
    while removed == INSTALMENT:
        with transactions.writing() as ledger:
            removed = ledger.discard(draft, INSTALMENT)
        yield
