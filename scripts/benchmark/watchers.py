"""Many watchers in one process, as cheap as they can be without taking anything on trust.

Usage: watchers.py PORT WATCHERS CHANNELS. Prints `ready` once every watch has begun, with what happens next; reads
the sequence of the last event from its input; prints what was received, as JSON, once every watcher has got that far.

Every piece is parsed and every sequence compared with the one that is due. The time of an event is looked at by one
watcher only, the time of receipt by each.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any

import grpc
import uvloop

from exam_sessions_client.v1 import session_service_pb2 as pb

WATCH = "/exam_sessions.v1.SessionService/WatchSessions"
PATIENCE_S = 30.0
"""How long the last event may take to reach the last watcher, before it counts as lost."""
REQUEST = pb.WatchSessionsRequest(now=True).SerializeToString()
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


class Watcher:
    """One watch, and what it received."""

    def __init__(self, channel: grpc.aio.Channel, times: dict[int, float] | None) -> None:
        self._call: Any = channel.unary_stream(WATCH, None, None)(REQUEST)
        self._times = times
        self.first = self.last = 0
        self.lost = self.repeated = self.size = 0
        self.receipts: list[tuple[float, int, int]] = []
        """When a piece came, its first and its last event."""

    async def begin(self) -> None:
        """Takes the piece that says where the watch begins."""
        piece = pb.WatchSessionsResponse.FromString(await self._call.read())
        self.first = self.last = piece.sequence

    async def take(self) -> None:
        """Takes what comes, until it is cancelled."""
        while (data := await self._call.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined] # the stubs are older
            now = time.time()
            piece = pb.WatchSessionsResponse.FromString(data)
            sequences = [event.sequence for event in piece.events]
            if not sequences:
                continue
            if sequences != list(range(self.last + 1, self.last + 1 + len(sequences))):
                self._blame(sequences)
            self.size += len(data)
            self.receipts.append((now, sequences[0], sequences[-1]))
            if self._times is not None:
                self._times.update((e.sequence, e.time.seconds + e.time.nanos / 1e9) for e in piece.events)
            self.last = max(self.last, sequences[-1])

    def _blame(self, sequences: list[int]) -> None:
        """Counts what is missing and what came again, or out of its order."""
        due = self.last + 1
        for sequence in sequences:
            if sequence < due:
                self.repeated += 1
            else:
                self.lost += sequence - due
                due = sequence + 1


def waits(watchers: list[Watcher], times: dict[int, float]) -> list[int]:
    """How many deliveries took how many milliseconds, from the time of the event."""
    counts = [0] * 100_000
    for watcher in watchers:
        for now, first, last in watcher.receipts:
            for sequence in range(first, last + 1):
                wait = int((now - times[sequence]) * 1e3)
                counts[min(max(wait, 0), len(counts) - 1)] += 1
    return counts


def percentile(counts: list[int], share: float) -> int:
    """The milliseconds that a share of the deliveries took at most."""
    left = share * sum(counts)
    for wait, count in enumerate(counts):
        left -= count
        if left <= 0 and count:
            return wait + 1
    return 0


async def main(port: int, count: int, channels: int) -> None:
    """Watches until all have received the sequence named on the input."""
    times: dict[int, float] = {}
    opened = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) for _ in range(channels)]
    watchers = [Watcher(opened[n % channels], times if n == 0 else None) for n in range(count)]
    await asyncio.gather(*(watcher.begin() for watcher in watchers))
    tasks = [asyncio.create_task(watcher.take()) for watcher in watchers]
    gc.collect()
    gc.disable()
    print("ready", flush=True)
    cpu, began = time.process_time(), time.perf_counter()
    end = int(await asyncio.to_thread(sys.stdin.readline))
    until = time.perf_counter() + PATIENCE_S
    while any(w.last < end for w in watchers) and not any(task.done() for task in tasks):
        if time.perf_counter() > until:
            break
        await asyncio.sleep(0.01)
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    broken = [repr(task.exception()) for task in tasks if task.done()]
    print(json.dumps(_told(watchers, times, end) | {"client_share": share, "broken": broken}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _told(watchers: list[Watcher], times: dict[int, float], end: int) -> dict[str, Any]:
    counts = waits(watchers, times)
    pieces = [receipt for watcher in watchers for receipt in watcher.receipts]
    return {
        "watchers": len(watchers),
        "events": end - min(watcher.first for watcher in watchers),
        "deliveries": sum(counts),
        "lost": sum(watcher.lost + max(0, end - watcher.last) for watcher in watchers),
        "repeated": sum(watcher.repeated for watcher in watchers),
        "pieces": len(pieces),
        "bytes": sum(watcher.size for watcher in watchers),
        "p50": percentile(counts, 0.5),
        "p99": percentile(counts, 0.99),
        "longest": percentile(counts, 1.0),
    }


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:4])))
