"""Callers who keep at it whatever becomes of the database, and what they were acknowledged."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from messages import bookings, new_id

from serving import ApiClient, Refused, until

ROSTER = 2000
"""Rows of a roster that is written in several transactions."""

WORKSPACE = "w"


class Caller:
    """Makes calls one after the other. A call that is refused is repeated, with its id, until it is acknowledged."""

    def __init__(self, server, calls, workspace=WORKSPACE):
        self.acknowledged, self.refusals = [], set()
        self._desk, self._calls = ApiClient(server.target, workspace), calls

    def work(self, over):
        with closing(self._desk) as api:
            for rpc, fields in self._calls:
                request_id = new_id()
                while not self._is_acknowledged(api, rpc, fields | {"request_id": request_id}):
                    over.wait(0.02)
                self.acknowledged.append(request_id)
                if over.is_set():
                    return

    def _is_acknowledged(self, api, rpc, fields):
        try:
            api.call(rpc, **({} if rpc in READS else fields), **READS.get(rpc, {}))
        except Refused as refused:
            self.refusals.add((refused.code, refused.reason))
            return False
        return True


READS = {"ListSessions": {"page_size": 10}, "ListReleases": {}}


def moves(session):
    """A session is paused and resumed, again and again."""
    return itertools.cycle((rpc, {"session_id": session.id}) for rpc in ("PauseSession", "ResumeSession"))


def rosters(release):
    """One roster after the other."""
    for n in itertools.count():
        yield "BatchCreateSessions", {"release_id": release.id, "bookings": bookings(ROSTER, f"r{n}-")}


@contextmanager
def at_work(callers):
    """Callers who work for the length of a block, and finish what they have begun."""
    over = threading.Event()
    with ThreadPoolExecutor(len(callers)) as pool:
        works = [pool.submit(caller.work, over) for caller in callers]
        try:
            yield
        finally:
            over.set()
        for work in works:
            work.result()


def all_go_on(callers):
    """Waits until every caller has had another answer."""
    before = [len(caller.acknowledged) for caller in callers]
    until(lambda: all(len(c.acknowledged) > had for c, had in zip(callers, before, strict=True)))


def assert_kept(api, session, mover):
    """What a mover was acknowledged is the history of its session, and nothing else."""
    events = api.history(session)
    assert [event.request_id for event in events if event.request_id] == mover.acknowledged
    assert [e.from_state for e in events[1:]] == [e.to_state for e in events[:-1]]
