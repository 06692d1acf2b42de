"""The rows that a group declares before it is decided, and those of them that need not be read.

Sessions, attempts and releases are cached as last committed, so that a queue need not read what it wrote a moment
ago. A group stores what it has read and written; a long mutation, whose sessions are hardly met again, only brings up
to date what is cached: where each step of an operation cleared it, the next calls took 109 us to be decided and
written, and now 79; to store all took a tenth of a template's step. The cache is valid only inside a writing
transaction in which the database's count of commits shows no other since; code that writes past the units clears it,
and so does a transaction that failed. A cache, never a source: the database is asked for whatever is not here, and a
change decided on a row that is stored otherwise is not written but judged again without it (`Db.execute_many`).

Recorded requests are read before a group is decided only where a mutation repeats a recent one. A repetition that is
not refused would meet the key of its request when the group is written, and then the whole group would be decided
again, each mutation in a transaction of its own. A hint, never a source: the row decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, Self

from exam_sessions.domain.records import AccessCode

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from exam_sessions.domain.records import AttemptRecord, Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.store.requests import RequestRow

Key = tuple[str, str]
"""A workspace, and an id in it."""

SESSIONS_AT_MOST = 20_000
"""About a kilobyte each."""

OF_ONE_AT_MOST = 1_000
"""Sessions of one transaction; after a longer one the cache is cleared, for to look at 10,000 takes 20 ms."""

ATTEMPTS_AT_MOST = 4_000
"""About ten kilobytes each, with fifty responses."""

REQUESTS_AT_MOST = 10_000
"""About 250 bytes each."""


class DeclaresReads(Protocol):
    """A mutation, as far as its reads are concerned."""

    caller: Caller
    needs_open_workspace: ClassVar[bool]

    def declare_reads(self, reads: ReadSet) -> None:
        """Names the rows it needs to be decided."""


class ReadSet:
    """The rows a group of mutations needs, by workspace."""

    __slots__ = ("access_codes", "keycodes", "marking_context", "releases", "requests", "sessions", "to_change")

    def __init__(self) -> None:
        self.marking_context = False
        """Whether the attempts of the sessions are read with them."""
        self.sessions: dict[str, set[str]] = {}
        self.keycodes: dict[str, set[str]] = {}
        self.access_codes: dict[str, set[AccessCode]] = {}
        self.releases: dict[str, set[str]] = {}
        self.requests: dict[str, set[str]] = {}
        self.to_change: set[str] = set()
        """The workspaces of which a release is to be changed."""

    @classmethod
    def of(cls, group: Iterable[DeclaresReads], *, requests: Container[Key] | None = None) -> Self:
        """What a group needs, and what is stored of its requests; of `requests` only, where these are given."""
        reads = cls()
        for mutation in group:
            mutation.declare_reads(reads)
            caller = mutation.caller
            if caller.request_id and (requests is None or (caller.workspace, caller.request_id) in requests):
                reads.request(caller.workspace, caller.request_id)
        return reads

    def session(self, workspace: str, session_id: str, keycode: str | AccessCode) -> None:
        """One session, by its id or else by its keycode or access code."""
        if session_id:
            self.sessions.setdefault(workspace, set()).add(session_id)
        elif isinstance(keycode, AccessCode):
            self.access_codes.setdefault(workspace, set()).add(keycode)
        else:
            self.keycodes.setdefault(workspace, set()).add(keycode)

    def release(self, workspace: str, release_id: str, *, to_change: bool = False) -> None:
        """One release."""
        self.releases.setdefault(workspace, set()).add(release_id)
        if to_change:
            self.to_change.add(workspace)

    def request(self, workspace: str, request_id: str) -> None:
        """One stored request."""
        self.requests.setdefault(workspace, set()).add(request_id)


class CachedRows(NamedTuple):
    """Rows that need not be read."""

    sessions: list[Session]
    attempts: dict[Key, tuple[AttemptRecord, ...]]
    """Attempts of these sessions, as far as they are cached."""
    releases: dict[Key, Release]
    """Those declared and those of the sessions."""


class CommittedCache:
    """What one queue has cached."""

    __slots__ = ("_version", "attempts", "keycodes", "releases", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[Key, Session] = {}
        self.keycodes: dict[Key, str] = {}
        self.releases: dict[Key, Release] = {}
        self.attempts: dict[Key, tuple[AttemptRecord, ...]] = {}
        self._version: int | None = None

    def validate(self, version: int | None) -> None:
        """Clears the cache unless `version`, the database's count of other connections' commits, is as before."""
        if version is None or version != self._version or len(self.sessions) > SESSIONS_AT_MOST:
            self.clear()
            self._version = version

    def take(self, reads: ReadSet) -> CachedRows:
        """The rows declared that are cached, and the releases of the sessions among them.

        They are removed from what is to be read; the release of a session that is not cached is added to it.
        """
        for workspace, keycodes in reads.keycodes.items():
            for keycode in [keycode for keycode in keycodes if (workspace, keycode) in self.keycodes]:
                keycodes.remove(keycode)
                reads.session(workspace, self.keycodes[workspace, keycode], "")
        found = CachedRows([], {}, {})
        for workspace, ids in reads.sessions.items():
            for session_id in [i for i in ids if (workspace, i) in self.sessions]:
                ids.remove(session_id)
                session = self.sessions[workspace, session_id]
                found.sessions.append(session)
                if (attempts := self.attempts.get((workspace, session_id))) is not None:
                    found.attempts[workspace, session_id] = attempts
                release = self.releases.get((workspace, session.release_id))
                if release is None:
                    reads.release(workspace, session.release_id)
                else:
                    found.releases[workspace, release.id] = release
        for workspace, ids in reads.releases.items():
            for release_id in [i for i in ids if (workspace, i) in self.releases]:
                ids.remove(release_id)
                found.releases[workspace, release_id] = self.releases[workspace, release_id]
        return found

    def store(
        self,
        sessions: Iterable[Session],
        gone: Iterable[Key],
        releases: Iterable[Release],
        attempts: Mapping[Key, tuple[AttemptRecord, ...]],
        *,
        adds: bool,
    ) -> None:
        """Stores what was committed; without `adds` only that of sessions and releases that are cached.

        Args:
            sessions: sessions as committed.
            gone: keys of those that were deleted.
            releases: releases as committed.
            attempts: attempts as committed, by the key of their session.
            adds: whether others are added.
        """
        if not adds:
            sessions = [session for session in sessions if (session.workspace_id, session.id) in self.sessions]
            releases = [release for release in releases if (release.workspace_id, release.id) in self.releases]
            attempts = {key: found for key, found in attempts.items() if key in self.sessions}
        for session in sessions:
            key = (session.workspace_id, session.id)
            before = self.sessions.get(key)
            if before is not None and before.keycode != session.keycode:
                # Of an erased session: the code may be another's from now on.
                self.keycodes.pop((session.workspace_id, before.keycode), None)
            self.sessions[key] = session
            self.keycodes[session.workspace_id, session.keycode] = session.id
        for key in gone:
            if key in self.sessions:
                session = self.sessions.pop(key)
                self.keycodes.pop((session.workspace_id, session.keycode), None)
                self.attempts.pop(key, None)
        for release in releases:
            self.releases[release.workspace_id, release.id] = release
        if len(self.attempts) > ATTEMPTS_AT_MOST:
            self.attempts.clear()
        self.attempts.update(attempts)

    def clear(self) -> None:
        """Clears the cache."""
        self.sessions.clear()
        self.keycodes.clear()
        self.releases.clear()
        self.attempts.clear()
        self._version = None


class RecentRequests:
    """The requests that one queue recorded last."""

    __slots__ = ("keys",)

    def __init__(self) -> None:
        self.keys: dict[Key, None] = {}
        """By workspace and request id, the eldest first."""

    def add(self, rows: Iterable[RequestRow]) -> None:
        """Adds requests that were committed."""
        keys = self.keys
        for row in rows:
            keys[row.workspace_id, row.request_id] = None
        while len(keys) > REQUESTS_AT_MOST:
            del keys[next(iter(keys))]
