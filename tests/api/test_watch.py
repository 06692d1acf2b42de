from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from google.protobuf.duration_pb2 import Duration
from messages import booking, bookings, mask, new_id
from state_paths import bring_to, walk
from watchers import (
    Watch,
    assert_gapless,
    bustle,
    desks_at,
    last_of,
    states_after,
    states_at,
    states_now,
    states_told,
)

import sampling
from exam_sessions.rpc import watch_servicer, watch_snapshot
from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import ApiClient

both_databases = pytest.mark.both_databases("events are read while others write")

WRITERS = 16
SOON = Duration(nanos=100_000_000)
SELDOM = Duration(seconds=300)
"""A short silence."""


@pytest.fixture
def crowd(server, api):
    """Connections for many writers in the desk's workspace."""
    with desks_at(server, workspace=api.workspace, times=WRITERS) as desks:
        yield desks


def only(**fields):
    return session_service_pb2.WatchFilter(**fields)


def roster(api, release, count):
    return api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(count, "r")).sessions


def test_a_watch_begins_with_the_sessions_as_they_are_and_goes_on_with_what_happens(server, api):
    there = [bring_to(api, state) for state in ("READY", "PAUSED", "VOIDED")]
    last = last_of(server, api)
    with Watch(api) as watch:
        sessions = watch.complete()
        assert {s.id: s.state for s in sessions} == {s.id: s.state for s in there}
        assert (watch.sequence, watch.events) == (last, [])
        new = walk(api, api.book(), "CreatePackage")
        events = watch.up_to(last + 2)
    assert [(e.session_id, e.from_state, e.to_state) for e in events] == [(new.id, 0, 1), (new.id, 1, 2)]
    assert_gapless(events, last + 1, last + 2)


def test_a_watch_of_an_empty_workspace_tells_the_first_event(api):
    with Watch(api) as watch:
        assert watch.complete() == []
        assert watch.sequence == 0
        session = api.book()
        (event,) = watch.up_to(1)
    assert (event.sequence, event.session_id) == (1, session.id)


def test_a_watch_from_now_on_has_no_snapshot(server, api):
    bring_to(api, "READY")
    with Watch(api, now=True) as watch:
        watch.up_to(3)
        session = api.book()
        (event,) = watch.up_to(4)
    assert event.session_id == session.id
    assert watch.sessions == []
    assert not watch.is_complete


