"""The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from together import AsyncTogether

from exam_sessions_client import AsyncClient, CallFailed
from exam_sessions_client.v1 import lifecycle_service_pb2 as lifecycle
from exam_sessions_client.v1 import session_service_pb2 as sessions
from exam_sessions_client.v1.session_pb2 import Booking, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable


async def main(mode: str, target: str, *arguments: str) -> None:
    async with AsyncClient(target, actor="trial") as client:
        if mode == "restarts":
            release, *numbers = arguments
            print(await restarts(client, release, *map(int, numbers)))
        elif mode == "silent":
            print(await silent(client))
        else:
            kind, count, *ids = arguments
            print(await calls(client, kind, int(count), ids))


async def restarts(client: AsyncClient, release: str, sequence: int, chunks: int, size: int, calls: int) -> str:
    """Imports and books, and watches until all of it was seen."""
    counts: Counter[str] = Counter()
    async with AsyncTogether() as together:
        together.start(import_all, client, release, chunks, size, counts)
        together.start(create_all, client, release, calls, counts)
        together.start(watch_all, client, release, sequence, chunks * size + calls, counts)
    return " ".join(f"{what} {counts[what]}" for what in ("imported", "created", "seen", "twice"))


async def import_all(client: AsyncClient, release: str, chunks: int, size: int, counts: Counter[str]) -> None:
    rosters = ([booking(f"import-{chunk}-{n}") for n in range(size)] for chunk in range(chunks))
    async for answer in client.import_sessions(release, rosters):
        counts["imported"] += len(answer.sessions)
        print("answered", answer.chunk, flush=True)


async def create_all(client: AsyncClient, release: str, calls: int, counts: Counter[str]) -> None:
    for n in range(calls):
        await client.sessions.CreateSession(
            sessions.CreateSessionRequest(release_id=release, booking=booking(f"call-{n}"))
        )
        counts["created"] += 1


async def watch_all(client: AsyncClient, release: str, sequence: int, rows: int, counts: Counter[str]) -> None:
    known: set[str] = set()
    request = sessions.WatchSessionsRequest(
        start_sequence=sequence + 1, filter=sessions.WatchFilter(release_ids=[release])
    )
    async with aclosing(client.watch(request)) as pieces:
        async for piece in pieces:
            for event in piece.events:
                counts["seen"] += 1
                counts["twice"] += event.sequence <= sequence or event.session_id in known
                sequence = event.sequence
                known.add(event.session_id)
            if len(known) == rows:
                return


async def silent(client: AsyncClient) -> str:
    """How a call ends that nobody answers."""
    try:
        await client.sessions.GetSession(sessions.GetSessionRequest(session_id="any"))
    except CallFailed as failed:
        return failed.code
    return "OK"


async def calls(client: AsyncClient, kind: str, count: int, ids: list[str]) -> str:
    """Makes so many calls, one after another for each session, and says how long it took."""
    pairs = count // 2 // len(ids)
    one = read_twice if kind == "reads" else pause_and_resume
    await all_at_a_time(client, one, pairs // 10 + 1, ids)
    print("begin", flush=True)
    began = time.perf_counter()
    await all_at_a_time(client, one, pairs, ids)
    return f"made {pairs * 2 * len(ids)} {time.perf_counter() - began}"


async def all_at_a_time(client: AsyncClient, one: Callable[..., Any], times: int, ids: list[str]) -> None:
    async with AsyncTogether() as together:
        for session in ids:
            together.start(repeat, client, one, times, session)


async def repeat(client: AsyncClient, one: Callable[..., Any], times: int, session: str) -> None:
    for _ in range(times):
        await one(client, session)


async def read_twice(client: AsyncClient, session: str) -> None:
    for _ in range(2):
        await client.sessions.GetSession(sessions.GetSessionRequest(session_id=session))


async def pause_and_resume(client: AsyncClient, session: str) -> None:
    await client.lifecycle.PauseSession(lifecycle.PauseSessionRequest(session_id=session))
    await client.lifecycle.ResumeSession(lifecycle.ResumeSessionRequest(session_id=session))


def booking(candidate: str) -> Booking:
    return Booking(candidate=Candidate(candidate_id=candidate))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
