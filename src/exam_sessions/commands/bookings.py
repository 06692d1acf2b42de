"""Booking sessions, all or nothing: which rows may be booked, and what is drawn where the caller left a gap.

A few rows are booked in one transaction, here; a long roster in chunks (chunked_booking.py).
"""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.session_changes import check_centre, load_with_release
from exam_sessions.domain.booking import SCHEDULE, schedule, scheduled
from exam_sessions.domain.clock import day_of
from exam_sessions.domain.decide import replace_fields
from exam_sessions.domain.records import Booking, Release, Session, SessionWithRelease
from exam_sessions.domain.states import Delivery
from exam_sessions.execution import random_codes
from exam_sessions.execution.mutation import Mutation
from exam_sessions.execution.reservation import BlockedByStagedImport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import Bookings
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.store.conflicts import Conflicts


class BookingReceipt(NamedTuple):
    """What a caller must keep of a booked session."""

    id: str
    keycode: str
    access_code: str
    candidate_id: str


def receipts_of(sessions: Sequence[Session]) -> list[BookingReceipt]:
    """What callers must keep of these sessions."""
    return [BookingReceipt(s.id, s.keycode, s.access_code, s.candidate_id) for s in sessions]


UNIQUE = (
    ("id", "session_id", "ids", errors.DuplicateSessionId),
    ("keycode", "keycode", "keycodes", errors.DuplicateKeycode),
    ("candidate_id", "candidate.candidate_id", "candidates", errors.DuplicateCandidate),
    ("access_code", "access_code", "access_codes", errors.DuplicateAccessCode),
)
"""What no two sessions may share: column, field of the booking, what it is looked for as, refusal."""


SHARED_ON_PAPER = 3
"""First letters that codes drawn together have in common on paper, where nothing is entered with them.

Side by side in two unique indexes: fifty sessions write 161 pages of a SQLite file and not 261.
"""


