from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import contextmanager
from unittest.mock import patch

import grpc
import psutil
import pytest
from google.protobuf.duration_pb2 import Duration
from messages import bookings, new_id
from state_paths import bring_to
from watchers import Sluggard, Watch, assert_gapless, last_of, open_stream, watchers

from exam_sessions.background import event_feed, event_tail
from exam_sessions.rpc import watch_servicer
from exam_sessions.settings import TRANSPORTS
from exam_sessions_client.v1 import session_service_pb2
from processes import ServerProcess, calling
from serving import ApiClient, read_refusal, serving, until


@pytest.fixture(scope="module", params=TRANSPORTS)
def impatient(server, request):
    """A server on the same database that gives watchers half a second."""
    if request.param == "native":
        pytest.importorskip("pygrpc_native")
    with serving(server.database, watcher_patience_s=0.5, transport=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def long_history(impatient):
    """A client in a workspace with 6,000 sessions and events."""
    api = ApiClient(impatient.target)
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(6_000))
    yield api
    api.close()


def read_all(stream):
    """Reads a stream that was not read before to its end; its pieces, and the refusal."""
    pieces = []
    try:
        pieces.extend(stream)
    except grpc.RpcError as error:
        return pieces, read_refusal(error)
    raise AssertionError("a watch has no end")


@contextmanager
def closing(server):
    """Notices watches that end, for the length of a block that begins without any."""
    watched = server.app.service.event_feed
    until(lambda: watchers(server) == 0)
    with patch.object(watched, "leave", wraps=watched.leave) as leave:
        yield leave


def test_a_watcher_that_does_not_read_is_told_and_closed_and_can_resume(impatient, long_history):
    with (
        closing(impatient) as close,
        Sluggard(impatient, long_history.workspace) as sluggard,
        Watch(long_history, now=True) as brisk,
    ):
        stream = open_stream(sluggard, timeout=15, start_sequence=1)
        brisk.until(lambda: brisk.pieces)
        session = long_history.book()
        last = last_of(impatient, long_history)
        (event,) = brisk.up_to(last)
        assert event.session_id == session.id
        until(lambda: close.called)
        pieces, refused = read_all(stream)
        assert close.call_count == 1
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "WATCHER_TOO_SLOW")
    told, start = [event for piece in pieces for event in piece.events], int(refused.metadata["start_sequence"])
    assert_gapless(told, 1, pieces[-1].sequence)
    assert 1 <= start <= pieces[-1].sequence + 1 < 6_000, "who resumes so would miss what was not told"
    assert refused.message.endswith(f"resume with event {start}")
    with Watch(long_history, start_sequence=start) as resumed:
        assert_gapless(told[: start - 1] + resumed.up_to(last), 1, last)


def test_a_snapshot_nobody_reads_is_given_up_and_not_to_be_resumed(impatient, long_history):
    with closing(impatient) as close, Sluggard(impatient, long_history.workspace) as sluggard:
        stream = open_stream(sluggard, timeout=15)
        until(lambda: close.called)
        pieces, refused = read_all(stream)
    assert not any(piece.snapshot_complete for piece in pieces)
    assert refused.reason == "WATCHER_TOO_SLOW"
    # Whoever resumed with an event would never hear of the sessions that were not told.
    assert int(refused.metadata["start_sequence"]) < 1


def test_a_watcher_that_was_closed_as_too_slow_and_goes_away_leaves_nothing_in_the_log(
    impatient, long_history, caplog
):
    async def at_work():
        return len(asyncio.all_tasks())

    before = impatient.run(at_work())
    with closing(impatient) as close, Sluggard(impatient, long_history.workspace) as sluggard:
        streams = [open_stream(sluggard), open_stream(sluggard, start_sequence=1)]
        until(lambda: close.call_count == 2)
        del streams
    until(lambda: impatient.run(at_work()) <= before)
    assert [record.getMessage() for record in caplog.records] == []


def test_a_watcher_that_reads_slowly_is_told_everything(impatient, long_history):
    with Sluggard(impatient, long_history.workspace) as sluggard:
        stream, told = open_stream(sluggard, start_sequence=1), []
        while len(told) < 6_000:
            # Each piece waits for another call, and then for its reader.
            long_history.call("ListSessions", page_size=1)
            told += next(stream).events
        stream.cancel()
    assert_gapless(told, 1, told[-1].sequence)


def test_nothing_is_kept_for_those_who_do_not_read_nor_told_of_those_who_leave(server, api, monkeypatch, caplog):
    monkeypatch.setattr(event_tail, "KEPT", 100)
    caplog.set_level(logging.WARNING)
    with Watch(api) as brisk, Sluggard(server, api.workspace) as sluggard:
        streams = [open_stream(sluggard, start_sequence=1) for _ in range(20)]
        until(lambda: watchers(server) >= 21)
        for _ in range(3):
            api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(1_500))
        assert_gapless(brisk.up_to(4_500), 1, 4_500)
        assert len(server.app.service.event_feed.tails[api.workspace]._kept) <= 2 * 100
        for stream in streams:
            stream.cancel()
    until(lambda: watchers(server) == 0)
    assert [record.getMessage() for record in caplog.records] == []


