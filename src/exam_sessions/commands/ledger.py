"""What one transaction knows and what it will write. Decides nothing, and is the one place that writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.records import Event, Release, Session
from exam_sessions.domain.states import Action
from exam_sessions.store.events import Happening
from exam_sessions.store.requests import RequestRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.commands.batch import Caller
    from exam_sessions.commands.recent import Recent
    from exam_sessions.commands.rosters import Reservation
    from exam_sessions.domain.states import State
    from exam_sessions.store.drafts import DraftRow
    from exam_sessions.store.engine import Db
    from exam_sessions.store.rows import Rows
    from exam_sessions.store.sessions import Taken

Key = tuple[str, str]
"""Workspace and id."""

UNIQUE_COLUMNS = frozenset({"candidate_id", "access_code"})
"""Columns an edit may change that no two sessions of a release may share."""

DERIVED = ("due_time", "open_candidate", "draft")
"""Columns that `settle` works out anew with every change."""


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


class Ledger:
    """A transaction's view: rows as read, overlaid with what earlier batches of the group entered."""

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
        self._hurried = False
        self._sessions: dict[Key, Session] = {}
        self._keycodes: dict[Key, str] = {}
        self._releases: dict[Key, Release] = {}
        self._requests: dict[Key, RequestRow] = {}
        self._inserts: dict[Key, Session] = {}
        self._changes: dict[Key, Change] = {}
        self._deletes: dict[Key, Session] = {}
        self._happened: dict[str, list[Happening]] = {}
        self._remembered: list[RequestRow] = []
        self._wrote = False
        self.contested = False
        """Whether a value looked for is spoken for by a roster under way."""
        self._pins: dict[Key, dict[tuple[str, int], str]] = {}

    # Reading.

    def load(self, wants: Wants, *, to_write: bool = False) -> None:
        """Takes the rows wanted from what is known, or reads them: one statement per kind and workspace.

        Sessions read `to_write` are kept from other servers until the transaction ends.
        """
        if self._recent is not None:
            self._recent.hold(self.db.others_commits())
            self._take_recent(self._recent, wants)
        for workspace in wants.sessions.keys() | wants.keycodes.keys():
            ids, keycodes = wants.sessions.get(workspace, ()), wants.keycodes.get(workspace, ())
            for session in self.rows.sessions.load(self.db, workspace, ids, keycodes, to_write=to_write):
                self._know(session)
                wants.release(workspace, session.release_id)
        for workspace, ids in wants.releases.items():
            for release in self.rows.catalog.load(self.db, workspace, ids):
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

    def teach(self, recent: Recent) -> None:
        """Hands on what is known now; to be called once it is committed."""
        if self._hurried:
            recent.clear()
        else:
            recent.learn(self._sessions.values(), self._deletes, self._releases.values())

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

    def others_draft(self) -> bool:
        """Whether a roster of another server is half written."""
        return any(draft.owner != self._server for draft in self.rows.drafts.all(self.db))

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

    # Entering.

    def change(self, session: Session, changed: frozenset[str], events: Sequence[Event], caller: Caller) -> None:
        """Enters a session as it became, the columns in which it may differ, and its history."""
        key = (session.workspace_id, session.id)
        before, self._sessions[key] = self._sessions[key], session
        if key in self._inserts:
            self._inserts[key] = session
        else:
            columns = changed
            for name in DERIVED:
                if getattr(before, name) != getattr(session, name):
                    columns |= {name}
            earlier = self._changes.get(key)
            if earlier:
                before, columns = earlier.before, columns | earlier.columns
            self._changes[key] = Change(before, session, columns)
        self._tell(session, events, caller)

    def book(self, session: Session, event: Event, caller: Caller) -> None:
        """Enters a new session."""
        key = (session.workspace_id, session.id)
        self._sessions[key] = self._inserts[key] = session
        self._keycodes[session.workspace_id, session.keycode] = session.id
        self._tell(session, (event,), caller)

    def delete(self, session: Session, events: Sequence[Event], caller: Caller) -> None:
        """Enters the end of a session."""
        key = (session.workspace_id, session.id)
        del self._sessions[key]
        self._inserts.pop(key, None)
        self._changes.pop(key, None)
        self._deletes[key] = session
        self._tell(session, events, caller)

    def put_release(self, release: Release, *, new: bool) -> None:
        """Writes a release at once: releases are few, and sessions of the same group must see it."""
        self._releases[release.workspace_id, release.id] = release
        self._wrote = True
        if new:
            self.rows.catalog.insert(self.db, release)
        else:
            self.rows.catalog.update(self.db, release)

    def hurry(self, release: Release, states: tuple[State, State, State], caller: Caller) -> None:
        """Has the clock look at a release's sessions in these states at once, also those entered in this group."""
        workspace, release_id = release.workspace_id, release.id
        self._hurried = self._wrote = True
        self.rows.sessions.hurry(self.db, workspace, release_id, self.now, states)
        for session in list(self._sessions.values()):
            if session.release_id == release_id and session.state in states:
                self.change(session._replace(due_time=self.now), frozenset(), (), caller)

    def share_pins(self, release: Release, drawn: dict[tuple[str, int], str]) -> None:
        """Enters PINs for the sessions of a release still to come."""
        if drawn:
            self._pins.setdefault((release.workspace_id, release.id), {}).update(drawn)

    def forget_requests(self, workspace: str, ids: Sequence[str]) -> int:
        """Forgets requests; how many there were."""
        self._wrote = True
        return self.rows.requests.forget(self.db, workspace, ids)

    def open_draft(self, draft: DraftRow) -> None:
        """Writes that a roster is under way."""
        self.rows.drafts.open(self.db, draft)

    def put_draft(self, sessions: Sequence[Session]) -> None:
        """Writes sessions of a roster under way; nobody sees them before it is published."""
        self.rows.sessions.insert(self.db, sessions)

    def publish(self, draft: DraftRow, count: int, caller: Caller) -> None:
        """Writes the history of a roster of `count` sessions, and that it is under way no more: all see it now.

        Raises:
            errors.DatabaseUnavailable: another server took us for dead, and has removed it.
        """
        if not self.rows.drafts.close(self.db, draft):
            raise errors.DatabaseUnavailable
        first = self.rows.events.reserve(self.db, caller.workspace, count)
        action = Action.SCHEDULE.value
        self.rows.drafts.tell(self.db, draft, first, action, caller.actor, caller.request_id, self.now)

    def discard(self, draft: DraftRow, most: int) -> int:
        """Removes up to `most` sessions of a roster that is given up, then the draft; how many there were."""
        self._wrote = True
        removed = self.rows.drafts.remove(self.db, draft, most)
        if removed < most:
            self.rows.drafts.close(self.db, draft)
        return removed

    def remember(self, caller: Caller, result: str) -> None:
        """Enters a request that succeeded."""
        row = RequestRow(caller.workspace, caller.request_id, caller.fingerprint, result, self.now)
        self._requests[caller.workspace, caller.request_id] = row
        self._remembered.append(row)

    def _tell(self, session: Session, events: Sequence[Event], caller: Caller) -> None:
        told = self._happened.setdefault(session.workspace_id, [])
        for event in events:
            told.append(Happening(event, session.id, session.release_id, caller.actor, caller.request_id))

    # Writing.

    def write(self) -> bool:
        """Writes everything entered, one statement per kind of change; whether anything was written at all."""
        if self._inserts:
            self.rows.sessions.insert(self.db, list(self._inserts.values()))
        alike: dict[frozenset[str], list[Session]] = {}
        for _, session, columns in self._changes.values():
            alike.setdefault(columns, []).append(session)
        for columns, changed in alike.items():
            if columns:
                self.rows.sessions.update(self.db, columns, changed)
        for workspace, session_id in self._deletes:
            self.rows.sessions.delete(self.db, workspace, session_id)
        for (workspace, release_id), drawn in self._pins.items():
            for (centre, day), pin in drawn.items():
                self.rows.catalog.insert_pin(self.db, workspace, release_id, centre, day, pin)
        if self._remembered:
            self.rows.requests.insert(self.db, self._remembered)
        # Last, because the workspace's order of events is ours alone from here to the commit.
        for workspace, happened in self._happened.items():
            self.rows.events.append(self.db, workspace, happened, self.now)
        return bool(self._wrote or self._happened or self._remembered or self._changes)


TEXTS = frozenset(
    name for name, kind in Session.__annotations__.items() if "str" in str(kind) and name != "open_candidate"
)
