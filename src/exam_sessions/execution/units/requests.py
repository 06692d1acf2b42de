"""Recorded requests: what a repetition is answered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exam_sessions.store.requests import RequestRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.transaction import Transaction


@dataclass(slots=True, eq=False)
class RequestUnit:
    """The requests that one transaction looks for and records."""

    _transaction: Transaction
    _known: dict[tuple[str, str], RequestRow] = field(default_factory=dict)

    def load(self, workspace: str, ids: Collection[str]) -> None:
        """Reads the requests with these ids."""
        for request in self._transaction.repositories.requests.load(self._transaction.db, workspace, ids):
            self._known[workspace, request.request_id] = request

    def get(self, workspace: str, request_id: str) -> RequestRow | None:
        """A request, as far as it was loaded or recorded in this transaction."""
        return self._known.get((workspace, request_id))

    def find(self, workspace: str, request_id: str) -> RequestRow | None:
        """A request as it is stored, read now."""
        found = self._transaction.repositories.requests.load(self._transaction.db, workspace, (request_id,))
        return found[0] if found else None

    def record(self, caller: Caller, result: str) -> None:
        """Records a request that succeeded, with what a repetition is answered from."""
        now = self._transaction.clock.now
        row = RequestRow(caller.workspace, caller.request_id, caller.fingerprint, result, now)
        self._known[caller.workspace, caller.request_id] = row
        self._transaction.deferred.requests.append(row)

    def expire_now(self, workspace: str, ids: Sequence[str]) -> int:
        """Removes requests; how many there were."""
        return self._transaction.repositories.requests.forget(self._transaction.write_now(), workspace, ids)
