"""WatchSessions. Converts and sends; which events there are is found out by background/event_feed.py.

An event is rendered once, as a whole piece with nothing but this event in it: pieces put one behind the other are the
bytes of one piece with all their events (protobuf, encoding of repeated fields).
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from exam_sessions.background.event_feed import FEW
from exam_sessions.background.event_tail import AREA_COLUMNS, ERASE, PAGE, Piece
from exam_sessions.background.watch_turns import Turn
from exam_sessions.rpc.convert.session import BASIC, fill_event
from exam_sessions.rpc.convert.times import micros
from exam_sessions.rpc.watch_filter import EventFilter
from exam_sessions.rpc.watch_snapshot import SnapshotPages
from exam_sessions.rpc.watch_stream import Unread, WatchStream, position
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from exam_sessions.background.event_feed import EventFeed
    from exam_sessions.background.event_tail import RenderedEvent, Tail
    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.rpc.methods import Call
    from exam_sessions.rpc.watch_stream import Send
    from exam_sessions.service import Service

HEARTBEAT_S = 15.0
"""Silence before a heartbeat, in seconds, when the caller names none."""

SNAPSHOT_AT_MOST = 100_000
"""Sessions of a snapshot."""

PIECE_BYTES = 64 * 1024
"""From this size on a piece is sent, and the next one begun. Until a watcher takes it, it is kept here and in the
transport."""

UNREAD_AT_MOST = 128 * 1024 * 1024
"""Bytes that all watchers of a server may leave unread: an event may be long, and a piece holds one at least."""

SECOND = 1_000_000

NOWHERE = ("",) * len(AREA_COLUMNS)
"""The areas of a session that does not exist any more."""

IN_SNAPSHOT = -1
"""The position of a watcher that cannot resume with an event, for it has not received all sessions."""


def piece_of(row: EventRow) -> bytes:
    """A piece with one event."""
    piece = pb.WatchSessionsResponse()
    fill_event(piece.events.add(), row)
    return piece.SerializeToString()


class EventCursor:
    """How far one watcher has come: the events up to `after` are done with."""

    def __init__(self, feed: EventFeed, tail: Tail, event_filter: EventFilter, after: int) -> None:
        self._feed, self._tail, self._filter = feed, tail, event_filter
        self._areas = event_filter.areas
        self.after, self._most = after, FEW
        self._turn, self._time = Turn(feed.turns), asyncio.get_running_loop().time

    @property
    def behind(self) -> int:
        """See Cursor."""
        return max(0, self._tail.last - self.after)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Counts it among those that follow the events, until the block ends."""
        self._feed.cursors.add(self)
        try:
            yield
        finally:
            self._feed.cursors.discard(self)
            self._turn.end()

    async def next(self, patience: float) -> bytes:
        """A piece with the next events that match the filter, if there are any within so many seconds.

        Watchers with the same filter are sent the same bytes.
        """
        feed, tail, turn = self._feed, self._tail, self._turn
        turn.sent = self._time()
        await feed.wait(tail, turn, self.after, patience)
        if self.after >= tail.last:
            return b""
        piece = tail.shared(self._filter, self.after)
        if piece is None:
            piece = await self._next_piece()
            if piece.after == self.after:
                # It is at the end of what a restore has kept, and nothing has happened since.
                await turn.wait(tail.waiting, patience)
        self.after = piece.after
        turn.is_behind = self.behind > 0
        return piece.data

    async def _next_piece(self) -> Piece:
        """The next piece with the position reached, empty without an event; it is shared if its events are kept."""
        tail, after = self._tail, self.after
        last, kept = tail.last, tail.since(after)
        events = await self._feed.after(tail, after, self._most) if kept is None else kept
        piece = await self._piece(events, None, "")
        if piece.data:
            piece = piece._replace(data=position(piece.after) + piece.data)
        if kept and last == tail.last:  # Else one may have been erased meanwhile.
            tail.share(self._filter, after, piece)
        return piece

    async def next_until(self, last: int, shown: str) -> bytes:
        """A piece with the next events up to one, as far as they are about sessions up to an id."""
        piece = await self._piece(await self._feed.after(self._tail, self.after, self._most), last, shown)
        self.after = piece.after
        return piece.data

    async def _unseen(self, events: Collection[RenderedEvent]) -> set[int]:
        """The events of sessions of other areas: by the areas that an event names, else as its session is now."""
        self._tail.areas.remove(event.session_id for event in events if event.areas or event.action == ERASE)
        asked = {event.session_id for event in events if not all(event.areas and event.areas[n] for n in self._areas)}
        now = await self._feed.areas_of(self._tail, asked) if asked else {}

        def is_within(event: RenderedEvent, n: int) -> bool:
            named = event.areas[n] if event.areas else frozenset()
            return bool(named & self._areas[n]) if named else now.get(event.session_id, NOWHERE)[n] in self._areas[n]

        return {event.sequence for event in events if not all(is_within(event, n) for n in self._areas)}

    async def _piece(self, events: Iterable[RenderedEvent], last: int | None, shown: str) -> Piece:
        """Renders events until a piece is full, and reads the next time about as many as fit."""
        rendered: list[bytes] = []
        unseen: set[int] = set()
        if self._areas:
            events = list(events)
            unseen = await self._unseen(events)
        size, after = 0, self.after
        for event in events:
            if size >= PIECE_BYTES or (last is not None and event.sequence > last):
                self._most = max(FEW, after - self.after)
                break
            is_shown = event.sequence not in unseen and (last is None or event.session_id <= shown)
            if is_shown and self._filter.matches(event):
                rendered.append(event.rendered)
                size += len(event.rendered)
            after = event.sequence
        else:
            self._most = min(2 * self._most, PAGE)
        return Piece(b"".join(rendered), after)


