"""Personal data beside sessions: found where it is needed, and rewritten immediately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions.store.events import Happening, dump_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.records import Event
    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.transaction import Transaction
    from exam_sessions.store.personal_data import StoredOperation, StoredRefusal
    from exam_sessions.store.requests import RequestRow

ALL, ANY_SIZE = 1 << 40, 1 << 60
"""Events, and bytes of their changes, of one session that are read at once: every one."""


@dataclass(slots=True, eq=False)
class PersonalDataUnit:
    """What one transaction finds of a candidate beside the sessions, and removes."""

    _transaction: Transaction

    def session_ids(self, workspace: str, candidate: str) -> list[str]:
        """The candidate's sessions, those of staged imports too."""
        transaction = self._transaction
        return transaction.repositories.personal_data.session_ids(transaction.db, workspace, candidate)

    def sessions_of_events(self, workspace: str, candidate: str, after: int, until: int) -> list[str]:
        """The sessions of which an event between two sequences names the candidate."""
        transaction = self._transaction
        rows = transaction.repositories.personal_data
        return rows.sessions_of_events(transaction.db, workspace, candidate, after, until)

    def history(self, workspace: str, session_id: str) -> list[EventRow]:
        """All events of a session, in their order."""
        transaction = self._transaction
        return transaction.repositories.events.page(transaction.db, workspace, session_id, 0, ALL, ANY_SIZE)[0]

    def rewrite_events_now(self, rows: Sequence[EventRow]) -> None:
        """Writes events without what was removed."""
        if rows:
            self._transaction.repositories.personal_data.rewrite_events(self._transaction.write_now(), rows)

    def append(self, last: EventRow, event: Event, caller: Caller) -> None:
        """Appends an event to the history of a session that is deleted, behind its last one."""
        appended = self._transaction.deferred.events.setdefault(last.workspace_id, [])
        appended.append(
            Happening(
                last.session_id,
                last.release_id,
                event.action,
                event.from_state,
                event.to_state,
                caller.actor,
                event.reason,
                event.message,
                caller.request_id,
                max(self._transaction.clock.now, last.time),
                dump_json(event.changes) if event.changes else "",
                -last.sequence,
            )
        )

    def operations(self, workspace: str, after: str, most: int) -> list[StoredOperation]:
        """The next operations in the order of their ids."""
        transaction = self._transaction
        return transaction.repositories.personal_data.operations(transaction.db, workspace, after, most)

    def under_way(self, workspace: str) -> list[StoredOperation]:
        """The operations that have not ended."""
        return self._transaction.repositories.personal_data.under_way(self._transaction.db, workspace)

    def payload(self, workspace: str, operation_id: str) -> bytes:
        """The request an operation was accepted for."""
        return self._transaction.repositories.operations.payload(self._transaction.db, workspace, operation_id)

    def refusals(self, workspace: str, operation_id: str) -> list[StoredRefusal]:
        """The refusals of an operation's rows."""
        transaction = self._transaction
        return transaction.repositories.personal_data.refusals(transaction.db, workspace, operation_id)

    def rewrite_operation_now(
        self, workspace: str, row: StoredOperation, refusals: Sequence[StoredRefusal], *, payload: bool
    ) -> None:
        """Writes an operation and its refusals without what was removed; its request is kept if `payload`."""
        db, rows = self._transaction.write_now(), self._transaction.repositories.personal_data
        rows.rewrite_operation(db, workspace, row, payload=payload)
        rows.rewrite_refusals(db, workspace, row.id, refusals)

    def delete_operation_now(self, workspace: str, operation_id: str) -> None:
        """Removes an operation with its outcomes."""
        transaction = self._transaction
        transaction.repositories.operations.delete(transaction.write_now(), workspace, operation_id)

    def requests(self, workspace: str, candidate: str, after: str, most: int) -> list[RequestRow]:
        """The next recorded requests whose answer names the candidate."""
        transaction = self._transaction
        return transaction.repositories.personal_data.requests(transaction.db, workspace, candidate, after, most)

    def rewrite_requests_now(self, rows: Sequence[RequestRow]) -> None:
        """Writes what repeated requests are answered from, without what was removed."""
        if rows:
            self._transaction.repositories.personal_data.rewrite_requests(self._transaction.write_now(), rows)