def test_what_is_kept_of_events_is_bounded_in_bytes_over_all_workspaces(server, api, monkeypatch):
    monkeypatch.setattr(event_feed, "KEPT_BYTES", 300_000)
    other = ApiClient(server.target)
    with Watch(api, now=True) as watch, Watch(other, now=True) as elsewhere:
        for one in (watch, elsewhere):
            one.until(lambda w=one: w.pieces)
        for at in (api, other, api, api, other):
            at.call("BatchCreateSessions", release_id=at.release().id, bookings=bookings(300))
        assert_gapless(watch.up_to(900), 1, 900)
        assert_gapless(elsewhere.up_to(600), 1, 600)
        tails = list(server.app.service.event_feed.tails.values())
        assert len(tails) == 2
        assert 0 < sum(tail.size for tail in tails) <= 300_000
        with Watch(api, start_sequence=1) as behind:
            assert_gapless(behind.up_to(900), 1, 900)
    other.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_takes_longest_has_to_resume_when_all_together_leave_too_much_unread(database, transport, monkeypatch):
    if transport == "native":
        pytest.importorskip("pygrpc_native")
    monkeypatch.setattr(watch_servicer, "UNREAD_AT_MOST", 2_000_000)
    with serving(database, transport=transport) as server:
        api = ApiClient(server.target)
        api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(6_000))
        last = last_of(server, api)
        with closing(server) as close, Sluggard(server, api.workspace) as sluggard:
            streams = [open_stream(sluggard, start_sequence=1) for _ in range(20)]
            until(lambda: close.called)
            with Watch(api, start_sequence=1) as brisk:
                assert_gapless(brisk.up_to(last), 1, last)
            assert 0 < watchers(server) < len(streams)
            for stream in streams:
                stream.cancel()
        until(lambda: watchers(server) == 0)
        api.close()


@pytest.mark.slow
def test_a_hundred_watchers_who_do_not_read_cost_no_memory(database):
    with serving(database) as writer, ServerProcess(database) as server, calling(server, "shared") as api:
        near = ApiClient(writer.target, "shared")
        for _ in range(5):
            near.call("BatchCreateSessions", release_id=near.release().id, bookings=bookings(10_000))
        near.close()
        memory = psutil.Process(server._process.pid).memory_info
        with Watch(api, start_sequence=1) as watch:
            assert_gapless(watch.up_to(50_000), 1, 50_000)
            before = memory().rss
            with Sluggard(server, "shared") as sluggard:
                streams = [open_stream(sluggard, start_sequence=1) for _ in range(100)]
                for n in range(40):
                    api.book()
                    watch.up_to(50_001 + n)
                # Their histories would be more than a gigabyte.
                assert memory().rss - before < 150_000_000
                for stream in streams:
                    stream.cancel()


def test_too_many_watchers_are_refused_until_one_goes(database):
    with serving(database, watchers=2) as server:
        api = ApiClient(server.target)
        with Watch(api) as one, Watch(api) as two:
            one.complete()
            two.complete()
            with Watch(api) as three:
                refused = three.refused()
            assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS")
            assert refused.metadata == {"limit": "2"}
            two.cancel()
            until(lambda: watchers(server) == 1)
            with Watch(api) as three:
                three.complete()
                api.book()
                assert one.up_to(1) == three.up_to(1)
        until(lambda: watchers(server) == 0)
        api.close()


async def tasks_left():
    return [task.get_coro().__qualname__ for task in asyncio.all_tasks()]


@pytest.mark.parametrize("begins", [{}, {"now": True}, {"start_sequence": 1}, {"consumer": "marking"}])
def test_a_watcher_that_goes_away_is_forgotten(server, api, begins, caplog):
    caplog.set_level(logging.WARNING)
    watched = server.app.service.event_feed
    api.book()
    for waits in (False, True, True):
        with Watch(api, **begins) as watch:
            until(lambda: api.workspace in watched.tails)
            if waits:
                watch.until(lambda w=watch: w.sequence == 1)
        until(lambda: watchers(server) == 0 and not watched.tails)
    assert "WatchServicer._watch" not in server.run(tasks_left())
    gc.collect()
    api.book()
    assert [record.getMessage() for record in caplog.records] == []


def test_a_refused_watcher_is_forgotten(server, api):
    for wrong in ({"start_sequence": 7}, {"start_sequence": -1}, {"heartbeat_interval": Duration(seconds=301)}):
        with Watch(api, **wrong) as watch:
            watch.refused()
    assert watchers(server) == 0
    assert server.app.service.event_feed.tails == {}


