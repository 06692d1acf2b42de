"""Reading single sessions, in groups that share one snapshot. Lists and pages are in queries.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.records import AccessCode, SessionWithRelease
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.outages import refusal_of
from exam_sessions.execution.queue_protocols import PendingCommit
from exam_sessions.store.database_errors import DatabaseDown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.records import Release, Session
    from exam_sessions.execution.measures import GroupTimes
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories


class SessionKey(NamedTuple):
    """One session to be read, by id or else by keycode or access code."""

    workspace: str
    session_id: str
    keycode: str | AccessCode
    centres: frozenset[str] | None = None
    """The centres that its reader is bound to; None: all."""

    @property
    def weight(self) -> int:
        """One row."""
        return 1

    def open(self, _: GroupTimes) -> SessionKey:
        """Itself."""
        return self

    def render(self, result: SessionWithRelease) -> SessionWithRelease:
        """The session and its release."""
        return result


class SessionReader:
    """The work of the reading queue: single sessions."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self.measures = WriteMeasures()
        """Of no commits."""

    def attach(self, db: Db) -> None:
        """Reads on this connection from now on."""
        self._db = db

    def prepare(self, group: Sequence[SessionKey]) -> PendingCommit:
        """Returns a SessionWithRelease or the refusal for each; there is nothing to commit."""
        return PendingCommit(self.run(group), None)

    def run_together(self, group: Sequence[SessionKey]) -> list[Any]:
        """As `run`."""
        return self.run(group)

    def run(self, group: Sequence[SessionKey]) -> list[Any]:
        """Returns a SessionWithRelease or the refusal for each, from one snapshot."""
        try:
            return self._one_by_one(group) if self._db.is_in_process else self._together(group)
        except DatabaseDown as down:
            self._db.availability.failed(down, len(group))
            return [refusal_of(down) for _ in group]

    def _one_by_one(self, group: Sequence[SessionKey]) -> list[Any]:
        """Where each statement is answered from memory, the plainest is the fastest."""
        self._db.begin_read()
        try:
            found = [self._repositories.sessions.read(self._db, *wanted[:3]) for wanted in group]
        finally:
            self._db.rollback()
        return [_shown(wanted, one) for wanted, one in zip(group, found, strict=True)]

    def _together(self, group: Sequence[SessionKey]) -> list[Any]:
        """Where a server answers, one statement for all."""
        by_workspace: dict[str, tuple[set[str], set[str]]] = {}
        codes: dict[str, set[AccessCode]] = {}
        for workspace, session_id, keycode, _ in group:
            ids, keycodes = by_workspace.setdefault(workspace, (set(), set()))
            if session_id:
                ids.add(session_id)
            elif isinstance(keycode, AccessCode):
                codes.setdefault(workspace, set()).add(keycode)
            else:
                keycodes.add(keycode)
        sessions = self._repositories.sessions
        for workspace, named_by in codes.items():
            by_workspace[workspace][0].update(sessions.ids_of(self._db, workspace, named_by).values())
        found: dict[SessionKey, tuple[Session, Release]] = {}
        for workspace, named in by_workspace.items():
            for pair in sessions.read_many(self._db, workspace, *named):
                session, _ = pair
                found[SessionKey(workspace, session.id, "")] = found[SessionKey(workspace, "", session.keycode)] = (
                    pair
                )
                if codes:
                    code = AccessCode(session.release_id, session.access_code)
                    found[SessionKey(workspace, "", code)] = pair
        return [
            _shown(w, found.get(SessionKey(w.workspace, w.session_id, "" if w.session_id else w.keycode)))
            for w in group
        ]


def _shown(wanted: SessionKey, found: tuple[Session, Release] | None) -> SessionWithRelease | errors.Refusal:
    if found and (wanted.centres is None or found[0].centre_id in wanted.centres):
        return SessionWithRelease(*found)
    return errors.SessionNotFound(wanted.session_id or str(wanted.keycode))
