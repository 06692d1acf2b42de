"""Attempts of sessions: what candidates answered, with its marks. All writes are deferred."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exam_sessions.domain.attempts import next_version, with_attempt
from exam_sessions.store.attempts import AttemptUpdate, by_session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from exam_sessions.domain.records import AttemptRecord, Session
    from exam_sessions.execution.transaction import Transaction

    Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class AttemptUnit:
    """The attempts of the sessions of one transaction."""

    _transaction: Transaction
    known: dict[Key, tuple[AttemptRecord, ...]] = field(default_factory=dict)
    """The attempts that were read or written, by workspace and session."""

    def of(self, session: Session) -> tuple[AttemptRecord, ...]:
        """A session's attempts in their order, as they stand now."""
        key = (session.workspace_id, session.id)
        if key not in self.known:
            loaded = self._transaction.repositories.attempts.load(self._transaction.db, key[0], (session.id,))
            self.known[key] = loaded[session.id]
        return self.known[key]

    def put(self, session: Session, attempts: Sequence[AttemptRecord]) -> None:
        """Writes attempts as they became."""
        deferred = self._transaction.deferred
        for became in attempts:
            known = self.of(session)
            key = (became.workspace_id, became.session_id, became.attempt)
            attempt = next_version(became)
            before = next((other for other in known if other.attempt == attempt.attempt), None)
            if before is not None and key not in deferred.attempt_inserts:
                same = before.responses is attempt.responses and before.marks is attempt.marks
                earlier = deferred.attempt_updates.get(key)
                expected, with_content = earlier[::2] if earlier else (became.version, False)
                deferred.attempt_updates[key] = AttemptUpdate(expected, attempt, with_content or not same)
            else:
                deferred.attempt_inserts[key] = attempt
            self.known[key[:2]] = with_attempt(known, attempt)

    def clear(self, session: Session) -> None:
        """Removes all attempts of a session."""
        key = (session.workspace_id, session.id)
        self._drop_deferred(key)
        self.known[key] = ()
        self._transaction.deferred.attempt_deletes.add(key)

    def begin(self, key: Key) -> None:
        """A session is new: it has no attempts."""
        self.known[key] = ()

    def end(self, key: Key) -> None:
        """A session is deleted, and its attempts with it."""
        self._drop_deferred(key)
        self.known[key] = ()

    def _drop_deferred(self, key: Key) -> None:
        for attempt in self.known.get(key, ()):
            self._transaction.deferred.attempt_inserts.pop((*key, attempt.attempt), None)
            self._transaction.deferred.attempt_updates.pop((*key, attempt.attempt), None)

    def add_loaded(self, workspace: str, session_ids: Collection[str], rows: Iterable[Sequence[Any]]) -> None:
        """Adds all attempts of these sessions, whose rows were read, perhaps among others."""
        for session_id, attempts in by_session(session_ids, rows).items():
            self.known[workspace, session_id] = attempts

    def load(self, sessions: Iterable[Session]) -> None:
        """Reads the attempts of these sessions, as far as they can have any and none are known."""
        wanted: dict[str, list[str]] = {}
        for session in sessions:
            if session.form_revision and (session.workspace_id, session.id) not in self.known:
                wanted.setdefault(session.workspace_id, []).append(session.id)
        for workspace, ids in wanted.items():
            loaded = self._transaction.repositories.attempts.load(self._transaction.db, workspace, ids)
            for session_id, attempts in loaded.items():
                self.known[workspace, session_id] = attempts