class WatchServicer:
    """The method of WatchSessions; `patience` is how long a watcher may take over one piece, in seconds."""

    def __init__(self, service: Service, patience: float) -> None:
        self._service = service
        self._unread = Unread(UNREAD_AT_MOST, patience)

    async def watch(self, request: pb.WatchSessionsRequest, call: Call, send: Send) -> None:
        """Sends events until the caller cancels."""
        # In a task of its own: each step of it would else pass through the frames of the whole call.
        await asyncio.create_task(self._watch(request, call, send))

    async def _watch(self, request: pb.WatchSessionsRequest, call: Call, send: Send) -> None:
        event_filter = EventFilter.of(request.filter, call.principal.centres)
        heartbeat = (micros(request, "heartbeat_interval", "heartbeat_interval") / SECOND) or HEARTBEAT_S
        feed = self._service.event_feed
        stream = WatchStream(send, self._unread)
        tail = await feed.join(call.workspace(request), piece_of)
        try:
            cursor = EventCursor(feed, tail, event_filter, await self._begin(request, tail, event_filter, stream))
            with cursor.following():
                while True:
                    if piece := await cursor.next(max(0.0, heartbeat - stream.silence)):
                        await stream.send(piece, cursor.after)
                    elif stream.silence >= heartbeat:
                        await stream.send_position(cursor.after)
                    # Not kept: while a watcher waits, nothing is held for it.
                    del piece
        finally:
            feed.leave(tail)

    async def _begin(
        self, request: pb.WatchSessionsRequest, tail: Tail, event_filter: EventFilter, stream: WatchStream
    ) -> int:
        """The event after which the watch goes on; sends the snapshot where one was asked for."""
        feed, start = self._service.event_feed, request.WhichOneof("start")
        if start == "start_sequence":
            return await feed.first(tail.workspace, request.start_sequence)
        if start == "consumer":
            return await feed.first_of_consumer(tail.workspace, request.consumer)
        if start == "now":
            after = await self._service.reads.last_sequence(tail.workspace)
            await stream.send_position(after)
            return after
        pages = SnapshotPages(
            feed,
            tail.workspace,
            event_filter.criteria(),
            request.view or BASIC,
            size=PIECE_BYTES,
            at_most=SNAPSHOT_AT_MOST,
        )
        return await self._snapshot(pages, EventCursor(feed, tail, event_filter, 0), stream)

    @staticmethod
    async def _snapshot(pages: SnapshotPages, cursor: EventCursor, stream: WatchStream) -> int:
        """Sends the sessions, page by page as the watcher takes them; the last event they have seen in the end.

        A page is of the moment in which it was read. What has happened since the page before to sessions that were
        sent by then is sent first, as events: so all that was sent is of one moment, and in the end of that of the
        last page.
        """
        while not pages.is_over:
            before = pages.shown
            page, last = await pages.next()
            while before and cursor.after < last:
                if events := await cursor.next_until(last, before):
                    await stream.send(events, IN_SNAPSHOT)
            cursor.after = last
            if page:
                await stream.send(page, IN_SNAPSHOT)
        end = pb.WatchSessionsResponse(sequence=cursor.after, snapshot_complete=True)
        await stream.send(end.SerializeToString(), IN_SNAPSHOT)
        return cursor.after
