"""What one transaction knows: rows as read, overlaid with what earlier batches of its group entered (ledger.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.records import Release, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.commands.recent import Recent
    from exam_sessions.commands.rosters import Reservation
    from exam_sessions.store.consumers import ConsumerRow
    from exam_sessions.store.engine import Db
    from exam_sessions.store.requests import RequestRow
    from exam_sessions.store.rows import Rows
    from exam_sessions.store.sessions import Taken

Key = tuple[str, str]
"""Workspace and id."""

UNIQUE_COLUMNS = frozenset({"candidate_id", "access_code"})
"""Columns an edit may change that no two sessions of a release may share."""


class Change(NamedTuple):
    """A session before this group, as it is to be written, and the columns to write."""

    before: Session
    session: Session
    columns: frozenset[str]


class Wants:
    """The rows a group of batches needs, by workspace."""

    __slots__ = ("keycodes", "releases", "requests", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[str, set[str]] = {}
        self.keycodes: dict[str, set[str]] = {}
        self.releases: dict[str, set[str]] = {}
        self.requests: dict[str, set[str]] = {}

    def session(self, workspace: str, session_id: str, keycode: str) -> None:
        """One session, by its id or else by its keycode."""
        if session_id:
            self.sessions.setdefault(workspace, set()).add(session_id)
        else:
            self.keycodes.setdefault(workspace, set()).add(keycode)

    def release(self, workspace: str, release_id: str) -> None:
        """One release."""
        self.releases.setdefault(workspace, set()).add(release_id)

    def request(self, workspace: str, request_id: str) -> None:
        """One remembered request."""
        self.requests.setdefault(workspace, set()).add(request_id)


class Knowledge:
    """A transaction's view. What a later batch of the group asks for is answered as the earlier ones left it."""

    def __init__(
        self,
        db: Db,
        rows: Rows,
        now: int,
        server: str,
        reserved: Sequence[Reservation],
        recent: Recent | None = None,
    ) -> None:
        self.db, self.rows, self.now = db, rows, now
        self._server, self._reserved, self._recent = server, reserved, recent
        self._sessions: dict[Key, Session] = {}
        self._keycodes: dict[Key, str] = {}
        self._releases: dict[Key, Release] = {}
        self._requests: dict[Key, RequestRow] = {}
        self._inserts: dict[Key, Session] = {}
        self._changes: dict[Key, Change] = {}
        self._deletes: dict[Key, Session] = {}
        self._pins: dict[Key, dict[tuple[str, int], str]] = {}
        self.contested = False
        """Whether a value looked for is spoken for by a roster under way."""

    def load(self, wants: Wants, *, to_write: bool = False) -> None:
        """Takes the rows wanted from what is known, or reads them: one statement per kind and workspace.

        Sessions read `to_write` are kept from other servers until the transaction ends.
        """
        if self._recent is not None:
            self._recent.hold(self.db.others_commits())
            self._take_recent(self._recent, wants)
        for workspace in wants.sessions.keys() | wants.keycodes.keys() | wants.releases.keys():
            named = [kind.get(workspace, ()) for kind in (wants.sessions, wants.keycodes, wants.releases)]
            if not any(named):
                continue
            sessions, releases = self.rows.sessions.load_standing(self.db, workspace, *named, to_write=to_write)
            for session in sessions:
                self._know(session)
            for release in releases:
                self._releases[workspace, release.id] = release
        for workspace, ids in wants.requests.items():
            for request in self.rows.requests.load(self.db, workspace, ids):
                self._requests[workspace, request.request_id] = request

    def _know(self, session: Session) -> None:
        self._sessions[session.workspace_id, session.id] = session
        self._keycodes[session.workspace_id, session.keycode] = session.id

    def _take_recent(self, recent: Recent, wants: Wants) -> None:
        """Strikes off what is wanted and known."""
        for workspace, keycodes in wants.keycodes.items():
            for keycode in [keycode for keycode in keycodes if (workspace, keycode) in recent.keycodes]:
                keycodes.remove(keycode)
                wants.session(workspace, recent.keycodes[workspace, keycode], "")
        for workspace, ids in wants.sessions.items():
            found = [recent.sessions[workspace, i] for i in ids if (workspace, i) in recent.sessions]
            for session in found:
                self._know(session)
                ids.remove(session.id)
                wants.release(workspace, session.release_id)
        for workspace, ids in wants.releases.items():
            for release_id in [i for i in ids if (workspace, i) in recent.releases]:
                ids.remove(release_id)
                self._releases[workspace, release_id] = recent.releases[workspace, release_id]

    def session(self, workspace: str, session_id: str, keycode: str = "") -> Session:
        """A session as it stands now. Raises SessionNotFound."""
        known = session_id or self._keycodes.get((workspace, keycode), "")
        session = self._sessions.get((workspace, known))
        if session is None:
            raise errors.SessionNotFound(session_id or keycode)
        return session

    def release(self, workspace: str, release_id: str) -> Release:
        """A release as it stands now. Raises ReleaseNotFound."""
        release = self._releases.get((workspace, release_id))
        if release is None:
            raise errors.ReleaseNotFound(release_id)
        return release

    def has_release(self, workspace: str, release_id: str) -> bool:
        """Whether a release of that id exists."""
        return (workspace, release_id) in self._releases

    def request(self, workspace: str, request_id: str) -> RequestRow | None:
        """What is remembered of a request, as far as that was wanted."""
        return self._requests.get((workspace, request_id))

    def look_for_request(self, workspace: str, request_id: str) -> RequestRow | None:
        """What is remembered of a request, read now."""
        found = self.rows.requests.load(self.db, workspace, (request_id,))
        return found[0] if found else None

    def loaded(self) -> list[Session]:
        """Every session that was read."""
        return list(self._sessions.values())

    def recall(self, workspace: str, session_id: str) -> Session:
        """A session read anew, or, when deleted, as its history kept it, without PIN. Raises SessionNotFound."""
        found = self.rows.sessions.load(self.db, workspace, (session_id,), ())
        return found[0] if found else self._deleted(workspace, session_id)

    def recall_release(self, workspace: str, release_id: str) -> Release:
        """A release, read anew where it is not known yet. Raises ReleaseNotFound."""
        if (workspace, release_id) not in self._releases:
            for release in self.rows.catalog.load(self.db, workspace, (release_id,)):
                self._releases[workspace, release.id] = release
        return self.release(workspace, release_id)

    def pins(self, release: Release, centres: Collection[str]) -> dict[tuple[str, int], str]:
        """The PINs sessions of a release share, by centre and day."""
        known = self.rows.catalog.pins(self.db, release.workspace_id, release.id, centres)
        return known | self._pins.get((release.workspace_id, release.id), {})

    def _deleted(self, workspace: str, session_id: str) -> Session:
        last = self.rows.events.last(self.db, workspace, session_id)
        if last is None or last.to_state:
            raise errors.SessionNotFound(session_id)
        kept = {name: before for name, (before, _) in json.loads(last.changes).items()}
        blank = dict.fromkeys(Session._fields, 0) | dict.fromkeys(TEXTS, "")
        return Session(**(blank | {"due_time": None, "open_candidate": None} | kept))

    def has_open_session(self, session: Session) -> bool:
        """Whether the session's candidate has another one open."""
        return self.rows.sessions.has_open(self.db, session.workspace_id, session.candidate_id)

    def last_sequence(self, workspace: str) -> int:
        """The workspace's last event; 0 before the first."""
        return self.rows.events.last_place(self.db, workspace)

    def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events, kept from others."""
        return self.rows.consumers.load(self.db, workspace, name, to_write=True)

    def others_draft(self) -> bool:
        """Whether a roster is half written that none of this server's own is at work on."""
        at_work = {held.draft.id for held in self._reserved}
        return any(draft.id not in at_work for draft in self.rows.drafts.all(self.db))

    def taken(self, release: Release, **looked: Collection[str]) -> Taken:
        """Which values are taken: in the database, by what this group entered, or by a roster under way.

        Looked for are `ids` and `keycodes` in the workspace, `candidates` and `access_codes` in the release.
        """
        found = self.rows.sessions.taken(self.db, release.workspace_id, release.id, **looked)
        self._overlay(found, release)
        for held in self._reserved:
            if held.draft.workspace_id != release.workspace_id:
                continue
            kinds = ("ids", "keycodes", "candidates", "access_codes")
            for kind in kinds if held.draft.release_id == release.id else kinds[:2]:
                contested = getattr(held, kind).intersection(looked.get(kind, ()))
                self.contested |= bool(contested)
                getattr(found, kind).update(contested)
        return found

    def _overlay(self, found: Taken, release: Release) -> None:
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
