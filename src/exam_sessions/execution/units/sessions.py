"""Sessions, each written with the events of its history. Writes are deferred, but for `mark_due_now`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.decide import replace_fields
from exam_sessions.domain.deletion import NULLABLE
from exam_sessions.domain.records import AccessCode, Session
from exam_sessions.domain.session_filter import PageCursor
from exam_sessions.execution.transaction import Change
from exam_sessions.store.database_errors import LostRace
from exam_sessions.store.events import happening
from exam_sessions.store.sessions import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.records import Event, Release
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.states import State
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.execution.transaction import Transaction
    from exam_sessions.execution.units.attempts import AttemptUnit

    Key = tuple[str, str]

DERIVED = ("due_time", "open_candidate", "draft")
"""Columns that `with_derived_columns` writes with every change."""

TEXTS = frozenset(
    name for name, kind in Session.__annotations__.items() if "str" in str(kind) and name != "open_candidate"
)


@dataclass(slots=True, eq=False)
class SessionUnit:
    """The sessions of one transaction, keyed by workspace and id."""

    _transaction: Transaction
    _attempts: AttemptUnit
    known: dict[Key, Session] = field(default_factory=dict)
    """The sessions that were read or booked and are not deleted, by workspace and id."""
    deleted: dict[Key, Session] = field(default_factory=dict)
    """The sessions that this transaction deleted, as they were at last."""
    _keycodes: dict[Key, str] = field(default_factory=dict)
    _access_codes: dict[tuple[str, AccessCode], str] = field(default_factory=dict)
    _sequences_before: dict[str, int] = field(default_factory=dict)
    """By workspace, the sequence number before that of the first event appended here."""

    def get(self, workspace: str, session_id: str, keycode: str | AccessCode = "") -> Session:
        """A session that was declared or loaded, as it stands now.

        Raises:
            errors.SessionNotFound: there is none, or it is deleted.
        """
        if isinstance(keycode, AccessCode):
            return self._by_access_code(workspace, keycode)
        known = session_id or self._keycodes.get((workspace, keycode), "")
        session = self.known.get((workspace, known))
        if session is None:
            raise errors.SessionNotFound(session_id or keycode)
        return session

    def _by_access_code(self, workspace: str, code: AccessCode) -> Session:
        """The session that has an access code now: an edit of the same group may have given it to another."""
        session = self.known.get((workspace, self._access_codes.get((workspace, code), "")))
        if session is None or not code.names(session):
            others = (s for s in self.known.values() if s.workspace_id == workspace and code.names(s))
            session = next(others, None)
        if session is None:
            raise errors.SessionNotFound(str(code))
        return session

    def load_or_reconstruct(self, workspace: str, session_id: str) -> Session:
        """A session read anew, or, when deleted, as its history kept it, without PIN.

        Raises:
            errors.SessionNotFound: there never was one of that id.
        """
        if deleted := self.deleted.get((workspace, session_id)):
            return deleted._replace(pin="")
        found = self._transaction.repositories.sessions.load(self._transaction.db, workspace, (session_id,), ())
        return found[0] if found else self._reconstructed(workspace, session_id)

    def _reconstructed(self, workspace: str, session_id: str) -> Session:
        last = self._transaction.repositories.events.end(self._transaction.db, workspace, session_id)
        if last is None or last.to_state:
            raise errors.SessionNotFound(session_id)
        # Besides the columns, the history may have kept the attempts.
        kept = {name: before for name, (before, _) in json.loads(last.changes).items() if name in Session._fields}
        blank = dict.fromkeys(Session._fields, 0) | dict.fromkeys(TEXTS, "") | dict.fromkeys(NULLABLE)
        return Session(**(blank | kept))

    def has_open_session(self, session: Session) -> bool:
        """Whether the session's candidate has another one open, as things stand in this transaction."""
        workspace, candidate = session.workspace_id, session.candidate_id
        found = self._transaction.repositories.conflicts.open_of(self._transaction.db, workspace, candidate)
        for (its_workspace, session_id), known in self.known.items():
            if its_workspace == workspace:
                # What was changed a moment ago is not in the database yet.
                found.discard(session_id)
                if known.open_candidate == candidate:
                    found.add(session_id)
        return bool(found - {session.id})

    def count_matching(self, workspace: str, criteria: SessionFilter) -> int:
        """How many sessions match, as they were before this transaction."""
        return self._transaction.repositories.pages.count(self._transaction.db, workspace, criteria)

    def matching(self, workspace: str, criteria: SessionFilter, after: str, most: int) -> list[str]:
        """Ids of the next sessions that match, as they were before this transaction, in the order of the ids."""
        transaction, cursor = self._transaction, PageCursor(0, after) if after else None
        return [
            s.id for s in transaction.repositories.pages.page(transaction.db, workspace, criteria, "id", cursor, most)
        ]

    def cursors(
        self, workspace: str, criteria: SessionFilter, after: PageCursor | None, most: int
    ) -> list[PageCursor]:
        """The cursors of the next sessions that match, before this transaction, in the order of their booking."""
        return self._transaction.repositories.pages.cursors(self._transaction.db, workspace, criteria, after, most)

    def ids_with_several_attempts(self, release: Release) -> list[str]:
        """The sessions of a release that have had more than one attempt, as they were before this transaction."""
        transaction = self._transaction
        return transaction.repositories.sessions.with_several_attempts(
            transaction.db, release.workspace_id, release.id
        )

    def insert(self, session: Session, events: Sequence[Event], caller: Caller) -> None:
        """Writes a new session, and its history so far."""
        key = (session.workspace_id, session.id)
        session = self._record(session, events, caller, session.update_time)
        self.known[key] = self._transaction.deferred.session_inserts[key] = session
        self._attempts.begin(key)
        self._keycodes[session.workspace_id, session.keycode] = session.id

    def update(self, session: Session, changed: frozenset[str], events: Sequence[Event], caller: Caller) -> None:
        """Writes a session as it became: the columns in which it may differ, and its history."""
        key = (session.workspace_id, session.id)
        session = self._record(session, events, caller, session.update_time)
        before, self.known[key] = self.known[key], session
        deferred = self._transaction.deferred
        if key in deferred.session_inserts:
            deferred.session_inserts[key] = session
            return
        columns = changed
        for name in DERIVED:
            if getattr(before, name) != getattr(session, name):
                columns |= {name}
        earlier = deferred.session_changes.get(key)
        if earlier:
            before, columns = earlier.before, columns | earlier.columns
        deferred.session_changes[key] = Change(before, session, columns)

    def delete(self, session: Session, events: Sequence[Event], caller: Caller) -> None:
        """Removes a session with its attempts, and writes its history."""
        key = (session.workspace_id, session.id)
        del self.known[key]
        change = self._transaction.deferred.session_changes.pop(key, None)
        if self._transaction.deferred.session_inserts.pop(key, None) is None:
            self._transaction.deferred.session_deletes[key] = change.before if change else session
        self.deleted[key] = session
        self._attempts.end(key)
        self._record(session, events, caller, self._transaction.clock.moment(session))

    def _record(self, session: Session, events: Sequence[Event], caller: Caller, now: int) -> Session:
        """Appends events of a session; the session with its last event, where events are linked."""
        appended = self._transaction.deferred.events.setdefault(session.workspace_id, [])
        before, linked = session.last_event, self._transaction.repositories.events.linked
        start = self._sequence_before(session.workspace_id) if linked and events else 0
        for event in events:
            appended.append(happening(event, session, caller.actor, caller.request_id, before, now))
            if linked:
                before = start + len(appended)
        if before == session.last_event:
            return session
        return replace_fields(session, {"last_event": before})

    def _sequence_before(self, workspace: str) -> int:
        """The sequence number before that of the first event appended here; no other transaction takes one."""
        sequence = self._sequences_before.get(workspace)
        if sequence is None:
            transaction = self._transaction
            sequence = transaction.repositories.events.last_sequence(transaction.db, workspace)
            self._sequences_before[workspace] = sequence
        return sequence

    def mark_due_now(self, release: Release, states: tuple[State, State, State], caller: Caller) -> None:
        """Makes a release's sessions in these states due at once.

        Those stored are written immediately, read or not; those read or booked here are changed as well.
        """
        workspace, release_id = release.workspace_id, release.id
        db = self._transaction.write_now(unread_rows=True)
        self._transaction.repositories.sessions.mark_due_now(db, workspace, release_id, states)
        for session in list(self.known.values()):
            if session.release_id == release_id and session.state in states:
                self.update(session._replace(due_time=AT_ONCE), frozenset(), (), caller)

    def add_loaded(self, session: Session) -> None:
        """Adds a session that was read."""
        self.known[session.workspace_id, session.id] = session
        self._keycodes[session.workspace_id, session.keycode] = session.id

    def find_by_access_code(self, reads: ReadSet) -> None:
        """Declares the sessions that have these access codes now; they may be edited until the rows are locked."""
        for workspace, codes in reads.access_codes.items():
            found = self._transaction.repositories.sessions.ids_of(self._transaction.db, workspace, codes)
            for code, session_id in found.items():
                self._access_codes[workspace, code] = session_id
                reads.session(workspace, session_id, "")

    def check_access_codes(self) -> None:
        """Makes sure that the sessions found by access code still have it.

        Raises:
            LostRace: one was edited before it was locked.
        """
        for (workspace, code), session_id in self._access_codes.items():
            held = self.known.get((workspace, session_id))
            if held and not code.names(held):
                raise LostRace("an access code was changed before its session was held")