def test_a_snapshot_that_is_too_large_is_refused(api, monkeypatch):
    monkeypatch.setattr(watch_servicer, "SNAPSHOT_AT_MOST", 2)
    sessions = [bring_to(api, state) for state in ("READY", "READY", "PAUSED")]
    with Watch(api) as watch:
        refused = watch.refused()
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SNAPSHOT_TOO_LARGE")
    assert refused.metadata == {"sessions": "3", "limit": "2"}
    assert watch.pieces == []
    with Watch(api, filter=session_service_pb2.WatchFilter(states=[4])) as watch:
        assert sorted(s.id for s in watch.complete()) == sorted(s.id for s in sessions[:2])


def test_a_watch_begins_within_reach_or_is_told_what_is_the_oldest(database):
    with serving(database, watch_reach=3) as server:
        api = ApiClient(server.target)
        with Watch(api) as watch:
            watch.complete()
            bring_to(api, "PAUSED")
            assert_gapless(watch.up_to(5), 1, 5)
        for start in (1, 2):
            with Watch(api, start_sequence=start) as watch:
                refused = watch.refused()
            assert (refused.code, refused.reason) == (grpc.StatusCode.OUT_OF_RANGE, "SEQUENCE_TOO_OLD")
            assert refused.metadata == {"oldest_sequence": "3"}
        with Watch(api, start_sequence=3) as watch:
            assert_gapless(watch.up_to(5), 3, 5)
        api.close()


@pytest.mark.parametrize("events", [0, 3])
def test_an_event_that_has_not_happened_cannot_be_resumed_with(api, events):
    if events:
        bring_to(api, "READY")
    for start in (events + 2, 2**63 - 1):
        with Watch(api, start_sequence=start) as watch:
            refused = watch.refused()
        assert (refused.code, refused.reason) == (grpc.StatusCode.OUT_OF_RANGE, "SEQUENCE_AHEAD")
        assert refused.metadata == {"last_sequence": str(events)}


BAD = {
    "start_sequence zero": ({"start_sequence": 0}, "start_sequence"),
    "start_sequence negative": ({"start_sequence": -1}, "start_sequence"),
    "start_sequence lowest": ({"start_sequence": -(2**63)}, "start_sequence"),
    "now not": ({"now": False}, "now"),
    "heartbeat too short": ({"heartbeat_interval": Duration(nanos=99_999_999)}, "heartbeat_interval"),
    "heartbeat of nothing": ({"heartbeat_interval": Duration()}, "heartbeat_interval"),
    "heartbeat too long": ({"heartbeat_interval": Duration(seconds=300, nanos=1)}, "heartbeat_interval"),
    "heartbeat negative": ({"heartbeat_interval": Duration(seconds=-1)}, "heartbeat_interval"),
    "heartbeat odd": ({"heartbeat_interval": Duration(seconds=1, nanos=-5)}, "heartbeat_interval"),
    "state unknown": ({"filter": {"states": [4, 98]}}, "filter.states[1]"),
    "state unspecified": ({"filter": {"states": [0]}}, "filter.states[0]"),
    "action unknown": ({"filter": {"actions": [1, 2, 999]}}, "filter.actions[2]"),
    "action unspecified": ({"filter": {"actions": [0]}}, "filter.actions[0]"),
    "release malformed": ({"filter": {"release_ids": ["17"]}}, "filter.release_ids[0]"),
    "session malformed": ({"filter": {"session_ids": [new_id(), new_id() + "\0"]}}, "filter.session_ids[1]"),
    "releases too many": ({"filter": {"release_ids": [new_id()] * 1001}}, "filter.release_ids"),
    "sessions too many": ({"filter": {"session_ids": [new_id()] * 1001}}, "filter.session_ids"),
    "states too many": ({"filter": {"states": [4] * 22}}, "filter.states"),
    "actions too many": ({"filter": {"actions": [4] * 101}}, "filter.actions"),
    "consumer with capitals": ({"consumer": "Marking"}, "consumer"),
    "consumer without a name": ({"consumer": ""}, "consumer"),
    "consumer with NUL": ({"consumer": "a\0"}, "consumer"),
    "consumer with a newline": ({"consumer": "a\n"}, "consumer"),
    "consumer too long": ({"consumer": "a" * 65}, "consumer"),
    "workspace with capitals": ({"workspace_id": "A"}, "workspace_id"),
    "workspace with NUL": ({"workspace_id": "a\0"}, "workspace_id"),
    "view unknown": ({"view": 17}, "view"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_with_the_field(api, name):
    fields, path = BAD[name]
    with Watch(api, **fields) as watch:
        refused = watch.refused()
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(refused.fields) == {path}


def test_bytes_that_are_no_request_are_refused(api):
    stream = api.channel.unary_stream("/exam_sessions.v1.SessionService/WatchSessions")
    for data, reason in ((b"\x0a\x05ab", "MALFORMED_MESSAGE"), (b"\x0a\x01\xff", "MALFORMED_MESSAGE")):
        with pytest.raises(grpc.RpcError) as error:
            next(stream(data, timeout=10))
        assert read_refusal(error.value).reason == reason
