"""Which events and sessions a watch asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.session_filter import SessionFilter
from exam_sessions.domain.states import Action
from exam_sessions.rpc.convert.session import action_number

if TYPE_CHECKING:
    from exam_sessions.background.event_tail import RenderedEvent
    from exam_sessions_client.v1 import session_service_pb2 as pb


class EventFilter(NamedTuple):
    """The filter of a watch."""

    releases: frozenset[str]
    sessions: frozenset[str]
    states: frozenset[int]
    actions: frozenset[str]
    centres: frozenset[str] | None = None
    """The centres that the watcher asks for, of those it is bound to; None: all."""
    schools: frozenset[str] = frozenset()
    districts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, message: pb.WatchFilter, centres: frozenset[str] | None) -> EventFilter:
        """From the message, for a watcher who is bound to centres or not."""
        wanted = {action_number(action) for action in Action} & set(message.actions)
        if message.centre_ids:
            asked = frozenset(message.centre_ids)
            centres = asked if centres is None else asked & centres
        return cls(
            frozenset(i.lower() for i in message.release_ids),
            frozenset(i.lower() for i in message.session_ids),
            frozenset(message.states),
            frozenset(action.value for action in Action if action_number(action) in wanted),
            centres,
            frozenset(message.school_ids),
            frozenset(message.district_ids),
        )

    @property
    def areas(self) -> dict[int, frozenset[str]]:
        """What is asked for of AREA_COLUMNS, by the index of the column."""
        asked = (self.centres, self.schools or None, self.districts or None)
        return {n: values for n, values in enumerate(asked) if values is not None}

    def matches(self, event: RenderedEvent) -> bool:
        """Whether an event matches."""
        return (
            (not self.releases or event.release_id in self.releases)
            and (not self.sessions or event.session_id in self.sessions)
            and (not self.states or event.to_state in self.states)
            and (not self.actions or event.action in self.actions)
        )

    def criteria(self) -> SessionFilter:
        """The sessions of the snapshot."""
        wanted = SessionFilter(
            tuple(self.releases),
            tuple(sorted(self.states)),
            session_ids=tuple(self.sessions),
            schools=tuple(sorted(self.schools)),
            districts=tuple(sorted(self.districts)),
        )
        return wanted.within(self.centres)
