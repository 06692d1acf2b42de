"""What one transaction will write. Decides nothing, and is the one place that writes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.attempts import with_script
from exam_sessions.domain.booking import scheduled
from exam_sessions.domain.decide import replace_fields
from exam_sessions.domain.records import AttemptRecord
from exam_sessions.domain.states import Action
from exam_sessions.execution.knowledge import Change, Knowledge
from exam_sessions.store.events import Happening
from exam_sessions.store.requests import RequestRow
from exam_sessions.store.session_history import link
from exam_sessions.store.sessions import AT_ONCE
from exam_sessions.store.staged_imports import REVOKED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Event, Release, Session
    from exam_sessions.domain.states import State
    from exam_sessions.domain.stored_records import ConsumerRow, OperationRow, OutcomeRow
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.committed_cache import CommittedCache
    from exam_sessions.execution.form_cache import FormCache
    from exam_sessions.execution.reservation import Reservation
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.staged_imports import StagedImportRow

BY_CANDIDATE = attrgetter("workspace_id", "release_id", "candidate_id")

DERIVED = ("due_time", "open_candidate", "draft")
"""Columns that `with_derived_columns` writes with every change."""


class Ledger(Knowledge):
    """A transaction: what is entered is known to the batches after it, and written at the end."""

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
        super().__init__(db, repositories, now, server, reserved, form_cache, cache)
        self._new_scripts: dict[tuple[str, str, int], AttemptRecord] = {}
        self._changed_scripts: dict[tuple[str, str, int], tuple[int, AttemptRecord]] = {}
        """Scripts, each with the version that was read."""
        self._wiped: set[tuple[str, str]] = set()
        """Sessions whose stored scripts are to be removed."""
        self._happened: dict[str, list[Happening]] = {}
        self._first_places: dict[str, int] = {}
        self._published: set[str] = set()
        self._recorded_requests: list[RequestRow] = []
        self._wrote = self._marked_due = False
        self._linking = frozenset({"last_event"} if repositories.events.linked else ())

    def change(self, session: Session, changed: frozenset[str], events: Sequence[Event], caller: Caller) -> None:
        """Enters a session as it became, the columns in which it may differ, and its history."""
        key = (session.workspace_id, session.id)
        session = self._record_events(session, events, caller, session.update_time)
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

    def keep_scripts(self, session: Session, scripts: Sequence[AttemptRecord]) -> None:
        """Enters scripts as they became."""
        for became in scripts:
            known = self.scripts(session)
            key = (became.workspace_id, became.session_id, became.attempt)
            script = AttemptRecord._make((*became[:14], became.version + 1, *became[15:]))
            stored = any(other.attempt == script.attempt for other in known) and key not in self._new_scripts
            if stored:
                earlier = self._changed_scripts.get(key)
                self._changed_scripts[key] = (earlier[0] if earlier else became.version, script)
            else:
                self._new_scripts[key] = script
            self._scripts[key[:2]] = with_script(known, script)

    def drop_scripts(self, session: Session) -> None:
        """Enters that no script of a session is left."""
        key = (session.workspace_id, session.id)
        for script in self._scripts.get(key, ()):
            self._new_scripts.pop((*key, script.attempt), None)
            self._changed_scripts.pop((*key, script.attempt), None)
        self._scripts[key] = ()
        self._wiped.add(key)

    def put_form(self, workspace: str, form: Form, now: int) -> None:
        """Writes a revision of a test form at once: forms are few, and bookings of the same group must see it."""
        self._wrote = True
        self.repositories.forms.insert(self.db, workspace, form, now)

    def accept(self, row: OperationRow) -> None:
        """Writes an operation down at once."""
        self._wrote = True
        self.repositories.operations.insert(self.db, row)

    def save_progress(self, row: OperationRow, outcomes: Sequence[OutcomeRow]) -> None:
        """Writes how far an operation has come, and what became of its rows."""
        self._wrote = True
        self.repositories.operations.update(self.db, row)
        self.repositories.operations.add_outcomes(self.db, outcomes)

    def delete_operation(self, row: OperationRow) -> None:
        """Removes an operation with its outcomes."""
        self._wrote = True
        self.repositories.operations.delete(self.db, row.workspace_id, row.id)

    def book(self, session: Session, event: Event, caller: Caller) -> None:
        """Enters a new session."""
        key = (session.workspace_id, session.id)
        session = self._record_events(session, (event,), caller, session.update_time)
        self._sessions[key] = self._inserts[key] = session
        self._scripts[key] = ()
        self._keycodes[session.workspace_id, session.keycode] = session.id

    def delete(self, session: Session, events: Sequence[Event], caller: Caller) -> None:
        """Enters the end of a session."""
        key = (session.workspace_id, session.id)
        del self._sessions[key]
        change = self._changes.pop(key, None)
        if self._inserts.pop(key, None) is None:
            self._deleted_from[key] = change.before if change else session
        self._deletes[key] = session
        for scripts in (self._new_scripts, self._changed_scripts):
            for place in [place for place in scripts if place[:2] == key]:
                del scripts[place]
        self._scripts[key] = ()
        self._record_events(session, events, caller, self.moment(session))

    def put_release(self, release: Release, *, new: bool) -> None:
        """Writes a release at once: releases are few, and sessions of the same group must see it."""
        key = (release.workspace_id, release.id)
        self._wrote = True
        if new:
            self.repositories.catalog.insert(self.db, release)
        else:
            self.repositories.catalog.update(self.db, self._releases[key], release)
        self._releases[key] = release

    def mark_due_now(self, release: Release, states: tuple[State, State, State], caller: Caller) -> None:
        """Has the clock look at a release's sessions in these states at once, also those entered in this group."""
        workspace, release_id = release.workspace_id, release.id
        self._marked_due = self._wrote = True
        self.repositories.sessions.mark_due_now(self.db, workspace, release_id, states)
        for session in list(self._sessions.values()):
            if session.release_id == release_id and session.state in states:
                self.change(session._replace(due_time=AT_ONCE), frozenset(), (), caller)

    def share_pins(self, release: Release, drawn: dict[tuple[str, int], str]) -> None:
        """Enters PINs for the sessions of a release still to come."""
        if drawn:
            self._pins.setdefault((release.workspace_id, release.id), {}).update(drawn)

    def expire_requests(self, workspace: str, ids: Sequence[str]) -> int:
        """Forgets requests; how many there were."""
        self._wrote = True
        return self.repositories.requests.forget(self.db, workspace, ids)

    def open_staged_import(self, staged: StagedImportRow) -> None:
        """Writes that a roster is under way."""
        self.repositories.staged_imports.open(self.db, staged)

    def renew_staged_import(self, staged: StagedImportRow) -> None:
        """Makes sure that a roster is still ours to go on with.

        Raises:
            errors.DatabaseUnavailable: another server took us for dead, and removes it.
        """
        if not self.repositories.staged_imports.renew(self.db, staged):
            raise errors.DatabaseUnavailable

    def insert_staged_sessions(self, sessions: Sequence[Session]) -> None:
        """Writes sessions of a roster under way; nobody sees them before it is published."""
        self.repositories.sessions.insert(self.db, sessions)

    def publish(self, staged: StagedImportRow, count: int, caller: Caller, accommodated: Sequence[Session]) -> None:
        """Writes the history of a roster of `count` sessions, and that it is under way no more: all see it now.

        `accommodated` are those whose events carry changes; all other events are written by one statement.

        Raises:
            errors.DatabaseUnavailable: another server took us for dead, and has removed it.
        """
        if not self.repositories.staged_imports.close(self.db, staged):
            raise errors.DatabaseUnavailable
        assert caller.workspace not in self._happened, "its places would be given twice"
        first = self.repositories.events.reserve(self.db, caller.workspace, count - len(accommodated))
        action = Action.SCHEDULE.value
        self._published.add(caller.workspace)
        self.repositories.staged_imports.tell(self.db, staged, first, action, caller.actor, caller.request_id)
        if accommodated:
            told = (caller.actor, caller.request_id, 0, staged.create_time)
            happened = [Happening(scheduled(s), s.id, s.release_id, *told) for s in accommodated]
            self.repositories.events.append(self.db, caller.workspace, happened)

    def discard(self, staged: StagedImportRow, most: int) -> int:
        """Removes up to `most` sessions of a roster that is given up, then the draft; how many there were.

        None when it was published meanwhile, or removed by another server.
        """
        self._wrote = True
        if not self.repositories.staged_imports.revoke(self.db, staged):
            return 0
        removed = self.repositories.staged_imports.remove(self.db, staged, most)
        if removed < most:
            self.repositories.staged_imports.close(self.db, staged._replace(owner=REVOKED))
        return removed

    def put_consumer(self, consumer: ConsumerRow, *, rewind: bool) -> ConsumerRow:
        """Writes at once how far a consumer has come, for a later call of the same group must see it; how far it has.

        Without `rewind` it stays where it is when another server has brought it further meanwhile.
        """
        self._wrote = True
        self.repositories.consumers.put(self.db, consumer, rewind=rewind)
        return self.consumer(consumer.workspace_id, consumer.name) or consumer

    def record_request(self, caller: Caller, result: str) -> None:
        """Enters a request that succeeded."""
        row = RequestRow(caller.workspace, caller.request_id, caller.fingerprint, result, self.now)
        self._requests[caller.workspace, caller.request_id] = row
        self._recorded_requests.append(row)

    def _record_events(self, session: Session, events: Sequence[Event], caller: Caller, now: int) -> Session:
        """Enters what happened to a session; the session as it knows of it, where events are linked."""
        told = self._happened.setdefault(session.workspace_id, [])
        before = session.last_event
        for event in events:
            previous = link(before, session.version, event)
            happening = (event, session.id, session.release_id, caller.actor, caller.request_id, previous, now)
            told.append(Happening._make(happening))
            if self.repositories.events.linked:
                before = self._first_place(session.workspace_id) + len(told)
        if before == session.last_event:
            return session
        return replace_fields(session, {"last_event": before})

    def _first_place(self, workspace: str) -> int:
        """The place before that of the first event entered here; nobody else can take one meanwhile."""
        place = self._first_places.get(workspace)
        if place is None:
            place = self._first_places[workspace] = self.repositories.events.last_place(self.db, workspace)
        return place

    def touched_workspaces(self) -> set[str]:
        """The workspaces in which something happened."""
        return self._published.union(self._happened)

    def write(self) -> bool:
        """Writes everything entered, one statement per kind of change; whether anything was written at all."""
        self._write_sessions()
        for workspace, session_id in self._wiped:
            self.repositories.attempts.delete(self.db, workspace, session_id)
        if self._new_scripts:
            self.repositories.attempts.insert(self.db, list(self._new_scripts.values()))
        if self._changed_scripts:
            self.repositories.attempts.update(self.db, list(self._changed_scripts.values()))
        for (workspace, release_id), drawn in self._pins.items():
            for (centre, day), pin in drawn.items():
                self.repositories.catalog.insert_pin(self.db, workspace, release_id, centre, day, pin)
        if self._recorded_requests:
            self.repositories.requests.insert(self.db, self._recorded_requests)
        # Last, because the workspace's order of events is ours alone from here to the commit.
        for workspace, happened in self._happened.items():
            self.repositories.events.append(self.db, workspace, happened)
        return bool(self._wrote or self._happened or self._recorded_requests or self._changes)

    def _write_sessions(self) -> None:
        if self._inserts:
            # In one order on every server, so that two who book the same candidates do not wait for each other.
            self.repositories.sessions.insert(self.db, sorted(self._inserts.values(), key=BY_CANDIDATE))
        alike: dict[frozenset[str], list[tuple[Session, Session]]] = {}
        for before, session, columns in self._changes.values():
            alike.setdefault(columns, []).append((before, session))
        for columns, changed in alike.items():
            if columns:
                self.repositories.sessions.update(self.db, columns | self._linking, changed)
        for before in self._deleted_from.values():
            self.repositories.sessions.delete(self.db, before)
            self.repositories.attempts.delete(self.db, before.workspace_id, before.id)

    def publish_to_cache(self) -> None:
        """Hands on what is known now to where it is kept; to be called once it is committed."""
        if self._cache is None:
            return
        if self._marked_due:
            self._cache.clear()
        else:
            self._cache.store(self._sessions.values(), self._deletes, self._releases.values(), self._scripts)
