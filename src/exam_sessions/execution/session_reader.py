"""Reading single sessions, in groups that share one snapshot. Lists and pages are in queries.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.records import AccessCode, SessionWithRelease
from exam_sessions.execution.measures import WriteMeasures
from exam_sessions.execution.outages import refusal_of
from exam_sessions.execution.queue_protocols import REQUEUE, PendingCommit
from exam_sessions.execution.reader_pool import LOADED_AT_ONCE
from exam_sessions.store.database_errors import DatabaseDown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Release, Session
    from exam_sessions.execution.form_cache import FormCache, FormKey
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
    with_attempts: bool = False
    """Whether a SessionWithAttempts is read."""

    @property
    def weight(self) -> int:
        """One row."""
        return 1

    def open(self, _: GroupTimes) -> SessionKey:
        """Itself."""
        return self

    def render(self, result: SessionWithRelease | SessionWithAttempts) -> SessionWithRelease | SessionWithAttempts:
        """What was read, as it is."""
        return result


class SessionWithAttempts(NamedTuple):
    """A session, its attempts in their order, and every form they are marked by."""

    pair: SessionWithRelease
    attempts: tuple[AttemptRecord, ...]
    forms: dict[FormKey, Form]


class SessionReader:
    """The work of the reading queue: single sessions."""

    is_free = True
    """No read blocks another."""

    def __init__(self, repositories: Repositories, form_cache: FormCache) -> None:
        self._repositories, self._form_cache = repositories, form_cache
        self.measures = WriteMeasures()
        """Of no commits."""

    def attach(self, db: Db, _: object) -> None:
        """Reads on this connection from now on."""
        self._db = db

    def prepare(self, group: Sequence[SessionKey]) -> PendingCommit:
        """As `run`; there is nothing to commit."""
        return PendingCommit(self.run(group), None)

    def run_together(self, group: Sequence[SessionKey]) -> list[Any]:
        """As `run`."""
        return self.run(group)

    def run(self, group: Sequence[SessionKey]) -> list[Any]:
        """Returns for each what was read, the refusal, or REQUEUE where it is too much to be read with the others.

        On PostgreSQL attempts may be newer than their session.
        """
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
            return self._with_attempts(group, [_shown(one, pair) for one, pair in zip(group, found, strict=True)])
        finally:
            self._db.end_read()

    def _together(self, group: Sequence[SessionKey]) -> list[Any]:
        """Where a server answers, one statement for all."""
        by_workspace: dict[str, tuple[set[str], set[str]]] = {}
        codes: dict[str, set[AccessCode]] = {}
        for workspace, session_id, keycode, *_ in group:
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
        shown = [
            _shown(w, found.get(SessionKey(w.workspace, w.session_id, "" if w.session_id else w.keycode)))
            for w in group
        ]
        return self._with_attempts(group, shown)

    def _with_attempts(self, group: Sequence[SessionKey], outcomes: list[Any]) -> list[Any]:
        """The outcomes, with the attempts of those that ask for them: of as many as LOADED_AT_ONCE allows."""
        by_workspace: dict[str, dict[str, list[int]]] = {}
        for n, (wanted, outcome) in enumerate(zip(group, outcomes, strict=True)):
            if wanted.with_attempts and isinstance(outcome, SessionWithRelease):
                by_workspace.setdefault(wanted.workspace, {}).setdefault(outcome.session.id, []).append(n)
        attempts = self._repositories.attempts
        for workspace, places in by_workspace.items():
            first = attempts.within(self._db, workspace, list(places), LOADED_AT_ONCE)
            loaded = attempts.load(self._db, workspace, first)
            for session_id, numbers in places.items():
                for n in numbers:
                    outcomes[n] = self._completed(outcomes[n], loaded.get(session_id))
        return outcomes

    def _completed(self, pair: SessionWithRelease, attempts: tuple[AttemptRecord, ...] | None) -> Any:
        if attempts is None:
            return REQUEUE
        rows: list[Session | AttemptRecord] = [pair.session, *attempts]
        try:
            forms = self._form_cache.forms_of(self._db, self._repositories, pair.session.workspace_id, rows)
        except DatabaseDown:
            raise
        except Exception as fault:  # noqa: BLE001 - its handler logs it and returns INTERNAL
            return fault
        return SessionWithAttempts(pair, attempts, forms)


def _shown(wanted: SessionKey, found: tuple[Session, Release] | None) -> SessionWithRelease | errors.Refusal:
    if found and (wanted.centres is None or found[0].centre_id in wanted.centres):
        return SessionWithRelease(*found)
    return errors.SessionNotFound(wanted.session_id or str(wanted.keycode))
