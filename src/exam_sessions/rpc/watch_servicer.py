"""WatchSessions and the consumers of the events. Converts and sends; what to tell is commands/watching.py's.

An event is rendered once, as a whole piece with nothing but this event in it: pieces put one behind the other are the
bytes of one piece with all their events (protobuf, encoding of repeated fields).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.consumers import Acknowledge
from exam_sessions.domain.states import Action
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert_session import BASIC, action_number, fill_event, fill_session
from exam_sessions.rpc.handlers import workspace_of
from exam_sessions.rpc.reply_size import SESSION_AT_MOST, fitting
from exam_sessions.rpc.times import micros, put
from exam_sessions.store.listing import Criteria
from exam_sessions.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exam_sessions.commands.service import Service
    from exam_sessions.commands.watching import Tail, Told
    from exam_sessions.rpc.handlers import Call
    from exam_sessions.store.consumers import ConsumerRow
    from exam_sessions.store.events import EventRow

    Send = Callable[[bytes], Awaitable[None]]

HEARTBEAT_S = 15.0
"""Silence before a heartbeat, in seconds, when the caller names none."""

SNAPSHOT_AT_MOST = 100_000
"""Sessions of a snapshot."""

PIECE = 500
"""Sessions of a snapshot in one piece; fewer where they would not fit into a reply."""

PIECE_BYTES = 256 * 1024
"""From this size on a piece is sent, and the next one begun."""

SECOND = 1_000_000

IN_SNAPSHOT = -1
"""The place of a watcher that cannot resume with an event, for it has not been told all sessions."""


def piece_of(row: EventRow) -> bytes:
    """A piece with one event."""
    piece = pb.WatchSessionsResponse()
    fill_event(piece.events.add(), row)
    return piece.SerializeToString()


class Sieve(NamedTuple):
    """A filter, ready to be asked."""

    releases: frozenset[str]
    sessions: frozenset[str]
    states: frozenset[int]
    actions: frozenset[str]

    @classmethod
    def of(cls, message: pb.WatchFilter) -> Sieve:
        """From the message."""
        wanted = {action_number(action) for action in Action} & set(message.actions)
        return cls(
            frozenset(i.lower() for i in message.release_ids),
            frozenset(i.lower() for i in message.session_ids),
            frozenset(message.states),
            frozenset(action.value for action in Action if action_number(action) in wanted),
        )

    def lets_through(self, row: EventRow) -> bool:
        """Whether the event is wanted."""
        return (
            (not self.releases or row.release_id in self.releases)
            and (not self.sessions or row.session_id in self.sessions)
            and (not self.states or row.to_state in self.states)
            and (not self.actions or row.action in self.actions)
        )

    def criteria(self) -> Criteria:
        """The sessions of the snapshot."""
        return Criteria(tuple(self.releases), tuple(sorted(self.states)), session_ids=tuple(self.sessions))


class Outlet:
    """What one watcher is sent. `patience` is how long it may take over one piece, in seconds."""

    def __init__(self, send: Send, patience: float) -> None:
        self._send, self._patience = send, patience
        self._last = time.monotonic()

    @property
    def silence(self) -> float:
        """For how long nothing was sent, in seconds."""
        return time.monotonic() - self._last

    async def say(self, piece: bytes, after: int) -> None:
        """Sends a piece; `after` is the event a watcher that is too slow may resume behind.

        Raises:
            errors.WatcherTooSlow: it did not take it in time.
        """
        try:
            await asyncio.wait_for(self._send(piece), self._patience)
        except TimeoutError:
            raise errors.WatcherTooSlow(after + 1) from None
        self._last = time.monotonic()

    async def say_with_place(self, pieces: list[bytes], after: int) -> None:
        """Sends events, or none, and the place reached."""
        place = pb.WatchSessionsResponse(sequence=after).SerializeToString()
        await self.say(b"".join([place, *pieces]), after)


class WatchServicer:
    """One method per RPC; `patience` is how long a watcher may take over one piece, in seconds."""

    def __init__(self, service: Service, patience: float) -> None:
        self._service, self._patience = service, patience

    async def watch(self, request: pb.WatchSessionsRequest, send: Send) -> None:
        """Tells events until the caller goes away."""
        sieve = Sieve.of(request.filter)
        heartbeat = (micros(request, "heartbeat_interval", "heartbeat_interval") / SECOND) or HEARTBEAT_S
        watching = self._service.watching
        outlet = Outlet(send, self._patience)
        tail = await watching.enter(workspace_of(request), piece_of)
        try:
            after = await self._begin(request, tail, sieve, outlet)
            while True:
                patience = max(0.0, heartbeat - outlet.silence)
                # Not kept in a variable: while a watcher waits, nothing is held for it.
                after = await self._tell(await watching.next(tail, after, patience), sieve, after, outlet)
                if outlet.silence >= heartbeat:
                    await outlet.say_with_place([], after)
                await asyncio.sleep(watching.pause)
        finally:
            watching.leave(tail)

    async def _begin(self, request: pb.WatchSessionsRequest, tail: Tail, sieve: Sieve, outlet: Outlet) -> int:
        """The event after which the watch goes on; sends the snapshot where one is wanted."""
        watching, start = self._service.watching, request.WhichOneof("start")
        if start == "start_sequence":
            return await watching.first(tail.workspace, request.start_sequence)
        if start == "consumer":
            return await watching.first_of_consumer(tail.workspace, request.consumer)
        if start == "now":
            after = await self._service.reads.last_sequence(tail.workspace)
            await outlet.say_with_place([], after)
            return after
        after, standings = await self._service.reads.snapshot(tail.workspace, sieve.criteria(), SNAPSHOT_AT_MOST)
        first, view = 0, request.view or BASIC
        while first < len(standings):
            piece = pb.WatchSessionsResponse()
            for standing in standings[first : first + PIECE]:
                fill_session(piece.sessions.add(), standing, view)
            del piece.sessions[fitting(piece.sessions, SESSION_AT_MOST[view]) :]
            first += len(piece.sessions)
            await outlet.say(piece.SerializeToString(), IN_SNAPSHOT)
        end = pb.WatchSessionsResponse(sequence=after, snapshot_complete=True)
        await outlet.say(end.SerializeToString(), IN_SNAPSHOT)
        return after

    @staticmethod
    async def _tell(told: list[Told], sieve: Sieve, after: int, outlet: Outlet) -> int:
        """Sends what passes the sieve; the last event that is done with."""
        pieces: list[bytes] = []
        size = 0
        for row, rendered in told:
            if size >= PIECE_BYTES:
                await outlet.say_with_place(pieces, after)
                pieces, size = [], 0
            if sieve.lets_through(row):
                pieces.append(rendered)
                size += len(rendered)
            after = row.sequence
        if pieces:
            await outlet.say_with_place(pieces, after)
        return after

    async def acknowledge(self, request: pb.AcknowledgeEventsRequest, call: Call) -> pb.AcknowledgeEventsResponse:
        """Stores how far a consumer has come."""
        batch = Acknowledge(call.caller(request), request.consumer, request.sequence, rewind=request.rewind)
        consumer: ConsumerRow = await self._service.write(batch)
        last = await self._service.reads.last_sequence(consumer.workspace_id)
        reply = pb.AcknowledgeEventsResponse()
        fill_consumer(reply.consumer, consumer, last)
        return reply

    async def consumers(self, request: pb.ListEventConsumersRequest, _: Call) -> pb.ListEventConsumersResponse:
        """A page of the workspace's consumers: one more than asked tells whether there is another page."""
        most, place = pages.size(request.page_size, pages.AT_MOST), pages.place(request, request.page_token)
        after = place[1] if place else ""
        found, last = await self._service.reads.consumers(workspace_of(request), after, most + 1)
        reply = pb.ListEventConsumersResponse()
        for consumer in found[:most]:
            fill_consumer(reply.consumers.add(), consumer, last)
        if len(found) > most:
            reply.next_page_token = pages.token(request, 0, found[most - 1].name)
        return reply


def fill_consumer(message: pb.EventConsumer, consumer: ConsumerRow, last: int) -> None:
    """Writes a consumer into a message; `last` is the workspace's last event."""
    message.name, message.sequence = consumer.name, consumer.sequence
    message.behind = max(0, last - consumer.sequence)
    put(message.update_time, consumer.update_time)
