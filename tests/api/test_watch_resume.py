from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from unittest.mock import patch

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st
from messages import bookings
from state_paths import bring_to, walk
from watchers import Watch, assert_gapless, bustle, desks_at, last_of, states_after, states_now, watchers

from exam_sessions.background import change_notifier, event_feed, event_tail
from exam_sessions.background.event_tail import Tail
from exam_sessions.background.watch_turns import WatchTurns
from exam_sessions.domain.stored_records import EventRow
from exam_sessions.settings import TRANSPORTS
from exam_sessions.store.postgres_listener import CHANNEL
from processes import ServerProcess, calling
from serving import ApiClient, serving, until

both_databases = pytest.mark.both_databases("what another server has written is noticed in another way")


@contextmanager
def losing_wake_ups(server, *, but=""):
    """Loses every commit and every wake-up but those of the `poll` or of other servers' `bell`; gives what wakes all
    the same."""
    service = server.app.service
    wake = service.event_feed.wake

    def heard(workspaces):
        if but == "poll" and asyncio.current_task() is service.event_feed._polling:
            wake(workspaces)

    with patch.object(service.event_feed, "wake", heard), patch.object(Tail, "is_next", return_value=False):
        if but == "bell":
            yield wake
        else:
            with patch.object(service._notifier, "_on_change", heard):
                yield wake


@both_databases
def test_a_watch_resumes_at_every_cut_on_any_server(server, api, elsewhere):
    walk(api, bring_to(api, "PAUSED"), "ResumeSession", "FinishSession", "VoidSession")
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(3))
    last = last_of(server, api)
    with Watch(api, start_sequence=1) as watch:
        whole = watch.up_to(last)
    assert_gapless(whole, 1, last)
    for cut in range(last):
        for at in (api, elsewhere):
            with Watch(at, start_sequence=cut + 1) as watch:
                assert watch.up_to(last) == whole[cut:]


@both_databases
@pytest.mark.parametrize("cuts", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_a_watch_cut_again_and_again_misses_and_repeats_nothing(server, api, elsewhere, cuts):
    told = []

    def take(at, done):
        with Watch(at, start_sequence=len(told) + 1) as watch:
            watch.until(lambda: done(watch))
        told.extend(watch.events)

    with desks_at(server, workspace=api.workspace, times=8) as crowd, ThreadPoolExecutor(1) as pool:
        for cut in range(cuts):
            writing = pool.submit(bustle, crowd, api.release(), 2)
            take((api, elsewhere)[cut % 2], lambda watch: watch.events)
            writing.result()
    last = last_of(server, api)
    take(elsewhere, lambda watch: watch.sequence in {0, last} and len(told) + len(watch.events) == last)
    assert_gapless(told, 1, last)
    assert states_after([], told) == states_now(api)


def test_a_resumed_watch_that_is_up_to_date_waits_for_the_next_event(server, api):
    bring_to(api, "READY")
    with Watch(api, start_sequence=4) as watch:
        session = api.book()
        assert [event.session_id for event in watch.up_to(4)] == [session.id]


@pytest.mark.parametrize(("kept", "page"), [(1, 1), (1, 5), (3, 2), (100, 2), (100, 5)])
def test_nothing_is_missed_or_repeated_by_those_far_behind(server, api, kept, page, monkeypatch):
    monkeypatch.setattr(event_tail, "KEPT", kept)
    monkeypatch.setattr(event_tail, "PAGE", page)
    with Watch(api) as ahead:
        ahead.complete()
        session = bring_to(api, "IN_PROGRESS")
        for _ in range(4):
            walk(api, session, "PauseSession", "ResumeSession")
        last = last_of(server, api)
        assert_gapless(ahead.up_to(last), 1, last)
        assert len(server.app.service.event_feed.tails[api.workspace]._kept) <= max(2 * kept, page)
        for start in range(1, last + 1):
            with Watch(api, start_sequence=start) as watch:
                assert_gapless(watch.up_to(last), start, last)


def test_watchers_who_have_caught_up_keep_nothing(server, api, monkeypatch):
    class Counted(event_tail.RenderedEvent):
        alive = most = 0

        def __new__(cls, *fields):
            cls.alive += 1
            cls.most = max(cls.most, cls.alive)
            return super().__new__(cls, *fields)

        def __del__(self):
            Counted.alive -= 1

    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(1_200))
    monkeypatch.setattr(event_tail, "RenderedEvent", Counted)
    watches = [Watch(api, start_sequence=1) for _ in range(10)]
    for watch in watches:
        assert_gapless(watch.up_to(1_200), 1, 1_200)
    assert Counted.most
    until(lambda: not Counted.alive)
    for watch in watches:
        watch.cancel()


