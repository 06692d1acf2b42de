"""Sessions, scripts and releases as last committed, so that a queue need not read what it wrote a moment ago.

Good only inside a writing transaction in which the database says that nobody else has committed since; whoever writes
past the units clears it. A cache, never a source: the database is asked for whatever is not here, and a change
decided on a row that is stored otherwise is not written but judged again without it (`Db.execute_many`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exam_sessions.domain.records import AttemptRecord, Release, Session

Key = tuple[str, str]

SESSIONS_AT_MOST = 20_000
"""About a kilobyte each."""

SCRIPTS_AT_MOST = 4_000
"""About ten kilobytes each, with fifty responses."""


class CommittedCache:
    """What one queue remembers."""

    __slots__ = ("_version", "keycodes", "releases", "scripts", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[Key, Session] = {}
        self.keycodes: dict[Key, str] = {}
        self.releases: dict[Key, Release] = {}
        self.scripts: dict[Key, tuple[AttemptRecord, ...]] = {}
        self._version: int | None = None

    def validate(self, version: int | None) -> None:
        """Forgets everything unless `version`, the database's count of other people's commits, is as before."""
        if version is None or version != self._version or len(self.sessions) > SESSIONS_AT_MOST:
            self.clear()
            self._version = version

    def store(
        self,
        sessions: Iterable[Session],
        gone: Iterable[Key],
        releases: Iterable[Release],
        scripts: Mapping[Key, tuple[AttemptRecord, ...]],
    ) -> None:
        """Stores what was committed.

        Args:
            sessions: sessions as committed.
            gone: keys of those that were deleted.
            releases: releases as committed.
            scripts: attempts as committed, by the key of their session.
        """
        for session in sessions:
            self.sessions[session.workspace_id, session.id] = session
            self.keycodes[session.workspace_id, session.keycode] = session.id
        for key in gone:
            if key in self.sessions:
                session = self.sessions.pop(key)
                self.keycodes.pop((session.workspace_id, session.keycode), None)
                self.scripts.pop(key, None)
        for release in releases:
            self.releases[release.workspace_id, release.id] = release
        if len(self.scripts) > SCRIPTS_AT_MOST:
            self.scripts.clear()
        self.scripts.update(scripts)

    def clear(self) -> None:
        """Forgets everything."""
        self.sessions.clear()
        self.keycodes.clear()
        self.releases.clear()
        self.scripts.clear()
        self._version = None
