from __future__ import annotations

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from concurrency import assert_unbroken, at_once
from messages import at, booking, lasting, mask, micros, new_id
from rows import count, read, unchanged, write
from state_paths import STARTED, STATE_PATHS, bring_to, name_of, walk

from exam_sessions.background import request_expiry
from exam_sessions.background.scheduler import TIDY_EVERY
from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("what is due is found by SQL")

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND


def edit(api, release_id, **fields):
    release = catalog_pb2.Release(id=release_id, **fields)
    return api.call("UpdateRelease", release=release, update_mask=mask(*fields)).release


def running(api, release):
    return walk(api, api.book(release), *STARTED)


def last_event(api, session):
    events = api.history(session)
    assert_unbroken(events, api.get(session).state)
    return events[-1]


@both_databases
def test_a_window_opens_when_its_time_has_come_and_not_before(server, api, clock):
    release = api.release(window_start=at(clock() + HOUR))
    session = walk(api, api.book(release), "CreatePackage", "DownloadSession")
    clock.advance(3599)
    assert (server.sweep(), name_of(api.get(session))) == (0, "SCHEDULED_BUT_LOCKED")
    clock.advance(1)
    assert (server.sweep(), name_of(api.get(session))) == (1, "READY")
    event = last_event(api, session)
    assert (event.action, event.actor, event.from_state, event.to_state) == (
        session_pb2.ACTION_OPEN_WINDOW,
        "system",
        3,
        4,
    )


@both_databases
def test_an_attempt_ends_at_its_deadline_however_late_the_sweep(server, api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(3600))
    deadline = session.attempt.deadline
    assert micros(deadline) == micros(session.attempt.start_time) + HOUR
    clock.advance(3599)
    assert (server.sweep(), name_of(api.get(session))) == (0, "IN_PROGRESS")
    clock.advance(1000)
    assert server.sweep() == 1
    ended = api.get(session)
    assert (name_of(ended), ended.attempt.end_time) == ("FINISHED", deadline)
    assert ended.attempt.finish_reason == session_pb2.FINISH_REASON_TIME_EXPIRED
    assert micros(ended.attempt.time_elapsed) == HOUR
    event = last_event(api, session)
    assert (event.action, event.actor, event.reason) == (session_pb2.ACTION_FINISH, "system", "TIME_EXPIRED")
    assert micros(event.time) > micros(deadline) + 900 * SECOND


def test_the_window_ends_an_attempt_that_has_time_left(server, api, clock):
    end = at(clock() + 30 * MINUTE)
    session = bring_to(api, "IN_PROGRESS", duration=lasting(3600), window_end=end)
    assert session.attempt.deadline == end
    clock.advance(1801)
    server.sweep()
    assert api.get(session).attempt.end_time == end


def test_pauses_are_given_back_and_a_paused_session_never_expires(server, api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(3600))
    clock.advance(600)
    paused = api.move("PauseSession", session)
    assert not paused.attempt.HasField("deadline")
    clock.advance(86_400)
    assert (server.sweep(), name_of(api.get(session))) == (0, "PAUSED")
    resumed = api.move("ResumeSession", session)
    assert micros(resumed.attempt.paused_time) == 86_400 * SECOND
    left = micros(resumed.attempt.deadline) - clock()
    assert left == 50 * MINUTE
    clock.advance(3001)
    server.sweep()
    ended = api.get(session)
    assert (name_of(ended), micros(ended.attempt.time_elapsed)) == ("FINISHED", HOUR)


@both_databases
def test_an_attempt_held_offline_is_awaited_and_not_finished(server, api, clock):
    session = bring_to(api, "OFFLINE", duration=lasting(60), grace_period=lasting(600))
    clock.advance(300)
    assert server.sweep() == 1
    held = api.get(session)
    assert (name_of(held), held.attempt.end_time) == ("AWAITING_UPLOAD", session.attempt.deadline)
    event = last_event(api, session)
    assert (event.action, event.actor, event.reason) == (session_pb2.ACTION_FINISH_OFFLINE, "system", "TIME_EXPIRED")
    uploaded = api.move("UploadSession", session)
    assert (name_of(uploaded), uploaded.attempt.end_time) == ("FINISHED", session.attempt.deadline)


def test_nothing_ends_without_a_limit(server, api, clock):
    session = bring_to(api, "IN_PROGRESS")
    clock.advance(10 * 365 * 86_400)
    assert (server.sweep(), name_of(api.get(session))) == (0, "IN_PROGRESS")