@both_databases
@pytest.mark.parametrize("rounds", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_snapshot_and_events_fit_together_while_sixteen_write(server, api, crowd, rounds):
    release = api.release()
    with ThreadPoolExecutor(1) as pool:
        writing, watches = pool.submit(bustle, crowd, release, rounds), []
        while not writing.done():
            watches.append(Watch(api))
            watches[-1].complete()
        writing.result()
    last, states = last_of(server, api), states_now(api)
    for watch in watches:
        events = watch.up_to(last)
        moment = next(piece.sequence for piece in watch.pieces if piece.snapshot_complete)
        # A snapshot of several pages brings what happens to sessions that were sent already.
        assert_gapless([event for event in events if event.sequence > moment], moment + 1, last)
        assert states_after(watch.sessions, events) == states
        watch.cancel()
    assert len(watches) > 1
    assert any(watch.events for watch in watches)


def pages_of(monkeypatch, rows):
    """Has snapshots come in pages of so many sessions."""
    monkeypatch.setattr(watch_snapshot, "SESSIONS_AT_ONCE", rows)
    monkeypatch.setattr(watch_snapshot, "FEW", rows)


@both_databases
@pytest.mark.parametrize("rounds", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_a_snapshot_of_many_pages_is_of_one_moment_while_sixteen_write(server, api, crowd, rounds, monkeypatch):
    pages_of(monkeypatch, 3)
    release = api.release()
    for _ in range(20):
        api.book(release)
    with ThreadPoolExecutor(1) as pool:
        writing, watches = pool.submit(bustle, crowd, release, rounds), []
        while not writing.done():
            watches.append(Watch(api))
            watches[-1].complete()
        writing.result()
    last, states = last_of(server, api), states_now(api)
    for watch in watches:
        watch.up_to(last)
        ends = next(n for n, piece in enumerate(watch.pieces) if piece.snapshot_complete)
        moment = watch.pieces[ends].sequence
        assert states_told(watch.pieces[: ends + 1]) == states_at(server, api, moment)
        assert_gapless([event for piece in watch.pieces[ends:] for event in piece.events], moment + 1, last)
        assert states_told(watch.pieces) == states
        watch.cancel()


def test_what_happens_to_a_session_of_an_earlier_page_is_told_before_the_next_page(server, api, monkeypatch):
    pages_of(monkeypatch, 1)
    release = api.release()
    moved, deleted, later, last = sorted((api.book(release) for _ in range(4)), key=lambda session: session.id)
    lowest = f"00000000{new_id()[8:]}"
    pages, snapshot_page = itertools.count(), server.app.service.event_feed.snapshot_page

    def meanwhile():
        api.move("CreatePackage", moved)
        api.call("DeleteSession", session_id=deleted.id)
        api.move("CreatePackage", last)
        api.book(release, session_id=lowest)

    async def page(*asked):
        if next(pages) == 2:
            await asyncio.to_thread(meanwhile)
        return await snapshot_page(*asked)

    with patch.object(server.app.service.event_feed, "snapshot_page", page), Watch(api) as watch:
        watch.complete()
    told = [[*p.sessions] or [*p.events] for p in watch.pieces]
    ids = [getattr(one, "session_id", "") or one.id for piece in told for one in piece]
    assert ids == [moved.id, deleted.id, moved.id, deleted.id, lowest, later.id, last.id]
    assert states_told(watch.pieces) == {moved.id: 2, later.id: 1, last.id: 2, lowest: 1}
    sequences = [piece.sequence for piece in watch.pieces]
    assert (set(sequences[:-1]), sequences[-1]) == ({0}, 8)


@both_databases
@pytest.mark.parametrize(
    ("rounds", "rows"), [(4, sampling.fewer(10_000, 3_000)), pytest.param(60, 10_000, marks=pytest.mark.slow)]
)
def test_every_event_is_told_once_and_in_order_under_sixteen_writers_and_a_roster(server, api, crowd, rounds, rows):
    release = api.release()
    with Watch(api, now=True) as watch, Watch(api, start_sequence=1) as other, ThreadPoolExecutor(1) as pool:
        watch.until(lambda: watch.pieces)
        writing = pool.submit(bustle, crowd, release, rounds)
        booked = {session.id for session in roster(api, release, rows)}
        writing.result()
        last = last_of(server, api)
        for events in (watch.up_to(last), other.up_to(last)):
            assert_gapless(events, 1, last)
            assert states_after([], events) == states_now(api)
    of_roster = [event.sequence for event in watch.events if event.session_id in booked]
    assert of_roster == list(range(of_roster[0], of_roster[0] + rows))


def test_every_piece_tells_how_far_it_goes(server, api):
    with Watch(api, start_sequence=1) as watch:
        walk(api, api.book(), "CreatePackage", "DownloadSession")
        roster(api, api.release(), 3000)
        watch.up_to(last_of(server, api))
    told = [piece for piece in watch.pieces if piece.events]
    assert [piece.sequence for piece in told] == [piece.events[-1].sequence for piece in told]
    assert len(told) > 3
    assert max(piece.ByteSize() for piece in told) < 2 * watch_servicer.PIECE_BYTES


def test_a_long_snapshot_comes_in_pieces_by_id_and_is_complete_with_the_last(server, api):
    booked = roster(api, api.release(), 1201)
    with Watch(api) as watch:
        sessions = watch.complete()
    assert [s.id for s in sessions] == sorted(s.id for s in booked)
    assert len(watch.pieces) > 6
    assert max(piece.ByteSize() for piece in watch.pieces) < 2 * watch_servicer.PIECE_BYTES
    assert [piece.sequence for piece in watch.pieces] == [0] * (len(watch.pieces) - 1) + [last_of(server, api)]
    assert [piece.snapshot_complete for piece in watch.pieces].index(True) == len(watch.pieces) - 1


def test_a_snapshot_shows_as_much_of_a_session_as_was_asked(api):
    session = bring_to(api, "LOCKED_BY_PIN")
    shown = {}
    for view in (0, 1, 2):
        with Watch(api, view=view) as watch:
            (shown[view],) = watch.complete()
    assert shown[2] == api.get(session)
    assert shown[0] == shown[1] != shown[2]
    assert not shown[1].HasField("client")


def test_events_are_told_as_the_history_lists_them(api):
    sessions = [bring_to(api, state) for state in ("MARKED", "LOCKED_BY_PIN", "EXCEPTION", "AWAITING_UPLOAD")]
    deleted = api.book(pin="hidden")
    edit = {"booking": booking(centre_id="north"), "update_mask": mask("centre_id")}
    api.call("UpdateSession", session_id=deleted.id, **edit)
    api.call("DeleteSession", session_id=deleted.id)
    listed = [event for session in (*sessions, deleted) for event in api.history(session)]
    with Watch(api, start_sequence=1) as watch:
        assert watch.up_to(len(listed)) == sorted(listed, key=lambda event: event.sequence)
    assert [e.to_state for e in watch.events if e.session_id == deleted.id] == [1, 1, 0]


def test_the_events_of_a_deleted_session_are_told_as_they_happen(api):
    session = api.book()
    with Watch(api) as watch:
        assert [s.id for s in watch.complete()] == [session.id]
        api.call("DeleteSession", session_id=session.id)
        (event,) = watch.up_to(2)
    assert (event.action, event.to_state) == (session_pb2.ACTION_DELETE, 0)
    assert states_after(watch.sessions, watch.events) == {}


def test_events_of_other_workspaces_are_never_told(server, api):
    other = ApiClient(server.target)
    with Watch(api, heartbeat_interval=SOON) as watch, Watch(other, start_sequence=1) as theirs:
        watch.complete()
        foreign = walk(other, other.book(), "CreatePackage", "DownloadSession")
        theirs.up_to(3)
        mine = api.book()
        watch.up_to(1)
        api.book()
        watch.up_to(2)
        naming = [only(session_ids=[foreign.id]), only(release_ids=[foreign.release_id])]
        for spying in naming:
            with Watch(api, filter=spying, heartbeat_interval=SOON) as spy:
                spy.until(lambda s=spy: len(s.pieces) > 1)
                assert (spy.sessions, spy.events) == ([], [])
    assert len(watch.events) == 2
    assert watch.events[0].session_id == mine.id
    assert {event.session_id for event in theirs.events} == {foreign.id}
    other.close()


def test_silence_is_broken_by_heartbeats_that_tell_how_far_the_watch_is(server, api):
    bring_to(api, "READY")
    with Watch(api, heartbeat_interval=SOON) as watch, Watch(api, now=True, heartbeat_interval=SELDOM) as patient:
        watch.complete()
        before = len(watch.pieces)
        watch.until(lambda: len(watch.pieces) >= before + 3)
        assert all((p.sequence, len(p.events)) == (3, 0) for p in watch.pieces[before:])
        api.book()
        watch.up_to(4)
        before = len(watch.pieces)
        watch.until(lambda: len(watch.pieces) > before)
        assert {piece.sequence for piece in watch.pieces[before:]} == {4}
        patient.up_to(4)
    assert [len(piece.events) for piece in patient.pieces] == [0, 1]


@pytest.mark.parametrize("begins", [{"now": True}, {"start_sequence": 1}, {}])
def test_the_sequence_moves_on_though_the_filter_lets_nothing_through(server, api, begins):
    nothing = only(actions=[session_pb2.ACTION_VERIFY])
    with Watch(api, filter=nothing, heartbeat_interval=SOON, **begins) as watch:
        bring_to(api, "PAUSED")
        watch.up_to(5)
    assert watch.events == []


def test_heartbeats_come_though_there_is_no_silence_but_for_those_who_filter(server, api):
    session, nothing = bring_to(api, "IN_PROGRESS"), only(actions=[session_pb2.ACTION_VERIFY])
    with Watch(api, now=True, filter=nothing, heartbeat_interval=Duration(nanos=300_000_000)) as watch:
        watch.until(lambda: api.walk(session, "PauseSession", "ResumeSession") and len(watch.pieces) >= 4)
        sequences = [piece.sequence for piece in watch.pieces]
    assert sequences == sorted(set(sequences))
    assert watch.events == []


FILTERS = ("release_ids", "session_ids", "states", "actions")


def passes(event, chosen):
    """Whether an event is one that a filter is meant to let through."""
    have = {
        "release_ids": event.release_id,
        "session_ids": event.session_id,
        "states": event.to_state,
        "actions": event.action,
    }
    return all(have[name] in wanted for name, wanted in chosen.items())


@pytest.mark.parametrize("names", [n for size in range(5) for n in itertools.combinations(FILTERS, size)])
def test_a_filter_lets_through_what_matches_all_of_it(server, api, names):
    sessions = [bring_to(api, state) for state in ("IN_PROGRESS", "PAUSED", "READY", "VOIDED")]
    values = {
        "release_ids": [session.release_id for session in sessions[:3]],
        "session_ids": [session.id for session in sessions[1:]],
        "states": [session_pb2.STATE_READY, session_pb2.STATE_IN_PROGRESS, session_pb2.STATE_VOIDED],
        "actions": [session_pb2.ACTION_DOWNLOAD, session_pb2.ACTION_ENTER_KEYCODE, session_pb2.ACTION_VOID],
    }
    chosen = {name: values[name] for name in names}
    written = {k: [str(v).upper() for v in chosen[k]] if k.endswith("_ids") else chosen[k] for k in chosen}
    everything, last = [e for s in sessions for e in api.history(s)], last_of(server, api)
    expected = sorted(e.sequence for e in everything if passes(e, chosen))
    with Watch(api, start_sequence=1, filter=only(**written), heartbeat_interval=SOON) as watch:
        assert [event.sequence for event in watch.up_to(last)] == expected
        moved = api.walk(sessions[1], "ResumeSession")
        watch.up_to(last + 1)
        assert [event.sequence for event in watch.events[len(expected) :]] == (
            [last + 1] if passes(api.history(moved)[-1], chosen) else []
        )
    with Watch(api, filter=only(**written)) as watch:
        rests = {"release_ids": "release_id", "session_ids": "id", "states": "state"}
        standing = [api.get(session) for session in sessions]
        shown = [s.id for s in standing if all(getattr(s, rests[n]) in chosen[n] for n in rests if n in chosen)]
        assert [session.id for session in watch.complete()] == sorted(shown)