def row(sequence):
    return EventRow("w", sequence, "s", "r", "reset", 2, 1, "", "", "", "", 0, "", 0)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_what_a_tail_keeps_is_the_newest_without_a_gap(portions, kept, page, began):
    with patch.multiple(event_tail, KEPT=kept, PAGE=page):
        tail, last = Tail("w", began, lambda row: b"", WatchTurns()), began
        for portion in portions:
            tail.add([row(last + n + 1) for n in range(portion)])
            last += portion
            for after in range(last):
                found = tail.since(after)
                if found is None:
                    assert after < max(began, last - kept)
                else:
                    assert [told.sequence for told in found] == list(range(after + 1, last + 1))[:page]


def test_what_a_server_has_committed_itself_is_sent_as_it_is_read(server, api):
    with patch.object(server.app.service.event_feed, "wake"), Watch(api, now=True) as watch:
        watch.until(lambda: watch.pieces)
        walk(api, bring_to(api, "PAUSED"), "ResumeSession", "FinishSession", "VoidSession")
        last = last_of(server, api)
        as_committed = watch.up_to(last)
    with Watch(api, start_sequence=1) as watch:
        assert watch.up_to(last) == as_committed


@pytest.mark.parametrize("at_once", [1, 100])
def test_what_a_tail_lacks_of_what_was_committed_is_read(server, api, monkeypatch, at_once):
    with Watch(api, now=True) as watch:
        watch.until(lambda: watch.pieces)
        monkeypatch.setattr(event_feed, "ADDED_AT_ONCE", 0)
        with patch.object(server.app.service.event_feed, "wake"):
            api.book()
        monkeypatch.setattr(event_feed, "ADDED_AT_ONCE", at_once)
        api.book()
        api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(3))
        assert_gapless(watch.up_to(5), 1, 5)


@pytest.mark.parametrize("begins", [{}, {"start_sequence": 1}, {"now": True}])
def test_a_lost_wake_up_costs_no_event(server, api, begins):
    with losing_wake_ups(server, but="poll"), Watch(api, **begins) as watch:
        if "start_sequence" not in begins:
            watch.until(lambda: watch.pieces)
        api.book()
        assert_gapless(watch.up_to(1), 1, 1)


def test_many_wake_ups_at_the_same_moment_tell_an_event_once(server, api):
    with losing_wake_ups(server) as wake, Watch(api, now=True) as watch:

        async def wake_at_once(times):
            for _ in range(times):
                wake([api.workspace])

        watch.until(lambda: watch.pieces)
        for last, times in ((3, 1), (6, 5), (9, 5)):
            walk(api, api.book(), "CreatePackage", "DownloadSession")
            assert len(watch.events) == last - 3
            server.run(wake_at_once(times))
            assert_gapless(watch.up_to(last), 1, last)
        for start in range(1, 10):
            with Watch(api, start_sequence=start) as behind:
                assert_gapless(behind.up_to(9), start, 9)