def test_only_what_runs_is_ended_by_the_clock(server, api, clock):
    for state in sorted(set(STATE_PATHS) - {"SCHEDULED_BUT_LOCKED", "IN_PROGRESS", "OFFLINE"}):
        session = bring_to(api, state, duration=lasting(60), window_end=at(clock() + HOUR))
        clock.advance(7200)
        assert server.sweep() == 0, state  # where the clock stands still it looks in vain, once
        with unchanged(server, api):
            assert server.sweep() == 0, state
        assert api.get(session).etag == session.etag, state


def test_the_clock_is_known_to_calls_that_come_before_the_sweep(api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    clock.advance(100)
    with pytest.raises(Refused) as refused:
        api.move("PauseSession", session)
    assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"
    finished = api.move("FinishSession", session)
    assert finished.attempt.end_time == session.attempt.deadline
    assert finished.attempt.finish_reason == session_pb2.FINISH_REASON_TIME_EXPIRED


def test_a_shorter_duration_ends_running_attempts_earlier(server, api, clock):
    release = api.release(duration=lasting(3600))
    session = running(api, release)
    clock.advance(1000)
    edit(api, release.id, duration=lasting(600))
    assert server.sweep() == 1
    ended = api.get(session)
    assert micros(ended.attempt.end_time) == micros(ended.attempt.start_time) + 10 * MINUTE


def test_more_time_keeps_running_attempts_running(server, api, clock):
    release = api.release(duration=lasting(600))
    session = running(api, release)
    edit(api, release.id, duration=lasting(3600))
    clock.advance(1000)
    assert (server.sweep(), name_of(api.get(session))) == (0, "IN_PROGRESS")
    clock.advance(2601)
    assert server.sweep() == 1
    assert micros(api.get(session).attempt.time_elapsed) == HOUR


def test_a_limit_set_later_holds_for_attempts_that_had_none(server, api, clock):
    release = api.release()
    session = running(api, release)
    edit(api, release.id, window_end=at(clock() + MINUTE))
    clock.advance(61)
    assert (server.sweep(), name_of(api.get(session))) == (1, "FINISHED")


def test_a_window_moved_forward_opens_earlier_and_one_moved_back_later(server, api, clock):
    release = api.release(window_start=at(clock() + HOUR))
    early = walk(api, api.book(release), "CreatePackage", "DownloadSession")
    edit(api, release.id, window_start=at(clock() - MINUTE))
    assert (server.sweep(), name_of(api.get(early))) == (1, "READY")
    edit(api, release.id, window_start=at(clock() + 2 * HOUR))
    late = walk(api, api.book(release), "CreatePackage", "DownloadSession")
    clock.advance(3601)
    assert (server.sweep(), name_of(api.get(late))) == (0, "SCHEDULED_BUT_LOCKED")
    clock.advance(3600)
    assert (server.sweep(), name_of(api.get(late))) == (1, "READY")


def test_a_session_with_a_window_of_its_own_does_not_follow_the_release(server, api, clock):
    release = api.release(window_end=at(clock() + HOUR))
    session = walk(api, api.book(release, window_end=at(clock() + 3 * HOUR)), *STARTED)
    edit(api, release.id, window_end=at(clock() + MINUTE))
    clock.advance(7200)
    assert (server.sweep(), name_of(api.get(session))) == (0, "IN_PROGRESS")
    clock.advance(3601)
    assert server.sweep() == 1


EDITS = {
    "a shorter duration": ("duration", lambda _: lasting(600), 4),
    "a longer duration": ("duration", lambda _: lasting(7200), 0),
    "no duration": ("duration", lambda _: None, 0),
    "a window that has ended": ("window_end", lambda now: at(now - MINUTE), 4),
    "a window that ends later": ("window_end", lambda now: at(now + 5 * HOUR), 0),
    "a window that has begun": ("window_start", lambda now: at(now - HOUR), 1),
    "a window that begins later": ("window_start", lambda now: at(now + HOUR), 0),
}
"""A field of a release, its new value by the clock, and how many of the sessions below that moves."""


@pytest.mark.parametrize("what", EDITS)
def test_after_a_release_was_edited_and_its_sessions_swept_a_second_sweep_finds_nothing(server, api, clock, what):
    """Looked at, a session is not due any more, whether it was moved or only has another time to be looked at."""
    name, value, moved = EDITS[what]
    release = api.release(
        window_start=at(clock() - MINUTE), window_end=at(clock() + 3 * HOUR), duration=lasting(3600)
    )
    locked = api.release(window_start=at(clock() + 30 * MINUTE))
    for further in ((), (), (), ("GoOffline",), ("PauseSession",)):
        walk(api, running(api, release), *further)
    walk(api, api.book(locked), "CreatePackage", "DownloadSession")
    clock.advance(1000)
    for edited in (release, locked):
        if edited is release or name == "window_start":
            edit(api, edited.id, **{name: value(clock())})

    def due():
        return server.run(server.app.service.reads.due(api.workspace, clock(), 100))

    assert due()
    assert server.sweep() == moved
    assert due() == []
    with unchanged(server, api):
        assert server.sweep() == 0


@pytest.mark.parametrize("paused", [False, True])
def test_no_attempt_ends_before_it_started_or_lasts_less_than_nothing(server, api, clock, paused):
    release = api.release()
    session = running(api, release)
    if paused:
        api.move("PauseSession", session)
        clock.advance(3000)
        api.move("ResumeSession", session)
    edit(api, release.id, window_end=at(clock() - (1000 if paused else 600) * SECOND))
    assert server.sweep() == 1
    attempt = api.get(session).attempt
    assert micros(attempt.end_time) >= micros(attempt.start_time)
    assert (attempt.time_elapsed.seconds, attempt.time_elapsed.nanos) >= (0, 0)


@both_databases
@pytest.mark.parametrize("rows", [450, pytest.param(5000, marks=pytest.mark.slow)])
def test_one_sweep_moves_everything_that_is_due(server, api, clock, rows):
    release = api.release(duration=lasting(60))
    bookings = [booking(f"c{n}") for n in range(rows)]
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
    now = clock()
    write(
        server,
        "UPDATE sessions SET state = 6, start_time = ?, due_time = ? WHERE workspace_id = ?",
        now,
        now + MINUTE,
        api.workspace,
    )
    clock.advance(61)
    assert server.sweep() == rows
    assert read(server, "SELECT DISTINCT state, end_time FROM sessions") == [(9, now + MINUTE)]
    assert count(server, "events", api.workspace) == 2 * rows
    assert server.sweep() == 0


@both_databases
@pytest.mark.parametrize("rows", [250, pytest.param(3000, marks=pytest.mark.slow)])
def test_two_servers_that_sweep_at_once_move_each_session_once(database, clock, rows):
    quiet = {"tick_ms": 3_600_000}
    with serving(database, clock, **quiet) as one, serving(database, clock, **quiet) as other:
        api = ApiClient(one.target)
        release = api.release(duration=lasting(60))
        for first in range(0, rows, 250):
            bookings = [booking(f"c{n}") for n in range(first, first + 250)]
            api.call("BatchCreateSessions", release_id=release.id, bookings=bookings)
        now = clock()
        start = "UPDATE sessions SET state = 6, start_time = ?, due_time = ? WHERE workspace_id = ?"
        write(one, start, now, now + MINUTE, api.workspace)
        clock.advance(61)
        moved = at_once(one.sweep, other.sweep, one.sweep, other.sweep)
        assert sum(moved) == rows
        assert count(one, "events", api.workspace) == 2 * rows
        assert {state for (state,) in read(other, "SELECT DISTINCT state FROM sessions")} == {9}
        api.close()


def test_the_clockwork_runs_by_itself(database):
    with serving(database, tick_ms=20) as server:
        api = ApiClient(server.target)
        session = running(api, api.release(duration=lasting(1)))
        ended = until(lambda: (s := api.get(session)).state == session_pb2.STATE_FINISHED and s)
        assert ended.attempt.end_time == session.attempt.deadline
        api.close()


def test_a_request_is_forgotten_after_two_days_and_not_before(server, api, clock, monkeypatch):
    monkeypatch.setattr(request_expiry, "LOOK_AT", 2)
    monkeypatch.setattr(request_expiry, "EXPIRE_AT_MOST", 2)
    api.book()
    old = [new_id() for _ in range(5)]
    for request_id in old:
        api.call("CreateRelease", release=catalog_pb2.Release(name="old"), request_id=request_id)
    clock.advance(48 * 3600 - 60)
    api.call("CreateRelease", release=catalog_pb2.Release(name="young"), request_id=new_id())
    for seconds, remembered in ((0, 6), (90, 1)):
        clock.advance(seconds)
        for _ in range(TIDY_EVERY + 6):
            server.sweep()
        assert count(server, "requests", api.workspace) == remembered
    assert api.call("CreateRelease", release=catalog_pb2.Release(name="new"), request_id=old[0]).release.name == "new"
