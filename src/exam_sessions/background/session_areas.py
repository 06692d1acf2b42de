"""Where sessions are, kept for the watches of one workspace that ask for centres, schools or districts.

An event does not say where its session is, unless it moved it. While each watcher of a room read the sessions of
every event to find out, ten watchers and a board took 40 % of a server's processor time during an exam.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Areas = tuple[str, ...]
"""The values of AREA_COLUMNS of one session."""

SESSIONS_AT_MOST = 50_000
"""About 200 bytes each."""


class SessionAreas:
    """The areas of the sessions of a workspace, as far as they were asked for and have not changed since.

    What is read may have changed by the time it is stored. So `version` is noted before the read, and nothing is
    stored when anything was removed meanwhile.
    """

    __slots__ = ("_known", "_shared", "version")

    def __init__(self) -> None:
        self._known: dict[str, Areas] = {}
        self._shared: dict[Areas, Areas] = {}
        self.version = 0

    def known(self, session_ids: Iterable[str]) -> dict[str, Areas]:
        """The areas of those that are known, by id."""
        known = self._known
        return {session_id: known[session_id] for session_id in session_ids if session_id in known}

    def store(self, found: Mapping[str, Areas], version: int) -> None:
        """Stores what was read when the version was this one."""
        if version != self.version:
            return
        if len(self._known) + len(found) > SESSIONS_AT_MOST:
            self._known.clear()
            self._shared.clear()
        share = self._shared.setdefault
        for session_id, areas in found.items():
            self._known[session_id] = share(areas, areas)

    def remove(self, session_ids: Iterable[str]) -> None:
        """These have moved, or may have."""
        for session_id in session_ids:
            self._known.pop(session_id, None)
            self.version += 1

    def clear(self) -> None:
        """Any may have moved."""
        self._known.clear()
        self._shared.clear()
        self.version += 1
