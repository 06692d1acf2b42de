"""A real server in this process, and a client to talk to it: real gRPC over a real port, a real database."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import uuid
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import grpc
import pytest
import uvloop
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from exam_sessions.app import App, now
from exam_sessions.rpc.transports import drain
from exam_sessions.settings import Settings
from exam_sessions_client.v1 import (
    access_service_pb2,
    access_service_pb2_grpc,
    candidate_service_pb2,
    candidate_service_pb2_grpc,
    catalog_pb2,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    lockout_service_pb2,
    lockout_service_pb2_grpc,
    marking_service_pb2,
    marking_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    template_service_pb2,
    template_service_pb2_grpc,
    workspace_service_pb2,
    workspace_service_pb2_grpc,
)
from waiting import until

__all__ = ["ApiClient", "Clock", "Refused", "RunningServer", "State", "read_refusal", "serving", "until"]

State = session_pb2.State


class Clock:
    """A server's clock, which stands still until a test sets it forward: it is exact, however slow the machine is."""

    def __init__(self):
        self.ahead = 0
        self._stopped_at = now()

    def __call__(self):
        return (self._stopped_at or now()) + self.ahead

    def go_on(self):
        """Follows the system's clock from now on, plus what is added."""
        self._stopped_at = 0

    def stop(self):
        """Stands still again."""
        self._stopped_at = now()

    def advance(self, seconds):
        self.ahead += int(seconds * 1_000_000)


def transport():
    """What carries the calls of servers where a test does not say it (choice.py)."""
    return os.environ.get("EXAM_SESSIONS_TRANSPORT", Settings().transport)


