"""Servers killed at random instants, in the middle of imports, template jobs and filter jobs: all is done once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from forms import PAPER, form, mcq
from google.longrunning import operations_pb2
from messages import bookings, new_id
from operations import (
    COMPLETED,
    CutOff,
    OperationsApi,
    chunks_of,
    counts_of,
    filled,
    handed,
    only,
    picked,
    result_of,
    status_of,
    told,
)
from rows import count, read

from processes import ServerProcess, calling, was_cut_off
from serving import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.both_databases("what a killed server has left is in the database")

WORKSPACE = "w"
ROOM, CLASS_SIZE = 120, 20
"""Sessions of the room that filter jobs are about, and of each template job."""

CHUNK, CHUNKS = 100, 10
"""Sessions of a chunk, and chunks of an import."""


@dataclass
class Job:
    """An operation that was asked for, perhaps again and again until it was known to be accepted."""

    ask: Callable[[OperationsApi, str], Any]
    size: int
    request_id: str = field(default_factory=new_id)
    name: str = ""

    def send(self, work: OperationsApi) -> None:
        """Asks for it; it is the same one whenever it was accepted."""
        operation = self.ask(work, self.request_id)
        assert self.name in {"", operation.name}
        self.name = operation.name


@dataclass
class Import:
    """An import, sent as often as it takes to its end; what was answered once is always answered the same."""

    release: Any
    number: int
    is_served: threading.Event
    import_id: str = field(default_factory=new_id)
    answers: list[Any] = field(default_factory=list)

    def send(self, work: OperationsApi) -> None:
        """Sends all of it; as much is answered as the server lives to answer."""
        place = 0
        try:
            for answer in work.importing(self._messages(work.api)):
                assert not answer.HasField("refusal"), answer.refusal
                assert self.answers[place : place + 1] in ([], [answer])
                self.answers[place : place + 1] = [answer]
                place += 1
        except grpc.RpcError as error:
            if not was_cut_off(error):
                raise
            raise CutOff from None

    def _messages(self, api: Any) -> Iterator[Any]:
        """The chunks, the last half of them once all may be served."""
        rosters = [bookings(CHUNK, f"import{self.number}-{n}-") for n in range(CHUNKS)]
        for n, message in enumerate(chunks_of(api, self.release, *rosters, import_id=self.import_id)):
            if n == CHUNKS // 2:
                self.is_served.wait()
            yield message

    def is_over(self) -> bool:
        """Whether all of it was answered."""
        return len(self.answers) == CHUNKS


class BatchingWindow:
    """What an exam board has asked for so far, and what must have become of it."""

    def __init__(self, api):
        form(api, mcq("1", "A"))
        self.paper, self.room, self.imported = (
            api.release(test_form="form-1", **PAPER),
            filled(api, ROOM),
            api.release(),
        )
        self.template = OperationsApi(api).template(self.paper)
        self.transitions: list[Job] = []
        self.submissions: list[Job] = []
        self.imports: list[Import] = []
        self.is_served = threading.Event()
        """Whether an import may be served to its end."""

    def ask_for_more(self, pace):
        """New work of every kind."""
        for _ in range(2):
            self.transitions.append(Job(lambda work, i: self._clear(work, i, pace), ROOM))
            number = len(self.submissions)
            self.submissions.append(Job(lambda work, i, n=number: self._submit(work, i, n), CLASS_SIZE))
        self.imports.append(Import(self.imported, len(self.imports), self.is_served))

    def _clear(self, work, request_id, pace):
        filter_ = only(self.room)
        reply = work.transition("REMOVE_PIN", filter=filter_, request_id=request_id, sessions_per_second=pace)
        return reply.operation

    def _submit(self, work, request_id, number):
        data = [handed(f"pupil{number}-{n}", picked("1", "1-A")) for n in range(CLASS_SIZE)]
        return work.submit(self.template, *data, request_id=request_id)

    def rush(self, api, pool):
        """Sends what is not known to be accepted, all kinds at once, until it is, or the server is gone."""
        kinds = (
            [job for job in self.transitions if not job.name],
            [job for job in self.submissions if not job.name],
            [work for work in self.imports if not work.is_over()],
        )
        return [pool.submit(send_all, kind, api) for kind in kinds]


def send_all(things, api):
    """Sends one after the other, as long as somebody answers."""
    try:
        for thing in things:
            thing.send(OperationsApi(api))
    except CutOff:
        pass


DONE = {1: "schedule", 2: "remove_pin"}
"""What an operation of each kind does to a session, as the history calls it."""


def half_done_by(server):
    """Which operations are half done; what each says of itself and what has happened must agree."""
    # What a dead server has sent to PostgreSQL may still be under way there.
    until(lambda: not server.database.is_being_written())
    happened = Counter()
    events = "SELECT request_id, action, count(*) FROM events WHERE workspace_id = ? GROUP BY request_id, action"
    for request_id, action, times in read(server, events, WORKSPACE):
        happened[request_id, action] = times
    outcomes = dict(read(server, "SELECT operation_id, count(*) FROM outcomes GROUP BY operation_id"))
    rows = read(server, "SELECT id, request_id, kind, done, total, failed FROM operations")
    assert len({request_id for _, request_id, *_ in rows}) == len(rows)
    for name, request_id, kind, done, _, failed in rows:
        assert failed == 0
        assert happened[request_id, DONE[kind]] == done
        assert outcomes.get(name, 0) == (done if kind == 1 else 0)
    return {name for name, _, _, done, total, _ in rows if 0 < done < total}


def events_of(server, release):
    """How many events its sessions have: the numbers there are, and how many sessions have each."""
    each = "SELECT session_id, count(*) AS times FROM events WHERE workspace_id = ? AND release_id = ? GROUP BY 1"
    return read(server, f"SELECT times, count(*) FROM ({each}) AS t GROUP BY times", WORKSPACE, release.id)


def assert_done_once(server, api, company):
    """Everything that was asked for has been done, and nothing twice."""
    work = OperationsApi(api)
    for job in (*company.transitions, *company.submissions):
        ended = work.wait(operations_pb2.Operation(name=job.name))
        assert (ended.done, status_of(ended), counts_of(ended)) == (True, COMPLETED, (job.size, job.size, 0))
        if job in company.submissions:
            assert [told(row) for row in result_of(ended).rows] == ["MARKED"] * CLASS_SIZE
    assert events_of(server, company.room) == [(1 + len(company.transitions), ROOM)]
    pupils = CLASS_SIZE * len(company.submissions)
    assert events_of(server, company.paper) == [(3, pupils)]
    imported = CHUNK * CHUNKS * len(company.imports)
    assert events_of(server, company.imported) == [(1, imported)]
    assert count(server, "sessions", WORKSPACE) == ROOM + pupils + imported
    assert count(server, "scripts", WORKSPACE) == pupils
    assert count(server, "operations", WORKSPACE) == len(company.transitions) + len(company.submissions)
    kept = [row for work in company.imports for answer in work.answers for row in answer.sessions]
    stored = read(server, "SELECT id, keycode, candidate_id FROM sessions WHERE release_id = ?", company.imported.id)
    assert {(row.id, row.keycode, row.candidate_id) for row in kept} == set(stored)


def await_the_middle(server, company, under_way, turn, chance):
    """Waits for an instant in the middle of an operation, of an import, or any there is."""
    if turn == 0:
        until(lambda: read(server, "SELECT 1 FROM operations WHERE done > 0 AND done < total"))
    elif turn == 1:
        until(lambda: any(0 < len(work.answers) < CHUNKS for work in company.imports))
    else:
        written = count(server, "events", WORKSPACE) + chance.randrange(2 * ROOM + CHUNK * CHUNKS)
        until(lambda: count(server, "events", WORKSPACE) >= written or all(sending.done() for sending in under_way))


@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_whatever_a_killed_server_was_at_work_on_is_done_once_by_those_after_it(database, rounds):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    chance, company, half_done, broken = random.Random(seed), None, set(), set()
    for turn in range(rounds):
        with ServerProcess(database) as server, calling(server, WORKSPACE) as api, ThreadPoolExecutor(3) as pool:
            company = company or BatchingWindow(api)
            company.ask_for_more(pace=100 if turn == 0 else chance.choice([0, 200, 400]))
            if turn == 1:
                company.is_served.clear()
            else:
                company.is_served.set()
            under_way = company.rush(api, pool)
            await_the_middle(server, company, under_way, turn, chance)
            server.kill()
            server.wait()
            company.is_served.set()
            for sending in under_way:
                sending.result()
        half_done |= half_done_by(server)
        broken |= {work.import_id for work in company.imports if 0 < len(work.answers) < CHUNKS}
    assert half_done
    assert broken
    with ServerProcess(database) as server, calling(server, WORKSPACE) as api, ThreadPoolExecutor(3) as pool:
        for sending in company.rush(api, pool):
            sending.result()
        assert_done_once(server, api, company)
        assert not half_done_by(server)
