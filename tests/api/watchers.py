"""A client of watches, which reads on a thread of its own and keeps what it is told; and what it has to be told."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import grpc
from concurrency import at_once
from messages import request_of

from exam_sessions_client.v1 import session_service_pb2_grpc
from serving import ApiClient, read_refusal, until
from waiting import PATIENCE_SECONDS

NARROW = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 65_536),
)
"""A connection of one's own that takes no more than 64 KiB unread."""


def open_stream(api, timeout=60, **fields):
    """The bare call of a watch. Nothing is read from it before somebody asks for the next piece."""
    request = request_of("WatchSessions", **({"workspace_id": api.workspace} | fields))
    stub = session_service_pb2_grpc.SessionServiceStub(api.channel)
    return stub.WatchSessions(request, timeout=timeout, metadata=api.metadata)


class Watch:
    """A watch in a client's workspace, until the block ends."""

    def __init__(self, api, **fields):
        self.pieces, self.sessions, self.events = [], [], []
        self.sequence = 0
        self._error = None
        self._call = open_stream(api, **fields)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for piece in self._call:
                self.pieces.append(piece)
                self.sessions += piece.sessions
                self.events += piece.events
                # Last, for others wait for it.
                self.sequence = piece.sequence
        except grpc.RpcError as error:
            self._error = error

    @property
    def is_complete(self):
        """Whether the snapshot has been told."""
        return any(piece.snapshot_complete for piece in list(self.pieces))

    def complete(self):
        """Waits for the end of the snapshot; its sessions."""
        self.until(lambda: self.is_complete)
        return list(self.sessions)

    def up_to(self, sequence):
        """Waits until everything up to an event has been told; all events so far."""
        self.until(lambda: self.sequence >= sequence)
        return list(self.events)

    def until(self, condition):
        """Waits for something to be told; fails with the refusal when the watch ends instead."""

        def met():
            found = condition()
            if not found and not self._thread.is_alive() and not condition():
                raise read_refusal(self._error)
            return found or condition()

        return until(met)

    def refused(self):
        """Waits for the server to end the watch; the refusal."""
        return read_refusal(self.error())

    def error(self):
        """Waits for the end of the watch; what ended it."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), "the watch goes on"
        return self._error

    def cancel(self):
        """Goes away."""
        self._call.cancel()
        self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()


class Sluggard(ApiClient):
    """A client that opens watches and does not read them."""

    def __init__(self, server, workspace):
        super().__init__(server.target, workspace)
        self.channel.close()
        self.channel = grpc.insecure_channel(server.target, options=NARROW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextmanager
def desks_at(*servers, workspace=None, times=1):
    """Clients at servers, all in one workspace."""
    first = ApiClient(servers[0].target, workspace)
    desks = [first, *(ApiClient(s.target, first.workspace) for s in (servers * times)[1:])]
    try:
        yield desks
    finally:
        for api in desks:
            api.close()


def last_of(server, api):
    """The last event of a workspace, as the database has it."""
    rows = server.database.read("SELECT last_sequence FROM workspaces WHERE workspace_id = ?", api.workspace)
    return rows[0][0] if rows else 0


def watchers(server):
    """How many watches a server knows of."""
    return server.app.service.event_feed.watchers


def bustle(desks, release, rounds):
    """All desks at once book sessions and move them, each its own; some are deleted again."""

    def work(api, n):
        for i in range(rounds):
            session = api.book(release, f"w{n}-{i}")
            if i % 3 == 2:
                api.call("DeleteSession", session_id=session.id)
            else:
                api.walk(session, "CreatePackage", "DownloadSession")

    at_once(*[lambda d=api, n=n: work(d, n) for n, api in enumerate(desks)])


def assert_gapless(events, first, last):
    """Each event from one to another once, in order."""
    assert [event.sequence for event in events] == list(range(first, last + 1))


def states_after(sessions, events):
    """The states of a snapshot's sessions once events have happened to them; each begins where the last one ended."""
    states = {session.id: session.state for session in sessions}
    for event in events:
        assert states.get(event.session_id, 0) == event.from_state, event
        states[event.session_id] = event.to_state
    return {session_id: state for session_id, state in states.items() if state}


def states_told(pieces):
    """The states that pieces tell of, each taken in turn: an event begins where its session was left."""
    states = {}
    for piece in pieces:
        states.update((session.id, session.state) for session in piece.sessions)
        for event in piece.events:
            assert states.get(event.session_id, 0) == event.from_state, event
            states[event.session_id] = event.to_state
    return {session_id: state for session_id, state in states.items() if state}


def states_at(server, api, sequence):
    """The states of all sessions of a workspace once an event had happened, from its history."""
    rows = server.database.read(
        "SELECT session_id, to_state FROM events WHERE workspace_id = ? AND sequence <= ? ORDER BY sequence",
        api.workspace,
        sequence,
    )
    return {session_id: state for session_id, state in dict(rows).items() if state}


def states_now(api):
    """The states of all sessions of a workspace, read page by page."""
    states, token = {}, None
    while token != "":
        page = api.call("ListSessions", page_size=1000, page_token=token or "")
        states |= {session.id: session.state for session in page.sessions}
        token = page.next_page_token
    return states
