"""What one transaction knows and what it will write. Decides nothing, and is the one place that writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.records import Event, Release, Session
from exam_sessions.store.events import Happening
from exam_sessions.store.requests import RequestRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.commands.batch import Caller
    from exam_sessions.commands.rosters import Reservation
    from exam_sessions.domain.states import State
    from exam_sessions.store.drafts import DraftRow
    from exam_sessions.store.engine import Db
    from exam_sessions.store.rows import Rows
    from exam_sessions.store.sessions import Taken

Key = tuple[str, str]
"""Workspace and id."""


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

    def __init__(self, db: Db, rows: Rows, now: int, server: str, reserved: Sequence[Reservation]) -> None:
        self.db, self.rows, self.now = db, rows, now
        self._server, self._reserved = server, reserved
        self._sessions: dict[Key, Session] = {}
        self._keycodes: dict[Key, str] = {}
        self._releases: dict[Key, Release] = {}
        self._requests: dict[Key, RequestRow] = {}
        self._inserts: dict[Key, Session] = {}
        self._moves: dict[Key, Session] = {}
        self._edits: dict[Key, Session] = {}
        self._deletes: set[Key] = set()
        self._before: dict[Key, Session] = {}
        self._happened: dict[str, list[Happening]] = {}
        self._remembered: list[RequestRow] = []
        self._wrote = False
        self.contested = False
        """Whether a value looked for is spoken for by a roster under way."""
        self._pins: dict[Key, dict[tuple[str, int], str]] = {}

    # Reading.

    def load(self, wants: Wants) -> None:
        """Reads the rows wanted: one statement per kind and workspace."""
        for workspace in wants.sessions.keys() | wants.keycodes.keys():
            ids, keycodes = wants.sessions.get(workspace, ()), wants.keycodes.get(workspace, ())
            for session in self.rows.sessions.load(self.db, workspace, ids, keycodes):
                self._sessions[workspace, session.id] = session
                self._keycodes[workspace, session.keycode] = session.id
                wants.release(workspace, session.release_id)
        for workspace, ids in wants.releases.items():
            for release in self.rows.catalog.load(self.db, workspace, ids):
                self._releases[workspace, release.id] = release
        for workspace, ids in wants.requests.items():
            for request in self.rows.requests.load(self.db, workspace, ids):
                self._requests[workspace, request.request_id] = request

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
        """What is remembered of a request."""
        return self._requests.get((workspace, request_id))

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
        for before in self._before.values():
            # What this group has let go of is free, though the database does not know it yet.
            if before.workspace_id == release.workspace_id:
                found.ids.discard(before.id if (before.workspace_id, before.id) in self._deletes else "")
                found.keycodes.discard(before.keycode if (before.workspace_id, before.id) in self._deletes else "")
                if before.release_id == release.id:
                    found.candidates.discard(before.candidate_id)
                    found.access_codes.discard(before.access_code)
        for session in (*self._inserts.values(), *self._edits.values()):
            if session.workspace_id != release.workspace_id:
                continue
            found.ids.add(session.id)
            found.keycodes.add(session.keycode)
            if session.release_id == release.id:
                found.candidates.add(session.candidate_id)
                found.access_codes.add(session.access_code)
        for held in self._reserved:
            if held.draft.workspace_id != release.workspace_id:
                continue
            kinds = ("ids", "keycodes", "candidates", "access_codes")
            for kind in kinds if held.draft.release_id == release.id else kinds[:2]:
                contested = getattr(held, kind).intersection(looked.get(kind, ()))
                self.contested |= bool(contested)
                getattr(found, kind).update(contested)
        return found

    # Entering.

    def change(self, session: Session, events: Sequence[Event], caller: Caller, *, edited: bool = False) -> None:
        """Enters a session as it became, and its history."""
        key = (session.workspace_id, session.id)
        before, self._sessions[key] = self._sessions[key], session
        if key in self._inserts:
            self._inserts[key] = session
        elif edited or key in self._edits:
            self._before.setdefault(key, before)
            self._edits[key] = session
            self._moves.pop(key, None)
        else:
            self._moves[key] = session
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
        for entered in (self._inserts, self._moves, self._edits):
            entered.pop(key, None)
        self._before.setdefault(key, session)
        self._deletes.add(key)
        self._tell(session, events, caller)

    def put_release(self, release: Release, *, new: bool) -> None:
        """Writes a release at once: releases are few, and sessions of the same group must see it."""
        self._releases[release.workspace_id, release.id] = release
        self._wrote = True
        if new:
            self.rows.catalog.insert(self.db, release)
        else:
            self.rows.catalog.update(self.db, release)

    def hurry(self, release: Release, states: tuple[State, State, State]) -> None:
        """Has the clock look at a release's sessions in these states at once, also those entered in this group."""
        workspace, release_id = release.workspace_id, release.id
        self.rows.sessions.hurry(self.db, workspace, release_id, self.now, states)
        for entered in (self._inserts, self._moves, self._edits):
            for key, session in entered.items():
                if session.release_id == release_id and session.state in states:
                    entered[key] = self._sessions[key] = session._replace(due_time=self.now)

    def share_pins(self, release: Release, drawn: dict[tuple[str, int], str]) -> None:
        """Enters PINs for the sessions of a release still to come."""
        if drawn:
            self._pins.setdefault((release.workspace_id, release.id), {}).update(drawn)

    def forget_requests(self, workspace: str, before: int, most: int) -> int:
        """Forgets up to `most` requests older than a moment; how many there were."""
        self._wrote = True
        return self.rows.requests.forget(self.db, workspace, before, most)

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
        if self._moves:
            self.rows.sessions.move(self.db, list(self._moves.values()))
        if self._edits:
            self.rows.sessions.edit(self.db, list(self._edits.values()))
        for workspace, session_id in self._deletes:
            self.rows.sessions.delete(self.db, workspace, session_id)
        for (workspace, release_id), drawn in self._pins.items():
            for (centre, day), pin in drawn.items():
                self.rows.catalog.insert_pin(self.db, workspace, release_id, centre, day, pin)
        for workspace, happened in self._happened.items():
            self.rows.events.append(self.db, workspace, happened, self.now)
        if self._remembered:
            self.rows.requests.insert(self.db, self._remembered)
        return bool(self._wrote or self._happened or self._remembered or self._moves)


TEXTS = frozenset(
    name for name, kind in Session.__annotations__.items() if "str" in str(kind) and name != "open_candidate"
)