@both_databases
def test_events_of_another_server_are_told_in_their_place(server, api, elsewhere):
    with Watch(api) as here, Watch(elsewhere) as there:
        here.complete()
        there.complete()
        session = api.book()
        for rpc, at in (("CreatePackage", elsewhere), ("DownloadSession", api), ("EnterKeycode", elsewhere)):
            session = at.move(rpc, session)
        assert here.up_to(4) == there.up_to(4)
        assert_gapless(here.events, 1, 4)


@both_databases
@pytest.mark.postgresql("SQLite's servers look for themselves")
def test_a_server_hears_from_another_that_something_happened(server, api, elsewhere):
    deafen = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE left(query, 6) = 'LISTEN'"
    with losing_wake_ups(server, but="bell"), Watch(api, now=True) as watch:
        watch.until(lambda: watch.pieces)
        elsewhere.book()
        watch.up_to(1)
        assert server.database.read(deafen)
        until(lambda: elsewhere.book() and watch.sequence > 1)
        last = last_of(server, api)
        assert_gapless(watch.up_to(last), 1, last)


@both_databases
@pytest.mark.postgresql("SQLite's servers look for themselves")
def test_a_server_that_writes_all_the_time_rings_seldom(database, monkeypatch):
    monkeypatch.setattr(change_notifier, "APART_S", 1)
    with (
        serving(database) as server,
        closing(ApiClient(server.target)) as api,
        psycopg.connect(database.url, autocommit=True) as other,
    ):
        other.execute(f"LISTEN {CHANNEL}")
        session = bring_to(api, "IN_PROGRESS")
        walk(api, session, *["PauseSession", "ResumeSession"] * 50)
        notifies = [ring for ring in other.notifies(timeout=2) if ring.payload == api.workspace]
    # One a second: a hundred moves would have to take as long as fifty seconds.
    assert 1 <= len(notifies) < 50


@both_databases
def test_two_servers_tell_the_same_while_both_write(server, api, replica):
    release = api.release()
    with (
        desks_at(server, replica, workspace=api.workspace, times=4) as crowd,
        Watch(crowd[0]) as here,
        Watch(crowd[1]) as there,
    ):
        here.complete()
        bustle(crowd, release, 4)
        last = last_of(server, api)
        for watch in (here, there):
            events = watch.up_to(last)
            assert states_after(watch.sessions, events) == states_now(api)
            assert_gapless(events, last - len(events) + 1, last)
        shorter = min(len(here.events), len(there.events))
        assert here.events[-shorter:] == there.events[-shorter:]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_server_that_stops_sends_its_watches_elsewhere(server, api, elsewhere, transport):
    if transport == "native":
        pytest.importorskip("pygrpc_native")
    with serving(server.database, transport=transport) as leaving:
        going = ApiClient(leaving.target, api.workspace)
        with Watch(going) as idle, Watch(going, start_sequence=1) as busy:
            idle.complete()
            api.book()
            idle.up_to(1)
            busy.up_to(1)
            leaving.run(leaving.app.stop())
            for watch in (idle, busy):
                refused = watch.refused()
                assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        assert watchers(leaving) == 0
        going.close()
    api.book()
    with Watch(elsewhere, start_sequence=busy.sequence + 1) as resumed:
        assert_gapless(busy.events + resumed.up_to(2), 1, 2)


@pytest.mark.slow
def test_a_watch_of_a_killed_server_goes_on_at_another(database):
    with (
        serving(database) as other,
        ServerProcess(database) as killed,
        calling(killed, "shared") as going,
        desks_at(other, workspace="shared", times=8) as crowd,
        ThreadPoolExecutor(1) as pool,
    ):
        release = crowd[0].release()
        with Watch(going, start_sequence=1) as watch:
            writing = pool.submit(bustle, crowd, release, 20)
            watch.up_to(100)
            killed.kill()
            assert watch.error().code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        with Watch(crowd[0], start_sequence=watch.sequence + 1, heartbeat_interval=Duration(seconds=1)) as resumed:
            writing.result()
            last = last_of(other, crowd[0])
            assert_gapless(watch.events + resumed.up_to(last), 1, last)
