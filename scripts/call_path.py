"""Says through which files of the service one call goes: how many, and how often control moves from one to another.

A server runs in this process, on SQLite. Several calls of each kind are followed, once caches are filled, and the one
with the fewest moves is printed: background tasks add to them. A move is a call of a function in another file than
the last project function that was called. `--files` lists the files with the number of calls into each.

Usage: call_path.py [--files] [RPC ...]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import json_format

from exam_sessions import app
from exam_sessions.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SOURCE = str(Path(app.__file__).parent)
SAMPLE = Path(app.__file__).parent / "samples" / "maths-year-5.json"
SETTLE_S = 0.3
AFTER_REPLY_S = 0.005
"""How long the call is followed after its reply, in seconds: it is put away then."""
CALLS = 9
RPCS = ("PauseSession", "BatchCreateSessions", "SetResponses", "WatchSessions", "FinalizeRelease")


class Trace:
    """Follows every thread that is started after it."""

    def __init__(self) -> None:
        self.is_on, self.files, self.moves, self._last = False, Counter[str](), 0, ""
        threading.setprofile(self._called)

    def follow(self, call: Callable[[], Any]) -> tuple[int, Counter[str]]:
        """The number of moves of a call, and of calls into each file."""
        time.sleep(SETTLE_S)
        self.files, self.moves, self._last, self.is_on = Counter(), 0, "", True
        call()
        time.sleep(AFTER_REPLY_S)
        self.is_on = False
        return self.moves, self.files

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        if not self.is_on or event != "call":
            return
        file = frame.f_code.co_filename
        if file.startswith(SOURCE) and "/v1/" not in file:
            self.files[file.removeprefix(SOURCE + "/")] += 1
            self.moves += file != self._last
            self._last = file


class Server:
    """A server on an event loop of its own, and a channel to it."""

    def __init__(self, directory: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        settings = Settings(listen="127.0.0.1:0", database_url=f"sqlite:///{directory}/x.db", tick_ms=1e9)
        self._app = app.App(settings)
        self._wait(self._app.start())
        time.sleep(SETTLE_S)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self._app.port}")

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def call(self, service: str, rpc: str, **fields: Any) -> Any:
        """Calls a method with the fields of its request, as JSON has them."""
        kinds = importlib.import_module(f"exam_sessions_client.v1.{service.lower()}_service_pb2")
        stubs = importlib.import_module(f"exam_sessions_client.v1.{service.lower()}_service_pb2_grpc")
        request = json_format.ParseDict(fields, getattr(kinds, f"{rpc}Request")())
        return getattr(getattr(stubs, f"{service}ServiceStub")(self._channel), rpc)(request)

    def stop(self) -> None:
        """Stops."""
        self._channel.close()
        self._wait(self._app.stop())


class Scene:
    """What there must be for a call, and the call itself."""

    def __init__(self, server: Server) -> None:
        self._call = server.call
        form = json_format.Parse(
            SAMPLE.read_text(), importlib.import_module("exam_sessions_client.v1.test_form_pb2").TestForm()
        )
        self._form: Any = self._call("Catalog", "CreateTestForm", testForm=json_format.MessageToDict(form)).test_form
        self._release = self._new_release()

    def _new_release(self) -> str:
        release = {"name": f"R{time.time_ns()}", "testForm": self._form.reference, "duration": "3600s"}
        return str(self._call("Catalog", "CreateRelease", release=release).release.id)

    def _running(self, release: str = "") -> str:
        """A session in progress."""
        booking = {"candidate": {"candidateId": f"c{time.time_ns()}"}}
        request = {"releaseId": release or self._release, "booking": booking}
        session = self._call("Session", "CreateSession", **request).session
        for rpc in ("CreatePackage", "DownloadSession"):
            self._call("Lifecycle", rpc, sessionId=session.id)
        self._call("Lifecycle", "EnterKeycode", keycode=session.keycode)
        return str(session.id)

    def prepare(self, rpc: str) -> Callable[[], Any]:
        """Makes what the call needs; the call."""
        if rpc == "PauseSession":
            return self._one("Lifecycle", rpc, sessionId=self._running())
        if rpc == "SetResponses":
            question = next(question for question in self._form.questions if question.options)
            answer = {"id": question.id, "response": {"options": [{"index": 0}]}}
            items = [{"itemId": question.item_id, "questions": [answer]}]
            return self._one("Marking", rpc, sessionId=self._running(), responses=items)
        if rpc == "BatchCreateSessions":
            bookings = [{"candidate": {"candidateId": f"b{time.time_ns()}-{n}"}} for n in range(10)]
            return self._one("Session", rpc, releaseId=self._release, bookings=bookings)
        if rpc == "FinalizeRelease":
            release = self._new_release()
            self._running(release)
            return self._one("Catalog", rpc, releaseId=release)
        if rpc == "WatchSessions":
            session_id = self._running()
            return lambda: self._watch(session_id)
        raise SystemExit(f"{rpc} is not one of {', '.join(RPCS)}")

    def _one(self, service: str, rpc: str, **fields: Any) -> Callable[[], Any]:
        return lambda: self._call(service, rpc, **fields)

    def _watch(self, session_id: str) -> None:
        """A watch of one session, until the first piece of its snapshot has come."""
        watch = self._call("Session", "WatchSessions", filter={"sessionIds": [session_id]})
        next(watch)
        watch.cancel()


def main() -> None:
    """Prints one line for each call."""
    parser = argparse.ArgumentParser(description="Counts the files that a call passes.")
    parser.add_argument("rpcs", nargs="*", metavar="RPC", default=RPCS)
    parser.add_argument("--files", action="store_true", help="list the files")
    arguments = parser.parse_args()
    trace = Trace()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(directory)
        scene = Scene(server)
        for rpc in arguments.rpcs:
            scene.prepare(rpc)()
            moves, files = min((trace.follow(scene.prepare(rpc)) for _ in range(CALLS)), key=lambda found: found[0])
            print(f"{rpc}: {len(files)} files, {moves} moves between files, {files.total()} calls")
            for file, count in sorted(files.items()) if arguments.files else ():
                print(f"    {count:5} {file}")
        server.stop()


if __name__ == "__main__":
    main()
