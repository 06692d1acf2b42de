"""The client beside a server that is killed, one that says nothing, and one that is measured; scripts run it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from together import Together

from exam_sessions_client import Client, CallFailed
from exam_sessions_client.v1 import lifecycle_service_pb2 as lifecycle
from exam_sessions_client.v1 import session_service_pb2 as sessions
from exam_sessions_client.v1.session_pb2 import Booking, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable


def main(mode: str, target: str, *arguments: str) -> None:
    with Client(target, actor="trial") as client:
        if mode == "restarts":
            release, *numbers = arguments
            print(restarts(client, release, *map(int, numbers)))
        elif mode == "silent":
            print(silent(client))
        else:
            kind, count, *ids = arguments
            print(calls(client, kind, int(count), ids))


def restarts(client: Client, release: str, sequence: int, chunks: int, size: int, calls: int) -> str:
    """Imports and books, and watches until all of it was seen."""
    counts: Counter[str] = Counter()
    with Together() as together:
        together.start(import_all, client, release, chunks, size, counts)
        together.start(create_all, client, release, calls, counts)
        together.start(watch_all, client, release, sequence, chunks * size + calls, counts)
    return " ".join(f"{what} {counts[what]}" for what in ("imported", "created", "seen", "twice"))


def import_all(client: Client, release: str, chunks: int, size: int, counts: Counter[str]) -> None:
    rosters = ([booking(f"import-{chunk}-{n}") for n in range(size)] for chunk in range(chunks))
    for answer in client.import_sessions(release, rosters):
        counts["imported"] += len(answer.sessions)
        print("answered", answer.chunk, flush=True)


def create_all(client: Client, release: str, calls: int, counts: Counter[str]) -> None:
    for n in range(calls):
        client.sessions.CreateSession(
            sessions.CreateSessionRequest(release_id=release, booking=booking(f"call-{n}"))
        )
        counts["created"] += 1


def watch_all(client: Client, release: str, sequence: int, rows: int, counts: Counter[str]) -> None:
    known: set[str] = set()
    request = sessions.WatchSessionsRequest(
        start_sequence=sequence + 1, filter=sessions.WatchFilter(release_ids=[release])
    )
    with closing(client.watch(request)) as pieces:
        for piece in pieces:
            for event in piece.events:
                counts["seen"] += 1
                counts["twice"] += event.sequence <= sequence or event.session_id in known
                sequence = event.sequence
                known.add(event.session_id)
            if len(known) == rows:
                return


def silent(client: Client) -> str:
    """How a call ends that nobody answers."""
    try:
        client.sessions.GetSession(sessions.GetSessionRequest(session_id="any"))
    except CallFailed as failed:
        return failed.code
    return "OK"


def calls(client: Client, kind: str, count: int, ids: list[str]) -> str:
    """Makes so many calls, one after another for each session, and says how long it took."""
    pairs = count // 2 // len(ids)
    one = read_twice if kind == "reads" else pause_and_resume
    all_at_a_time(client, one, pairs // 10 + 1, ids)
    print("begin", flush=True)
    began = time.perf_counter()
    all_at_a_time(client, one, pairs, ids)
    return f"made {pairs * 2 * len(ids)} {time.perf_counter() - began}"


def all_at_a_time(client: Client, one: Callable[..., Any], times: int, ids: list[str]) -> None:
    with Together() as together:
        for session in ids:
            together.start(repeat, client, one, times, session)


def repeat(client: Client, one: Callable[..., Any], times: int, session: str) -> None:
    for _ in range(times):
        one(client, session)


def read_twice(client: Client, session: str) -> None:
    for _ in range(2):
        client.sessions.GetSession(sessions.GetSessionRequest(session_id=session))


def pause_and_resume(client: Client, session: str) -> None:
    client.lifecycle.PauseSession(lifecycle.PauseSessionRequest(session_id=session))
    client.lifecycle.ResumeSession(lifecycle.ResumeSessionRequest(session_id=session))


def booking(candidate: str) -> Booking:
    return Booking(candidate=Candidate(candidate_id=candidate))


if __name__ == "__main__":
    main(*sys.argv[1:])