class BookingValidator:
    """Turns the rows of one batch into sessions, chunk by chunk, and finds those that cannot be booked."""

    def __init__(self, release: Release, now: int, caller: Caller, *, allow_missing_form: bool = False) -> None:
        self._caller = caller
        self._release, self._now, self._allow_missing_form = release, now, allow_missing_form
        self._shared_letters = SHARED_ON_PAPER if release.delivery == Delivery.PAPER else 0
        self._used: dict[str, dict[str, int]] = {column: {} for column, *_ in UNIQUE}
        """The row that has each value, by column."""
        self._doubtful = False
        self.refused: list[errors.RowRefusal] = []

    def validate(self, uow: Bookings, bookings: Sequence[Booking], first: int) -> list[Session]:
        """The sessions of a chunk that begins at row `first`, gaps left open; bad rows are added to `refused`.

        Raises:
            errors.ReleaseFinalized: the release takes no more sessions.
            BlockedByStagedImport: whether a row may be booked is known when a roster under way is done.
        """
        sessions: list[Session] = []
        indexes: list[int] = []
        forms = {booking.test_form for booking in bookings} | {self._release.test_form}
        revisions = uow.forms.revisions(self._release.workspace_id, forms - {""})
        missing = set() if self._allow_missing_form else forms - revisions.keys() - {"", self._release.test_form}
        for index, booking in enumerate(bookings, first):
            if booking.test_form in missing:
                missed = errors.TestFormNotFound(booking.test_form)
                self.refused.append(errors.RowRefusal(index, "test_form", missed))
            try:
                check_centre(self._caller, booking.centre_id, SCHEDULE)
                sessions.append(schedule(booking, self._release, self._now, revisions))
                indexes.append(index)
            except errors.InvalidField as refusal:
                self.refused.append(errors.RowRefusal(index, "", refusal))
            except errors.PermissionDenied as refusal:
                self.refused.append(errors.RowRefusal(index, "centre_id", refusal))
            except errors.NoWorkingTime as refusal:
                self.refused.append(errors.RowRefusal(index, "accommodation.extra_time_percent", refusal))
        self._find_conflicts(uow, sessions, indexes)
        # Read in the same snapshot: the conflict may be with rows that an ended server has left.
        self._doubtful |= bool(self.refused) and uow.staged_imports.has_unowned()
        return sessions

    def _find_conflicts(self, uow: Bookings, sessions: Sequence[Session], indexes: Sequence[int]) -> None:
        """Adds to `refused` the rows whose ids, codes or candidates are in use. Raises BlockedByStagedImport."""
        columns = {column: list(map(attrgetter(column), sessions)) for column, *_ in UNIQUE}
        looked = {kind: {*columns[column]} - {""} for column, _, kind, _ in UNIQUE}
        found = uow.conflicts.find(self._release, **looked)
        if found.blocked_by_staged_import:
            raise BlockedByStagedImport
        for column, field, kind, refusal_of in UNIQUE:
            values, in_use, used = columns[column], getattr(found.in_use, kind), self._used[column]
            given = looked[kind]
            if len(given) == len(values) - values.count("") and given.isdisjoint(in_use) and given.isdisjoint(used):
                used.update(zip(values, indexes, strict=True))
                continue
            for index, value in zip(indexes, values, strict=True):
                if value and (value in in_use or value in used):
                    earlier = None if value in in_use else used[value]
                    self.refused.append(errors.RowRefusal(index, field, refusal_of(value).of_row(earlier)))
                used.setdefault(value, index)

    def raise_if_refused(self, path: str, size: int) -> None:
        """Refuses the batch when a row was found bad.

        Raises:
            errors.BatchRefused: every bad row named in order.
            errors.RosterUnderWay: what a row conflicts with may never be published.
        """
        if not self.refused:
            return
        if self._doubtful and any(isinstance(row.refusal, errors.AlreadyExists) for row in self.refused):
            raise errors.RosterUnderWay
        self.refused.sort(key=lambda row: row.index)
        raise errors.BatchRefused(path, self.refused, size)

    def assign_codes(
        self,
        uow: Bookings,
        sessions: Sequence[Session],
        pins: SharedPins,
        draft: str | None = None,
        *,
        checks: bool = True,
    ) -> list[Session]:
        """The sessions with ids, codes and PINs drawn where they were left empty.

        Args:
            uow: where codes in use are looked for.
            sessions: as they were validated.
            pins: the PINs that sessions share.
            draft: the staged import they are part of, if any.
            checks: whether to look which drawn codes are in use: with ten million sessions in the workspace one in a
                hundred thousand is. Without the look the unique index says so.
        """
        ids = random_codes.new_ids(len(sessions))
        find = uow.conflicts.find
        keycodes = self._drawn(
            "keycode", sessions, (lambda drawn: find(self._release, keycodes=drawn).in_use) if checks else None
        )
        access = self._drawn(
            "access_code",
            sessions,
            (lambda drawn: find(self._release, access_codes=drawn).in_use) if checks else None,
        )
        return [
            replace_fields(
                session,
                {
                    "id": session.id or new_id,
                    "keycode": keycode,
                    "access_code": code,
                    "pin": session.pin or pins.of(session),
                    "draft": draft,
                },
            )
            for session, new_id, keycode, code in zip(sessions, ids, keycodes, access, strict=True)
        ]

    def _drawn(
        self, column: str, sessions: Sequence[Session], look: Callable[[list[str]], Conflicts] | None
    ) -> list[str]:
        """The codes given, with drawn ones in the gaps that no row of the batch has, and no session that is found."""
        filled, used = [getattr(s, column) for s in sessions], self._used[column]
        gaps = [n for n, code in enumerate(filled) if not code]
        while gaps:
            drawn = random_codes.new_codes(len(gaps), shared=self._shared_letters)
            taken: set[str] = set()
            if look:
                conflicts = look(drawn)
                taken = conflicts.keycodes | conflicts.access_codes
            again = []
            for n, code in zip(gaps, drawn, strict=True):
                if code in used or code in taken:
                    again.append(n)
                else:
                    filled[n] = code
                    used[code] = n
            gaps = again
        return filled


def booking_time(uow: Bookings, release: Release, bookings: Sequence[Booking]) -> int:
    """When these bookings are made: never before the end of a deleted session whose id one of them is given."""
    return uow.history.booking_time(release.workspace_id, {b.session_id for b in bookings} - {""})


