"""Watchers of rooms, and a board, in a process of their own, all day long.

Usage: rooms.py PORT[,PORT] CENTRE[,CENTRE...]. One watch of each centre; the first has a board besides, which begins
with the sessions as they are and reads those of which something changed that it shows, as `exam-sessions board` does.
A watch that ends is resumed after its last event, on the next server. Prints `ready` once all have begun; reads the
sequence of the last event from its input; prints as JSON what came, once all have got that far.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import grpc
import uvloop

from exam_sessions.cli.board import READ_AT_ONCE
from exam_sessions.cli.shared.room_reads import sessions_to_read
from exam_sessions_client.v1 import session_service_pb2 as pb
from exam_sessions_client.v1 import session_service_pb2_grpc

OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
PATIENCE_S = 30.0
"""How long the last event may take to reach the last watcher, before it counts as lost."""
RESUME_S = 0.1


class Servers:
    """The servers, asked by turns."""

    def __init__(self, ports: list[str]) -> None:
        self._channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) for port in ports]
        self._turns = itertools.cycle(self._channels)

    def next(self) -> Any:
        """Calls to the next."""
        return session_service_pb2_grpc.SessionServiceStub(next(self._turns))


class Watcher:
    """One watch of a centre, how many events came and how late, in milliseconds after they happened."""

    def __init__(self, servers: Servers, centre: str) -> None:
        self._servers, self.centre = servers, centre
        self.sequence = self.resumed = self.read = self.reads = 0
        self.seen: Counter[int] = Counter()
        self.delays: Counter[int] = Counter()
        self._moved = asyncio.Event()

    def _request(self) -> Any:
        start = {"start_sequence": self.sequence + 1} if self.sequence else {"now": True}
        return pb.WatchSessionsRequest(filter=pb.WatchFilter(centre_ids=[self.centre]), **start)

    async def follow(self) -> None:
        """Takes what comes, until it is cancelled."""
        while True:
            stub = self._servers.next()
            try:
                async for piece in stub.WatchSessions(self._request()):
                    now = time.time()
                    for event in piece.events:
                        self.seen[event.sequence] += 1
                        self.delays[max(0, int((now - event.time.seconds - event.time.nanos / 1e9) * 1e3))] += 1
                    self.sequence = max(self.sequence, piece.sequence)
                    self._moved.set()
                    await self.take(stub, piece)
            except grpc.aio.AioRpcError:
                await asyncio.sleep(RESUME_S)
            self.resumed += 1

    async def reach(self, sequence: int) -> None:
        """Waits until everything up to a sequence has come."""
        while self.sequence < sequence:
            self._moved.clear()
            await self._moved.wait()

    async def take(self, stub: Any, piece: Any) -> None:
        """A watcher only counts."""


class Board(Watcher):
    """The watch of a board: it begins with the room as it is, and reads what has changed."""

    def _request(self) -> Any:
        if self.sequence:
            return super()._request()
        return pb.WatchSessionsRequest(filter=pb.WatchFilter(centre_ids=[self.centre]))

    async def take(self, stub: Any, piece: Any) -> None:
        """Reads the sessions of a piece that `exam-sessions board` would read, as it does."""
        changed = sessions_to_read(piece.events)
        for first in range(0, len(changed), READ_AT_ONCE):
            session_ids = changed[first : first + READ_AT_ONCE]
            view = pb.SESSION_VIEW_FULL
            await stub.BatchGetSessions(pb.BatchGetSessionsRequest(session_ids=session_ids, view=view))
            self.read += len(session_ids)
            self.reads += 1


def percentile(counts: Counter[int], share: float) -> int:
    """The milliseconds that a share of the events took at most."""
    left = share * counts.total()
    for delay in sorted(counts):
        left -= counts[delay]
        if left <= 0:
            return delay
    return 0


async def main(ports: str, centres: str) -> None:
    """Watches until the sequence named on the input has come to all."""
    servers, names = Servers(ports.split(",")), centres.split(",")
    watchers = [*(Watcher(servers, name) for name in names), Board(servers, names[0])]
    tasks = [asyncio.create_task(watcher.follow()) for watcher in watchers]
    await asyncio.gather(*(watcher.reach(1) for watcher in watchers))
    gc.collect()
    gc.disable()
    print("ready", flush=True)
    end = int(await asyncio.to_thread(sys.stdin.readline))
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(watcher.reach(end) for watcher in watchers)), PATIENCE_S)
    delays = sum((watcher.delays for watcher in watchers), Counter[int]())
    came = {
        "p50": percentile(delays, 0.5),
        "p99": percentile(delays, 0.99),
        "longest": max(delays, default=0),
        "events": {watcher.centre: len(watcher.seen) for watcher in watchers[:-1]},
        "board": len(watchers[-1].seen),
        "read": watchers[-1].read,
        "reads": watchers[-1].reads,
        "twice": sum(watcher.seen.total() - len(watcher.seen) for watcher in watchers),
        "resumed": sum(watcher.resumed for watcher in watchers),
        "behind": sum(watcher.sequence < end for watcher in watchers),
    }
    print(json.dumps(came), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
