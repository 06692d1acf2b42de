"""Tries the client of each language against servers that are killed, stopped and restarted, and against silent ones.

Each client imports, books by single calls, and watches what it books, through a relay: meanwhile the server is killed
and started again, stopped and started again, and the connections are cut. Then the same while the relay falls silent:
it takes what is sent and passes nothing on, which a client notices by its pings. What a client has booked and seen is
compared with what the server has. A call to a server that never answers must end by its default deadline.

Usage: client_trials.py [LANGUAGE ...]; without languages, all. Exit code 1 when something was lost or seen
twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
from benchmark.clients import build, trial_programs
from benchmark.servers import free_port, wait_until_serving

from exam_sessions_client.v1 import (
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    session_service_pb2_grpc,
)
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parent.parent
EXAM_SESSIONS = str(ROOT / ".venv" / "bin" / "exam-sessions")
STAND_BY = 2
"""Processes that take over, started before, so that how long a start takes on a busy machine does not matter."""
AWAY_S = 3.0
"""Seconds without a server."""
SIZE = 250
"""Bookings in a chunk."""
WITHIN_S = 240.0
"""Seconds that a trial may take; a silent connection is noticed after 20."""
DEADLINE_S = range(25, 60)
"""Seconds after which a call without a deadline of its own must have ended; the default is 30."""
RESULT = re.compile(r"imported (\d+) created (\d+) seen (\d+) twice (\d+)")


class Relay:
    """Passes connections on to a server, until it is asked to cut them, or to pass nothing on."""

    def __init__(self, upstream: Callable[[], int] | None) -> None:
        """Listens. `upstream` is asked for the server's port; without it everything is taken and nothing answered."""
        self.upstream = upstream
        self.loop = asyncio.new_event_loop()
        self.open: set[asyncio.StreamWriter] = set()
        self.silenced: set[asyncio.StreamWriter] = set()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        starting = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._accept, "127.0.0.1", 0), self.loop)
        self.port = int(starting.result().sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Ends all connections."""

        def abort() -> None:
            for writer in self.open:
                writer.transport.abort()

        self.loop.call_soon_threadsafe(abort)

    def silence(self) -> None:
        """Passes nothing more on over the connections that are open; new ones work."""
        self.loop.call_soon_threadsafe(lambda: self.silenced.update(self.open))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        if self.upstream is None:
            self.silenced.add(writer)
            await self._pass_on(reader, writer, writer)
            return
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self.upstream())
        except OSError:
            self._close(writer)
            return
        self.open.add(requests)
        await asyncio.gather(self._pass_on(reader, requests, writer), self._pass_on(answers, writer, writer))

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if client not in self.silenced:
                    writer.write(data)
                    await writer.drain()
        if client not in self.silenced or writer is not client:
            self._close(writer)

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self.open.discard(writer)
        writer.close()


class Server:
    """The service on a database of its own: one process that serves, and others that stand by to take over."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes = [self._started(free_port()) for _ in range(1 + STAND_BY)]
        self.process, self.port = self.processes[0]

    def again(self, how: signal.Signals) -> None:
        """Ends the process that serves by a signal; after a pause the next one takes over."""
        self.process.send_signal(how)
        self.process.wait()
        self.port = 0
        time.sleep(AWAY_S)
        self.processes.pop(0)
        self.process, self.port = self.processes[0]

    def stop(self) -> None:
        """Ends all of them for good."""
        for process, _ in self.processes:
            process.terminate()
        for process, _ in self.processes:
            process.wait()

    def _started(self, port: int) -> tuple[subprocess.Popen[bytes], int]:
        with (self.directory / "server.log").open("ab") as log:
            database = f"sqlite:///{self.directory}/trials.db"
            command = [EXAM_SESSIONS, "serve", "--listen", f"127.0.0.1:{port}", "--database-url", database]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until_serving(port)
        return process, port


class Plan(NamedTuple):
    """What a client does, and what happens meanwhile, by the number of the chunk that was answered."""

    name: str
    chunks: int
    calls: int
    events: dict[int, Callable[[], None]]


def release_at(port: int) -> tuple[str, int]:
    """A new release, and the last event of the workspace."""
    now = datetime.now(UTC)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        release = catalog_pb2.Release(name=f"trial {time.time_ns()}")
        release.window_start.FromDatetime(now - timedelta(hours=1))
        release.window_end.FromDatetime(now + timedelta(hours=1))
        made = catalog_service_pb2_grpc.CatalogServiceStub(channel).CreateRelease(
            catalog_service_pb2.CreateReleaseRequest(release=release)
        )
        asked = pb.WatchSessionsRequest(now=True)
        asked.heartbeat_interval.FromMilliseconds(100)
        watch: Any = session_service_pb2_grpc.SessionServiceStub(channel).WatchSessions(asked)
        sequence = int(next(watch).sequence)
        watch.cancel()
        return made.release.id, sequence


def stored(port: int, release: str) -> int:
    """How many sessions a release has."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = pb.ListSessionsRequest(page_size=1, show_total_size=True)
        request.filter.release_ids.append(release)
        return int(session_service_pb2_grpc.SessionServiceStub(channel).ListSessions(request).total_size)


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    """What a program prints; it is killed when it takes too long."""
    timer = threading.Timer(WITHIN_S, process.kill)
    timer.start()
    try:
        assert process.stdout
        yield from process.stdout
    finally:
        timer.cancel()
        process.wait()


def tried(program: Path, server: Server, relay: Relay, plan: Plan) -> bool:
    """Runs a client through a plan and says what came of it; whether nothing was lost and nothing seen twice."""
    release, sequence = release_at(server.port)
    command = [program, "restarts", f"127.0.0.1:{relay.port}", release, sequence, plan.chunks, SIZE, plan.calls]
    began, output = time.monotonic(), ""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        for line in lines_of(process):
            output = line
            if line.startswith("answered ") and (happens := plan.events.get(int(line.split()[1]))):
                happens()
    took, rows = time.monotonic() - began, plan.chunks * SIZE
    found = RESULT.match(output)
    counts = tuple(map(int, found.groups())) if found else ()
    there = stored(server.port, release)
    good = counts == (rows, plan.calls, rows + plan.calls, 0) and there == rows + plan.calls
    said = output.strip() or f"ended with {process.returncode}"
    print(
        f"  {plan.name}: {said}; stored {there} of {rows + plan.calls}; {took:.0f} s{'' if good else ': WRONG'}",
        flush=True,
    )
    return good


def silence(program: Path, relay: Relay) -> bool:
    """Whether a call to a server that never answers ends by its default deadline."""
    began = time.monotonic()
    command = [str(program), "silent", f"127.0.0.1:{relay.port}"]
    try:
        code = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=WITHIN_S, check=False
        ).stdout.strip()
    except subprocess.TimeoutExpired:
        code = "no end"
    took = time.monotonic() - began
    good = code.upper().replace("_", "") == "DEADLINEEXCEEDED" and int(took) in DEADLINE_S
    print(f"  a server that never answers: {code} after {took:.0f} s{'' if good else ': WRONG'}", flush=True)
    return good


def language_tried(program: Path, directory: Path) -> bool:
    """Builds the trial program of a language and runs all of it; whether all was well, or it was skipped."""
    print(f"== {directory.name}", flush=True)
    try:
        why = build(program)
    except RuntimeError as failed:
        print(failed, flush=True)
        return False
    if why:
        print(f"skipped: {why}", flush=True)
        return True
    directory.mkdir()
    server = Server(directory)
    relay, never = Relay(lambda: server.port), Relay(None)
    events = {4: lambda: server.again(signal.SIGKILL), 16: lambda: server.again(signal.SIGTERM), 28: relay.cut}
    try:
        return all(
            (
                tried(program, server, relay, Plan("killed, stopped, cut", 40, 400, events)),
                tried(program, server, relay, Plan("a silent connection", 20, 0, {4: relay.silence})),
                silence(program, never),
            )
        )
    finally:
        server.stop()


def main(names: Sequence[str]) -> int:
    """Tries the languages named, or all; the exit code."""
    programs = {name: program for name, program in trial_programs().items() if not names or name in names}
    if unknown := set(names) - set(programs):
        print(f"there is no trial of {', '.join(sorted(unknown))}", flush=True)
        return 2
    with tempfile.TemporaryDirectory(prefix="exam-sessions-trials-") as name:
        directory = Path(name)
        good = [language_tried(program, directory / name) for name, program in programs.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