class RunningServer:
    """An App on its own thread and event loop."""

    def __init__(self, database, clock=now, *, listen="127.0.0.1:0", observers=(), **settings):
        self.database = database
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        # Each test has a workspace to itself, which its first change makes.
        settings = {"open_workspaces": 1} | settings
        settings = {"transport": transport()} | settings
        self.app = App(Settings(listen=listen, database_url=database.url, **settings), clock, observers)
        self._wait(self.app.start())
        self.target = f"127.0.0.1:{self.app.port}"

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(300)

    def run(self, coroutine):
        """Runs a coroutine on the server's loop."""
        return self._wait(coroutine)

    def is_in(self, function):
        """Whether something on the server's loop waits in a coroutine function, or in what that awaits."""

        async def look():
            coroutines = [task.get_coro() for task in asyncio.all_tasks()]
            while coroutines:
                if any(getattr(coroutine, "cr_code", None) is function.__code__ for coroutine in coroutines):
                    return True
                awaited = [getattr(coroutine, "cr_await", None) for coroutine in coroutines]
                coroutines = [coroutine for coroutine in awaited if coroutine is not None]
            return False

        return self.run(look())

    def quiet(self):
        """The server, once the scheduler's first sweep is over: with a long tick, the next is the test's."""
        until(lambda: self.app.service.scheduler._sweeps)
        return self

    def sweep(self):
        """Runs the scheduler once, now."""
        return self._wait(self.app.service.scheduler.sweep())

    def is_called(self):
        """Whether calls are under way."""
        of_transport = self.app._server._transport.drain
        return bool(of_transport.calls or of_transport.streams)

    def stop(self):
        self._wait(self.app.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def serving(database, clock=now, **settings):
    """A running server on a database; once the block ends, it expects no more calls where none is under way."""
    server = RunningServer(database, clock, **settings)
    try:
        yield server
    finally:
        with nullcontext() if server.is_called() else expecting_no_calls():
            server.stop()


@contextmanager
def expecting_no_calls():
    """Stops do not wait for calls that might still come, and for replies to get out, which takes 0.2 s."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("QUIET_S", "LAST_REPLIES_S"):
            patch.setattr(drain, name, 0)
        patch.setattr(drain, "TURNS", 1)
        yield


@dataclass
class Refused(Exception):
    """A refusal as a client reads it."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: dict
    fields: dict
    retry_after: float = 0.0
    """What RetryInfo says, in seconds."""

    def __str__(self):
        return f"{self.code.name} {self.reason}: {self.message}"


def read_refusal(error):
    """The typed refusal inside an RpcError: exactly one ErrorInfo, the bad fields by path, and when to try again."""
    try:
        status = rpc_status.from_call(error)
    except ValueError as torn:
        raise AssertionError(f"the details of a refusal did not arrive: {error.details()}") from torn
    infos, fields, retry = [], {}, error_details_pb2.RetryInfo()
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            infos.append(info)
        detail.Unpack(retry)  # leaves it alone when it is of another type
        if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            fields = {v.field: (v.reason, v.description) for v in bad.field_violations}
    assert len(infos) == 1, f"{error.code()} {error.details()} carries {len(infos)} ErrorInfo"
    assert infos[0].domain == "exam-sessions"
    wait = retry.retry_delay.ToMicroseconds() / 1e6
    return Refused(error.code(), infos[0].reason, error.details(), dict(infos[0].metadata), fields, wait)


LENIENT = {"allow_missing_form", "allow_duplicate_name"}
"""Flags that most tests want set: they are about neither the catalogue nor the names of releases."""


class ApiClient:
    """A client in one workspace. Calls raise Refused; requests are written as keyword arguments."""

    def __init__(self, target, workspace=None, actor="test", channel=None):
        self.workspace = workspace or f"w{uuid.uuid4().hex[:12]}"
        self.metadata = (("x-actor", actor),) if actor else ()
        self.channel = channel or grpc.insecure_channel(target, options=[("grpc.max_send_message_length", -1)])
        self._stubs = {
            session_service_pb2: session_service_pb2_grpc.SessionServiceStub(self.channel),
            lifecycle_service_pb2: lifecycle_service_pb2_grpc.LifecycleServiceStub(self.channel),
            marking_service_pb2: marking_service_pb2_grpc.MarkingServiceStub(self.channel),
            catalog_service_pb2: catalog_service_pb2_grpc.CatalogServiceStub(self.channel),
            access_service_pb2: access_service_pb2_grpc.AccessServiceStub(self.channel),
            template_service_pb2: template_service_pb2_grpc.TemplateServiceStub(self.channel),
            lockout_service_pb2: lockout_service_pb2_grpc.LockoutServiceStub(self.channel),
            candidate_service_pb2: candidate_service_pb2_grpc.CandidateServiceStub(self.channel),
            workspace_service_pb2: workspace_service_pb2_grpc.WorkspaceServiceStub(self.channel),
        }
        self._numbers = itertools.count(1)

    def call(self, rpc, request=None, /, timeout=60, **fields):
        """Calls an RPC by its name; the workspace and what is LENIENT are filled in."""
        module = next(m for m in self._stubs if hasattr(m, f"{rpc}Request"))
        if request is None:
            kind = getattr(module, f"{rpc}Request")
            if "workspace_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("workspace_id", self.workspace)
            for name in LENIENT.intersection(kind.DESCRIPTOR.fields_by_name):
                fields.setdefault(name, True)
            request = kind(**fields)
        try:
            return getattr(self._stubs[module], rpc)(request, timeout=timeout, metadata=self.metadata)
        except grpc.RpcError as error:
            raise read_refusal(error) from None

    def release(self, **fields):
        """A new release."""
        fields.setdefault("name", "Maths")
        return self.call("CreateRelease", release=catalog_pb2.Release(**fields)).release

    def book(self, release=None, candidate_id=None, **booking):
        """A new session, of a new candidate unless one is named."""
        release = release or self.release()
        candidate = session_pb2.Candidate(candidate_id=candidate_id or f"c{next(self._numbers)}")
        booking = session_pb2.Booking(candidate=candidate, **booking)
        return self.call("CreateSession", release_id=release.id, booking=booking).session

    def move(self, rpc, session, **fields):
        """One action on a session, by its id."""
        if rpc == "EnterKeycode":
            return self.call(rpc, keycode=session.keycode, **fields).session
        return self.call(rpc, session_id=session.id, **fields).session

    def walk(self, session, *rpcs):
        """Several actions, one after the other."""
        for rpc in rpcs:
            session = self.move(rpc, session)
        return session

    def get(self, session):
        """A session as it is now."""
        return self.call("GetSession", session_id=session.id).session

    def history(self, session, size=1000):
        """A session's events, read page by page."""
        events, token = [], ""
        while True:
            page = self.call("ListSessionEvents", session_id=session.id, page_size=size, page_token=token)
            assert len(page.events) <= size
            events += page.events
            token = page.next_page_token
            if not token:
                return events

    def close(self):
        self.channel.close()
