"""The ids of the requests that one queue recorded last, so that a repetition is found before it is decided.

A repetition that is not refused meets the key of its request when the group is written, and then the whole group is
decided again, each mutation in a transaction of its own. One whose id is among these is looked for before. A hint,
never a source: the row decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.execution.read_set import DeclaresReads, ReadSet
    from exam_sessions.store.requests import RequestRow

REQUESTS_AT_MOST = 10_000
"""About 250 bytes each."""


class RecentRequests:
    """The keys of the requests recorded last."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], None] = {}

    def add(self, rows: Iterable[RequestRow]) -> None:
        """Adds requests that were committed."""
        keys = self._keys
        for row in rows:
            keys[row.workspace_id, row.request_id] = None
        while len(keys) > REQUESTS_AT_MOST:
            del keys[next(iter(keys))]

    def declare(self, group: Iterable[DeclaresReads], reads: ReadSet) -> None:
        """Adds the stored requests of the mutations that repeat one of these to what is read."""
        for mutation in group:
            caller = mutation.caller
            if (caller.workspace, caller.request_id) in self._keys:
                reads.request(caller.workspace, caller.request_id)
