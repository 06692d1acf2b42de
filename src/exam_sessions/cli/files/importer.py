"""An import at work: what an earlier run left, what the service would refuse, then the writing. Prints nothing.

A file is written from its first row to its last, in chunks that are all or nothing, each under an id made from the
release, the content of the whole file, and the chunk's place in it (import_ids.py). A file longer than a batch may be
goes through one stream, and there too no chunk is sent before the one before it is booked. So

- a chunk whose answer was lost is sent again and answered from memory;
- what an earlier run of the same file left is always the front part of the file, and the history of the sessions
  proves it: it keeps the request id for good, longer than the service stores the answer;
- another file never has these ids, so that a candidate it shares with a booked session is a duplicate, and refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from exam_sessions.cli.files.import_ids import GENERATIONS, LARGEST, ImportIds
from exam_sessions.cli.files.roster_columns import BY_FIELD
from exam_sessions.cli.shared.file_faults import Fault
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exam_sessions.cli.files.roster import Row
    from exam_sessions.cli.shared.progress import Advance
    from exam_sessions.client.client import BookedSession, Client
    from exam_sessions.client.import_stream import ImportStream

ASKED_AT_ONCE = 1_000
"""Candidates of one question, rows of one check."""


HAS_A_SESSION = "has a session in this release already, which this file did not bring"

AT = re.compile(r"(?:chunks\[\d+\]\.)?bookings\[(\d+)\](?:\.(.+))?")

Answer = TypeVar("Answer")


class Codes(NamedTuple):
    """What the candidate of a row needs."""

    line: int
    candidate_id: str
    session_id: str
    keycode: str
    access_code: str


class Known(NamedTuple):
    """A session the release already has."""

    session_id: str
    keycode: str
    access_code: str


class Rejected(Exception):  # noqa: N818 - an outcome, shown to people row by row
    """The service refuses rows, all of them named."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class Importer:
    """One file on its way into one release, `chunk` rows at a time.

    Methods that call the service may raise Refused and NoServer; `advance` is called with the rows they dealt with.
    """

    def __init__(
        self, client: Client, release_id: str, rows: Sequence[Row], chunk: int, *, allow_missing_form: bool = False
    ) -> None:
        self._client, self._release_id, self._chunk = client, release_id, chunk
        self._allow_missing_form = allow_missing_form
        self.rows = rows
        self.booked: dict[str, Known] = {}
        """The sessions the release already has of the file's candidates, by candidate."""
        self.skipped: list[Row] = []
        """Rows left out because their candidate has a session."""
        self.done = 0
        """How many rows, from the first, are written."""
        self._ids = ImportIds(client.workspace, release_id, "")
        self._stream: ImportStream | None = None

    @property
    def left(self) -> int:
        """How many rows are still to be written."""
        return len(self.rows) - self.done

    def look(self, advance: Advance, *, skip_booked: bool = False, booked: Mapping[str, str] | None = None) -> None:
        """Finds out what is booked already, and how far an earlier run of the same file came.

        Args:
            advance: is called with how many rows were looked up.
            skip_booked: leave out rows whose candidate has a session in the release.
            booked: ids of the sessions that the file says candidates have; those of the release are left out too.
        """
        names = [row.booking.candidate_id for row in self.rows]
        for at in range(0, len(names), ASKED_AT_ONCE):
            part = names[at : at + ASKED_AT_ONCE]
            for s in self._client.sessions([self._release_id], candidate_ids=part):
                self.booked[s.candidate.candidate_id] = Known(s.id, s.keycode, s.access_code)
            advance(len(part))
        self.skipped = [
            row for row in self.rows if self._is_booked(row.booking.candidate_id, booked or {}, every=skip_booked)
        ]
        if self.skipped:
            left_out = {row.line for row in self.skipped}
            self.rows = [row for row in self.rows if row.line not in left_out]
        self._ids = ImportIds(self._client.workspace, self._release_id, digest(self.rows))
        self.done = 0 if skip_booked or self.skipped else self._written_before()

    def _is_booked(self, candidate_id: str, booked: Mapping[str, str], *, every: bool) -> bool:
        known = self.booked.get(candidate_id)
        return known is not None and (every or booked.get(candidate_id) == known.session_id)

    def check(self, advance: Advance) -> list[Fault]:
        """Everything the service would refuse of the rows still to be written, which it is asked without writing."""
        faults: list[Fault] = []
        for at in range(self.done, len(self.rows), ASKED_AT_ONCE):
            part = self.rows[at : at + ASKED_AT_ONCE]
            faults += self._duplicates(part)
            faults += self._refused([row for row in part if row.booking.candidate_id not in self.booked])
            advance(len(part))
        return faults

    def write(self, advance: Advance) -> Iterator[Codes]:
        """Writes the rows still to be written, and gives each one's codes.

        Raises:
            Rejected: rows that the check found good are refused now; those before them are written.
        """
        is_long = len(self.rows) > LARGEST
        allow = self._allow_missing_form
        stream = (
            closing(self._client.open_import(self._release_id, self._ids.whole, allow_missing_form=allow))
            if is_long
            else nullcontext()
        )
        with stream as self._stream:
            while self.done < len(self.rows):
                part = self.rows[self.done : self.done + self._chunk]
                try:
                    codes = self._book(part)
                except Refused as refused:
                    if faults := faults_of(refused, part):
                        raise Rejected(faults) from refused
                    raise
                self.done += len(part)
                advance(len(part))
                yield from codes

    def codes_before(self) -> list[Codes]:
        """The codes of rows that an earlier run wrote, or that are left out because they are booked."""
        return [
            Codes(line, booking.candidate_id, *known)
            for line, booking in (*self.rows[: self.done], *self.skipped)
            if (known := self.booked.get(booking.candidate_id))
        ]

    def gone(self) -> list[Row]:
        """Rows that an earlier run wrote, but whose candidate has no session any more."""
        return [row for row in self.rows[: self.done] if row.booking.candidate_id not in self.booked]

    def _duplicates(self, part: Sequence[Row]) -> list[Fault]:
        """Rows whose candidate has a session that this file did not bring. The service names only some at a time."""
        return [Fault(line, "candidate_id", HAS_A_SESSION) for line, b in part if b.candidate_id in self.booked]

    def _refused(self, part: Sequence[Row]) -> list[Fault]:
        """What the service refuses of these rows. It names as many as fit; the rest is asked about again."""
        faults: list[Fault] = []
        while part:
            try:
                self._client.book(
                    self._release_id,
                    [row.booking for row in part],
                    validate_only=True,
                    allow_missing_form=self._allow_missing_form,
                )
                break
            except Refused as refused:
                found = faults_of(refused, part)
                if not found:
                    raise
                named = {fault.line for fault in found}
                faults += found
                part = [row for row in part if row.line not in named]
        return faults

    def _written_before(self) -> int:
        """How many rows, from the first, an earlier run wrote: chunk after chunk, each found by its request id."""
        written = 0
        while written < len(self.rows):
            reach = self.rows[written : written + LARGEST]
            known = next((n for n, row in enumerate(reach) if row.booking.candidate_id in self.booked), None)
            if known is None:
                break
            session_id = self.booked[reach[known].booking.candidate_id].session_id
            cause = next(self._client.history(session_id, page=1)).request_id
            stop = self._end_of_chunk(written, range(written + known + 1, written + len(reach) + 1), cause)
            if stop is None:
                break
            written = stop
        return written

    def _end_of_chunk(self, start: int, stops: range, cause: str) -> int | None:
        tries = ((stop, self._ids.known_by(start, stop, n)) for n in range(GENERATIONS) for stop in stops)
        return next((stop for stop, request_ids in tries if cause in request_ids), None)

    def _book(self, part: Sequence[Row]) -> list[Codes]:
        """Books a chunk. A stored answer may name sessions deleted since; then it is booked anew."""
        for generation in range(GENERATIONS):
            sessions = retry(partial(self._send, part, generation))
            if retry(partial(self._exists, sessions[0].id)):
                return [
                    Codes(row.line, row.booking.candidate_id, s.id, s.keycode, s.access_code)
                    for row, s in zip(part, sessions, strict=True)
                ]
        raise Rejected(
            [Fault(part[0].line, "", f"begins rows that were booked and deleted {GENERATIONS} times today")]
        )

    def _send(self, part: Sequence[Row], generation: int) -> Sequence[BookedSession]:
        bookings, span = [row.booking for row in part], (self.done, self.done + len(part), generation)
        if self._stream:
            return self._stream.book(self._ids.number(*span), bookings)
        request_id, allow = self._ids.request(*span), self._allow_missing_form
        return self._client.book(self._release_id, bookings, request_id, allow_missing_form=allow)

    def _exists(self, session_id: str) -> bool:
        try:
            self._client.session(session_id)
        except Refused as refused:
            if refused.reason == "SESSION_NOT_FOUND":
                return False
            raise
        return True


def digest(rows: Sequence[Row]) -> str:
    """What distinguishes one file's rows from another's, however they are written."""
    found = hashlib.sha256()
    for _, booking in rows:
        found.update(json.dumps(booking).encode())
    return found.hexdigest()


def faults_of(refused: Refused, part: Sequence[Row]) -> list[Fault]:
    """The rows a refusal of a batch names, in the file's words; none when it is not about rows."""
    faults = []
    for violation in refused.violations:
        if at := AT.fullmatch(violation.field):
            row = part[int(at[1])]
            column = BY_FIELD.get((at[2] or "").rpartition(".")[2], "")
            faults.append(Fault(row.line, column, violation.description))
    return faults
