"""What one transaction knows: rows as read, overlaid with what earlier batches of its group entered (ledger.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.decide import NULLABLE
from exam_sessions.domain.records import (
    NO_MARKING_CONTEXT,
    AccessCode,
    MarkingContext,
    Release,
    Session,
    lost_release,
)
from exam_sessions.domain.session_filter import PageCursor
from exam_sessions.domain.states import Action
from exam_sessions.domain.transition_table import ACTIONS
from exam_sessions.execution.read_set import ReadSet
from exam_sessions.store.database_errors import LostRace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.statistics import Tally
    from exam_sessions.domain.stored_records import ConsumerRow, OperationRow, StoredForm
    from exam_sessions.execution.committed_cache import CommittedCache
    from exam_sessions.execution.form_cache import FormCache
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.requests import RequestRow
    from exam_sessions.store.sessions import Conflicts

    Timed = Session | Release | OperationRow | ConsumerRow

Key = tuple[str, str]
"""Workspace and id."""

ENDING = frozenset({Action.VOID, Action.FAIL})
"""Actions on a session that need nothing of its release."""

UNIQUE_COLUMNS = frozenset({"candidate_id", "access_code"})
"""Columns an edit may change that no two sessions of a release may share."""


class Change(NamedTuple):
    """A session before this group, as it is to be written, and the columns to write."""

    before: Session
    session: Session
    columns: frozenset[str]


class Knowledge:
    """A transaction's view. What a later batch of the group asks for is answered as the earlier ones left it."""

    def __init__(
        self,
        db: Db,
        repositories: Repositories,
        now: Callable[[], int],
        server: str,
        reserved: Sequence[Reservation],
        form_cache: FormCache,
        cache: CommittedCache | None = None,
    ) -> None:
        self.db, self.repositories, self._clock = db, repositories, now
        self.now = now()
        """The time at which the last of the rows asked for was held: whoever was waited for has changed it before."""
        self._server, self._reserved, self._form_cache, self._cache = server, reserved, form_cache, cache
        self._scripts: dict[Key, tuple[AttemptRecord, ...]] = {}
        self._sessions: dict[Key, Session] = {}
        self._keycodes: dict[Key, str] = {}
        self._access_codes: dict[tuple[str, AccessCode], str] = {}
        self._releases: dict[Key, Release] = {}
        self._requests: dict[Key, RequestRow] = {}
        self._inserts: dict[Key, Session] = {}
        self._changes: dict[Key, Change] = {}
        self._deletes: dict[Key, Session] = {}
        """Sessions as they were at last; how they were read stands in `_deleted_from`, unless they were new."""
        self._deleted_from: dict[Key, Session] = {}
        self._pins: dict[Key, dict[tuple[str, int], str]] = {}
        self.blocked_by_staged_import = False
        """Whether a value looked for is spoken for by a roster under way."""

    def load(self, reads: ReadSet, *, to_write: bool = False) -> None:
        """Takes the rows wanted from what is known, or reads them: one statement per kind and workspace.

        Sessions read `to_write` are kept from other servers until the transaction ends.
        """
        if reads.access_codes:
            self._find_by_access_code(reads)
        if self._cache is not None:
            self._cache.validate(self.db.data_version())
            self._take_cached(self._cache, reads)
        for workspace in reads.sessions.keys() | reads.keycodes.keys() | reads.releases.keys():
            named = [kind.get(workspace, ()) for kind in (reads.sessions, reads.keycodes, reads.releases)]
            if not any(named):
                continue
            sessions, releases = self.repositories.sessions.load_with_releases(
                self.db, workspace, *named, to_write=to_write, to_change=workspace in reads.to_change
            )
            for session in sessions:
                self._know(session)
            for release in releases:
                self._releases[workspace, release.id] = release
        self._rows_are_held()
        if reads.access_codes:
            self._check_access_codes()
        if reads.marking_context:
            self._load_scripts()
        self._load_requests(reads)

    def _load_requests(self, reads: ReadSet) -> None:
        for workspace, ids in reads.requests.items():
            for request in self.repositories.requests.load(self.db, workspace, ids):
                self._requests[workspace, request.request_id] = request

    def _find_by_access_code(self, reads: ReadSet) -> None:
        """Puts ids in the place of access codes, which may be edited until the rows are held."""
        for workspace, codes in reads.access_codes.items():
            for code, session_id in self.repositories.sessions.ids_of(self.db, workspace, codes).items():
                self._access_codes[workspace, code] = session_id
                reads.session(workspace, session_id, "")

    def _check_access_codes(self) -> None:
        """Raises LostRace when a session that was found is held without its access code."""
        for (workspace, code), session_id in self._access_codes.items():
            held = self._sessions.get((workspace, session_id))
            if held and not code.names(held):
                raise LostRace("an access code was changed before its session was held")

    def _rows_are_held(self) -> None:
        self.now = max(self.now, self._clock())

    def moment(self, row: Timed) -> int:
        """The time of a change to a row: now, but never before the row's last change, whatever clock that had."""
        return clock.moment(self.now, row.update_time)

    def booking_time(self, workspace: str, ids: Collection[str]) -> int:
        """The time of new sessions with these ids, which may have been those of sessions that were deleted."""
        return clock.moment(self.now, self.repositories.events.last_end(self.db, workspace, ids)) if ids else self.now

    def _load_scripts(self) -> None:
        """The scripts of every session known by now, as far as it can have any."""
        wanted: dict[str, list[str]] = {}
        for (workspace, session_id), session in self._sessions.items():
            if session.form_revision and (workspace, session_id) not in self._scripts:
                wanted.setdefault(workspace, []).append(session_id)
        for workspace, ids in wanted.items():
            for session_id, scripts in self.repositories.attempts.load(self.db, workspace, ids).items():
                self._scripts[workspace, session_id] = scripts

    def _know(self, session: Session) -> None:
        self._sessions[session.workspace_id, session.id] = session
        self._keycodes[session.workspace_id, session.keycode] = session.id

    def _take_cached(self, cache: CommittedCache, reads: ReadSet) -> None:
        """Strikes off what is wanted and known."""
        for workspace, keycodes in reads.keycodes.items():
            for keycode in [keycode for keycode in keycodes if (workspace, keycode) in cache.keycodes]:
                keycodes.remove(keycode)
                reads.session(workspace, cache.keycodes[workspace, keycode], "")
        for workspace, ids in reads.sessions.items():
            found = [cache.sessions[workspace, i] for i in ids if (workspace, i) in cache.sessions]
            for session in found:
                self._know(session)
                if (scripts := cache.scripts.get((workspace, session.id))) is not None:
                    self._scripts[workspace, session.id] = scripts
                ids.remove(session.id)
                reads.release(workspace, session.release_id)
        for workspace, ids in reads.releases.items():
            for release_id in [i for i in ids if (workspace, i) in cache.releases]:
                ids.remove(release_id)
                self._releases[workspace, release_id] = cache.releases[workspace, release_id]

    def session(self, workspace: str, session_id: str, keycode: str | AccessCode = "") -> Session:
        """A session as it stands now. Raises SessionNotFound."""
        if isinstance(keycode, AccessCode):
            return self._by_access_code(workspace, keycode)
        known = session_id or self._keycodes.get((workspace, keycode), "")
        session = self._sessions.get((workspace, known))
        if session is None:
            raise errors.SessionNotFound(session_id or keycode)
        return session

    def _by_access_code(self, workspace: str, code: AccessCode) -> Session:
        """The session that has an access code now: an edit of the same group may have given it to another."""
        session = self._sessions.get((workspace, self._access_codes.get((workspace, code), "")))
        if session is None or not code.names(session):
            others = (s for s in self._sessions.values() if s.workspace_id == workspace and code.names(s))
            session = next(others, None)
        if session is None:
            raise errors.SessionNotFound(str(code))
        return session

    def release(self, workspace: str, release_id: str) -> Release:
        """A release as it stands now. Raises ReleaseNotFound."""
        release = self._releases.get((workspace, release_id))
        if release is None:
            raise errors.ReleaseNotFound(release_id)
        return release

    def release_of(self, session: Session, command: Command) -> Release:
        """The release of a session that is known; one that is gone can be done without by what ends the session.

        Raises:
            errors.SessionDamaged: it is gone.
        """
        release = self._releases.get((session.workspace_id, session.release_id))
        if release is None:
            if command.action not in ENDING:
                raise errors.SessionDamaged(session.id, "release")
            return lost_release(session.workspace_id, session.release_id)
        return release

    def marking_context(self, session: Session, command: Command) -> MarkingContext:
        """What the command needs of the session's form and scripts, and of the newest revision of the form."""
        action = ACTIONS[command.action]
        if not action.needs_form or (not session.form_revision and action.form_is_optional):
            return NO_MARKING_CONTEXT
        if command.action is Action.REGRADE:
            return self.papers_to_regrade(session, session.test_form, command.form_revision)
        workspace, revision = session.workspace_id, marking_revision_of(session)
        form = self._form_cache.form(self.db, self.repositories, workspace, session.test_form, revision)
        latest = 0
        if action.needs_latest_revision:
            reference = command.updated_form or dict(command.fields).get("test_form") or session.test_form
            latest = self.revisions(session.workspace_id, {str(reference)}).get(str(reference), 0)
        return MarkingContext(form, self.scripts(session), latest)

    def papers_to_regrade(self, session: Session, reference: str, revision: int) -> MarkingContext:
        """What the rules of regrading ask about, with the revision to mark by: the newest of the form when 0."""
        revision = revision or self.revisions(session.workspace_id, {reference}).get(reference, 0)
        return self._form_cache.marking_context(
            self.db, self.repositories, session, self.scripts(session), (reference, revision)
        )

    def scripts(self, session: Session) -> tuple[AttemptRecord, ...]:
        """A session's scripts in the order of its attempts, as they stand now."""
        key = (session.workspace_id, session.id)
        if key not in self._scripts:
            self._scripts[key] = self.repositories.attempts.load(self.db, session.workspace_id, (session.id,))[
                session.id
            ]
        return self._scripts[key]

    def revisions(self, workspace: str, references: Collection[str]) -> dict[str, int]:
        """The newest revision of each of these forms; unknown ones are left out."""
        return self.repositories.forms.latest(self.db, workspace, references)

    def tallies(self, release: Release) -> list[Tally]:
        """The sessions of a release by state, as they were before this transaction."""
        return self.repositories.aggregates.of(self.db, release.workspace_id, (release.id,))

    def with_several_attempts(self, release: Release) -> list[Session]:
        """The sessions of a release that have more than one attempt, kept from others."""
        reads = ReadSet()
        for session_id in self.repositories.sessions.with_several_attempts(self.db, release.workspace_id, release.id):
            if (release.workspace_id, session_id) not in self._sessions:
                reads.session(release.workspace_id, session_id, "")
        if reads.sessions:
            self.load(reads, to_write=True)
        return [s for s in self._sessions.values() if s.release_id == release.id and s.attempt > 1]

    def form(self, workspace: str, reference: str, revision: int) -> Form | None:
        """A revision of a form."""
        return self._form_cache.form(self.db, self.repositories, workspace, reference, revision)

    def operation(self, workspace: str, operation_id: str, *, to_write: bool = False) -> OperationRow:
        """An operation; kept from others when read to write. Raises OperationNotFound."""
        row = self.repositories.operations.load(self.db, workspace, operation_id, to_write=to_write)
        self._rows_are_held()
        if row is None:
            raise errors.OperationNotFound(f"workspaces/{workspace}/operations/{operation_id}")
        return row

    def count_matching(self, workspace: str, criteria: SessionFilter) -> int:
        """How many sessions match, as they were before this transaction."""
        return self.repositories.pages.count(self.db, workspace, criteria)

    def matching(self, workspace: str, criteria: SessionFilter, after: str, most: int) -> list[str]:
        """Ids of the next sessions that match, as they were before this transaction, in the order of the ids."""
        place = PageCursor(0, after) if after else None
        return [s.id for s in self.repositories.pages.page(self.db, workspace, criteria, "id", place, most)]

    def places(
        self, workspace: str, criteria: SessionFilter, after: PageCursor | None, most: int
    ) -> list[PageCursor]:
        """The places of the next sessions that match, before this transaction, in the order of their booking."""
        return self.repositories.pages.places(self.db, workspace, criteria, after, most)

    def forms_of(self, release: Release) -> list[tuple[str, int]]:
        """Reference and revision of every form that handed-in sessions of a release were sat on."""
        return self.repositories.forms.sat(self.db, release.workspace_id, release.id)

    def newest_form(self, workspace: str, reference: str) -> StoredForm | None:
        """The newest revision of a form; None when the catalogue does not hold it."""
        return self.repositories.forms.load(self.db, workspace, reference)

    def has_release(self, workspace: str, release_id: str) -> bool:
        """Whether a release of that id exists."""
        return (workspace, release_id) in self._releases

    def release_named(self, workspace: str, name: str) -> Release | None:
        """The oldest release of exactly this name. Whoever else asks for it waits for this transaction to end."""
        return self.repositories.catalog.first_named(self.db, workspace, name)

    def request(self, workspace: str, request_id: str) -> RequestRow | None:
        """What is remembered of a request, as far as that was wanted."""
        return self._requests.get((workspace, request_id))

    def look_for_request(self, workspace: str, request_id: str) -> RequestRow | None:
        """What is remembered of a request, read now."""
        found = self.repositories.requests.load(self.db, workspace, (request_id,))
        return found[0] if found else None

    def loaded(self) -> list[Session]:
        """Every session that was read."""
        return list(self._sessions.values())

    def load_or_reconstruct(self, workspace: str, session_id: str) -> Session:
        """A session read anew, or, when deleted, as its history kept it, without PIN. Raises SessionNotFound."""
        if gone := self._deletes.get((workspace, session_id)):
            return gone._replace(pin="")
        found = self.repositories.sessions.load(self.db, workspace, (session_id,), ())
        return found[0] if found else self._deleted(workspace, session_id)

    def load_release(self, workspace: str, release_id: str) -> Release:
        """A release, read anew where it is not known yet. Raises ReleaseNotFound."""
        if (workspace, release_id) not in self._releases:
            for release in self.repositories.catalog.load(self.db, workspace, (release_id,)):
                self._releases[workspace, release.id] = release
        return self.release(workspace, release_id)

    def pins(self, release: Release, centres: Collection[str]) -> dict[tuple[str, int], str]:
        """The PINs sessions of a release share, by centre and day."""
        known = self.repositories.catalog.pins(self.db, release.workspace_id, release.id, centres)
        return known | self._pins.get((release.workspace_id, release.id), {})

    def _deleted(self, workspace: str, session_id: str) -> Session:
        last = self.repositories.events.end(self.db, workspace, session_id)
        if last is None or last.to_state:
            raise errors.SessionNotFound(session_id)
        # Besides the columns, the history may have kept the scripts.
        kept = {name: before for name, (before, _) in json.loads(last.changes).items() if name in Session._fields}
        blank = dict.fromkeys(Session._fields, 0) | dict.fromkeys(TEXTS, "") | dict.fromkeys(NULLABLE)
        return Session(**(blank | kept))

    def has_open_session(self, session: Session) -> bool:
        """Whether the session's candidate has another one open, as things stand in this transaction."""
        workspace, candidate = session.workspace_id, session.candidate_id
        found = self.repositories.sessions.open_of(self.db, workspace, candidate)
        for (place, session_id), known in self._sessions.items():
            if place == workspace:
                # What was changed a moment ago is not in the database yet.
                found.discard(session_id)
                if known.open_candidate == candidate:
                    found.add(session_id)
        return bool(found - {session.id})

    def last_sequence(self, workspace: str) -> int:
        """The workspace's last event; 0 before the first."""
        return self.repositories.events.last_place(self.db, workspace)

    def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events, kept from others."""
        row = self.repositories.consumers.load(self.db, workspace, name, to_write=True)
        self._rows_are_held()
        return row

    def has_unowned_staged_import(self) -> bool:
        """Whether a roster is half written that none of this server's own is at work on."""
        at_work = {held.staged.id for held in self._reserved}
        return any(staged.id not in at_work for staged in self.repositories.staged_imports.all(self.db))

    def find_conflicts(self, release: Release, **looked: Collection[str]) -> Conflicts:
        """Which values are taken: in the database, by what this group entered, or by a roster under way.

        Looked for are `ids` and `keycodes` in the workspace, `candidates` and `access_codes` in the release.
        """
        found = self.repositories.sessions.find_conflicts(self.db, release.workspace_id, release.id, **looked)
        self._overlay(found, release)
        for held in self._reserved:
            if held.staged.workspace_id != release.workspace_id:
                continue
            kinds = ("ids", "keycodes", "candidates", "access_codes")
            for kind in kinds if held.staged.release_id == release.id else kinds[:2]:
                conflicting = getattr(held, kind).intersection(looked.get(kind, ()))
                self.blocked_by_staged_import |= bool(conflicting)
                getattr(found, kind).update(conflicting)
        return found

    def _overlay(self, found: Conflicts, release: Release) -> None:
        """Corrects what the database says is taken by what this group has let go of, and taken, since."""
        edits = [change for change in self._changes.values() if change.columns & UNIQUE_COLUMNS]
        for session in self._deletes.values():
            if session.workspace_id == release.workspace_id:
                found.ids.discard(session.id)
                found.keycodes.discard(session.keycode)
        for session in (*self._deletes.values(), *(edit.before for edit in edits)):
            if (session.workspace_id, session.release_id) == (release.workspace_id, release.id):
                found.candidates.discard(session.candidate_id)
                found.access_codes.discard(session.access_code)
        for session in (*self._inserts.values(), *(edit.session for edit in edits)):
            if session.workspace_id == release.workspace_id:
                found.ids.add(session.id)
                found.keycodes.add(session.keycode)
                if session.release_id == release.id:
                    found.candidates.add(session.candidate_id)
                    found.access_codes.add(session.access_code)


TEXTS = frozenset(
    name for name, kind in Session.__annotations__.items() if "str" in str(kind) and name != "open_candidate"
)
