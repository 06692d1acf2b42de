"""The sessions a watch begins with, page by page as its watcher takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.rpc.convert.session import fill_session
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.background.event_feed import EventFeed
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.execution.queries import SnapshotPage

SESSIONS_AT_ONCE = 200
"""Sessions read at once, at most."""

FEW = 16


class SnapshotPages:
    """Pages of about `size` bytes of the sessions that match, by id. At most `at_most` may match."""

    def __init__(
        self, feed: EventFeed, workspace: str, criteria: SessionFilter, view: int, *, size: int, at_most: int
    ) -> None:
        self._feed, self._workspace, self._criteria, self._view = feed, workspace, criteria, view
        self._size, self._at_most = size, at_most
        self._rows = SESSIONS_AT_ONCE
        self._page: SnapshotPage | None = None
        self.is_over = False

    @property
    def shown(self) -> str:
        """The last id that was on a page."""
        return self._page.shown if self._page else ""

    async def next(self) -> tuple[bytes, int]:
        """The next page as a piece of a watch, empty without a session, and the last event it has seen.

        Raises:
            errors.SnapshotTooLarge: too many match; on the first page only.
        """
        page = await self._feed.snapshot_page(self._workspace, self._criteria, self._page, self._rows, self._at_most)
        piece, size, count, shown = pb.WatchSessionsResponse(), 0, 0, self.shown
        for pair in page.pairs:
            if size >= self._size:
                break
            session = piece.sessions.add()
            fill_session(session, pair, self._view)
            size += session.ByteSize()
            count += 1
            shown = pair.session.id
        self._page = page._replace(pairs=[], shown=shown)
        self.is_over = count == len(page.pairs) < self._rows
        # What was read and did not fit is read again with the next page, so not more than will fit.
        self._rows = min(SESSIONS_AT_ONCE, max(FEW, count + 1 if size >= self._size else 2 * self._rows))
        return piece.SerializeToString(), page.last
