"""Booking sessions: one, or ten thousand at once, all or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands import codes
from exam_sessions.commands.batch import Batch, Caller, Standing
from exam_sessions.commands.changes import standing_of
from exam_sessions.domain.booking import schedule
from exam_sessions.domain.clock import day_of
from exam_sessions.domain.records import Booking, Event, Release, Session
from exam_sessions.domain.states import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.commands.ledger import Ledger, Wants
    from exam_sessions.store.sessions import Taken


class Booked(NamedTuple):
    """What a caller must keep of a booked session."""

    id: str
    keycode: str
    access_code: str
    candidate_id: str


class BookSessions(Batch):
    """New sessions of one release. The result is a Booked for each, in order."""

    __slots__ = ("bookings", "path", "release_id", "weight")

    def __init__(self, caller: Caller, release_id: str, bookings: Sequence[Booking], path: str = "bookings") -> None:
        super().__init__(caller)
        self.release_id, self.bookings, self.path = release_id, bookings, path
        self.weight = len(bookings)

    def wants(self, wants: Wants) -> None:
        """The release."""
        wants.release(self.caller.workspace, self.release_id)

    def apply(self, ledger: Ledger) -> list[Booked]:
        """Decides every row before entering any."""
        return [Booked(s.id, s.keycode, s.access_code, s.candidate_id) for s in self._book(ledger)]

    def _book(self, ledger: Ledger) -> list[Session]:
        release = ledger.release(self.caller.workspace, self.release_id)
        pins = _Pins(ledger, release, self.bookings) if release.auto_create_pin else None
        filled = self._filled(ledger, release, pins)
        sessions: list[Session] = []
        refused: list[errors.RowRefusal] = []
        for index, booking in enumerate(filled):
            try:
                sessions.append(schedule(booking, release, ledger.now))
            except errors.ReleaseFinalized:
                raise
            except errors.Refusal as refusal:
                refused.append(errors.RowRefusal(index, "", refusal))
        refused += self._duplicates(ledger, filled)
        if refused:
            refused.sort(key=lambda row: row.index)
            raise errors.BatchRefused(self.path, refused, len(self.bookings))
        if not self.caller.validate_only:
            ledger.share_pins(release, pins.drawn if pins else {})
            for session in sessions:
                ledger.book(session, Event(Action.SCHEDULE.value, 0, session.state), self.caller)
        return sessions

    def _filled(self, ledger: Ledger, release: Release, pins: _Pins | None) -> list[Booking]:
        """The bookings with ids, codes and PINs drawn where they were left empty."""
        ids = codes.new_ids(len(self.bookings))
        keycodes = self._drawn([b.keycode for b in self.bookings], lambda c: self._look(ledger, release, keycodes=c))
        access = self._drawn(
            [b.access_code for b in self.bookings], lambda c: self._look(ledger, release, access_codes=c)
        )
        return [
            booking._replace(
                session_id=booking.session_id or ids[n],
                keycode=keycodes[n],
                access_code=access[n],
                pin=booking.pin or (pins.of(booking) if pins else ""),
            )
            for n, booking in enumerate(self.bookings)
        ]

    @staticmethod
    def _drawn(given: list[str], look: Callable[[list[str]], Taken]) -> list[str]:
        """The codes given, with drawn ones in the gaps that neither a row of the batch nor the database has."""
        gaps = [n for n, code in enumerate(given) if not code]
        filled, used = list(given), set(given)
        while gaps:
            drawn = codes.new_codes(len(gaps))
            taken = look(drawn)
            again = []
            for n, code in zip(gaps, drawn, strict=True):
                if code in used or code in taken.keycodes or code in taken.access_codes:
                    again.append(n)
                else:
                    filled[n] = code
                    used.add(code)
            gaps = again
        return filled

    def _look(self, ledger: Ledger, release: Release, **values: Sequence[str]) -> Taken:
        found = ledger.rows.sessions.taken(ledger.db, release.workspace_id, release.id, **values)
        entered = ledger.entered()
        here = [s for s in entered if s.release_id == release.id]
        return found._replace(
            ids=found.ids | {s.id for s in entered},
            keycodes=found.keycodes | {s.keycode for s in entered},
            candidates=found.candidates | {s.candidate_id for s in here},
            access_codes=found.access_codes | {s.access_code for s in here},
        )

    def _duplicates(self, ledger: Ledger, filled: list[Booking]) -> list[errors.RowRefusal]:
        """Rows that repeat a value of the database or of an earlier row. Drawn values are free already."""
        release = ledger.release(self.caller.workspace, self.release_id)
        taken = self._look(
            ledger,
            release,
            ids=[b.session_id for b in self.bookings if b.session_id],
            keycodes=[b.keycode for b in self.bookings if b.keycode],
            candidates=[b.candidate_id for b in self.bookings],
            access_codes=[b.access_code for b in self.bookings if b.access_code],
        )
        found: list[errors.RowRefusal] = []
        checks = (
            ("session_id", "session_id", set(taken.ids), errors.DuplicateSessionId),
            ("keycode", "keycode", set(taken.keycodes), errors.DuplicateKeycode),
            ("candidate_id", "candidate.candidate_id", set(taken.candidates), errors.DuplicateCandidate),
            ("access_code", "access_code", set(taken.access_codes), errors.DuplicateAccessCode),
        )
        for name, path, used, kind in checks:
            place = Booking._fields.index(name)
            for index, booking in enumerate(filled):
                value = str(booking[place])
                if value in used and value:
                    found.append(errors.RowRefusal(index, path, kind(value)))
                used.add(value)
        return found

    def remember(self, result: list[Booked]) -> str:
        """The rows themselves: a repetition is answered even when some were edited or deleted since."""
        return json.dumps(result, separators=(",", ":"))

    def replay(self, ledger: Ledger, remembered: str) -> list[Booked]:  # noqa: ARG002 - nothing is read anew
        """The rows as they were booked."""
        return [Booked(*row) for row in json.loads(remembered)]


class BookSession(BookSessions):
    """One new session. The result is the session."""

    __slots__ = ()

    def __init__(self, caller: Caller, release_id: str, booking: Booking) -> None:
        super().__init__(caller, release_id, [booking])

    def apply(self, ledger: Ledger) -> Standing:  # type: ignore[override]
        """Books the one row; its refusal is told without the batch around it."""
        try:
            session = self._book(ledger)[0]
        except errors.BatchRefused as refused:
            raise refused.alone("booking") from refused
        return Standing(session, ledger.release(self.caller.workspace, self.release_id))

    def remember(self, result: Standing) -> str:  # type: ignore[override]
        """The session's id."""
        return result.session.id

    def replay(self, ledger: Ledger, remembered: str) -> Standing:  # type: ignore[override]
        """The session as it is now, or as it was when it was deleted."""
        return standing_of(ledger, self.caller.workspace, remembered)


class _Pins:
    """The PINs sessions of a release share, by centre and UTC day (Surpass, TestSchedule API)."""

    def __init__(self, ledger: Ledger, release: Release, bookings: Sequence[Booking]) -> None:
        self._now, self._release = ledger.now, release
        self._known = ledger.pins(release, {booking.centre_id for booking in bookings})
        self.drawn: dict[tuple[str, int], str] = {}

    def of(self, booking: Booking) -> str:
        """The PIN of a booking's centre on the day its window opens, or else on the day it is booked."""
        day = day_of(booking.window_start or self._release.window_start or self._now)
        place = (booking.centre_id, day)
        if place not in self._known:
            self._known[place] = self.drawn[place] = codes.new_pin()
        return self._known[place]
