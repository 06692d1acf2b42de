"""Names of sessions for people: events have only their ids, people use keycodes and candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.client.failures import NoServer, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.client.client import Client, Session, SessionEvent

AT_ONCE = 1_000
"""Sessions the service names in one call."""

TRIES = 20
"""Calls made for the same sessions; each is refused for one that has been deleted meanwhile."""


class Name(NamedTuple):
    """A keycode, or else the id; and the candidate where it is known."""

    session: str
    candidate: str


class CandidateNames:
    """Keeps the sessions added to it, and reads those that first appear in an event."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Name] = {}

    def add(self, sessions: Iterable[Session]) -> None:
        """Adds sessions."""
        self._known |= {s.id: Name(s.keycode, s.candidate.candidate_id) for s in sessions}

    def of(self, events: Sequence[SessionEvent]) -> list[Name]:
        """The names of the sessions of some events."""
        deleted = {event.session_id for event in events if not event.to_state}
        for event in events:
            edited = any(change.field == "candidate_id" for change in event.changes)
            if edited and event.session_id not in deleted:
                self._known.pop(event.session_id, None)
        asked = [i for i in dict.fromkeys(e.session_id for e in events) if i not in self._known and i not in deleted]
        for first in range(0, len(asked), AT_ONCE):
            self._ask(asked[first : first + AT_ONCE])
        return [self._known.get(event.session_id, Name(event.session_id, "")) for event in events]

    def _ask(self, session_ids: list[str]) -> None:
        """A name is a kindness: when it cannot be had the id must do."""
        for _ in range(TRIES):
            if not session_ids:
                return
            try:
                self.add(self._client.sessions_by_id(session_ids))
            except NoServer:
                return
            except Refused as refused:
                gone = refused.facts.get("session")
                if gone not in session_ids:
                    return
                self._known[gone] = Name(gone, "")
                session_ids.remove(gone)
            else:
                return
