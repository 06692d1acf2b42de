"""Booking a long roster in chunks, so that other calls do not wait for it, and publishing it at one instant.

SQLite has one writer. A transaction of ten thousand rows would keep every other call waiting for a third of a second,
so the rows are checked and written some at a time, hidden by a staged import, and other calls go in between. The last
chunk writes the history and ends the staged import: from that commit on all sessions are there, before it none.
What a server leaves behind when it is killed is removed by another one, or at the next start.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.bookings import (
    BookingReceipt,
    BookingValidator,
    BookSessions,
    SharedPins,
    booking_time,
    joined_payloads,
    receipts_of,
)
from exam_sessions.execution import random_codes
from exam_sessions.execution.mutation import ChunkedMutation
from exam_sessions.execution.reservation import Reservation
from exam_sessions.store.database_errors import UniqueViolation
from exam_sessions.store.staged_imports import StagedImportRow

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from exam_sessions.domain.records import Booking, Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.unit_of_work import UnitOfWorkFactory

CHUNKED_FROM = 500
"""Rows from which a batch is written in chunks."""

CHUNK = 500
"""Rows of one chunk: about fifteen milliseconds of work."""

PIECE = 125
"""Rows after which a chunk on SQLite ends where others wait: beside ten rosters the longest transition took 33 to
41 ms, with 250 rows 40 to 55, and the rosters took as long."""


class ChunkedBooking(BookSessions, ChunkedMutation):
    """New sessions of one release, written in chunks. The result is a BookingReceipt for each, in order."""

    __slots__ = ()

    def chunks(self, factory: UnitOfWorkFactory) -> Generator[None, None, list[BookingReceipt]]:
        """Does the work; pauses wherever others may go first.

        Raises:
            errors.Refusal: a rule says no; nothing of the roster is left.
        """
        with factory.reading([self]) as uow:
            release = uow.releases.get(self.caller.workspace, self.release_id)
            now = booking_time(uow, release, self.bookings)
        staged = StagedImportRow(release.workspace_id, random_codes.new_ids(1)[0], release.id, now, factory.server)
        with factory.reserving(self._reservation(staged)) as own_factory:
            validator = BookingValidator(release, now, self.caller, allow_missing_form=self.allow_missing_form)
            sessions: list[Session] = []
            for first in range(0, len(self.bookings), CHUNK):
                yield
                with own_factory.reading() as uow:
                    chunk = self.bookings[first : first + CHUNK]
                    sessions += validator.validate(uow, chunk, first)
            validator.raise_if_refused(self.path, len(self.bookings))
            if self.caller.validate_only:
                return receipts_of(sessions)
            return (yield from self._write(own_factory, release, validator, sessions, staged))

    def _write(
        self,
        factory: UnitOfWorkFactory,
        release: Release,
        validator: BookingValidator,
        sessions: list[Session],
        staged: StagedImportRow,
    ) -> Generator[None, None, list[BookingReceipt]]:
        state = sessions[0].state
        receipts: list[BookingReceipt] = []
        events: list[str] = []
        payload: list[str] = []
        try:
            while sessions:
                yield
                chunk, is_first = sessions[:CHUNK], not receipts
                try:
                    booked, happened = self._write_chunk(
                        factory, release, validator, chunk, staged, is_first=is_first
                    )
                except UniqueViolation:
                    # A code that was drawn is in use, or another server was faster.
                    booked, happened = self._write_chunk(
                        factory, release, validator, chunk, staged, is_first=is_first, checks=True
                    )
                of_chunk = receipts_of(booked)
                receipts += of_chunk
                payload.append(self.replay_payload(of_chunk))
                events += happened
                # To let go of all at the end takes 4 ms, in which nobody else can write.
                del sessions[: len(booked)], chunk, booked
            yield
            events.sort()
            yield
            self._publish(factory, staged, events, state, joined_payloads(payload))
        except Exception as fault:
            yield from discard(factory, staged)
            if isinstance(fault, UniqueViolation):
                # Another server on the same file was faster; a repeated call is refused with the rows that are taken.
                raise errors.DatabaseUnavailable from fault
            raise
        return receipts

    @staticmethod
    def _write_chunk(
        factory: UnitOfWorkFactory,
        release: Release,
        validator: BookingValidator,
        chunk: Sequence[Session],
        staged: StagedImportRow,
        *,
        is_first: bool,
        checks: bool = False,
    ) -> tuple[list[Session], list[str]]:
        """Writes a chunk, or its first piece where others wait: its sessions, and what publishing takes of each.

        Codes are drawn of 10^12, so that it costs less to draw them again than to look for all with `checks`.
        """
        with factory.writing() as uow:
            if is_first:
                uow.staged_imports.open_now(staged)
            else:
                uow.staged_imports.renew_now(staged)
            pins = SharedPins(uow, release, chunk)
            booked: list[Session] = []
            events: list[str] = []
            filled = validator.assign_codes(uow, chunk, pins, staged.id, checks=checks)
            uow.releases.share_pins(release, pins.drawn)
            size = PIECE if factory.db.is_in_process else CHUNK
            for first in range(0, len(filled), size):
                piece = filled[first : first + size]
                events += uow.staged_imports.insert_sessions_now(piece)
                booked += piece
                if factory.others_wait():
                    break
            return booked, events

    def _publish(
        self, factory: UnitOfWorkFactory, staged: StagedImportRow, events: Sequence[str], state: int, payload: str
    ) -> None:
        """All at once: the history, what a repetition is answered from, and the end of the staged import."""
        caller = self.caller
        with factory.writing([self]) as uow:
            if uow.releases.get(caller.workspace, self.release_id).finalized:
                raise errors.ReleaseFinalized(self.release_id)
            uow.staged_imports.publish_now(staged, events, state, caller)
            if caller.request_id:
                uow.requests.record(caller, payload)

    def _reservation(self, staged: StagedImportRow) -> Reservation:
        def given(name: str) -> frozenset[str]:
            return frozenset(map(attrgetter(name), self.bookings)) - {""}

        return Reservation(
            staged,
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
    kind = ChunkedBooking if len(bookings) >= CHUNKED_FROM else BookSessions
    return kind(caller, release_id, bookings, path, allow_missing_form=allow_missing_form)


def discard(factory: UnitOfWorkFactory, staged: StagedImportRow) -> Generator[None, None, None]:
    """Removes what a roster has written so far, in chunks; harmless when it has written nothing."""
    removed = CHUNK
    while removed == CHUNK:
        with factory.writing() as uow:
            removed = uow.staged_imports.discard_now(staged, CHUNK)
        yield