class SharedPins:
    """The PINs sessions of a release share, by centre and UTC day (Surpass, TestSchedule API)."""

    def __init__(self, uow: Bookings, release: Release, sessions: Sequence[Session]) -> None:
        self._release = release
        self._known: dict[tuple[str, int], str] = {}
        if release.auto_create_pin:
            self._known = uow.releases.pins(release, {session.centre_id for session in sessions})
        self.drawn: dict[tuple[str, int], str] = {}

    def of(self, session: Session) -> str:
        """The PIN of a session's centre on the day its window opens, or else on the day it is booked."""
        release = self._release
        if not release.auto_create_pin:
            return ""
        centre_day = (session.centre_id, day_of(session.window_start or release.window_start or session.create_time))
        if centre_day not in self._known:
            self._known[centre_day] = self.drawn[centre_day] = random_codes.new_pin()
        return self._known[centre_day]


class BookSessions(Mutation):
    """New sessions of one release; the result is a BookingReceipt for each, with gaps when only validating."""

    __slots__ = ("allow_missing_form", "bookings", "path", "release_id")

    def __init__(
        self,
        caller: Caller,
        release_id: str,
        bookings: Sequence[Booking],
        path: str = "bookings",
        *,
        allow_missing_form: bool = False,
    ) -> None:
        super().__init__(caller, weight=len(bookings))
        self.release_id, self.bookings, self.path = release_id, bookings, path
        self.allow_missing_form = allow_missing_form

    def declare_reads(self, reads: ReadSet) -> None:
        """The release."""
        reads.release(self.caller.workspace, self.release_id)

    def apply(self, uow: Bookings) -> list[BookingReceipt]:
        """Decides every row before entering any."""
        return receipts_of(self._book(uow))

    def _book(self, uow: Bookings) -> list[Session]:
        release = uow.releases.get(self.caller.workspace, self.release_id)
        now = booking_time(uow, release, self.bookings)
        validator = BookingValidator(release, now, self.caller, allow_missing_form=self.allow_missing_form)
        sessions = validator.validate(uow, self.bookings, 0)
        validator.raise_if_refused(self.path, len(self.bookings))
        if self.caller.validate_only:
            return sessions
        pins = SharedPins(uow, release, sessions)
        sessions = validator.assign_codes(uow, sessions, pins)
        uow.releases.share_pins(release, pins.drawn)
        for session in sessions:
            uow.sessions.insert(session, (scheduled(session),), self.caller)
        return sessions

    def replay_payload(self, result: list[BookingReceipt]) -> str:
        """The rows themselves: a repetition is answered even when some were edited or deleted since."""
        # In ASCII: so an erasure looks for a candidate's id in it (store/personal_data.py).
        return json.dumps(result, separators=(",", ":"))

    def replay(self, uow: Bookings, payload: str) -> list[BookingReceipt]:  # noqa: ARG002 - nothing is read anew
        """The rows as they were booked."""
        return [BookingReceipt(*row) for row in json.loads(payload)]


def joined_payloads(payloads: Sequence[str]) -> str:
    """What a repetition is answered from, of what it is for each part of the rows in their order."""
    return f"[{','.join(payload[1:-1] for payload in payloads)}]"


class BookSession(BookSessions):
    """One new session. The result is the session."""

    __slots__ = ()

    def apply(self, uow: Bookings) -> SessionWithRelease:  # type: ignore[override]
        """Books the one row; its refusal is raised without the batch around it."""
        try:
            session = self._book(uow)[0]
        except errors.BatchRefused as refused:
            raise refused.alone("booking") from refused
        return SessionWithRelease(session, uow.releases.get(self.caller.workspace, self.release_id))

    def replay_payload(self, result: SessionWithRelease) -> str:  # type: ignore[override]
        """The session's id."""
        return result.session.id

    def replay(self, uow: Bookings, payload: str) -> SessionWithRelease:  # type: ignore[override]
        """The session as it is now, or as it was when it was deleted."""
        return load_with_release(uow, self.caller.workspace, payload)
