"""Plays a timetable: each call when it is due, each candidate's calls one after the other, whatever others wait."""

from __future__ import annotations

import gc
import heapq
import selectors
import time
import uuid
from array import array
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from benchmark.bench import Refused
from benchmark.exam_day.requests import call_of
from benchmark.exam_day.timetable import Verb
from benchmark.http2_client import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmark.exam_day.requests import Booked
    from benchmark.exam_day.timetable import Candidate
    from benchmark.load import Call

AGAIN_S = 0.1
"""After so long a call is repeated that was refused or whose connection was lost."""
PATIENCE_S = 60.0
"""So long after it was due a call that is still refused ends the day."""
CONNECT_AGAIN_S = 0.2


class Pending:
    """The call a candidate is about to make or waits for: when it was due, and what it says however often."""

    __slots__ = ("call", "candidate", "due", "request_id", "step")

    def __init__(self, candidate: Candidate) -> None:
        self.candidate, self.step = candidate, -1
        self.due, self.request_id = 0.0, ""
        self.call: Call | None = None


class Line(Connection):
    """A connection whose server may leave: what is under way is still answered, and nothing more is asked."""

    leaving = False

    def server_leaves(self, payload: bytes) -> None:  # noqa: ARG002 - why does not matter here
        """The server stops."""
        self.leaving = True


class Waits:
    """What calls of one verb waited, in seconds, and when each was due, in seconds after the beginning of the day."""

    __slots__ = ("due", "waited")

    def __init__(self) -> None:
        self.due, self.waited = array("d"), array("f")

    def add(self, due: float, waited: float) -> None:
        """One more call."""
        self.due.append(due)
        self.waited.append(waited)

    def outside(self, begin: float, end: float) -> list[float]:
        """Of those that were not due between two moments."""
        return [wait for due, wait in zip(self.due, self.waited, strict=True) if not begin <= due < end]

    def within(self, begin: float, end: float) -> list[float]:
        """Of those that were."""
        return [wait for due, wait in zip(self.due, self.waited, strict=True) if begin <= due < end]


class Played(NamedTuple):
    """What came of a day: waits by verb, requests that were answered, how often calls were repeated."""

    waits: Mapping[Verb, Waits]
    acknowledged: list[str]
    repeated: int
    began: float
    """On the clock of `time.perf_counter`."""
    seconds: float
    late: float
    """99 of 100 calls were sent within so many seconds of when they were due."""
    cpu: float
    """Processor time that playing took, in seconds."""

    @property
    def calls(self) -> int:
        """Calls answered."""
        return sum(len(waits.due) for waits in self.waits.values())


