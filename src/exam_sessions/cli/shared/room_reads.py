"""Which sessions of a room are to be read again after something happened there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.cli.shared.enum_names import word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.client.client import SessionEvent


def sessions_to_read(events: Iterable[SessionEvent]) -> list[str]:
    """The ids of the sessions that events have changed in what a room shows, each once.

    That an answer was saved changes nothing but the time of the last answer, which the event itself has.
    """
    changed = (event for event in events if not _is_plain_save(event))
    return list(dict.fromkeys(event.session_id for event in changed))


def _is_plain_save(event: SessionEvent) -> bool:
    return word(event, "action") == "SET_RESPONSES" and event.from_state == event.to_state