class Player:
    """Candidates, their sessions, and connections to the servers."""

    def __init__(
        self, ports: Sequence[int], connections: int, candidates: list[Candidate], booked: Mapping[int, Booked]
    ) -> None:
        self._booked = booked
        self._pending = [Pending(candidate) for candidate in candidates]
        self._waiting = self._pending[::-1]
        self._selector = selectors.DefaultSelector()
        self._lines: list[Line] = []
        self._absent: list[tuple[float, int]] = []
        """Servers that are away: when to try again, and the port."""
        for n in range(connections):
            self._connect(ports[n % len(ports)])
        self._queue: list[tuple[float, int, Pending]] = []
        self._turn = self._order = self._repeated = self._open = 0
        self._waits: dict[Verb, Waits] = defaultdict(Waits)
        self._late: list[float] = []
        self._acknowledged: list[str] = []

    def play(self, seconds: float, at: Sequence[tuple[float, Callable[[], object]]] = ()) -> Played:
        """The whole day in so many seconds. `at` is done at these moments of the day, as it passes."""
        moments = sorted(at, key=lambda moment: moment[0], reverse=True)
        with self._at_work(seconds) as began:
            for pending in self._pending:
                self._next(pending, began)
            while self._queue or any(line.in_flight for line in self._lines):
                now = time.perf_counter()
                while moments and now >= began + moments[-1][0] * seconds:
                    moments.pop()[1]()
                self._send(now)
                self._receive()
        return self._played()

    def hurry(self, callers: int, seconds: float) -> Played:
        """As fast as so many callers can for a while: each lives a candidate's day, one call after the other.

        Asked again, it goes on where it stopped; what was counted before is counted with it.
        """
        with self._at_work(0.0) as began:
            while time.perf_counter() < began + seconds and (self._open or self._waiting):
                while self._open < callers and self._waiting:
                    self._next(self._waiting.pop(), time.perf_counter())
                self._send(time.perf_counter())
                self._receive()
        return self._played()

    @contextmanager
    def _at_work(self, seconds: float) -> Iterator[float]:
        """A day of so many seconds; gives when it began."""
        gc.collect()
        gc.disable()
        self._seconds, self._cpu = seconds, time.process_time()
        self._began = time.perf_counter()
        try:
            yield self._began
        finally:
            self._took, self._cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
            gc.enable()

    def _played(self) -> Played:
        late = sorted(self._late)
        sent = late[int(len(late) * 0.99)] if late else 0.0
        acknowledged, repeated = self._acknowledged, self._repeated
        return Played(self._waits, acknowledged, repeated, self._began, self._took, sent, self._cpu)

    def _next(self, pending: Pending, now: float) -> None:
        """Has a candidate's next call made when it is due, or now where that is past."""
        pending.step += 1
        steps = pending.candidate.steps
        if pending.step == 0:
            self._open += 1
        if pending.step == len(steps):
            self._open -= 1
            return
        step = steps[pending.step]
        pending.due = max(now, self._began + step.time * self._seconds)
        if step.verb != Verb.REPEAT:
            pending.request_id = str(uuid.uuid4())
        pending.call = None
        self._push(pending.due, pending)

    def _push(self, when: float, pending: Pending) -> None:
        self._order += 1
        heapq.heappush(self._queue, (when, self._order, pending))

    def _send(self, now: float) -> None:
        while self._absent and now >= self._absent[0][0]:
            self._connect(heapq.heappop(self._absent)[1])
        lines = [line for line in self._lines if not line.leaving]
        while lines and self._queue and self._queue[0][0] <= now:
            pending = heapq.heappop(self._queue)[2]
            if pending.call is None:
                step = pending.candidate.steps[pending.step]
                pending.call = call_of(step, self._booked[pending.candidate.number], pending.request_id)
                self._late.append(now - pending.due)
            self._turn += 1
            if not lines[self._turn % len(lines)].put(*pending.call, began=pending):
                self._push(now + AGAIN_S / 100, pending)
                break
        for line in lines:
            with suppress(OSError):
                line.flush()

    def _receive(self) -> None:
        due = self._queue[0][0] - time.perf_counter() if self._queue else 0.05
        for key, _ in self._selector.select(min(0.05, max(0.0, due))):
            line: Line = key.data
            try:
                ended = line.receive()
            except OSError:
                self._lose(line, key.fileobj)
                continue
            now = time.perf_counter()
            for pending, answered in ended:
                if answered:
                    self._answered(pending, now)
                else:
                    self._again(pending, now, line)

    def _answered(self, pending: Pending, now: float) -> None:
        verb = pending.candidate.steps[pending.step].verb
        self._waits[verb].add(pending.due - self._began, now - pending.due)
        if verb != Verb.RESULT:
            self._acknowledged.append(pending.request_id)
        self._next(pending, now)

    def _again(self, pending: Pending, now: float, line: Line | None = None) -> None:
        if now > pending.due + PATIENCE_S:
            step = pending.candidate.steps[pending.step]
            why = repr(line.first_error) if line else "its connections were lost"
            raise Refused(f"{step.verb} of candidate {pending.candidate.number} was not answered: {why}")
        self._repeated += 1
        self._push(now + AGAIN_S, pending)

    def _lose(self, line: Line, fileobj: object) -> None:
        """Puts a lost connection away; what waited for an answer is asked again on another."""
        self._selector.unregister(fileobj)  # type: ignore[arg-type]
        self._lines.remove(line)
        now, port = time.perf_counter(), line.port
        line.close()
        for pending in line.waiting():
            self._again(pending, now)
        heapq.heappush(self._absent, (now + CONNECT_AGAIN_S, port))

    def _connect(self, port: int) -> None:
        try:
            line = Line(port)
        except OSError:
            heapq.heappush(self._absent, (time.perf_counter() + CONNECT_AGAIN_S, port))
            return
        self._lines.append(line)
        self._selector.register(line.socket, selectors.EVENT_READ, line)

    def close(self) -> None:
        """Closes the connections."""
        self._selector.close()
        for line in self._lines:
            line.close()
